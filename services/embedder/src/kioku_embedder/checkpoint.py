"""Promise: all that is to know of a checkpoint without loading its weights, space included."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kioku_rt.space import Space, digest_of

from kioku_embedder.digests import DigestCache
from kioku_embedder.family import VISUAL, Family, dimension_of, family_of, text_length_of
from kioku_embedder.preprocessing import Preprocessing
from kioku_embedder.visual import MANIFEST, is_visual, read_manifest

# Nothing that can run code on loading is ever fetched: no pickled weights, no Python.
WANTED_FILES = ("*.json", "*.safetensors", "*.model", "*.txt")
_TOKENIZER_FILES = ("tokenizer*", "*.model", "vocab*", "merges*", "special_tokens_map.json")


class CheckpointUnusable(Exception):
    """The checkpoint cannot be found, or is not of a supported family; the text says which."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on disk.

    Args:
        name: as in SIGLIP_MODEL_NAME, a folder or a hub id.
        folder: where its files lie.
        family: the rules for its words.
        preprocessing: the rules for its pictures.
        text_length: tokens its text tower reads; 0 for a visual model, which has none.
        space: the space of its vectors.
    """

    name: str
    folder: Path
    family: Family
    preprocessing: Preprocessing
    text_length: int
    space: Space


def open_checkpoint(
    name: str, *, precision: str, long_edge: int, cache: Path | None = None
) -> Checkpoint:
    """Finds a checkpoint (a folder, or a hub id that is cached or can be fetched) and reads it.

    Reads every weight for its digest (about a second per gigabyte), unless the cache knows it;
    blocks.

    Args:
        name: as in SIGLIP_MODEL_NAME.
        precision: arithmetic of the engine; part of the space.
        long_edge: pixels that decoding leaves of a picture; part of the space.
        cache: folder where digests of unchanged files are remembered.

    Raises:
        CheckpointUnusable: with one sentence for the operator.
    """
    folder = _locate(name)
    try:
        if is_visual(folder):
            return _read_visual(name, folder, long_edge, DigestCache(cache))
        return _read(name, folder, precision, long_edge, DigestCache(cache))
    except Exception as error:  # what damaged files make transformers raise has no one base
        raise CheckpointUnusable(f"The checkpoint {name} cannot be used: {error}") from error


def _locate(name: str) -> Path:
    folder = Path(name).expanduser()
    return folder if folder.is_dir() else _from_hub(name)


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only hub ids need it
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415

    try:
        return Path(snapshot_download(name, allow_patterns=list(WANTED_FILES)))
    except (OSError, ValueError, HfHubHTTPError, HFValidationError) as error:
        raise CheckpointUnusable(
            f"The checkpoint {name} is neither a folder nor in the local cache, and the model hub "
            "does not give it; set SIGLIP_MODEL_NAME to a folder with a checkpoint."
        ) from error


def _read(
    name: str, folder: Path, precision: str, long_edge: int, digests: DigestCache
) -> Checkpoint:
    from transformers import AutoConfig, AutoImageProcessor  # noqa: PLC0415 - takes seconds
    from transformers.utils import logging  # noqa: PLC0415

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # its warnings are plain text in a log of JSON lines
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    family = family_of(config.to_dict())
    processor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
        folder, local_files_only=True, trust_remote_code=False, backend="pil"
    )
    preprocessing = Preprocessing.from_processor(processor.to_dict())
    text_length = text_length_of(config)
    space = Space(
        model=folder_free_name(name),
        revision=_files_digest(folder, _weight_files(folder), digests),
        dimension=dimension_of(config, family),
        preprocessing=_preprocessing_digest(folder, family, preprocessing, text_length, long_edge),
        precision=precision,
    )
    return Checkpoint(name, folder, family, preprocessing, text_length, space)


def _read_visual(name: str, folder: Path, long_edge: int, digests: DigestCache) -> Checkpoint:
    """A purely visual model; its arithmetic is float32, whatever was asked for."""
    manifest = read_manifest(folder)
    preprocessing = manifest.preprocessing
    space = Space(
        model=folder_free_name(name),
        revision=_files_digest(folder, [folder / MANIFEST, folder / manifest.model], digests),
        dimension=manifest.dimension,
        preprocessing=_preprocessing_digest(folder, VISUAL, preprocessing, 0, long_edge),
        precision="float32",
    )
    return Checkpoint(name, folder, VISUAL, preprocessing, 0, space)


def folder_free_name(name: str) -> str:
    """The last part of a folder or hub id: `siglip2-base-patch16-256`."""
    return Path(name.rstrip("/")).name


def _weight_files(folder: Path) -> list[Path]:
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise ValueError("it has no *.safetensors file")
    return [folder / "config.json", *weights]


def _preprocessing_digest(
    folder: Path, family: Family, preprocessing: Preprocessing, text_length: int, long_edge: int
) -> str:
    tokenizer = sorted({path for glob in _TOKENIZER_FILES for path in folder.glob(glob)})
    facts: dict[str, Any] = {
        "pictures": asdict(preprocessing),
        "long_edge": long_edge,
        "words": asdict(family),
        "text_length": text_length,
        "tokenizer": _files_digest(folder, tokenizer, DigestCache(None)),
    }
    return digest_of(facts)[:32]


def _files_digest(folder: Path, files: list[Path], digests: DigestCache) -> str:
    """SHA-256 over names and contents, the first 32 hex digits."""
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.relative_to(folder)} {digests.sha256(path)}\n".encode())
    return total.hexdigest()[:32]

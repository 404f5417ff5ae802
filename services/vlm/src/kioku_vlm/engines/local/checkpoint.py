"""Promise: a folder is a checkpoint of a kind we run, in safetensors, or refused in one sentence.

Nothing here loads weights or imports torch; code that lies in a folder is never run.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from kioku_vlm.engines.failure import EngineUnusable
from kioku_vlm.engines.sizes import AreaSizes, BoundSizes, Sizes, TileSizes

_SAMPLES = 16
_SAMPLE_BYTES = 65_536
_DIGEST_LETTERS = 12
_MOST_PIXELS_UNTOLD = 28 * 28 * 1280


class Family(StrEnum):
    """How pictures get into a model's tokens."""

    QWEN = "qwen"
    """Qwen2-VL, Qwen2.5-VL, Qwen3-VL: one placeholder for each merged patch."""
    TILES = "tiles"
    """Idefics3, SmolVLM: tiles with rows and columns."""
    TEXT = "text"
    """A language model without eyes: writes, extracts nothing."""


_FAMILIES = {
    "qwen2_vl": Family.QWEN,
    "qwen2_5_vl": Family.QWEN,
    "qwen3_vl": Family.QWEN,
    "idefics3": Family.TILES,
    "smolvlm": Family.TILES,
}
_WRITERS = frozenset(
    {"llama", "qwen2", "qwen3", "gemma2", "gemma3_text", "mistral", "phi3", "smollm3", "granite"}
)


@dataclass(frozen=True)
class Checkpoint:
    """A model's folder.

    Attributes:
        folder: absolute.
        family: see `Family`.
        version: the folder's name with a digest of what is in it.
        sizes: at which it sees pictures.
    """

    folder: Path
    family: Family
    version: str
    sizes: Sizes


def open_checkpoint(folder: Path, *, most_pixels: int) -> Checkpoint:
    """Looks at a folder.

    Args:
        folder: with config.json, tokenizer and `*.safetensors`.
        most_pixels: that a picture may keep; the model's own bound, if lower, holds.

    Raises:
        EngineUnusable: it is none, or of a kind that is not run here.
    """
    folder = folder.absolute()
    config = _json(folder / "config.json")
    family = _family(str(config.get("model_type", "")), folder)
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise EngineUnusable(f"{folder} has no weights in safetensors; other formats are not read.")
    version = f"{folder.name}@{_digest(folder, weights)}"
    return Checkpoint(folder, family, version, _sizes(family, folder, most_pixels))


def _family(model_type: str, folder: Path) -> Family:
    if model_type in _WRITERS:
        return Family.TEXT
    if model_type not in _FAMILIES:
        known = ", ".join((*_FAMILIES, *sorted(_WRITERS)))
        raise EngineUnusable(
            f"{folder} holds a model of type '{model_type}'; run here are {known}. "
            "Others can be asked through a server: KIOKU_VLM_ENGINE=openai."
        )
    return _FAMILIES[model_type]


def _sizes(family: Family, folder: Path, most_pixels: int) -> Sizes:
    facts = processor_facts(folder)
    if family is Family.QWEN:
        size = facts.get("size") or {}
        factor = int(facts.get("patch_size", 14)) * int(facts.get("merge_size", 2))
        least = int(facts.get("min_pixels") or size.get("shortest_edge") or factor * factor * 4)
        own = int(facts.get("max_pixels") or size.get("longest_edge") or _MOST_PIXELS_UNTOLD)
        most = max(factor * factor, min(own, most_pixels))
        return AreaSizes(factor, min(least, most), most)
    if family is Family.TILES:
        tile = int((facts.get("max_image_size") or {}).get("longest_edge", 364))
        longest = int((facts.get("size") or {}).get("longest_edge", 4 * tile))
        fitting = int((most_pixels**0.5) // tile) * tile
        split = bool(facts.get("do_image_splitting", True))
        return TileSizes(tile, max(tile, min(longest, fitting)), split)
    return BoundSizes(most_pixels)


def processor_facts(folder: Path) -> dict[str, Any]:
    """What a checkpoint says of its image processor; empty where it has none."""
    for name in ("processor_config.json", "preprocessor_config.json"):
        if (folder / name).is_file():
            facts = _json(folder / name)
            inner = facts.get("image_processor", facts)
            if isinstance(inner, dict) and "image_processor_type" in inner:
                return inner
    return {}


def _digest(folder: Path, weights: list[Path]) -> str:
    """Of the small files, and of each weights' file its size and some samples: reading gigabytes
    whole would delay every start, and what is sampled changes with any training."""
    digest = hashlib.sha256()
    small = [one for one in sorted(folder.glob("*.json")) if one.name != "trainer_state.json"]
    for path in (*small, *sorted(folder.glob("*.jinja"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for path in weights:
        size = path.stat().st_size
        digest.update(f"{path.name}:{size}".encode())
        with path.open("rb") as file:
            for sample in range(_SAMPLES):
                file.seek(size * sample // _SAMPLES)
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:_DIGEST_LETTERS]


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EngineUnusable(f"{path} cannot be read as JSON.") from error
    if not isinstance(value, dict):
        raise EngineUnusable(f"{path} holds no JSON object.")
    return value

"""Promise: a pack is opened whole, its files those that were meant and its licence accepted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from kioku_rt.space import digest_of
from pydantic import ValidationError

from kioku_face.packs.graphs import Graph, GraphKind, graph_of
from kioku_face.packs.licences import (
    UNKNOWN,
    Licence,
    PackUnusable,
    all_known_free,
    licence_of_known,
    require_accepted,
)
from kioku_face.packs.manifest import (
    MANIFEST,
    DetectorPart,
    EmbedderPart,
    Manifest,
    read_manifest,
)

_HARMLESS = {"file", "least_score", "sure_score", "upright_score"}  # what changes no vector


@dataclass(frozen=True)
class Pack:
    """A pack on disk whose files were compared with their digests.

    Args:
        licence: of its weights, by manifest and digests, whichever is stricter.
        detector, embedder: what the graphs' inputs and outputs say.
    """

    folder: Path
    manifest: Manifest
    licence: Licence
    detector: Graph
    embedder: Graph

    @property
    def name(self) -> str:
        """`name@version`."""
        return f"{self.manifest.name}@{self.manifest.version}"

    @property
    def revision(self) -> str:
        """Digest of the weights and of how they are used, 32 hex digits."""
        parts = (self.manifest.detector, self.manifest.embedder)
        return digest_of({part.kind: part.model_dump(exclude=_HARMLESS) for part in parts})[:32]

    def path(self, part: DetectorPart | EmbedderPart) -> Path:
        """Where a part's file lies."""
        return self.folder / part.file


def open_pack(folder: Path, *, accepted: frozenset[str] = frozenset()) -> Pack:
    """Reads a folder with a manifest, or one whose files tell what they are; blocks.

    Args:
        accepted: names of packs whose licence for research only was accepted.

    Raises:
        PackUnusable: with one sentence for the operator; LicenceNotAccepted is one.
    """
    if not folder.is_dir():
        raise PackUnusable(f"There is no face pack: {folder} is no folder.")
    try:
        pack = _read(folder)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(each) for each in fault["loc"])
        raise PackUnusable(f"{folder / MANIFEST} is wrong: {place}: {fault['msg']}.") from error
    except (OSError, ValueError) as error:
        raise PackUnusable(f"The face pack {folder} cannot be used: {error}.") from error
    require_accepted(pack.manifest.name, pack.licence, accepted)
    return pack


def _read(folder: Path) -> Pack:
    manifest = read_manifest(folder)
    if manifest is None:
        return _recognised(folder)
    for part in (manifest.detector, manifest.embedder):
        if (digest := _sha256(folder / part.file)) != part.sha256:
            raise ValueError(f"{part.file} is not the file its manifest names: SHA-256 {digest}")
    stated = Licence(manifest.licence, manifest.research_only)
    known = licence_of_known((manifest.detector.sha256, manifest.embedder.sha256))
    licence = known if known and known.research_only else stated
    return _checked(Pack(folder, manifest, licence, *_graphs(folder, manifest)))


def _graphs(folder: Path, manifest: Manifest) -> tuple[Graph, Graph]:
    return graph_of(folder / manifest.detector.file), graph_of(folder / manifest.embedder.file)


def _checked(pack: Pack) -> Pack:
    """Raises ValueError where the graphs are not what the manifest says."""
    pairs = ((pack.manifest.detector, pack.detector), (pack.manifest.embedder, pack.embedder))
    for part, graph in pairs:
        if graph.kind != part.kind:
            raise ValueError(f"{part.file} is no {part.kind} graph")
    wanted, given = pack.manifest.embedder.dimension, pack.embedder.dimension
    if given not in (None, wanted):
        raise ValueError(f"{pack.manifest.embedder.file} gives {given} values, not {wanted}")
    return pack


def _recognised(folder: Path) -> Pack:
    """A folder without a manifest, such as one of insightface's packs.

    Raises:
        ValueError: not exactly one detector and one embedder are in it.
    """
    graphs = {path: graph_of(path) for path in sorted(folder.glob("*.onnx"))}
    finding = _the_only(graphs, "detector", GraphKind.SCRFD, GraphKind.YUNET)
    making = _the_only(graphs, "embedder", GraphKind.ARCFACE)
    dimension = graphs[making].dimension
    if dimension is None:
        raise ValueError(f"{making.name} does not say how long its vectors are; write a {MANIFEST}")
    digests = {path: _sha256(path) for path in (finding, making)}
    free = all_known_free(digests.values())
    known = licence_of_known(digests.values()) or Licence(UNKNOWN, True)
    licence = known if free or known.research_only else Licence(UNKNOWN, True)
    manifest = Manifest(
        name=folder.resolve().name,
        version=digest_of({path.name: digest for path, digest in digests.items()})[:8],
        source="a folder without a manifest",
        licence=licence.text,
        research_only=licence.research_only,
        detector=DetectorPart.model_validate(
            {"kind": graphs[finding].kind, "file": finding.name, "sha256": digests[finding]}
        ),
        embedder=EmbedderPart(file=making.name, sha256=digests[making], dimension=dimension),
    )
    return Pack(folder, manifest, licence, graphs[finding], graphs[making])


def _the_only(graphs: dict[Path, Graph], role: str, *kinds: GraphKind) -> Path:
    found = [path for path, graph in graphs.items() if graph.kind in kinds]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise ValueError(f"one {role} is needed and {names} found; a {MANIFEST} says which")
    return found[0]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

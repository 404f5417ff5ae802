"""Promise: a pack that is loaded: two graphs of ONNX behind `engine.FaceEngine`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import cv2
import numpy as np
import onnxruntime
from kioku_rt.space import Space, digest_of

from kioku_face.face import FoundFace
from kioku_face.packs import alignment, views
from kioku_face.packs.arcface import ArcfaceEmbedder
from kioku_face.packs.candidates import Detector
from kioku_face.packs.describing import Describing
from kioku_face.packs.engine import FaceEmbedder, Pixels
from kioku_face.packs.graphs import GraphKind
from kioku_face.packs.licences import PackUnusable
from kioku_face.packs.looking import Looking, LookingRules
from kioku_face.packs.pack import Pack
from kioku_face.packs.quality import QualityRules
from kioku_face.packs.scrfd import ScrfdDetector
from kioku_face.packs.yunet import YunetDetector

PRECISION = "float32"


@dataclass(frozen=True)
class EngineRules:
    """How a pack is used.

    Args:
        most_pixels: of the picture that faces are looked for in; larger ones are made smaller
            before (`decoding`). In the space, because it changes what a face looks like.
        threads: of one run of a graph; several pictures run at once anyway.
        providers: of ONNX Runtime, the first that works.
    """

    looking: LookingRules = field(default_factory=LookingRules)
    quality: QualityRules = field(default_factory=QualityRules)
    most_pixels: int = 12_000_000
    threads: int = 1
    providers: tuple[str, ...] = ("CPUExecutionProvider",)


class PackEngine:
    """See `engine.FaceEngine`."""

    def __init__(self, pack: str, space: Space, looking: Looking, describing: Describing) -> None:
        self.pack = pack
        self.space = space
        self._looking = looking
        self._describing = describing

    def find(self, picture: Pixels) -> list[FoundFace]:
        """See the port."""
        return self._describing.described(picture, self._looking.faces_of(picture))


def load_engine(pack: Pack, rules: EngineRules) -> PackEngine:
    """Loads a pack's graphs and runs both once; blocks.

    OpenCV's number of threads is one for the whole process, and set here.

    Raises:
        PackUnusable: a graph does not run, or gives something else than the manifest says.
    """
    cv2.setNumThreads(rules.threads)
    manifest = pack.manifest
    try:
        detector = _detector(pack, rules)
        embedder = ArcfaceEmbedder(
            pack.path(manifest.embedder),
            _session(pack, manifest.embedder.file, rules),
            manifest.embedder,
        )
        _try_out(detector, embedder, manifest.embedder.dimension)
    except PackUnusable:
        raise
    except Exception as error:  # what a broken graph raises has no one base
        raise PackUnusable(
            f"The face pack {pack.name} does not run: {type(error).__name__}."
        ) from error
    looking = Looking(
        detector,
        least_score=manifest.detector.least_score,
        upright_score=manifest.detector.upright,
        rules=rules.looking,
    )
    describing = Describing(
        embedder,
        dimension=manifest.embedder.dimension,
        sure_score=manifest.detector.sure_score,
        rules=rules.quality,
    )
    return PackEngine(pack.name, space_of(pack, rules), looking, describing)


def space_of(pack: Pack, rules: EngineRules) -> Space:
    """The space of a pack's vectors, known without loading it."""
    return Space(
        model=pack.manifest.name,
        revision=pack.revision,
        dimension=pack.manifest.embedder.dimension,
        preprocessing=digest_of(_preprocessing(rules))[:32],
        precision=PRECISION,
        kind="face",
    )


def _preprocessing(rules: EngineRules) -> dict[str, object]:
    """What else changes a vector: where the points are seen, and how the face is cut out."""
    return {
        "alignment": alignment.RULE,
        "views": views.RULE,
        "view_rules": asdict(rules.looking.views),
        "overlap": rules.looking.overlap,
        "most_pixels": rules.most_pixels,
    }


def _detector(pack: Pack, rules: EngineRules) -> Detector:
    part = pack.manifest.detector
    if pack.detector.kind is GraphKind.YUNET:
        return YunetDetector(pack.path(part), pack.detector.side)
    return ScrfdDetector(pack.path(part), _session(pack, part.file, rules))


def _session(pack: Pack, file: str, rules: EngineRules) -> onnxruntime.InferenceSession:
    """Its threads sleep while they wait; denormal numbers count as zero."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = rules.threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return onnxruntime.InferenceSession(
        str(pack.folder / file), options, providers=list(rules.providers)
    )


def _try_out(detector: Detector, embedder: FaceEmbedder, dimension: int) -> None:
    """Raises PackUnusable where the vectors are not as long as they should be."""
    side = embedder.side
    detector.candidates(np.zeros((64, 64, 3), np.uint8), 0.5)
    shape = embedder.vectors([np.zeros((side, side, 3), np.uint8)] * 2).shape
    if shape != (2, dimension):
        raise PackUnusable(f"The embedder gives vectors of {shape[-1]} values, not {dimension}.")

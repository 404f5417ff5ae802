"""Promise: each face gets its place, its quality and, if it is worth one, a vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.vectors import unit_vector

from kioku_face.face import Box, Floats, FoundFace, Quality
from kioku_face.packs.alignment import aligned
from kioku_face.packs.candidates import Candidates
from kioku_face.packs.engine import FaceEmbedder, Pixels
from kioku_face.packs.quality import QualityRules, pose_of, quality_of, sharpness_of


class Describing:
    """Crops, measures and embeds.

    Args:
        embedder: makes the vectors.
        dimension: of them.
        sure_score: detection score below which a face is FACE_UNSURE.
    """

    def __init__(
        self, embedder: FaceEmbedder, *, dimension: int, sure_score: float, rules: QualityRules
    ) -> None:
        self._embedder = embedder
        self._dimension = dimension
        self._sure_score = sure_score
        self._rules = rules

    def described(self, picture: Pixels, found: Candidates) -> list[FoundFace]:
        """The faces, from the largest to the smallest.

        Raises:
            KiokuError: MODEL_OUTPUT_INVALID.
        """
        pairs = [self._measured(picture, found, at) for at in range(len(found))]
        crops = [crop for _, crop in pairs if crop is not None]
        vectors = iter(self._vectors(crops))
        faces = [
            face if crop is None else replace(face, vector=next(vectors)) for face, crop in pairs
        ]
        return sorted(faces, key=lambda face: -face.box.width * face.box.height)

    def _measured(
        self, picture: Pixels, found: Candidates, at: int
    ) -> tuple[FoundFace, Pixels | None]:
        """A face without a vector, and what one can be made of; None: it is hopeless."""
        high, wide = picture.shape[:2]
        left, top, right, bottom = (float(each) for each in found.boxes[at])
        points, score = found.points[at], float(found.scores[at])
        crop = aligned(picture, points, self._embedder.side)
        quality = self._quality(min(right - left, bottom - top), points, score, crop)
        face = FoundFace(
            box=Box(left / wide, top / high, (right - left) / wide, (bottom - top) / high),
            landmarks=tuple((float(x) / wide, float(y) / high) for x, y in points),
            detection_score=score,
            quality=quality,
        )
        return face, None if self._rules.hopeless(quality.pixels, score) else crop

    def _quality(self, pixels: float, points: Floats, score: float, crop: Pixels | None) -> Quality:
        return quality_of(
            pixels=pixels,
            sharpness=0.0 if crop is None else sharpness_of(crop),
            pose=pose_of(points),
            detection_score=score,
            sure_score=self._sure_score,
            rules=self._rules,
        )

    def _vectors(self, crops: Sequence[Pixels]) -> list[Floats]:
        made = self._embedder.vectors(crops)
        try:
            return [unit_vector(each, self._dimension) for each in made]
        except InvalidInput as error:
            raise KiokuError(Reason.MODEL_OUTPUT_INVALID) from error

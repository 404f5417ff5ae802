"""Promise: no picture stays without its faces, and no face without its vector, unnoticed.

Compared, over and over: pictures whose look never ended, pictures that another pack looked at, and
faces whose vectors `search` does not have. Each is looked at again, paced, under the ids that its
faces have. A picture is not taken by two processes at once, and not again before its patience is
over, so that what cannot be mended costs little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import structlog
from kioku_rt.errors import DependencyDown, KiokuError

from kioku_face.detection import Detection
from kioku_face.picture import Picture
from kioku_face.telling import ACTOR
from kioku_face.vectors import Access, FaceVectors, VectorOf

log = structlog.get_logger(__name__)
_SAME = 1.0  # no neighbour is asked for, only whether the vector is there
MOST_QUERIES = 256


@dataclass(frozen=True)
class AgainRules:
    """How eager it is.

    Args:
        batch: pictures of one round.
        grace: how long a look may take, and a vector be on its way.
        patience: how long a picture is left alone after it was looked at, or taken, again.
        check: how often a vector is asked for.
    """

    batch: int = 16
    grace: timedelta = timedelta(minutes=10)
    patience: timedelta = timedelta(hours=1)
    check: timedelta = timedelta(days=1)


class Gaps(Protocol):
    """What is not as it should be. Every method raises DependencyDown."""

    async def pending(self, rules: AgainRules) -> list[Picture]:
        """Pictures that should have been looked at long ago; they are this caller's now."""

    async def outdated(self, pack: str, rules: AgainRules) -> list[Picture]:
        """Pictures that another pack looked at last; they are this caller's now."""

    async def unchecked(self, space_id: str, rules: AgainRules) -> Mapping[str, Sequence[UUID]]:
        """Faces whose vectors were not asked for in a while, by owner."""

    async def checked(self, owner: str, face_ids: Sequence[UUID]) -> None:
        """The vectors of these were asked for."""

    async def of_faces(
        self, owner: str, face_ids: Sequence[UUID], rules: AgainRules
    ) -> list[Picture]:
        """The pictures that these faces are in, but for those that were taken of late."""

    async def sequence(self, owner: str) -> int:
        """The owner's last change of consent."""


class LookingAgain:
    """The jobs `looks` (`pending` and `outdated`) and `missing`.

    Args:
        space_id: of the vectors that are asked for.
    """

    def __init__(
        self,
        gaps: Gaps,
        detection: Detection,
        vectors: FaceVectors,
        rules: AgainRules,
        *,
        space_id: str,
    ) -> None:
        self._gaps = gaps
        self._detection = detection
        self._vectors = vectors
        self._rules = rules
        self._space_id = space_id

    async def pending(self) -> int:
        """Look at pictures that nobody finished looking at; how many were."""
        return await self._look(await self._gaps.pending(self._rules))

    async def outdated(self) -> int:
        """Look at pictures of another pack; how many were."""
        return await self._look(await self._gaps.outdated(self._detection.pack, self._rules))

    async def missing(self) -> int:
        """Look at the pictures of faces whose vectors are not there; how many were."""
        looked = 0
        unchecked = await self._gaps.unchecked(self._space_id, self._rules)
        for owner, face_ids in unchecked.items():
            for start in range(0, len(face_ids), MOST_QUERIES):
                looked += await self._check(owner, face_ids[start : start + MOST_QUERIES])
        return looked

    async def _check(self, owner: str, face_ids: Sequence[UUID]) -> int:
        sequence = await self._gaps.sequence(owner)
        access = Access(owner, ACTOR, "reconciliation", "", consent_sequence=sequence)
        queries = [VectorOf(face_id=face_id) for face_id in face_ids]
        try:
            known = await self._vectors.nearest(access, queries, most=1, min_score=_SAME)
        except DependencyDown:
            raise
        except KiokuError as error:
            log.warning("missing.refused", reason=error.reason, faces=len(face_ids))
            return 0
        await self._gaps.checked(owner, face_ids)
        lost = [one for one, hits in zip(face_ids, known, strict=True) if hits is None]
        return await self._look(await self._gaps.of_faces(owner, lost, self._rules))

    async def _look(self, pictures: Sequence[Picture]) -> int:
        looked = 0
        for picture in pictures:
            try:
                await self._detection.look_or_fail(picture)
            except DependencyDown:
                raise
            except KiokuError as error:  # it stays as it is, for a later round
                log.info("look.postponed", asset_id=str(picture.asset_id), reason=error.reason)
                continue
            looked += 1
        return looked

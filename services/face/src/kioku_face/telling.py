"""Promise: `search` learns whose face each is, and forgets the vectors of faces that are no more.

Both are told until it has confirmed them, in bundles of one owner; one owner's refusal does not
keep the others waiting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

import structlog
from kioku_rt.errors import DependencyDown, KiokuError

from kioku_face.vectors import Access, FaceVectors, Link

ACTOR = "face"
BUNDLE = 1000
log = structlog.get_logger(__name__)


class Untold(Protocol):
    """What `search` was not told of. Every method raises DependencyDown."""

    async def links(self, limit: int) -> Mapping[str, Sequence[Link]]:
        """Links that are newer than what it has confirmed, by owner."""

    async def linked(self, owner: str, links: Sequence[Link]) -> None:
        """It has confirmed these."""

    async def vanished(self, limit: int) -> Mapping[str, Sequence[UUID]]:
        """Faces that are no more, by owner."""

    async def erased(self, owner: str, face_ids: Sequence[UUID]) -> None:
        """Their vectors are gone."""

    async def sequence(self, owner: str) -> int:
        """The owner's last change of consent."""


class Telling:
    """The jobs `links` and `vanished`."""

    def __init__(self, untold: Untold, vectors: FaceVectors) -> None:
        self._untold = untold
        self._vectors = vectors

    async def links(self) -> int:
        """Tell of links; how many were confirmed."""
        told = 0
        for owner, links in (await self._untold.links(BUNDLE)).items():
            try:
                await self._vectors.link(await self._access(owner, "links"), links)
            except DependencyDown:
                raise
            except KiokuError as error:
                log.warning("links.refused", reason=error.reason, links=len(links))
                continue
            await self._untold.linked(owner, links)
            told += len(links)
        return told

    async def vanished(self) -> int:
        """Have the vectors of faces removed that are no more; of how many."""
        told = 0
        for owner, face_ids in (await self._untold.vanished(BUNDLE)).items():
            access = await self._access(owner, "vanished")
            try:
                await self._vectors.erase(access, person_id=None, face_ids=face_ids)
            except DependencyDown:
                raise
            except KiokuError as error:
                log.warning("vanished.refused", reason=error.reason, faces=len(face_ids))
                continue
            await self._untold.erased(owner, face_ids)
            told += len(face_ids)
        return told

    async def _access(self, owner: str, purpose: str) -> Access:
        sequence = await self._untold.sequence(owner)
        return Access(owner, ACTOR, purpose, request_id="", consent_sequence=sequence)

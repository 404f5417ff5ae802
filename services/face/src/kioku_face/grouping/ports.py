"""What the grouping needs from whoever keeps the faces."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kioku_face.grouping.member import Guess, Member, Strength


@dataclass(frozen=True)
class Waiting:
    """Faces to be compared, the longest waiting first, and the owner's last change of consent.

    Args:
        links: how often each face's link has changed by now.
    """

    links: Mapping[UUID, int]
    consent_sequence: int

    @property
    def face_ids(self) -> tuple[UUID, ...]:
        """The faces alone."""
        return tuple(self.links)


class Scene(Protocol):
    """One transaction: faces that are placed, and those around them as they are now.

    Args:
        asked: the faces to place that still wait, exist, and are whose they were when they were
            looked at; nobody else changes them. A face that was linked since calls the others
            only when they can be compared with it.
        members: they, what was found near them, and the other faces of their pictures. Whoever
            places faces keeps it true.
        consenting: people who agreed to be linked, and cannot take it back before the end.
    """

    asked: Sequence[UUID]
    members: dict[UUID, Member]
    consenting: frozenset[UUID]

    async def strengths(self, groups: Collection[UUID]) -> Mapping[UUID, Strength]:
        """What the groups are made of, seen in at most eight faces of each."""

    async def size(self, group: UUID, most: int) -> int:
        """How many faces a group has, counted no further than `most` + 1."""

    async def share_picture(self, smaller: UUID, larger: UUID) -> bool:
        """Whether some picture shows a face of each."""

    async def link(self, face_id: UUID, guess: Guess) -> bool:
        """Link by likeness; False: it became forbidden."""

    async def join(self, face_id: UUID, group: UUID) -> None:
        """Put a face into a group, new or not."""

    async def unite(self, gone: UUID, kept: UUID) -> int:
        """Put all faces of one group into another; how many."""

    async def keep(self, face_id: UUID) -> None:
        """It was compared, and is whose it is."""

    async def look_again(self, face_ids: Collection[UUID]) -> None:
        """Compare these once more, where they are still linked to nobody."""

    async def close(self, counts: Mapping[str, int]) -> None:
        """Audit what was done."""


class Turn(Protocol):
    """One owner's faces, while no other process groups them."""

    async def waiting(self, most: int) -> Waiting:
        """Faces that have a vector and were not compared yet."""

    async def postpone(self, face_ids: Collection[UUID]) -> None:
        """Come back to these later: `search` does not have their vectors yet."""

    def scene(
        self, asked: Mapping[UUID, int], near: Collection[UUID], people: Collection[UUID]
    ) -> AbstractAsyncContextManager[Scene]:
        """A transaction over these faces and people; it commits when the block ends well.

        Args:
            asked: faces to place, each with how often its link had changed when it waited.
        """


class Library(Protocol):
    """All faces; every method raises DependencyDown when the database does not answer."""

    async def owners(self, after: str, most: int) -> list[str]:
        """Owners with faces to be compared, by name, after one of them."""

    def turn(self, owner: str) -> AbstractAsyncContextManager[Turn | None]:
        """Work on one owner's faces; None: another process does."""

"""Promise: what was forgotten stays forgotten, also in a database that was restored from before.

Beside each backup lies what was forgotten by then or later. It is done once more here: consents
end, faces go, places stay closed, and the jobs have `search` remove the vectors when it runs. Where
somebody agreed anew after a withdrawal that the backup does not know, the withdrawal wins; they are
asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from kioku_face.face import Box

_TOGETHER = 10_000


@dataclass(frozen=True)
class Ended:
    """A consent that ended at that version, and whether the person was removed."""

    owner: str
    person_id: UUID
    version: int
    deleted: bool


@dataclass(frozen=True)
class Place:
    """Where in a file a face was that must not come again."""

    owner: str
    sha256: str
    frame_no: int
    box: Box


@dataclass(frozen=True)
class Forgotten:
    """Everything that is known to be forgotten."""

    consents: list[Ended] = field(default_factory=list)
    faces: dict[str, list[UUID]] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)

    @classmethod
    def of(cls, lines: Iterable[dict[str, Any]]) -> Forgotten:
        """What the lines of a file say; others than these three kinds say nothing."""
        found = cls()
        for line in lines:
            match line.get("kind"):
                case "consent":
                    person_id, version = UUID(line["person_id"]), int(line["version"])
                    ended = Ended(line["owner"], person_id, version, bool(line["deleted"]))
                    found.consents.append(ended)
                case "face":
                    found.faces.setdefault(line["owner"], []).append(UUID(line["face_id"]))
                case "place":
                    box, frame_no = Box(*line["box"]), int(line["frame_no"])
                    found.places.append(Place(line["owner"], line["sha256"], frame_no, box))
        return found


class ReplayStore(Protocol):
    """A database that may be older than what was forgotten; each method is one transaction."""

    async def close(self, places: Sequence[Place]) -> None:
        """Close those that are open."""

    async def end(self, ended: Ended) -> bool:
        """End a consent that stands since before, and remove who was removed; whether it did."""

    async def take(self, owner: str, faces: Sequence[UUID]) -> None:
        """Begin the erasure of those of which nothing is known here."""


class Replaying:
    """Forgets again."""

    def __init__(self, store: ReplayStore) -> None:
        self._store = store

    async def replay(self, forgotten: Forgotten) -> int:
        """Do again what was done since the backup; to how many people.

        Raises:
            DependencyDown: the database does not answer.
        """
        places = forgotten.places
        for start in range(0, len(places), _TOGETHER):
            await self._store.close(places[start : start + _TOGETHER])
        people = sum([await self._store.end(one) for one in forgotten.consents])
        for owner, faces in forgotten.faces.items():
            for start in range(0, len(faces), _TOGETHER):
                await self._store.take(owner, faces[start : start + _TOGETHER])
        return people

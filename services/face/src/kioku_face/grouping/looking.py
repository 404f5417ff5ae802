"""What `search` finds near the faces that are to be placed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_face.grouping.member import Guess
from kioku_face.grouping.ports import Waiting
from kioku_face.grouping.rules import GroupingRules
from kioku_face.vectors import Access, FaceHit, FaceVectors, PersonHit, VectorOf

ACTOR = "face"
PURPOSE = "grouping of faces"


@dataclass(frozen=True)
class Seen:
    """What is near one face: faces of the owner, and people who may be matched."""

    hits: tuple[tuple[UUID, float], ...]
    guesses: tuple[Guess, ...]

    @property
    def best(self) -> float:
        """How alike the most similar person is; -1: nobody is near."""
        return max((guess.score for guess in self.guesses), default=-1.0)


@dataclass(frozen=True)
class Sight:
    """What was seen of each face, and those whose vectors `search` does not have."""

    seen: dict[UUID, Seen] = field(default_factory=dict)
    unknown: tuple[UUID, ...] = ()

    @property
    def near(self) -> set[UUID]:
        """All faces that were found."""
        faces = {face_id for one in self.seen.values() for face_id, _ in one.hits}
        return faces | {guess.face_id for one in self.seen.values() for guess in one.guesses}

    @property
    def people(self) -> set[UUID]:
        """All people that were found."""
        return {guess.person_id for one in self.seen.values() for guess in one.guesses}


class Looking:
    """Asks `search` for the neighbourhoods of a batch of faces: two calls, whatever the library."""

    def __init__(self, vectors: FaceVectors, rules: GroupingRules) -> None:
        self._vectors = vectors
        self._rules = rules

    async def at(self, owner: str, waiting: Waiting) -> Sight:
        """What is near each of the faces that wait.

        Raises:
            DependencyDown: `search` does not answer.
            KiokuError: CONSENT_BEHIND: it has not heard of the owner's last change of consent.
        """
        access = Access(owner, ACTOR, PURPOSE, str(uuid.uuid4()), waiting.consent_sequence)
        queries = [VectorOf(face_id=face_id) for face_id in waiting.face_ids]
        try:
            near, people = await self._near(access, queries), await self._people(access, queries)
        except KiokuError as error:
            if error.reason is not Reason.SPACE_UNKNOWN:
                raise
            return Sight(unknown=waiting.face_ids)  # no vector of a face ever came
        return _sight(waiting.face_ids, near, people)

    async def _near(
        self, access: Access, queries: Sequence[VectorOf]
    ) -> list[list[FaceHit] | None]:
        rules = self._rules
        return await self._vectors.nearest(
            access, queries, most=rules.neighbours, min_score=min(rules.join, rules.link)
        )

    async def _people(
        self, access: Access, queries: Sequence[VectorOf]
    ) -> list[list[PersonHit] | None]:
        rules = self._rules  # somebody just below the bar makes a face ambiguous, too
        return await self._vectors.match(
            access, queries, most=rules.people, min_score=rules.link - rules.margin
        )


def _sight(
    face_ids: Sequence[UUID],
    near: Sequence[list[FaceHit] | None],
    people: Sequence[list[PersonHit] | None],
) -> Sight:
    seen: dict[UUID, Seen] = {}
    for face_id, faces, persons in zip(face_ids, near, people, strict=True):
        if faces is None or persons is None:
            continue
        hits = tuple((hit.face_id, hit.score) for hit in faces)
        seen[face_id] = Seen(
            hits, tuple(Guess(hit.person_id, hit.face_id, hit.score) for hit in persons)
        )
    return Sight(seen, tuple(face_id for face_id in face_ids if face_id not in seen))

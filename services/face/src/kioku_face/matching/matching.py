"""Promise: an answer names only people who agree at the moment it is given; "unknown" is an answer.

`search` compares, among those of whom it knows that they agreed; it refuses while it has not heard
of the owner's last change of consent. Whatever it says is then looked up here: a face counts for
whoever it is linked to now, if they agree now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Reason

from kioku_face.face import Face, Flaw, FoundFace
from kioku_face.matching.match import (
    Answer,
    Asked,
    Candidate,
    Matched,
    MatchRules,
    NoMatch,
    Question,
    Somebody,
)
from kioku_face.packs.engine import FaceFinder
from kioku_face.vectors import Access, FaceVectors, PersonHit, VectorOf

MOST = 20
"""Candidates for a face."""
_PEOPLE = 1_000  # that one question to `search` may be narrowed to
_PURPOSE = "match"  # where the caller gave none; `search` wants one
_RETRY_SECONDS = 1.0
Hits = list[PersonHit] | None
Known = Mapping[UUID, Somebody]


class MatchStore(Protocol):
    """What `face` knows of an owner's faces and people."""

    async def ask(
        self, acting: Acting, question: Question, space_id: str, found: int | None
    ) -> Asked:
        """What is to be known before `search` is asked; the question is audited with it.

        Args:
            space_id: whose calibration counts.
            found: faces of the picture; None: the question is not about a picture.

        Raises:
            KiokuError: ASSET_NOT_FOUND, ASSET_NOT_READY, FACE_NOT_FOUND.
        """

    async def agreed(self, acting: Acting, question: Question, faces: Sequence[UUID]) -> Known:
        """Whose these faces are now, of people who agree now; each who is named is audited."""


@dataclass(frozen=True)
class _Judge:
    """Makes candidates of hits."""

    asked: Asked
    known: Known
    most: int

    def face(self, face: Face | FoundFace, query: VectorOf | None, hits: Hits) -> Matched:
        """One face's answer."""
        if query is None or hits is None:
            return Matched(face, (), _why_not(face))
        candidates = tuple(self._candidates(query, hits))[: self.most]
        return Matched(face, candidates, "" if candidates else NoMatch.UNKNOWN)

    def _candidates(self, query: VectorOf, hits: Iterable[PersonHit]) -> Iterable[Candidate]:
        given = set()
        for hit in hits:
            somebody = self.known.get(hit.face_id)
            if somebody is None or somebody.person_id in given:
                continue
            if query.face_id and (query.face_id, somebody.person_id) in self.asked.rejected:
                continue
            given.add(somebody.person_id)
            yield Candidate(somebody, hit.face_id, hit.score, self._confidence(hit.score))

    def _confidence(self, score: float) -> float | None:
        known = self.asked.calibration
        return None if known is None else known.confidence(score)


class Matching:
    """Says whose faces may be.

    Args:
        finder: finds the faces of pictures; its space is the one that is compared in.
    """

    def __init__(
        self, finder: FaceFinder, vectors: FaceVectors, store: MatchStore, rules: MatchRules
    ) -> None:
        self._finder = finder
        self._vectors = vectors
        self._store = store
        self._rules = rules

    async def match(self, acting: Acting, question: Question) -> Answer:
        """Answer a question; audited before `search` is asked.

        Raises:
            InvalidInput: an IMAGE_* reason.
            KiokuError: ASSET_NOT_FOUND, ASSET_NOT_READY, FACE_NOT_FOUND, or what the finder and
                `search` refuse with.
            DependencyDown: `search` is away, or behind with consents: nothing stale is answered.
        """
        space_id = self._finder.space.space_id
        found: tuple[FoundFace, ...] | None = None
        if question.image is not None:
            found = (await self._finder.faces_in(question.image, urgent=True)).faces
        asked = await self._store.ask(
            acting, question, space_id, None if found is None else len(found)
        )
        faces = asked.faces if found is None else found
        threshold = self._threshold(question, asked)
        queries = [_query(face, space_id) for face in faces]
        hits = await self._hits(acting, question, asked, queries, threshold)
        judge = _Judge(asked, await self._known(acting, question, hits), question.most)
        return Answer(tuple(map(judge.face, faces, queries, hits)), space_id, threshold)

    def _threshold(self, question: Question, asked: Asked) -> float:
        if question.min_score is not None:
            return question.min_score
        return asked.calibration.threshold if asked.calibration else self._rules.threshold

    async def _hits(
        self,
        acting: Acting,
        question: Question,
        asked: Asked,
        queries: Sequence[VectorOf | None],
        threshold: float,
    ) -> list[Hits]:
        """What `search` says of each face; None: it was not asked, or does not have the face."""
        wanted = [query for query in queries if query is not None]
        nobody = bool(question.collection_id) and not asked.people
        if not wanted or not asked.anybody or nobody:
            return [None if query is None else [] for query in queries]
        access = Access(
            acting.owner,
            acting.principal.subject,
            question.purpose or _PURPOSE,
            question.request_id,
            asked.sequence,
        )
        answers = iter(await self._compare(access, wanted, question, asked, threshold))
        return [None if query is None else next(answers) for query in queries]

    async def _compare(
        self,
        access: Access,
        wanted: Sequence[VectorOf],
        question: Question,
        asked: Asked,
        threshold: float,
    ) -> list[Hits]:
        """Ask `search`, a part of a large collection's people at a time."""
        parts = [asked.people[at : at + _PEOPLE] for at in range(0, len(asked.people), _PEOPLE)]
        most = min(MOST, question.most + _most_rejected(asked))  # those will be left out
        merged: list[Hits] = [None] * len(wanted)
        for people in parts or [()]:
            hits = await self._ask(access, wanted, most, threshold, people)
            merged = [_merged(before, now) for before, now in zip(merged, hits, strict=True)]
        return merged

    async def _ask(
        self,
        access: Access,
        wanted: Sequence[VectorOf],
        most: int,
        threshold: float,
        people: Sequence[UUID],
    ) -> list[Hits]:
        try:
            return await self._vectors.match(
                access, wanted, most=most, min_score=threshold, people=people
            )
        except KiokuError as error:
            if error.reason is not Reason.CONSENT_BEHIND:
                raise
            raise DependencyDown(
                "search",
                message="Search has not heard of the last change of consent yet; try again.",
                retry_after=_RETRY_SECONDS,
            ) from error

    async def _known(self, acting: Acting, question: Question, hits: Sequence[Hits]) -> Known:
        similar = list(dict.fromkeys(hit.face_id for some in hits for hit in some or ()))
        return await self._store.agreed(acting, question, similar) if similar else {}


def _query(face: Face | FoundFace, space_id: str) -> VectorOf | None:
    """What `search` is asked of a face; None: a poor one, or one without a vector in the space."""
    if not face.quality.good:
        return None
    if isinstance(face, Face):
        return VectorOf(face_id=face.face_id) if face.space_id == space_id else None
    return None if face.vector is None else VectorOf(vector=face.vector, space_id=space_id)


def _most_rejected(asked: Asked) -> int:
    """People whom somebody said that one of the faces is not."""
    by_face = Counter(face_id for face_id, _ in asked.rejected)
    return max(by_face.values(), default=0)


def _why_not(face: Face | FoundFace) -> str:
    if face.quality.flaws:
        return face.quality.flaws[0]
    return NoMatch.NOT_READY if isinstance(face, Face) else Flaw.UNSURE


def _merged(before: Hits, now: Hits) -> Hits:
    if before is None or now is None:
        return before if now is None else now
    return sorted([*before, *now], key=lambda hit: -hit.score)

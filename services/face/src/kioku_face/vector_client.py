"""The vectors of faces over gRPC, from `search`.  Implements `FaceVectors`.

Lists of any length are sent in parts that one call takes. Whatever keeps `search` from answering
becomes DependencyDown; what it says about the request itself keeps its own reason.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from kioku.common.v1 import vector_pb2
from kioku.search.v1 import face_vector_service_pb2 as messages
from kioku.search.v1.face_vector_service_pb2_grpc import FaceVectorServiceStub
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Code
from kioku_rt.rpc import call

from kioku_face.vectors import Erased, FaceHit, PersonHit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    import grpc

    from kioku_face.vectors import Access, Link, Matchable, VectorOf

    _T = TypeVar("_T")

NAME = "search"
QUERIES = 256
ROWS = 10_000


class FaceVectorClient:
    """Asks `search` about faces.

    Args:
        channel: to `search`, with the token of this service (scope `faces.vectors`); closed by its
            owner.
        seconds: for a question.
        writing_seconds: for a change.
    """

    def __init__(
        self, channel: grpc.aio.Channel, *, seconds: float = 5.0, writing_seconds: float = 20.0
    ) -> None:
        self._stub = FaceVectorServiceStub(channel)
        self._seconds = seconds
        self._writing_seconds = writing_seconds

    async def match(
        self,
        access: Access,
        queries: Sequence[VectorOf],
        *,
        most: int,
        min_score: float,
        people: Sequence[UUID] = (),
    ) -> list[list[PersonHit] | None]:
        """People for each query, the most similar first; None: its vector is not stored."""
        found: list[list[PersonHit] | None] = []
        for some in _batched(queries, QUERIES):
            request = messages.MatchFacesRequest(
                access=_access(access),
                queries=[_query(one) for one in some],
                max_people=most,
                min_score=min_score,
                person_ids=[str(person_id) for person_id in people],
            )
            answer = await _ask(self._stub.MatchFaces(request, timeout=self._seconds))
            found += [
                [_person_hit(hit) for hit in one.people] if one.known else None
                for one in answer.results
            ]
        return found

    async def nearest(
        self, access: Access, queries: Sequence[VectorOf], *, most: int, min_score: float
    ) -> list[list[FaceHit] | None]:
        """Faces of the owner for each query, the most similar first; None: it is not stored."""
        found: list[list[FaceHit] | None] = []
        for some in _batched(queries, QUERIES):
            request = messages.NearestFacesRequest(
                access=_access(access),
                queries=[_query(one) for one in some],
                max_faces=most,
                min_score=min_score,
            )
            answer = await _ask(self._stub.NearestFaces(request, timeout=self._seconds))
            found += [
                [_face_hit(hit) for hit in one.faces] if one.known else None
                for one in answer.results
            ]
        return found

    async def link(self, access: Access, links: Sequence[Link]) -> int:
        """Say whose faces these are; how many were news."""
        changed = 0
        for some in _batched(links, ROWS):
            request = messages.LinkFacesRequest(
                access=_access(access), links=[_link(one) for one in some]
            )
            answer = await _ask(self._stub.LinkFaces(request, timeout=self._writing_seconds))
            changed += answer.changed
        return changed

    async def set_people(self, access: Access, people: Sequence[Matchable]) -> int:
        """Say who may be matched; how many were news.

        Only the last part says the sequence: `search` has heard of it when it has all of them.
        """
        parts = _batched(people, ROWS) or [()]
        changed = 0
        for number, some in enumerate(parts, start=1):
            said = _access(access)
            if number < len(parts):
                said.consent_sequence = 0
            request = messages.SetPeopleRequest(
                access=said, people=[_matchable(one) for one in some]
            )
            answer = await _ask(self._stub.SetPeople(request, timeout=self._writing_seconds))
            changed += answer.changed
        return changed

    async def erase(
        self, access: Access, *, person_id: UUID | None, face_ids: Sequence[UUID]
    ) -> Erased:
        """Remove vectors for good; the ticket of the last part covers all before it."""
        vectors, ticket = 0, 0
        for some in _batched(face_ids, ROWS) or [()]:
            request = messages.EraseFacesRequest(
                access=_access(access),
                person_id=str(person_id or ""),
                face_ids=[str(face_id) for face_id in some],
            )
            answer = await _ask(self._stub.EraseFaces(request, timeout=self._writing_seconds))
            vectors += answer.vectors
            ticket = answer.scrub_ticket
        return Erased(vectors, ticket)

    async def scrubbed(self, scrub_ticket: int) -> datetime | None:
        """When the files were rewritten after that erasure; None: not yet."""
        request = messages.GetScrubRequest(scrub_ticket=scrub_ticket)
        answer = await _ask(self._stub.GetScrub(request, timeout=self._seconds))
        return answer.scrub_time.ToDatetime(UTC) if answer.HasField("scrub_time") else None


async def _ask(answer: Awaitable[_T]) -> _T:
    try:
        return await call(NAME, answer)
    except KiokuError as error:
        if error.code is not Code.INVALID_ARGUMENT:
            raise
        raise InvalidInput(
            error.reason, error.message, field=error.field, metadata=error.metadata
        ) from error


def _batched(values: Sequence[_T], most: int) -> list[Sequence[_T]]:
    return [values[start : start + most] for start in range(0, len(values), most)]


def _access(access: Access) -> messages.FaceAccess:
    return messages.FaceAccess(
        owner=access.owner,
        actor=access.actor,
        purpose=access.purpose,
        request_id=access.request_id,
        consent_sequence=access.consent_sequence,
    )


def _query(one: VectorOf) -> messages.FaceQuery:
    if one.vector is None:
        return messages.FaceQuery(face_id=str(one.face_id or ""))
    return messages.FaceQuery(
        vector=vector_pb2.Vector(space_id=one.space_id, values=one.vector.tolist())
    )


def _link(one: Link) -> messages.FaceLink:
    return messages.FaceLink(
        face_id=str(one.face_id),
        asset_id=str(one.asset_id or ""),
        person_id=str(one.person_id or ""),
        reference=one.reference,
        version=one.version,
    )


def _matchable(one: Matchable) -> messages.MatchablePerson:
    message = messages.MatchablePerson(
        person_id=str(one.person_id),
        user_id=one.user_id,
        consented=one.consented,
        version=one.version,
    )
    if one.expires_at is not None:
        message.expire_time.FromDatetime(one.expires_at)
    return message


def _person_hit(hit: messages.PersonHit) -> PersonHit:
    return PersonHit(UUID(hit.person_id), hit.user_id, UUID(hit.face_id), hit.score)


def _face_hit(hit: messages.FaceHit) -> FaceHit:
    return FaceHit(
        face_id=UUID(hit.face_id),
        asset_id=UUID(hit.asset_id) if hit.asset_id else None,
        frame_no=hit.frame_no if hit.HasField("frame_no") else None,
        person_id=UUID(hit.person_id) if hit.person_id else None,
        score=hit.score,
    )

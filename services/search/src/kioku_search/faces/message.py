"""Requests and answers of FaceVectorService as the contract writes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np
from kioku.search.v1 import face_vector_service_pb2 as messages
from kioku_rt.auth.principal import MAX_SUBJECT_CHARACTERS, acceptable_subject
from kioku_rt.errors import InvalidInput
from kioku_rt.fields import canonical_uuid, checked_time
from kioku_rt.reasons import Reason

from kioku_search.faces.face import Access, Asked, Link, Matchable
from kioku_search.faces.matching import Bounds

if TYPE_CHECKING:
    from kioku_rt.auth import Principal

    from kioku_search.faces.face import FaceHit, FacesFound, PeopleFound, PersonHit

MOST_QUERIES = 256
MOST_ROWS = 10_000
MOST_AMONG = 1_000
_MOST_TEXT = 200


def access_of(said: messages.FaceAccess, principal: Principal) -> Access:
    """Who asks and why; refused without a name and a purpose, for both are recorded."""
    _required(said.purpose, "access.purpose", _MOST_TEXT)
    for value, field in ((said.owner, "access.owner"), (said.actor, "access.actor")):
        _required(value, field, MAX_SUBJECT_CHARACTERS)
        if not acceptable_subject(value):
            raise InvalidInput(Reason.FIELD_INVALID, "That is nobody's name.", field=field)
    if len(said.request_id) > _MOST_TEXT or not _printable(said.request_id):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"The request id must have at most {_MOST_TEXT} printable characters.",
            field="access.request_id",
        )
    _at_least(said.consent_sequence, 0, "access.consent_sequence")
    return Access(
        owner=said.owner,
        actor=said.actor,
        purpose=said.purpose,
        request_id=said.request_id,
        consent_sequence=said.consent_sequence,
        service=principal.subject,
        token_id=principal.token_id,
    )


def asked_of(queries: Sequence[messages.FaceQuery]) -> list[Asked]:
    """The faces that are asked about."""
    check_count(len(queries), 1, MOST_QUERIES, "queries")
    return [_asked(one, f"queries[{place}]") for place, one in enumerate(queries)]


def bounds_of(most: int, min_score: float, *, default: int, limit: int, field: str) -> Bounds:
    """How many are wanted, and how similar."""
    if not 0 <= most <= limit:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{field} is {most}; it must be between 1 and {limit}.",
            field=field,
            metadata={"limit": str(limit)},
        )
    if math.isnan(min_score) or not -1 <= min_score <= 1:
        raise InvalidInput(
            Reason.FIELD_INVALID, "The least score must be -1 to 1.", field="min_score"
        )
    return Bounds(most or default, min_score)


def ids_of(values: Sequence[str], limit: int, field: str) -> list[UUID]:
    """Ids, each once, in the order given."""
    check_count(len(values), 0, limit, field)
    given = (canonical_uuid(one, f"{field}[{place}]") for place, one in enumerate(values))
    return list(dict.fromkeys(given))


def optional_id(value: str, field: str) -> UUID | None:
    """The id; an empty text is none."""
    return canonical_uuid(value, field) if value else None


def links_of(links: Sequence[messages.FaceLink]) -> list[Link]:
    """Whose faces these are."""
    check_count(len(links), 0, MOST_ROWS, "links")
    return [_link(one, f"links[{place}]") for place, one in enumerate(links)]


def people_of(people: Sequence[messages.MatchablePerson]) -> list[Matchable]:
    """Who may be matched."""
    check_count(len(people), 0, MOST_ROWS, "people")
    return [_matchable(one, f"people[{place}]") for place, one in enumerate(people)]


def match_message(found: PeopleFound, space_id: str) -> messages.MatchFacesResponse:
    """The answer to MATCH."""
    return messages.MatchFacesResponse(
        results=[
            messages.FacePeople(people=map(_person, hits or ()), known=hits is not None)
            for hits in found
        ],
        space_id=space_id,
    )


def nearest_message(found: FacesFound, space_id: str) -> messages.NearestFacesResponse:
    """The answer to CLUSTER."""
    return messages.NearestFacesResponse(
        results=[
            messages.FaceNeighbours(faces=map(_face, hits or ()), known=hits is not None)
            for hits in found
        ],
        space_id=space_id,
    )


def check_count(number: int, least: int, most: int, field: str) -> None:
    """Refuse too few or too many."""
    if not least <= number <= most:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"There are {number} {field}; there must be {least} to {most}.",
            field=field,
            metadata={"number": str(number), "limit": str(most)},
        )


def _asked(one: messages.FaceQuery, field: str) -> Asked:
    match one.WhichOneof("face"):
        case "face_id":
            return Asked(face_id=canonical_uuid(one.face_id, f"{field}.face_id"))
        case "vector":
            if not one.vector.space_id:
                raise InvalidInput(
                    Reason.FIELD_MISSING,
                    "A vector must name its space.",
                    field=f"{field}.vector.space_id",
                )
            values = np.array(one.vector.values, np.float64)
            return Asked(vector=values, space_id=one.vector.space_id)
        case _:
            raise InvalidInput(
                Reason.ONEOF_NOT_EXACTLY_ONE, "Set exactly one of vector and face_id.", field=field
            )


def _link(one: messages.FaceLink, field: str) -> Link:
    _at_least(one.version, 1, f"{field}.version")
    return Link(
        face_id=canonical_uuid(one.face_id, f"{field}.face_id"),
        asset_id=optional_id(one.asset_id, f"{field}.asset_id"),
        person_id=optional_id(one.person_id, f"{field}.person_id"),
        reference=one.reference,
        version=one.version,
    )


def _matchable(one: messages.MatchablePerson, field: str) -> Matchable:
    _at_least(one.version, 1, f"{field}.version")
    if len(one.user_id) > MAX_SUBJECT_CHARACTERS or not _printable(one.user_id):
        raise InvalidInput(
            Reason.FIELD_INVALID, "That is no user's name.", field=f"{field}.user_id"
        )
    return Matchable(
        person_id=canonical_uuid(one.person_id, f"{field}.person_id"),
        user_id=one.user_id,
        consented=one.consented,
        expires_at=_expiry(one, f"{field}.expire_time"),
        version=one.version,
    )


def _expiry(one: messages.MatchablePerson, field: str) -> datetime | None:
    if not one.HasField("expire_time"):
        return None
    return checked_time(one.expire_time.seconds, one.expire_time.nanos, field)


def _person(hit: PersonHit) -> messages.PersonHit:
    return messages.PersonHit(
        person_id=str(hit.person_id),
        user_id=hit.user_id,
        face_id=str(hit.face_id),
        score=hit.score,
    )


def _face(hit: FaceHit) -> messages.FaceHit:
    return messages.FaceHit(
        face_id=str(hit.face_id),
        asset_id=str(hit.asset_id or ""),
        frame_no=hit.frame_no,
        person_id=str(hit.person_id or ""),
        score=hit.score,
    )


def _required(value: str, field: str, most: int) -> None:
    if not value:
        raise InvalidInput(Reason.FIELD_MISSING, f"{field} is empty.", field=field)
    if len(value) > most or not _printable(value):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{field} must have 1 to {most} printable characters.",
            field=field,
            metadata={"limit": str(most)},
        )


def _printable(value: str) -> bool:
    return value.isprintable()


def _at_least(value: int, least: int, field: str) -> None:
    if value < least:
        raise InvalidInput(
            Reason.FIELD_INVALID, f"{field} is {value}; it must be {least} or more.", field=field
        )

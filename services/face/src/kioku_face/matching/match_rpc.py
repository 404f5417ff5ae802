"""MatchPeople over gRPC: decode, call, encode."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING
from uuid import UUID

from kioku.face.v1 import face_service_pb2 as messages
from kioku_rt.auth import acting_owner
from kioku_rt.errors import InvalidInput
from kioku_rt.fields import canonical_uuid
from kioku_rt.reasons import Reason
from kioku_rt.rpc import name_call
from kioku_rt.text import clean_text
from uuid_utils import uuid7

from kioku_face.face import Face
from kioku_face.face_message import face_message, found_message
from kioku_face.matching.match import Candidate, Matched, Question
from kioku_face.matching.matching import MOST

if TYPE_CHECKING:
    from kioku_face.matching.matching import Matching

SCOPE = "face.act"
MAX_IMAGE_BYTES = 16 * 2**20
MAX_PURPOSE = 200
_CANDIDATES = 5
_COLLECTION = re.compile(r"[a-z0-9_-]{1,64}", re.ASCII)


class MatchPeople:
    """The rpc MatchPeople of FaceService."""

    def __init__(self, matching: Matching) -> None:
        self._matching = matching

    async def __call__(self, request: messages.MatchPeopleRequest) -> messages.MatchPeopleResponse:
        """Say whose faces these may be."""
        acting = acting_owner(request.owner, SCOPE)
        question = _question(request)
        name_call(question.request_id)
        answer = await self._matching.match(acting, question)
        return messages.MatchPeopleResponse(
            matches=[_match(one) for one in answer.faces],
            space_id=answer.space_id,
            threshold=answer.threshold,
        )


def _question(request: messages.MatchPeopleRequest) -> Question:
    source = request.WhichOneof("source")
    if source is None:
        raise InvalidInput(
            Reason.ONEOF_NOT_EXACTLY_ONE, "Set exactly one of image, asset_id and face_id."
        )
    return Question(
        image=_image(request.image) if source == "image" else None,
        asset_id=canonical_uuid(request.asset_id, source) if source == "asset_id" else None,
        face_id=canonical_uuid(request.face_id, source) if source == "face_id" else None,
        most=_most(request.max_candidates),
        min_score=_score(request.min_score) if request.HasField("min_score") else None,
        collection_id=_collection(request.collection_id),
        purpose=_purpose(request.purpose),
        request_id=str(UUID(bytes=uuid7().bytes)),
    )


def _image(image: bytes) -> bytes:
    if not image:
        raise InvalidInput(Reason.IMAGE_EMPTY, field="image")
    if len(image) > MAX_IMAGE_BYTES:
        raise InvalidInput(
            Reason.IMAGE_TOO_LARGE,
            f"The image has {len(image)} bytes; the limit is {MAX_IMAGE_BYTES}.",
            field="image",
            metadata={"bytes": str(len(image)), "limit": str(MAX_IMAGE_BYTES)},
        )
    return image


def _most(value: int) -> int:
    if not 0 <= value <= MOST:
        raise _outside("max_candidates", str(value), f"between 1 and {MOST}")
    return value or _CANDIDATES


def _score(value: float) -> float:
    if not (math.isfinite(value) and -1 <= value <= 1):
        raise _outside("min_score", f"{value:g}", "between -1 and 1")
    return value


def _collection(value: str) -> str:
    if value and not _COLLECTION.fullmatch(value):
        raise _outside("collection_id", repr(value[:64]), "1 to 64 characters of a-z, 0-9, - and _")
    return value


def _purpose(value: str) -> str:
    return clean_text(value, field="purpose", limit=MAX_PURPOSE) if value.strip() else ""


def _outside(field: str, value: str, range_: str) -> InvalidInput:
    return InvalidInput(
        Reason.FIELD_INVALID, f"{field} is {value}; it must be {range_}.", field=field
    )


def _match(one: Matched) -> messages.FaceMatch:
    face = face_message(one.face) if isinstance(one.face, Face) else found_message(one.face)
    return messages.FaceMatch(
        face=face, candidates=[_candidate(found) for found in one.candidates], reason=one.reason
    )


def _candidate(one: Candidate) -> messages.Candidate:
    return messages.Candidate(
        person_id=str(one.somebody.person_id),
        user_id=one.somebody.user_id,
        name=one.somebody.name,
        score=one.score,
        confidence=one.confidence,
        face_id=str(one.face_id),
    )

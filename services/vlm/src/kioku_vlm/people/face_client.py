"""Who may be on a picture, over gRPC, from `face`.  Implements `Faces`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from kioku.face.v1 import face_service_pb2 as messages
from kioku.face.v1.face_service_pb2_grpc import FaceServiceStub
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Code
from kioku_rt.rpc import call

from kioku_vlm.page import Box
from kioku_vlm.people.member import Member

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc

NAME = "face"
PURPOSE = "schedule member candidates"


class FaceClient:
    """Asks `face` about the faces of assets.

    Args:
        channel: to `face`, with the token of this service (scope `face.act`); closed by its owner.
        seconds: for a question.
    """

    def __init__(self, channel: grpc.aio.Channel, *, seconds: float = 5.0) -> None:
        self._stub = FaceServiceStub(channel)
        self._seconds = seconds

    async def members(self, owner: str, asset_id: UUID) -> Sequence[Member]:
        """See the port; an asset that `face` does not know has nobody on it."""
        request = messages.MatchPeopleRequest(
            asset_id=str(asset_id), owner=owner, max_candidates=1, purpose=PURPOSE
        )
        try:
            answer = await call(NAME, self._stub.MatchPeople(request, timeout=self._seconds))
        except DependencyDown:
            raise
        except KiokuError as error:
            if error.code is Code.NOT_FOUND:
                return ()
            raise
        return tuple(_member(match) for match in answer.matches)


def _member(match: messages.FaceMatch) -> Member:
    face = match.face
    box = Box(face.box.left, face.box.top, face.box.width, face.box.height)
    face_id = UUID(face.face_id)
    if not match.candidates:
        anonymous = UUID(face.anonymous_id) if face.anonymous_id else None
        return Member(face_id, box, anonymous_id=anonymous)
    best = match.candidates[0]
    return Member(
        face_id,
        box,
        person_id=UUID(best.person_id),
        user_id=best.user_id,
        name=best.name,
        score=best.score,
        confidence=best.confidence if best.HasField("confidence") else None,
    )

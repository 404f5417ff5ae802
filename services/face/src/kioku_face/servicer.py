"""FaceService over gRPC: decode, call, encode; every rule lives in the use cases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from kioku.face.v1 import face_pb2
from kioku.face.v1 import face_service_pb2 as messages
from kioku.face.v1.face_service_pb2_grpc import FaceServiceServicer
from kioku_rt.auth import acting_owner
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.fields import canonical_uuid, page_size
from kioku_rt.reasons import Reason

from kioku_face.crop import Crops
from kioku_face.face_message import face_message, found_message, timestamp
from kioku_face.glance import Glance
from kioku_face.library import AnonymousPage, Library, Of, Wanted

SCOPE = "face.act"
NAME = "kioku.face.v1.FaceService"
JPEG = "image/jpeg"
_DEFAULT_PAGE = 100
_DEFAULT_MIN_FACES = 2
_CROP_SIZES = range(16, 513)
_DEFAULT_CROP = 160
Context = grpc.aio.ServicerContext[Any, Any]
MatchPeople = Callable[[messages.MatchPeopleRequest], Awaitable[messages.MatchPeopleResponse]]


class FaceServicer(FaceServiceServicer):
    """The rpcs of FaceService; `match` answers MatchPeople, None: nothing does."""

    def __init__(
        self, glance: Glance, library: Library, crops: Crops, match: MatchPeople | None
    ) -> None:
        self._glance = glance
        self._library = library
        self._crops = crops
        self._match = match

    async def DetectFaces(  # noqa: N802 - named by the contract
        self, request: messages.DetectFacesRequest, _context: Context
    ) -> messages.DetectFacesResponse:
        """Find the faces of a picture."""
        acting = acting_owner(request.owner, SCOPE)
        found = await self._glance.faces_in(acting, request.image)
        return messages.DetectFacesResponse(
            faces=[found_message(face) for face in found.faces],
            width=found.width,
            height=found.height,
            decode_ms=found.decode_ms,
            detect_ms=found.detect_ms,
        )

    async def ListFaces(  # noqa: N802
        self, request: messages.ListFacesRequest, _context: Context
    ) -> messages.ListFacesResponse:
        """List faces that were found."""
        page = await self._library.faces(
            acting_owner(request.owner, SCOPE),
            _wanted(request),
            page_size(request.page_size, default=_DEFAULT_PAGE),
            request.page_token,
        )
        return messages.ListFacesResponse(
            faces=[face_message(face) for face in page.faces],
            next_page_token=page.next_page_token,
        )

    async def GetFaceCrop(  # noqa: N802
        self, request: messages.GetFaceCropRequest, _context: Context
    ) -> messages.GetFaceCropResponse:
        """Cut a face out of its picture."""
        acting = acting_owner(request.owner, SCOPE)
        face_id = canonical_uuid(request.face_id, "face_id")
        image = await self._crops.crop(acting, face_id, _crop_size(request.size))
        return messages.GetFaceCropResponse(image=image, content_type=JPEG)

    async def ListAnonymousPeople(  # noqa: N802
        self, request: messages.ListAnonymousPeopleRequest, _context: Context
    ) -> messages.ListAnonymousPeopleResponse:
        """List people nobody named."""
        page = await self._library.anonymous(
            acting_owner(request.owner, SCOPE),
            _min_faces(request.min_faces),
            page_size(request.page_size, default=_DEFAULT_PAGE),
            request.page_token,
        )
        return _anonymous_message(page)

    async def MatchPeople(  # noqa: N802
        self, request: messages.MatchPeopleRequest, _context: Context
    ) -> messages.MatchPeopleResponse:
        """Say whose faces these may be."""
        if self._match is None:
            raise KiokuError(Reason.METHOD_UNKNOWN)
        return await self._match(request)


def _wanted(request: messages.ListFacesRequest) -> Wanted:
    named = [of for of in Of if getattr(request, of.value)]
    if len(named) != 1:
        raise InvalidInput(
            Reason.ONEOF_NOT_EXACTLY_ONE,
            "Set exactly one of asset_id, person_id and anonymous_id.",
        )
    field = named[0].value
    return Wanted(named[0], canonical_uuid(getattr(request, field), field))


def _crop_size(value: int) -> int:
    size = value or _DEFAULT_CROP
    if size not in _CROP_SIZES:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"The size is {value}; it must be between 16 and 512 pixels.",
            field="size",
            metadata={"size": str(value), "limit": "512"},
        )
    return size


def _min_faces(value: int) -> int:
    if value < 0:
        raise InvalidInput(
            Reason.FIELD_INVALID, "The least number of faces is negative.", field="min_faces"
        )
    return value or _DEFAULT_MIN_FACES


def _anonymous_message(page: AnonymousPage) -> messages.ListAnonymousPeopleResponse:
    return messages.ListAnonymousPeopleResponse(
        people=[
            face_pb2.AnonymousPerson(
                anonymous_id=str(one.anonymous_id),
                face_count=one.face_count,
                cover_face_id=str(one.cover_face_id),
                create_time=timestamp(one.created_at),
                expire_time=timestamp(ends),
            )
            for one, ends in page.people
        ],
        next_page_token=page.next_page_token,
    )

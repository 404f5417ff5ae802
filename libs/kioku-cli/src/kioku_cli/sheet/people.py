"""People as sections of a contact sheet: each with their best faces."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from kioku.face.v1 import face_service_pb2 as faces_pb
from kioku.face.v1 import people_service_pb2 as people_pb
from kioku_rt.rpc import error_of

from kioku_cli.paging import every
from kioku_cli.sheet.page import Cell, Section
from kioku_cli.sheet.thumbnail import EMPTY

if TYPE_CHECKING:
    from kioku_cli.session import Session

_AT_ONCE = 8


@dataclass(frozen=True)
class _Row:
    """Somebody, and how to ask for their faces."""

    title: str
    faces: int
    request: faces_pb.ListFacesRequest


async def people_sections(
    session: Session, limit: int, each: int, *, unknown: bool
) -> list[Section]:
    """A section for each person, by name; then, if asked, for the unknown ones.

    Args:
        limit: most people, and most unknown ones.
        each: most faces of one.
    """
    room = asyncio.Semaphore(_AT_ONCE)
    rows = await _known(session, limit)
    rows += await _unknown(session, limit) if unknown else []
    return [await _section(session, row, each, room) for row in rows]


async def _known(session: Session, limit: int) -> list[_Row]:
    request = people_pb.ListPeopleRequest()
    people = await every(session.people.ListPeople, request, "people", limit)
    return [
        _Row(
            one.name or one.person_id,
            one.face_count,
            faces_pb.ListFacesRequest(person_id=one.person_id),
        )
        for one in people
    ]


async def _unknown(session: Session, limit: int) -> list[_Row]:
    request = faces_pb.ListAnonymousPeopleRequest()
    people = await every(session.faces.ListAnonymousPeople, request, "people", limit)
    return [
        _Row(
            f"unknown {one.anonymous_id[:8]}",
            one.face_count,
            faces_pb.ListFacesRequest(anonymous_id=one.anonymous_id),
        )
        for one in people
    ]


async def _section(session: Session, row: _Row, each: int, room: asyncio.Semaphore) -> Section:
    faces = await every(session.faces.ListFaces, row.request, "faces", each)
    pictures = await asyncio.gather(*(_crop(session, one.face_id, room) for one in faces))
    cells = [
        Cell(picture, row.title, note=f"quality {one.quality.score:.2f}")
        for one, picture in zip(faces, pictures, strict=True)
    ]
    return Section(row.title, cells, f"{row.faces} faces")


async def _crop(session: Session, face_id: str, room: asyncio.Semaphore) -> str:
    """A face as a data URI; a grey dot where no picture of it is kept."""
    async with room:
        try:
            crop = await session.faces.GetFaceCrop(faces_pb.GetFaceCropRequest(face_id=face_id))
        except grpc.aio.AioRpcError as failure:
            if error_of(failure) is None:  # the service is away: that is no matter of one face
                raise
            return EMPTY
    return f"data:{crop.content_type};base64,{base64.b64encode(crop.image).decode()}"

"""Faces as the messages of `kioku.face.v1`."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from kioku.face.v1 import face_pb2

from kioku_face.face import WHOLE, Box, Face, FoundFace, LinkSource, Quality

_SOURCES = {
    None: face_pb2.LINK_SOURCE_UNSPECIFIED,
    LinkSource.PERSON: face_pb2.LINK_SOURCE_PERSON,
    LinkSource.LIKENESS: face_pb2.LINK_SOURCE_LIKENESS,
}


def timestamp(moment: datetime | None) -> Timestamp | None:
    """A moment for a message field; None leaves the field unset."""
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def face_message(face: Face) -> face_pb2.Face:
    """A face as its owner sees it."""
    in_film = face.frame_no != WHOLE
    return face_pb2.Face(
        face_id=str(face.face_id),
        asset_id=_id(face.asset_id),
        frame_no=face.frame_no if in_film else None,
        time_ms=face.time_ms if in_film else None,
        box=_box(face.box),
        landmarks=_points(face.landmarks),
        detection_score=face.detection_score,
        quality=_quality(face.quality),
        person_id=_id(face.person_id),
        anonymous_id=_id(face.anonymous_id),
        link_source=_SOURCES[face.link_source],
        space_id=face.space_id,
        create_time=timestamp(face.created_at),
    )


def found_message(found: FoundFace) -> face_pb2.Face:
    """A face of a picture that is not stored: it has a place and no ids."""
    return face_pb2.Face(
        box=_box(found.box),
        landmarks=_points(found.landmarks),
        detection_score=found.detection_score,
        quality=_quality(found.quality),
    )


def _id(value: object | None) -> str:
    return "" if value is None else str(value)


def _box(box: Box) -> face_pb2.Box:
    return face_pb2.Box(left=box.left, top=box.top, width=box.width, height=box.height)


def _points(points: tuple[tuple[float, float], ...]) -> list[face_pb2.Point]:
    return [face_pb2.Point(x=x, y=y) for x, y in points]


def _quality(quality: Quality) -> face_pb2.Quality:
    return face_pb2.Quality(
        score=quality.score,
        pixels=quality.pixels,
        sharpness=quality.sharpness,
        yaw=quality.yaw,
        pitch=quality.pitch,
        roll=quality.roll,
        flaws=quality.flaws,
    )

"""Rows of `face.faces`, read as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_face.face import Box, Face, Flaw, LinkSource, Quality

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import asyncpg

FACE_COLUMNS = (
    "owner, face_id, asset_id, frame_no, time_ms, box, landmarks, detection_score, quality, pixels,"
    " sharpness, yaw, pitch, roll, flaws, space_id, person_id, link_source, link_version,"
    " anonymous_id, created_at"
)
"""What a statement must select, in any order, for `face_of`."""


def face_of(row: asyncpg.Record) -> Face:
    """The face that a row with `FACE_COLUMNS` holds."""
    return Face(
        owner=row["owner"],
        face_id=row["face_id"],
        asset_id=row["asset_id"],
        frame_no=row["frame_no"],
        time_ms=row["time_ms"],
        box=box_of(row["box"]),
        landmarks=points_of(row["landmarks"]),
        detection_score=row["detection_score"],
        quality=_quality_of(row),
        space_id=row["space_id"],
        person_id=row["person_id"],
        link_source=LinkSource(row["link_source"]) if row["link_source"] else None,
        link_version=row["link_version"],
        anonymous_id=row["anonymous_id"],
        created_at=row["created_at"],
    )


def box_of(numbers: Sequence[float]) -> Box:
    """The box that a column `box` holds."""
    left, top, width, height = numbers
    return Box(left, top, width, height)


def points_of(numbers: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """The points that a column `landmarks` holds."""
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def numbers_of(points: Iterable[tuple[float, float]]) -> list[float]:
    """Points as a column `landmarks` holds them."""
    return [number for point in points for number in point]


def _quality_of(row: asyncpg.Record) -> Quality:
    return Quality(
        score=row["quality"],
        pixels=row["pixels"],
        sharpness=row["sharpness"],
        yaw=row["yaw"],
        pitch=row["pitch"],
        roll=row["roll"],
        flaws=tuple(Flaw(flaw) for flaw in row["flaws"]),
    )

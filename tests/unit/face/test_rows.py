"""Promise: faces cross from a child bit for bit, and nonsense does not cross at all."""

from __future__ import annotations

import json

import numpy as np
import pytest
from kioku_face.face import Box, Flaw, FoundFace, Quality
from kioku_face.packs.answers import read_faces
from kioku_face.packs.rows import FACTS, faces_of, rows_of
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.images.link import Link
from kioku_rt.reasons import Reason
from kioku_rt.vectors import unit_vector

DIMENSION = 8


def face(seed: int, *flaws: Flaw, vector: bool = True) -> FoundFace:
    numbers = [float(each) for each in np.random.default_rng(seed).random(30)]
    return FoundFace(
        box=Box(*numbers[:4]),
        landmarks=tuple(zip(numbers[4:14:2], numbers[5:14:2], strict=True)),
        detection_score=numbers[14],
        quality=Quality(*numbers[15:21], flaws=flaws),  # type: ignore[misc,arg-type]
        vector=unit_vector(numbers[22:30], DIMENSION) if vector else None,
    )


FACES = [face(1), face(2, Flaw.TOO_SMALL, Flaw.UNSURE), face(3, Flaw.BLURRED, vector=False)]


def test_faces_are_the_same_on_the_other_side() -> None:
    crossed = faces_of(rows_of(FACES, DIMENSION))

    assert list(crossed) == FACES
    for there, here in zip(crossed, FACES, strict=True):
        if here.vector is None:
            assert there.vector is None
        else:
            assert there.vector is not None
            assert there.vector.dtype == np.float32
            assert np.array_equal(there.vector, here.vector)


def test_a_picture_without_faces() -> None:
    assert faces_of(rows_of([], DIMENSION)) == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [(0, np.nan), (14, np.inf), (FACTS, np.nan), (FACTS + 1, np.inf), (FACTS + 2, 9.0)],
)
def test_numbers_that_are_no_face_are_refused(column: int, value: float) -> None:
    rows = rows_of(FACES, DIMENSION)
    rows[0, column] = value

    with pytest.raises(ValueError, match=r"a face|a vector"):
        faces_of(rows)


def answered(header: object, rows: np.ndarray | None = None) -> object:
    """What the service reads where a child says so."""
    ours, theirs = Link.pair()
    try:
        if rows is not None:
            ours.put(rows.data.cast("B"))
        message = header if isinstance(header, bytes) else json.dumps(header).encode()
        return read_faces(message, ours, DIMENSION)
    finally:
        ours.close()
        theirs.close()


def test_an_answer_with_faces() -> None:
    told = answered({"faces": 3, "original_size": [640, 480]}, rows_of(FACES, DIMENSION))

    assert told == (tuple(FACES), (640, 480))


@pytest.mark.parametrize(
    ("header", "kind", "reason"),
    [
        ({"refused": "IMAGE_TRUNCATED"}, InvalidInput, Reason.IMAGE_TRUNCATED),
        ({"failed": "INTERNAL"}, KiokuError, Reason.INTERNAL),
        ({"failed": "ENGINE_OUT_OF_MEMORY"}, KiokuError, Reason.ENGINE_OUT_OF_MEMORY),
    ],
)
def test_an_answer_with_a_reason(header: object, kind: type[KiokuError], reason: Reason) -> None:
    with pytest.raises(kind) as refused:
        answered(header)

    assert refused.value.reason is reason


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"not json",
        [],
        {},
        {"failed": "TOKEN_INVALID"},
        {"refused": "no reason"},
        {"faces": -1, "original_size": [1, 1]},
        {"faces": 1 << 40, "original_size": [1, 1]},
        {"faces": 5, "original_size": [1, 1]},
        {"faces": 1, "original_size": [1]},
    ],
)
def test_nonsense_is_the_end_of_a_child(header: object) -> None:
    with pytest.raises((OSError, EOFError)):
        answered(header, rows_of(FACES, DIMENSION))

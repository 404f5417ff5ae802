"""Drawn people stay themselves, differ from each other, and their faces are where it says."""

from dataclasses import replace

import numpy as np
import pytest
from kioku_scenes.people import DrawnFace, Person, draw, invent_person

SIZE = (640, 480)
SMALLEST_SIDE = 60
DARK = 90


@pytest.fixture(scope="module")
def pictures() -> list[list[DrawnFace]]:
    """The faces of pictures with one to four people."""
    return [draw(range(at, at + at % 4 + 1), SIZE, at)[1] for at in range(24)]


def test_the_same_arguments_give_the_same_bytes() -> None:
    """Pixels, boxes and points are decided by people, size and seed."""
    for seed in range(6):
        first, second = (draw([seed, 40 + seed], (160, 120), seed, wildness=1) for _ in range(2))
        assert first[0].tobytes() == second[0].tobytes()
        assert first[1] == second[1]


def test_another_seed_is_another_picture_of_the_same_people() -> None:
    """The picture's seed moves the faces; whose they are does not depend on it."""
    one, other = (draw([3, 14], (160, 120), seed) for seed in (1, 2))
    assert one[0].tobytes() != other[0].tobytes()
    assert (
        [face.person_seed for face in one[1]] == [face.person_seed for face in other[1]] == [3, 14]
    )
    assert one[1] != other[1]


def test_hundreds_of_people_differ() -> None:
    """No two of 600 are alike in all that can be seen."""

    def looks(person: Person) -> Person:
        return replace(person, seed=0)

    assert len({looks(invent_person(seed)) for seed in range(600)}) == 600


def test_a_person_comes_from_the_seed_alone() -> None:
    """Drawing others in between changes nobody."""
    before = invent_person(77)
    draw([77, 78], (64, 64), 1)
    assert before == invent_person(77)


def test_faces_are_large_enough_and_in_the_picture(pictures: list[list[DrawnFace]]) -> None:
    """Up to four people on 640 x 480: boxes of at least 60 pixels, their middles seen."""
    for faces in pictures:
        for face in faces:
            left, top, right, bottom = face.box
            assert min(right - left, bottom - top) >= SMALLEST_SIDE
            assert 0 <= (left + right) / 2 <= SIZE[0]
            assert 0 <= (top + bottom) / 2 <= SIZE[1]


def test_points_are_in_order_and_in_the_box(pictures: list[list[DrawnFace]]) -> None:
    """Left eye left of the right one, eyes above the mouth, all five inside the face's box."""
    for faces in pictures:
        for face in faces:
            points, box = np.array(face.landmarks), np.array(face.box)
            assert points[0, 0] < points[1, 0]
            assert points[3, 0] < points[4, 0]
            assert points[:2, 1].max() < points[3:, 1].min()
            assert (points > box[:2]).all()
            assert (points < box[2:]).all()


def test_the_eyes_points_are_on_the_pupils() -> None:
    """Where the points say that eyes are, a calm picture is dark; between them it is skin."""
    fair = [seed for seed in range(200) if sum(invent_person(seed).skin) > 550][:20]
    for seed in fair:
        picture, (face,) = draw([seed], (300, 300), seed, wildness=0, closeness=(1, 1))
        left, right = (np.array(point) for point in face.landmarks[:2])
        assert sum(picture.getpixel(tuple(left.round().astype(int).tolist()))) < DARK
        assert sum(picture.getpixel(tuple(right.round().astype(int).tolist()))) < DARK
        cheek = left + (0, 0.7) * np.array(face.landmarks[3] - left)
        assert sum(picture.getpixel(tuple(cheek.round().astype(int).tolist()))) > DARK


def test_nobody_is_a_picture_too() -> None:
    """Without people there is a backdrop and no face."""
    picture, faces = draw([], (64, 32), 1)
    assert (picture.mode, picture.size, faces) == ("RGB", (64, 32), [])


@pytest.mark.parametrize("count", [7, 30, 200])
def test_crowds_have_a_face_each(count: int) -> None:
    """As many faces as people, in their order."""
    _, faces = draw(range(count), SIZE, 3)
    assert [face.person_seed for face in faces] == list(range(count))


@pytest.mark.parametrize(
    ("people", "size", "seed"), [([1], (64, 15), 1), ([1], (64, 64), -1), ([-1], (64, 64), 1)]
)
def test_impossible_requests_are_refused(
    people: list[int], size: tuple[int, int], seed: int
) -> None:
    """Pictures below 16 pixels and seeds below 0 raise ValueError."""
    with pytest.raises(ValueError, match="seed"):
        draw(people, size, seed)

"""Draws one person into a picture and says where their face is."""

import random
from dataclasses import dataclass

import numpy as np
from PIL import Image

from kioku_scenes.colour import Rgb, mix
from kioku_scenes.people.eyes import draw_eyes
from kioku_scenes.people.features import draw_beard, draw_mouth, draw_nose, lip_line
from kioku_scenes.people.hair import draw_back, draw_front
from kioku_scenes.people.mood import Mood
from kioku_scenes.people.person import Person
from kioku_scenes.people.pose import Points, Pose, oval
from kioku_scenes.people.sketch import Sketch

_OVERSAMPLE = 2
# In half heads about the head's middle, with all hair.
_ROOM = (1.9, 1.9, 1.9, 2.0)
_FOREHEAD, _NECK = -0.68, 1.4


@dataclass(frozen=True)
class DrawnFace:
    """Where a face is and whose.

    Args:
        box: left, top, right, bottom in pixels, from forehead to chin; may reach out of the
            picture.
        landmarks: left eye, right eye, nose, mouth's left and right corner, as seen in the
            picture; x and y in pixels.
    """

    box: tuple[float, float, float, float]
    landmarks: tuple[tuple[float, float], ...]
    person_seed: int


def draw_portrait(
    image: Image.Image, person: Person, pose: Pose, mood: Mood, rng: random.Random
) -> DrawnFace:
    """Draw head and shoulders on an RGB image in place.  `rng` picks the clothes."""
    clothes = _clothes(rng)
    _draw_body(image, pose, clothes)
    room = _room_of(image, pose)
    if room[0] < room[2] and room[1] < room[3]:
        piece = image.crop(room)
        piece = piece.resize((piece.width * _OVERSAMPLE, piece.height * _OVERSAMPLE))
        near = Pose(
            (pose.x - room[0]) * _OVERSAMPLE, (pose.y - room[1]) * _OVERSAMPLE,
            pose.scale * _OVERSAMPLE, pose.yaw, pose.pitch, pose.roll,
        )  # fmt: skip
        _draw(Sketch(piece, near, person.width), person, mood)
        image.paste(piece.reduce(_OVERSAMPLE), room[:2])
    return face_of(person, pose, mood)


def face_of(person: Person, pose: Pose, mood: Mood) -> DrawnFace:
    """The box and the landmarks of a person's face in a pose."""
    sketch = Sketch(Image.new("RGB", (1, 1)), pose, person.width)
    lips = lip_line(person.mouth, mood)
    eyes = sketch.place(person.eyes.middles)
    nose = sketch.place(np.array([[0.0, person.nose.tip - 0.02]]), person.nose.proud)
    corners = sketch.place(lips[[0, -1]])
    outline = person.outline()
    edge = pose.flat(outline[outline[:, 1] > _FOREHEAD])
    box = [float(end) for end in (*edge.min(axis=0).tolist(), *edge.max(axis=0).tolist())]
    points = tuple((float(x), float(y)) for x, y in np.concatenate([eyes, nose, corners]))
    return DrawnFace((box[0], box[1], box[2], box[3]), points, person.seed)


def _room_of(image: Image.Image, pose: Pose) -> tuple[int, int, int, int]:
    left, up, right, down = (pose.scale * share for share in _ROOM)
    return (
        max(0, int(pose.x - left)),
        max(0, int(pose.y - up)),
        min(image.width, int(pose.x + right)),
        min(image.height, int(pose.y + down)),
    )


def _clothes(rng: random.Random) -> Rgb:
    return rng.randrange(20, 240), rng.randrange(20, 240), rng.randrange(20, 240)


def _draw(sketch: Sketch, person: Person, mood: Mood) -> None:
    outline, skin = person.outline(), person.skin
    draw_back(sketch, person.hair)
    _draw_neck(sketch, person)
    _draw_head(sketch, person, outline)
    draw_beard(sketch, person.mouth, outline, person.hair.colour, skin)
    draw_mouth(sketch, person.mouth, mood)
    draw_nose(sketch, person.nose, person.eyes.y, skin)
    _draw_marks(sketch, person)
    draw_front(sketch, person.hair, outline)
    draw_eyes(sketch, person.eyes, mood, person.hair.colour)


def _draw_body(image: Image.Image, pose: Pose, clothes: Rgb) -> None:
    """An upright body under a neck that bends with the head."""
    ((x, y),) = pose.flat(np.array([[0.0, _NECK]]))
    sketch = Sketch(image, Pose(float(x), float(y), pose.scale), width=1.0)
    sketch.behind(oval((0, 1.1), 1.55, 1.25), clothes)
    sketch.behind(_box(1.55, 1.1, 12), clothes)


def _draw_neck(sketch: Sketch, person: Person) -> None:
    shade = mix(person.skin, (40, 20, 20), 0.3)
    sketch.behind(_box(0.36, 0.6, _NECK), shade)
    sketch.behind(oval((0, _NECK), 0.36, 0.16), shade)


def _box(half: float, top: float, bottom: float) -> Points:
    return np.array([[-half, top], [half, top], [half, bottom], [-half, bottom]])


def _draw_head(sketch: Sketch, person: Person, outline: Points) -> None:
    edge = mix(person.skin, (50, 20, 10), 0.4)
    for side in (-1, 1):
        middle = (side * person.width * 1.02, person.eyes.y + 0.14)
        sketch.behind(oval(middle, person.ears * 0.6, person.ears), edge)
        sketch.behind(oval(middle, person.ears * 0.45, person.ears * 0.85), person.skin)
    sketch.behind(outline, person.skin)
    sketch.edge(np.concatenate([outline, outline[:1]]), edge, 0.025)


def _draw_marks(sketch: Sketch, person: Person) -> None:
    pink = mix(person.skin, (220, 80, 80), person.blush)
    for side in (-1, 1):
        sketch.patch(oval((side * person.width * 0.6, 0.38), 0.13, 0.09), pink)
    dark = mix(person.skin, (70, 30, 10), 0.6)
    for place in person.freckles:
        sketch.patch(oval(place, 0.018, 0.018), dark)
    for place in person.moles:
        sketch.patch(oval(place, 0.035, 0.035), mix(dark, (30, 10, 10), 0.5))

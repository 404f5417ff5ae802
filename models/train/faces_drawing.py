"""Draws what kioku-faces learns from: pictures with faces marked, and aligned faces of people.

    python models/train/faces_drawing.py --output .data/faces

writes scenes.npy and marks.npy for the detector, faces.npy for the embedder; from seeds alone.
"""

import argparse
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from insightface.utils.face_align import norm_crop
from kioku_scenes import draw_scene, seeds_of
from kioku_scenes.people import DrawnFace, draw
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
SIDE, CROP = 320, 112
MOST_FACES, NUMBERS = 12, 14
_COUNTS = (1, 1, 1, 2, 2, 3, 4, 6, 9, 12)
_WITHOUT = 0.2
_SHAKE = 0.025
_SEEN = 0.6
_CHUNK = 20


def mark_of(face: DrawnFace) -> Floats:
    """A face as 14 numbers: left, top, right, bottom, then five points' x and y; pixels."""
    return np.array([*face.box, *np.ravel(face.landmarks)], np.float32)


def draw_marked(number: int, people: int) -> tuple[Pixels, Floats]:
    """A training picture (SIDE, SIDE, 3) and its faces (12, 14), NaN where there are fewer."""
    rng = random.Random(f"marked {number}")
    marks = np.full((MOST_FACES, NUMBERS), np.nan, np.float32)
    if rng.random() < _WITHOUT:
        seed = seeds_of("training", 1, start=rng.randrange(1_000_000))[0]
        return np.asarray(draw_scene(seed, SIDE).image), marks
    present = rng.sample(seeds_of("training", people), rng.choice(_COUNTS))
    picture, faces = draw(
        present, (SIDE, SIDE), number, wildness=rng.uniform(0.2, 1), closeness=(0.35, 1.25)
    )
    seen = [mark_of(face) for face in faces if share_inside(face, (SIDE, SIDE)) >= _SEEN]
    if seen:
        marks[: len(seen)] = seen
    return np.asarray(picture), marks


def share_inside(face: DrawnFace, size: tuple[int, int]) -> float:
    """The share of a face's box that is inside a picture of this width and height."""
    left, top, right, bottom = face.box
    wide = min(right, size[0]) - max(left, 0)
    high = min(bottom, size[1]) - max(top, 0)
    return max(0.0, wide) * max(0.0, high) / ((right - left) * (bottom - top))


def draw_faces(person_seed: int, views: int) -> Pixels:
    """Aligned faces (views, 112, 112, 3) of one person, their points a little off."""
    rng = random.Random(f"faces {person_seed}")
    return np.stack([_face(person_seed, rng) for _ in range(views)])


def _face(person_seed: int, rng: random.Random) -> Pixels:
    side = rng.randrange(64, 224)
    picture, faces = draw(
        [person_seed], (side, side), rng.randrange(2**31),
        wildness=rng.uniform(0.1, 1), closeness=(0.7, 1.0),
    )  # fmt: skip
    points = np.array(faces[0].landmarks, np.float32)
    apart = float(np.linalg.norm(points[1] - points[0]))
    shake = np.random.default_rng(rng.randrange(2**31)).normal(0, _SHAKE * apart, points.shape)
    aligned: Pixels = norm_crop(np.asarray(picture), points + shake.astype(np.float32), CROP)
    return aligned


def _marked_chunk(task: tuple[int, int, int]) -> tuple[Pixels, Floats]:
    first, count, people = task
    rows = [draw_marked(number, people) for number in range(first, first + count)]
    return np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows])


def _faces_chunk(task: tuple[list[int], int]) -> Pixels:
    return np.stack([draw_faces(seed, task[1]) for seed in task[0]])


def write_marked(pool: ProcessPoolExecutor, folder: Path, count: int, people: int) -> None:
    """scenes.npy, uint8 (count, SIDE, SIDE, 3), and marks.npy, float32 (count, 12, 14)."""
    scenes = np.lib.format.open_memmap(
        folder / "scenes.npy", mode="w+", dtype=np.uint8, shape=(count, SIDE, SIDE, 3)
    )
    marks = np.empty((count, MOST_FACES, NUMBERS), np.float32)
    tasks = [(at, min(_CHUNK, count - at), people) for at in range(0, count, _CHUNK)]
    for task, (pixels, faces) in zip(tasks, pool.map(_marked_chunk, tasks), strict=True):
        scenes[task[0] : task[0] + task[1]] = pixels
        marks[task[0] : task[0] + task[1]] = faces
    np.save(folder / "marks.npy", marks)


def write_faces(pool: ProcessPoolExecutor, folder: Path, people: int, views: int) -> None:
    """faces.npy, uint8 (people, views, 112, 112, 3)."""
    seeds = seeds_of("training", people)
    faces = np.lib.format.open_memmap(
        folder / "faces.npy", mode="w+", dtype=np.uint8, shape=(people, views, CROP, CROP, 3)
    )
    starts = range(0, people, _CHUNK)
    tasks = [(seeds[at : at + _CHUNK], views) for at in starts]
    for at, pixels in zip(starts, pool.map(_faces_chunk, tasks), strict=True):
        faces[at : at + len(pixels)] = pixels


def main() -> None:
    """Draw both sets."""
    parser = argparse.ArgumentParser(description="Draw the training data of kioku-faces.")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--scenes", type=int, default=2400)
    parser.add_argument("--people", type=int, default=1200)
    parser.add_argument("--views", type=int, default=12)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.workers) as pool:
        write_marked(pool, options.output, options.scenes, options.people)
        write_faces(pool, options.output, options.people, options.views)


if __name__ == "__main__":
    main()

"""Scores kioku-faces on people it never saw, as Markdown tables.

    python models/train/faces_scores.py

Drawn people of the held-out seeds; with KIOKU_EVAL_DATA also photographs of real people.
"""

import argparse
from pathlib import Path

import numpy as np
from faces_judge import Judge, Pixels, Tally, accepted_at, first_rank, matched
from faces_photographs import print_photographs
from kioku_scenes import draw_scene, seeds_of
from kioku_scenes.people import draw
from numpy.typing import NDArray

_ROOT = Path(__file__).resolve().parents[2]
_SIZE, _ALONE = (640, 480), (320, 320)
_PEOPLE, _VIEWS = 200, 8
_FIRST_PICTURE = 5_000_000
_WILD = (0.5, 1.0)


def drawn_picture(
    number: int, wildness: float
) -> tuple[Pixels, NDArray[np.float32], NDArray[np.float32]]:
    """A picture of one to four held-out people, their boxes (n, 4) and points (n, 5, 2)."""
    rng = np.random.default_rng([8, number])
    people = rng.choice(seeds_of("held-out", 400), number % 4 + 1, replace=False).tolist()
    picture, faces = draw(people, _SIZE, _FIRST_PICTURE + number, wildness=wildness)
    boxes = np.array([face.box for face in faces], np.float32)
    return np.asarray(picture), boxes, np.array([face.landmarks for face in faces], np.float32)


def score_finding(judge: Judge, count: int, wildness: float) -> tuple[Tally, float]:
    """How many faces are found, and how far the points are off, in distances between the eyes."""
    tally, off = Tally(), []
    for number in range(count):
        picture, boxes, points = drawn_picture(number, wildness)
        seen = judge.find(picture)
        pairs = matched(seen.boxes, boxes)
        tally.add(len(pairs), len(seen.boxes), len(boxes))
        for one, other in pairs:
            apart = np.linalg.norm(points[other][1] - points[other][0])
            off.append(np.linalg.norm(seen.points[one] - points[other], axis=1).mean() / apart)
    return tally, float(np.mean(off))


def count_false(judge: Judge, count: int) -> int:
    """Faces found in scenes of drawn things, where there are none."""
    scenes = (draw_scene(seed, _SIZE[1]) for seed in seeds_of("held-out", count))
    return sum(len(judge.find(np.asarray(scene.image)).boxes) for scene in scenes)


def known_faces(
    judge: Judge, wildness: float
) -> tuple[NDArray[np.float32], NDArray[np.int64], int]:
    """Vectors of held-out people's faces, whose they are, and how many were not found."""
    vectors, who, lost = [], [], 0
    for at, seed in enumerate(seeds_of("held-out", _PEOPLE)):
        for view in range(_VIEWS):
            picture, faces = draw([seed], _ALONE, at * _VIEWS + view, wildness=wildness)
            pixels = np.asarray(picture)
            seen = judge.find(pixels)
            pairs = matched(seen.boxes, np.array([faces[0].box], np.float32))
            if not pairs:
                lost += 1
                continue
            vectors.append(judge.know(pixels, seen.points[pairs[0][0]]))
            who.append(seed)
    return np.stack(vectors), np.array(who), lost


def print_drawn(judge: Judge, near: Judge, count: int) -> None:
    """Both tables; `near` looks at the smaller pictures of one person each."""
    print(f"| {count} pictures | precision | recall | points off by |\n|---|---|---|---|")
    for wildness in _WILD:
        tally, off = score_finding(judge, count, wildness)
        print(f"| wildness {wildness} | {tally.precision:.3f} | {tally.recall:.3f} | {off:.3f} |")
    print(f"\nFaces found in {count} scenes without people: {count_false(judge, count)}\n")
    print(
        f"| {_PEOPLE} people, {_VIEWS} pictures each | TAR at FAR 1e-3 | at 1e-4 | rank-1 | lost |"
    )
    print("|---|---|---|---|---|")
    for wildness in _WILD:
        vectors, who, lost = known_faces(near, wildness)
        rates = [accepted_at(vectors, who, rate) for rate in (1e-3, 1e-4)]
        rank = first_rank(vectors, who)
        print(f"| wildness {wildness} | {rates[0]:.3f} | {rates[1]:.3f} | {rank:.3f} | {lost} |")


def main() -> None:
    """Score a pack."""
    parser = argparse.ArgumentParser(description="Score kioku-faces.")
    parser.add_argument("--pack", type=Path, default=_ROOT / "models" / "kioku-faces")
    parser.add_argument("--count", type=int, default=300)
    options = parser.parse_args()
    judge = Judge(options.pack)
    print_drawn(judge, Judge(options.pack, edge=_ALONE[0]), options.count)
    print_photographs(judge)


if __name__ == "__main__":
    main()

"""Kills a part of the stack while videos are cut and embedded, and counts frames: the crash table.

    .venv/bin/python -m bench.crashes_video [--videos 6] [--seconds 40] [--only frames]

Every frame of every video must end with one row, one object and one vector. The videos are drawn,
one scene a second, so that the number of frames is known.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kioku_scenes import write_film

from bench.crashes import kill, stop
from bench.stack import Stack, finish, temporary_stack

FAULTS: dict[str, Callable[[Stack], None]] = {
    "none": lambda _: None,
    "frames": kill("frames"),
    "embedder": kill("embedder"),
    "search": kill("search"),
    "nats": kill("nats"),
    "frames SIGTERM": stop("frames"),
}
_COLUMNS = (
    "fault at a third of the frames",
    "videos",
    "READY",
    "frames expected",
    "rows",
    "vectors",
    "objects",
    "lost",
    "doubled",
    "all s",
)
HEAD = f"| {' | '.join(_COLUMNS)} |\n{'|---' * len(_COLUMNS)}|"
COUNTS = """
WITH mine AS (SELECT asset_id, state FROM search.assets WHERE owner = $1),
cut AS (SELECT count(*) AS n FROM search.frames WHERE owner = $1),
vectors AS (SELECT count(*) AS n, count(DISTINCT (asset_id, frame_no)) AS frames
            FROM search.image_embeddings e JOIN search.spaces s USING (space_id)
            WHERE owner = $1 AND frame_no >= 0 AND s.state = 'active')
SELECT (SELECT count(*) FROM mine WHERE state = 'READY'), (SELECT n FROM cut),
       (SELECT n FROM vectors), (SELECT frames FROM vectors),
       (SELECT count(*) FROM mine WHERE state NOT IN ('READY', 'FAILED'))
"""


@dataclass(frozen=True)
class Row:
    """What was left after one fault."""

    fault: str
    videos: int
    ready: int
    expected: int
    rows: int
    vectors: int
    objects: int
    lost: int
    """Expected frames without a vector."""
    doubled: int
    """Vectors, rows or objects beyond one for each frame."""
    seconds: float

    def line(self) -> str:
        """A line of the table."""
        cells = (*self.__dict__.values(),)[:-1]
        return f"| {' | '.join(str(cell) for cell in cells)} | {self.seconds:.1f} |"


def draw(folder: Path, videos: int, seconds: int, seed: int) -> Path:
    """Drawn videos, a new scene every second."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(videos):
        first = seed + number * seconds
        seeds = range(first, first + seconds)
        write_film(folder / f"{number}.mp4", seeds, seconds_each=1.0, fps=4, side=128)
    return folder


def strike(stack: Stack, fault: str, folder: Path, seconds: int, user: str) -> Row:
    """One ingest of the folder's videos with one fault in it."""
    began = time.monotonic()
    videos = len(list(folder.glob("*.mp4")))
    expected = videos * seconds
    ingest = stack.start("ingest", str(folder), "--user", user)
    stack.wait(lambda: _counts(stack, user)[2] >= expected // 3, 300, "a third of the frames")
    FAULTS[fault](stack)
    time.sleep(0.5)
    stack.wait_ready(180)
    finish(ingest)
    stack.wait(lambda: _counts(stack, user)[4] == 0, 300, "nothing under way any more")
    ready, rows, vectors, frames, _ = _counts(stack, user)
    objects = _frame_objects(stack, user)
    doubled = vectors - frames + max(0, rows - expected) + max(0, objects - expected)
    took = time.monotonic() - began
    return Row(
        fault, videos, ready, expected, rows, vectors, objects, expected - frames, doubled, took
    )


def _counts(stack: Stack, user: str) -> tuple[int, int, int, int, int]:
    ready, rows, vectors, frames, under_way = stack.query(COUNTS, user)[0]
    return ready, rows, vectors, frames, under_way


def _frame_objects(stack: Stack, user: str) -> int:
    """Frame pictures in the bucket, each number of a video once, whatever its generation."""
    ids = [
        str(row[0])
        for row in stack.query("SELECT asset_id FROM search.assets WHERE owner = $1", user)
    ]
    return sum(key.endswith(".jpg") for asset in ids for key in stack.objects(f"/{asset}/frames/"))


def main() -> None:
    """Run the faults one after another on one stack and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--videos", type=int, default=6)
    options.add_argument("--seconds", type=int, default=40)
    options.add_argument("--only", choices=FAULTS, action="append")
    chosen = options.parse_args()
    print(HEAD)
    with temporary_stack() as stack:
        for number, fault in enumerate(FAULTS, 1):
            if chosen.only and fault not in chosen.only:
                continue
            with tempfile.TemporaryDirectory() as folder:
                drawn = draw(Path(folder), chosen.videos, chosen.seconds, seed=20_000 * number)
                row = strike(stack, fault, drawn, chosen.seconds, f"viewer-{number}")
                print(row.line(), flush=True)


if __name__ == "__main__":
    main()

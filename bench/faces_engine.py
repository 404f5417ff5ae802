"""How fast and how right faces are found, beside the bare libraries with the same weights.

    .venv/bin/python -m bench.faces_engine [--slices 5] [--seconds 3] [--only speed|photos|people]

speed    group photos from file to vectors at saturation: `EnginePool.faces_in` against bare OpenCV,
         insightface and onnxruntime in one process and in two, a face at a time (insightface's own
         way) and all faces of a picture at once. They run in turns, in slices of some seconds; each
         slice of ours is compared with the best of the bare ones beside it. Target: at least 0.9.
photos   precision and recall on the group photos at IoU 0.5, ours and bare.
people   ORL, 40 people, all 79,800 pairs: true accepts at false accepts of 1e-3 and 1e-4.

The weights are YuNet and a MobileFaceNet of 128 values out of KIOKU_EVAL_DATA.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from kioku_face.packs.opening import FinderOptions, open_finder
from kioku_face.packs.pool import EnginePool

from bench.faces_bare_loop import Bare
from bench.real_faces import (
    DIMENSION,
    NAME,
    boxes_of,
    group_photos,
    have_faces,
    orl,
    pairs_at,
    real_pack,
    true_accepts,
)

TARGET = 0.9
WAYS = [(processes, way) for processes in (1, 2) for way in ("one", "many")]
Rates = dict[str, float]


@contextmanager
def bare_loops(processes: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Starts bare loops that share the cores."""
    threads = "0" if processes == 1 else "1"
    command = [sys.executable, "-m", "bench.faces_bare_loop", threads]
    loops = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    try:
        for loop in loops:
            _answer(loop)  # it is warm
        yield loops
    finally:
        for loop in loops:
            loop.kill()
            loop.communicate()


def _answer(loop: subprocess.Popen[str]) -> Rates:
    assert loop.stdout is not None
    for line in loop.stdout:
        if line.startswith("{"):
            return dict(json.loads(line))
    raise SystemExit("the bare loop ended")


def run_bare(loops: list[subprocess.Popen[str]], seconds: float, way: str) -> Rates:
    """One slice of all loops together."""
    for loop in loops:
        assert loop.stdin is not None
        loop.stdin.write(f"{seconds} {way}\n")
        loop.stdin.flush()
    answers = [_answer(loop) for loop in loops]
    return {name: sum(each[name] for each in answers) for name in ("pictures", "faces")}


async def run_ours(pool: EnginePool, files: list[bytes], seconds: float) -> Rates:
    """One slice with as many pictures in hand as keep everything busy."""
    pictures, faces, cycle = 0, 0, itertools.cycle(files)
    begun = time.perf_counter()

    async def lane() -> None:
        nonlocal pictures, faces
        while time.perf_counter() - begun < seconds:
            found = await pool.faces_in(next(cycle))
            pictures += 1
            faces += sum(face.vector is not None for face in found.faces)

    await asyncio.gather(*(lane() for _ in range(8)))
    lasted = time.perf_counter() - begun
    return {"pictures": pictures / lasted, "faces": faces / lasted}


async def speed(pool: EnginePool, slices: int, seconds: float) -> None:
    """Prints the table."""
    files = [photo.data for photo in group_photos() if photo.faces]
    ours: list[Rates] = []
    bare: dict[tuple[int, str], list[Rates]] = {way: [] for way in WAYS}
    with bare_loops(1) as single, bare_loops(2) as double:
        await run_ours(pool, files, 1)
        for _ in range(slices):
            ours.append(await run_ours(pool, files, seconds))
            for processes, way in WAYS:
                loops = single if processes == 1 else double
                rates = await asyncio.to_thread(run_bare, loops, seconds, way)
                bare[processes, way].append(rates)
    print(f"{'speed':34} {'pictures/s':>10} {'faces/s':>10}")
    _print_rates("Kioku, file to vectors", ours)
    for (processes, way), rates in bare.items():
        _print_rates(f"bare, {processes} process(es), {way} at a time", rates)
    for name in ("pictures", "faces"):
        best = [max(rates[at][name] for rates in bare.values()) for at in range(slices)]
        ratio = median(mine[name] / other for mine, other in zip(ours, best, strict=True))
        verdict = "ok" if ratio >= TARGET else "MISSED"
        print(f"{name}/s by the best bare slice: {ratio:.2f} (target {TARGET}: {verdict})")


def _print_rates(name: str, rates: list[Rates]) -> None:
    pictures, faces = (median(each[key] for each in rates) for key in ("pictures", "faces"))
    print(f"{name:34} {pictures:10.1f} {faces:10.1f}")


async def photos(pool: EnginePool, bare: Bare) -> None:
    """Prints precision and recall, and what is found where there are no boxes."""
    counts = {"Kioku": np.zeros(3), "bare": np.zeros(3)}
    for photo in group_photos():
        found = await pool.faces_in(photo.data)
        picture = cv2.imdecode(np.frombuffer(photo.data, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        rows = {
            "Kioku": boxes_of(found.faces, found.width, found.height),
            "bare": np.asarray(bare.faces_of(picture)[:, :4], float),
        }
        sure = sum(face.quality.good for face in found.faces)
        told = f"{len(rows['Kioku']):3} found ({sure} good), bare {len(rows['bare'])}"
        print(f"{photo.name:30} {photo.faces:3} faces, {told}")
        if photo.boxes is not None:
            for name, boxes in rows.items():
                hits = pairs_at(boxes, photo.boxes, 0.5)
                counts[name] += (hits, len(boxes), len(photo.boxes))
    for name, (hits, given, true) in counts.items():
        print(f"{name}: precision {hits / given:.3f}, recall {hits / true:.3f} of {true:.0f}")


async def people(pool: EnginePool, bare: Bare) -> None:
    """Prints true accepts, ours and bare."""
    files = orl()
    who = np.array([person for person, _ in files])
    ours = np.zeros((len(files), DIMENSION), np.float32)
    theirs = np.zeros_like(ours)
    for at, (_, data) in enumerate(files):
        found = await pool.faces_in(data)
        if found.faces and found.faces[0].vector is not None:
            ours[at] = found.faces[0].vector
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        made = bare.vectors(picture, "many")
        if len(made):
            theirs[at] = made[0] / np.linalg.norm(made[0])
    for name, vectors in (("Kioku", ours), ("bare", theirs)):
        missed = int((~vectors.any(axis=1)).sum())
        shares = [true_accepts(vectors, who, at) for at in (1e-3, 1e-4)]
        told = ", ".join(f"{share:.4f} (threshold {least:.3f})" for share, least in shares)
        print(f"{name}: true accepts at 1e-3 and 1e-4: {told}; no face in {missed}")


async def main() -> None:
    """Runs what was asked for."""
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("--slices", type=int, default=5)
    asked.add_argument("--seconds", type=float, default=3.0)
    asked.add_argument("--only", choices=["speed", "photos", "people"])
    given = asked.parse_args()
    if not have_faces():
        sys.exit("Nothing measured: KIOKU_EVAL_DATA names no folder with faces and weights in it.")
    warnings.simplefilter("ignore")  # scikit-image's, of insightface's alignment
    with tempfile.TemporaryDirectory() as folder:
        options = FinderOptions(real_pack(Path(folder)), accepted=frozenset({NAME}))
        async with AsyncExitStack() as resources:
            pool = await open_finder(options, resources)
            if given.only in (None, "speed"):
                await speed(pool, given.slices, given.seconds)
            if given.only in (None, "photos"):
                await photos(pool, Bare(1))
            if given.only in (None, "people"):
                await people(pool, Bare(1))


if __name__ == "__main__":
    asyncio.run(main())

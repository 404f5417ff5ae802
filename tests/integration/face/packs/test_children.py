"""Promise: a child that dies costs its picture, none outlives the service, and all see the same."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import numpy as np
import onnx
import pytest
from kioku_face.packs.decoding import FacePixels, face_limits
from kioku_face.packs.licences import PackUnusable
from kioku_face.packs.opening import FinderOptions, open_finder
from kioku_face.packs.pack import open_pack
from kioku_face.packs.pack_engine import EngineRules, load_engine
from kioku_face.packs.pool import EnginePool
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.images import decode
from kioku_rt.reasons import Reason

from tests.integration.face.packs.test_finder import png
from tests.unit.face.drawn_graphs import picture, sha256, write_pack

FILE = png(picture(640, 480, (20, 30, 8), (50, 12, 8)))
SERVICE = """
import asyncio, sys
from contextlib import AsyncExitStack
from pathlib import Path
from kioku_face.packs.opening import FinderOptions, open_finder

async def main():
    async with AsyncExitStack() as resources:
        pool = await open_finder(FinderOptions(Path(sys.argv[1]), processes=2), resources)
        print(*pool.pids(), flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """Children that do not move, so that a picture is sure to be in their hands."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            if alive(pid):
                os.kill(pid, signal.SIGCONT)


def alive(pid: int) -> bool:
    """Whether there is such a process that is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def gone(pids: list[int]) -> None:
    """Waits until none is there, half a minute at most."""
    async with asyncio.timeout(30):
        while any(map(alive, pids)):
            await asyncio.sleep(0.02)


async def reason_of(pool: EnginePool, data: bytes) -> Reason | None:
    """Why there are no faces; None: there are."""
    try:
        assert (await pool.faces_in(data)).faces
    except KiokuError as error:
        return error.reason
    return None


async def test_vectors_are_those_of_the_engine_itself(finder: EnginePool, tmp_path: Path) -> None:
    engine = load_engine(open_pack(write_pack(tmp_path / "same")), EngineRules())
    pixels = decode(FILE, face_limits(2**24), FacePixels(12_000_000)).pixels

    here, there = engine.find(pixels), (await finder.faces_in(FILE)).faces

    assert (finder.space, finder.pack) == (engine.space, engine.pack)
    assert list(there) == here
    for one, other in zip(there, here, strict=True):
        assert one.vector is not None
        assert other.vector is not None
        assert np.array_equal(one.vector, other.vector)


async def test_a_child_that_is_killed_costs_one_picture(finder: EnginePool) -> None:
    pids = finder.pids()
    assert len(pids) == 2
    with stopped(pids):
        tasks = [asyncio.create_task(reason_of(finder, FILE + bytes([at]))) for at in range(2)]
        await asyncio.sleep(0.3)
        os.kill(pids[0], signal.SIGKILL)
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=30)
        assert [task.result() for task in done] == [Reason.MODEL_UNAVAILABLE]
    assert [await task for task in waiting] == [None]

    assert await asyncio.gather(*(reason_of(finder, FILE) for _ in range(4))) == [None] * 4
    async with asyncio.timeout(30):
        while len(finder.pids()) < 2:
            await asyncio.sleep(0.02)
    await finder.ping()


async def test_children_killed_between_two_pictures_cost_none(finder: EnginePool) -> None:
    pids = finder.pids()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        while finder.pids():  # the fork server tells of a death a moment after it
            await asyncio.sleep(0.02)

    assert await reason_of(finder, FILE) is None
    await finder.ping()


async def test_a_child_that_hangs_is_ended(tmp_path: Path) -> None:
    async with AsyncExitStack() as resources:
        pack = write_pack(tmp_path / "pack")
        pool = await open_finder(FinderOptions(pack, processes=1, picture_seconds=0.001), resources)
        (pid,) = pool.pids()

        assert await reason_of(pool, FILE) is Reason.DEADLINE_EXCEEDED

        await gone([pid])
        async with asyncio.timeout(30):
            while not pool.pids():
                await asyncio.sleep(0.02)
        await pool.ping()


async def test_neither_a_huge_picture_nor_a_broken_one_costs_a_child(finder: EnginePool) -> None:
    pids = finder.pids()
    huge = png(np.zeros((7_000, 7_100, 3), np.uint8))  # just below the limit of 50 megapixels

    assert (await finder.faces_in(huge)).faces == ()
    with pytest.raises(InvalidInput):
        await finder.faces_in(FILE[:900])

    assert await reason_of(finder, FILE) is None
    assert finder.pids() == pids


async def test_a_pack_that_does_not_run_is_one_sentence(tmp_path: Path) -> None:
    """The service itself runs no graph; a child says what is wrong."""
    folder = write_pack(tmp_path / "pack")
    path = folder / "embedder.onnx"
    graph = onnx.load(str(path))
    graph.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "any"
    onnx.save(graph, str(path))
    manifest = json.loads((folder / "pack.json").read_text())
    manifest["embedder"] |= {"sha256": sha256(path), "dimension": 16}
    (folder / "pack.json").write_text(json.dumps(manifest))

    async with AsyncExitStack() as resources:
        with pytest.raises(PackUnusable, match=r"^The face pack drawn@1 does not run: ValueError"):
            await open_finder(FinderOptions(folder, processes=2), resources)


async def test_none_is_left_after_the_end(tmp_path: Path) -> None:
    async with AsyncExitStack() as resources:
        options = FinderOptions(write_pack(tmp_path / "pack"), processes=2)
        pool = await open_finder(options, resources)
        pids = pool.pids()
        assert await reason_of(pool, FILE) is None

    assert len(pids) == 2
    assert not any(map(alive, pids))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_none_outlives_the_service(tmp_path: Path, number: signal.Signals) -> None:
    folder = write_pack(tmp_path / "pack")
    service = subprocess.Popen(
        [sys.executable, "-c", SERVICE, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert service.stdout is not None
    try:
        pids = [int(each) for each in (await asyncio.to_thread(service.stdout.readline)).split()]
        assert len(pids) == 2
        assert all(map(alive, pids))
    finally:
        service.send_signal(number)
        await asyncio.to_thread(service.communicate)

    begun = time.monotonic()
    await gone(pids)
    assert time.monotonic() - begun < 15

"""A child that dies, hangs or lies fails its own video and no other."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from pathlib import Path
from typing import Any

import pytest
from kioku_embedder.frames import cutter as cutter_module
from kioku_embedder.frames.child import ALIVE
from kioku_embedder.frames.cutter import Cutter
from kioku_embedder.frames.plan import CutFrame, CutLimits, CutPlan, Facts
from kioku_rt.errors import DependencyDown, InvalidInput
from kioku_rt.reasons import Reason

QUICK = CutLimits(stall_seconds=0.5, cut_seconds=20)


def crash(pipe: Connection, plan: CutPlan, limits: CutLimits) -> None:
    pipe.send_bytes(ALIVE)
    recv_handle(pipe)
    os.kill(os.getpid(), signal.SIGSEGV)


def hang(pipe: Connection, plan: CutPlan, limits: CutLimits) -> None:
    pipe.send_bytes(ALIVE)
    time.sleep(60)


def murmur(pipe: Connection, plan: CutPlan, limits: CutLimits) -> None:
    """Alive for ever, and never done."""
    while True:
        pipe.send_bytes(ALIVE)
        time.sleep(0.05)


def lie(pipe: Connection, plan: CutPlan, limits: CutLimits) -> None:
    pipe.send_bytes(ALIVE)
    pipe.send_bytes(b'{"frame": {"time_ms": -1, "width": "wide", "height": 1}}')
    pipe.send_bytes(b"no picture")
    time.sleep(60)


def mute(pipe: Connection, plan: CutPlan, limits: CutLimits) -> None:
    """Never comes up."""


@pytest.fixture
def video(tmp_path: Path, draw: Any, steps: Any) -> Iterator[int]:
    """Descriptor of a video of six seconds."""
    path = draw(tmp_path / "v.mp4", steps(6))
    with path.open("rb") as file:
        yield file.fileno()


async def everything(cutter: Cutter, fd: int) -> list[CutFrame | Facts]:
    return [answer async for answer in cutter.cut(fd)]


def watched(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The children that are started from now on."""
    children: list[Any] = []
    start = cutter_module._start

    def begin(*how: Any) -> Any:
        children.append(start(*how))
        return children[-1]

    monkeypatch.setattr(cutter_module, "_start", begin)
    return children


async def test_a_child_gives_what_the_cutter_gives(
    video: int, tmp_path: Path, cut_video: Any
) -> None:
    """Two at once included; the descriptor may be read again."""
    cutter = Cutter(CutPlan(drop_identical=False), CutLimits())
    expected = cut_video(tmp_path / "v.mp4")
    with (tmp_path / "v.mp4").open("rb") as second:
        both = await asyncio.gather(everything(cutter, video), everything(cutter, second.fileno()))
    assert [[*expected.frames, expected.facts]] * 2 == list(both)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (crash, Reason.VIDEO_DECODER_FAILED),
        (hang, Reason.VIDEO_DECODE_TIMEOUT),
        (lie, Reason.VIDEO_DECODER_FAILED),
    ],
    ids=["crash", "hang", "lie"],
)
async def test_a_bad_child(
    behaviour: Any, reason: Reason, video: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is ended, its video has a reason; the next video is cut as ever."""
    with monkeypatch.context() as patched:
        patched.setattr(cutter_module, "serve", behaviour)
        with pytest.raises(InvalidInput) as refused:
            await everything(Cutter(CutPlan(), QUICK), video)
    assert reason == refused.value.reason
    assert 7 == len(await everything(Cutter(CutPlan(), CutLimits()), video))


async def test_a_cut_that_takes_too_long(video: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life do not help beyond the limit of the whole."""
    monkeypatch.setattr(cutter_module, "serve", murmur)
    with pytest.raises(InvalidInput) as refused:
        await everything(Cutter(CutPlan(), CutLimits(cut_seconds=0.5)), video)
    assert Reason.VIDEO_DECODE_TIMEOUT == refused.value.reason


async def test_no_video_is_blamed_for_a_child_that_does_not_start(
    video: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is an outage of ours."""
    monkeypatch.setattr(cutter_module, "serve", mute)
    with pytest.raises(DependencyDown):
        await everything(Cutter(CutPlan(), CutLimits()), video)


async def test_a_child_killed_by_somebody_else_has_a_successor(
    video: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which goes on where it ended: no frame twice, none missing. The second time it is over."""
    children = watched(monkeypatch)
    expected = await everything(Cutter(CutPlan(), CutLimits()), video)
    found = []
    async for answer in Cutter(CutPlan(), CutLimits()).cut(video):
        found.append(answer)
        if len(found) == 2:
            children[-1].process.kill()
            children[-1].process.join()
            children[-1].pipe.close()
    assert (3, expected) == (len(children), found)


async def test_leaving_early_ends_the_child(video: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing goes on for a video that nobody waits for."""
    children = watched(monkeypatch)
    going = Cutter(CutPlan(), CutLimits()).cut(video)
    await anext(going)
    await going.aclose()
    assert [False] == [child.process.is_alive() for child in children]


async def test_cancelled_while_a_child_starts(video: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is ended too, before the file behind the descriptor can be closed."""
    children = watched(monkeypatch)
    going = asyncio.ensure_future(everything(Cutter(CutPlan(), CutLimits()), video))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert not any(child.process.is_alive() for child in children)


@pytest.mark.parametrize(
    "module", ["kioku_embedder.frames.main", "kioku_embedder.tags", "kioku_embedder.similarity"]
)
def test_cpu_workers_import_no_model(module: str) -> None:
    """Neither torch nor any runtime of models."""
    code = (
        f"import sys, importlib; importlib.import_module({module!r}); "
        "print(sorted({name.partition('.')[0] for name in sys.modules}"
        " & {'torch', 'transformers', 'onnxruntime', 'openvino'}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert answer.stdout.strip() == b"[]"

"""Decoder children die, hang and are killed; the service goes on."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.images import DecodePool, ImageLimits, decode, worker
from kioku_rt.reasons import Reason
from PIL import Image

HERE = Path(__file__).parent
KIND, SEGFAULT, SLEEP, SPIN, HOG, RAISE, MODULES = range(0, 70, 10)
LIMITS = ImageLimits(decode_seconds=0.8)


def png(shade: int = KIND, size: tuple[int, int] = (8, 8)) -> bytes:
    """A picture of one colour; hostile_prepare reads a wish from it."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (shade, 0, 0)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., DecodePool]]:
    """Makes started pools whose children can be told to misbehave."""
    monkeypatch.syspath_prepend(HERE)
    misbehave = import_module("hostile_prepare").misbehave
    made: list[DecodePool] = []

    def build(workers: int = 2, limits: ImageLimits = LIMITS) -> DecodePool:
        pool = DecodePool(workers, limits, misbehave)
        made.append(pool)
        pool.start()
        return pool

    yield build
    for pool in made:
        pool.close()


async def reason_of(pool: DecodePool, data: bytes) -> Reason | None:
    """Why `pool` refuses `data`; None when it does not."""
    try:
        await pool.decode(data)
    except KiokuError as refused:
        return refused.reason
    return None


async def test_a_pool_sees_what_a_process_sees(make: Callable[..., DecodePool]) -> None:
    """Pixels, type, size and refusals cross the pipe unchanged."""
    buffer = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").resize((1_500, 700)).save(buffer, "JPEG")
    pool, data = make(), buffer.getvalue()
    expected, seen = decode(data, LIMITS), await pool.decode(data)
    assert (expected.pixels == seen.pixels).all()
    assert (expected.content_type, expected.original_size) == (
        seen.content_type,
        seen.original_size,
    )
    with pytest.raises(InvalidInput) as refused:
        await pool.decode(png(size=(16_385, 1)))
    assert (Reason.IMAGE_TOO_MANY_PIXELS, "16385") == (
        refused.value.reason,
        refused.value.metadata["width"],
    )
    assert "16385x1" in refused.value.message


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (SEGFAULT, Reason.IMAGE_DECODER_FAILED),
        (SLEEP, Reason.IMAGE_DECODE_TIMEOUT),
        (SPIN, Reason.IMAGE_DECODE_TIMEOUT),
        (HOG, Reason.IMAGE_DECODER_FAILED),
        (RAISE, Reason.IMAGE_DECODER_FAILED),
    ],
)
async def test_one_bad_picture_fails_alone(
    make: Callable[..., DecodePool], wish: int, reason: Reason
) -> None:
    """A crash, hang, busy loop, memory hog or bug costs its own picture and no other."""
    pool = make()
    batch = [png(wish) if at == 3 else png() for at in range(12)]
    reasons = await asyncio.gather(*(reason_of(pool, data) for data in batch))
    assert [reason if at == 3 else None for at in range(12)] == reasons
    assert pool.alive()
    assert [None] * 4 == [await reason_of(pool, png()) for _ in range(4)]


async def test_the_cpu_limit_ends_a_busy_child_without_a_parent(
    make: Callable[..., DecodePool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if nobody watched the clock, the kernel would stop it."""
    monkeypatch.setattr(worker, "WALL_FACTOR", 1_000.0)
    pool = make(1, ImageLimits(decode_seconds=0.1))
    assert Reason.IMAGE_DECODE_TIMEOUT == await reason_of(pool, png(SPIN))


async def test_a_picture_larger_than_the_memory_fails_alone(
    make: Callable[..., DecodePool],
) -> None:
    """49 megapixels do not fit into 64 MiB; the next picture does."""
    pool = make(1, ImageLimits(memory_bytes=64 * 2**20))
    buffer = io.BytesIO()
    Image.new("RGB", (7_000, 7_000)).save(buffer, "PNG", compress_level=1)
    assert Reason.IMAGE_DECODER_FAILED == await reason_of(pool, buffer.getvalue())
    assert None is await reason_of(pool, png())


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {"compress_level": 1}), ("WEBP", {"lossless": True, "quality": 0, "method": 0})],
)
async def test_the_largest_picture_fits_into_the_default_memory(
    kind: str, options: dict[str, object]
) -> None:
    """50 megapixels with alpha are within the limits we promise; WebP needs most of them."""
    buffer = io.BytesIO()
    Image.new("RGBA", (8_000, 6_250), (1, 2, 3, 200)).save(buffer, kind, **options)
    pool = DecodePool(1)
    decoded = await pool.decode(buffer.getvalue())
    pool.close()
    assert (800, 1_024, 3) == decoded.pixels.shape


async def test_a_real_slow_picture_is_stopped() -> None:
    """123 kB of JPEG with a scan repeated 2,000 times over 12 megapixels would take minutes."""
    buffer = io.BytesIO()
    noise = Image.effect_noise((4_000, 3_000), 5).convert("RGB")
    noise.save(buffer, "JPEG", progressive=True, quality=5)
    data = buffer.getvalue()
    last_scan = data[data.rfind(b"\xff\xda") : -2]
    pool = DecodePool(1, LIMITS)
    slow = data[:-2] + last_scan * 2_000 + data[-2:]
    assert Reason.IMAGE_DECODE_TIMEOUT == await reason_of(pool, slow)
    assert None is await reason_of(pool, png())
    pool.close()


async def test_children_killed_from_outside_cost_nothing(make: Callable[..., DecodePool]) -> None:
    """kill -9 of every child, idle or at work, is repaired: each picture is decoded."""
    pool = make(2, ImageLimits())
    first = set(pool.pids())
    buffer = io.BytesIO()
    Image.effect_noise((3_000, 3_000), 50).save(buffer, "PNG", compress_level=1)
    work = [asyncio.create_task(reason_of(pool, buffer.getvalue())) for _ in range(4)]
    await asyncio.sleep(0.1)
    for pid in pool.pids():
        os.kill(pid, signal.SIGKILL)
    assert [None] * 4 == await asyncio.gather(*work)
    for pid in pool.pids():
        os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(0.05)
    assert [None] * 4 == list(await asyncio.gather(*(reason_of(pool, png()) for _ in range(4))))
    assert set() == first & set(pool.pids())


async def test_a_stopped_child_is_replaced(make: Callable[..., DecodePool]) -> None:
    """A child that does not even read is a hung child, also for a picture larger than a pipe."""
    pool = make(1)
    os.kill(pool.pids()[0], signal.SIGSTOP)
    large = png() + bytes(4_000_000)
    assert Reason.IMAGE_DECODE_TIMEOUT == await reason_of(pool, large)
    assert None is await reason_of(pool, large)


async def test_cancelled_callers_leave_the_pool_whole(make: Callable[..., DecodePool]) -> None:
    """Waiting or at work, a cancelled picture blocks nobody and kills no child."""
    pool = make()
    await asyncio.gather(*(pool.decode(png()) for _ in range(4)))
    children = set(pool.pids())
    work = [asyncio.create_task(pool.decode(png())) for _ in range(60)]
    await asyncio.sleep(0.005)
    for task in work:
        task.cancel()
    done = await asyncio.gather(*work, return_exceptions=True)
    assert any(isinstance(one, asyncio.CancelledError) for one in done)
    assert [None] * 8 == await asyncio.gather(*(reason_of(pool, png()) for _ in range(8)))
    assert children == set(pool.pids())


async def test_children_inherit_nothing_heavy(
    make: Callable[..., DecodePool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model or a driver loaded in the service is not in its decoder children."""
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    pool = make(1)
    assert [False, False, True] == (await pool.decode(png(MODULES))).pixels.tolist()


async def test_what_is_no_picture_never_reaches_a_child() -> None:
    """Empty, large and unknown bytes are refused before any child is started."""
    pool = DecodePool(1, ImageLimits(max_bytes=1_000))
    expected = [
        Reason.IMAGE_EMPTY,
        Reason.IMAGE_TOO_LARGE,
        Reason.IMAGE_UNSUPPORTED_FORMAT,
    ]
    assert expected == [await reason_of(pool, d) for d in (b"", png() + bytes(1_000), b"<svg/>")]
    assert [] == pool.pids()
    pool.close()


async def test_a_pool_that_was_never_started_starts_itself() -> None:
    """`start` only warms up."""
    pool = DecodePool(2)
    assert None is await reason_of(pool, png())
    pool.close()


async def test_a_closed_pool_blames_itself(make: Callable[..., DecodePool]) -> None:
    """Pictures in work at the end are not called bad, and no child is left."""
    pool = make(1)
    children = pool.pids()
    work = [asyncio.create_task(pool.decode(png(SLEEP))) for _ in range(2)]
    await asyncio.sleep(0.1)
    await asyncio.to_thread(pool.close)
    ends = await asyncio.gather(*work, return_exceptions=True)
    assert [True, True] == [isinstance(e, DependencyDown | asyncio.CancelledError) for e in ends]
    with pytest.raises(DependencyDown):
        await pool.decode(png())
    assert (False, []) == (pool.alive(), pool.pids())
    assert [] == [pid for pid in children if Path(f"/proc/{pid}").exists()]


async def test_a_child_that_cannot_start_is_our_fault(tmp_path: Path) -> None:
    """No picture is blamed for a pool that is broken, and `alive` says so."""
    pool = DecodePool(1, prepare=partial(os.fspath, object()))  # type: ignore[arg-type]
    pool.start()
    assert Reason.IMAGE_DECODER_FAILED == await reason_of(pool, png())
    pool.close()
    (tmp_path / "gone.py").write_text("def prepare(pixels): return pixels\n")
    sys.path.insert(0, str(tmp_path))
    gone = import_module("gone")
    (tmp_path / "gone.py").unlink()
    sys.path.remove(str(tmp_path))
    broken = DecodePool(1, prepare=gone.prepare)
    assert Reason.DEPENDENCY_UNAVAILABLE == await reason_of(broken, png())
    assert not broken.alive()
    broken.close()


async def test_the_event_loop_stays_free(make: Callable[..., DecodePool]) -> None:
    """While large pictures are decoded, other coroutines run, many times per picture."""
    pool = make(2, ImageLimits())
    buffer = io.BytesIO()
    Image.effect_noise((2_500, 2_500), 50).save(buffer, "PNG", compress_level=1)
    work = asyncio.gather(*(pool.decode(buffer.getvalue()) for _ in range(6)))
    ticks = 0
    while not work.done():
        await asyncio.sleep(0.001)
        ticks += 1
    await work
    assert ticks > 6 * 5


def in_use() -> tuple[int, int]:
    """Open files and threads of this process."""
    own = Path("/proc/self")
    return len(list((own / "fd").iterdir())), len(list((own / "task").iterdir()))


async def test_crashes_leak_nothing(make: Callable[..., DecodePool]) -> None:
    """After 30 crashes there are as many files open and threads alive as before."""
    pool = make()
    assert Reason.IMAGE_DECODER_FAILED == await reason_of(pool, png(SEGFAULT))
    await asyncio.gather(*(reason_of(pool, png()) for _ in range(4)))
    before = in_use()
    await asyncio.gather(*(reason_of(pool, png(SEGFAULT)) for _ in range(30)))
    await asyncio.gather(*(reason_of(pool, png()) for _ in range(4)))
    assert all(now <= then + 1 for now, then in zip(in_use(), before, strict=True))


def test_children_die_with_their_parent() -> None:
    """kill -9 of the service leaves no decoder behind."""
    script = (
        "import os, signal\n"
        "from kioku_rt.images import DecodePool\n"
        "pool = DecodePool(2)\n"
        "pool.start()\n"
        "print(*pool.pids(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, timeout=60, check=False
    )
    pids = [int(pid) for pid in done.stdout.split()]
    deadline = time.monotonic() + 5
    while any(running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (2, []) == (len(pids), [pid for pid in pids if running(pid)])


def running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_prepare_decides_what_crosses_the_pipe() -> None:
    """A small answer of another shape and type arrives as it was made."""
    pool = DecodePool(1, prepare=partial(np.mean, axis=(0, 1), dtype=np.float32))  # type: ignore[arg-type]
    decoded = asyncio.run(pool.decode(png(200, (64, 64))))
    pool.close()
    assert [200.0, 0.0, 0.0] == decoded.pixels.tolist()
    assert (np.dtype(np.float32), (64, 64)) == (decoded.pixels.dtype, decoded.original_size)


async def test_children_killed_again_and_again_are_replaced(
    make: Callable[..., DecodePool],
) -> None:
    """kill -9 of all children, ten times, each time idle: no picture is refused, all is well."""
    pool = make(2, ImageLimits())
    for _ in range(10):
        for pid in pool.pids():
            os.kill(pid, signal.SIGKILL)
        assert [None] * 3 == await asyncio.gather(*(reason_of(pool, png()) for _ in range(3)))
        await pool.ping()
    assert pool.alive()


async def test_a_fork_server_that_was_killed_is_replaced(make: Callable[..., DecodePool]) -> None:
    """Also the process that children come from may die."""
    pool = make(1, ImageLimits())
    assert None is await reason_of(pool, png())
    parent = int(Path(f"/proc/{pool.pids()[0]}/stat").read_text().rsplit(")", 1)[1].split()[1])
    assert parent != os.getpid()
    os.kill(parent, signal.SIGKILL)
    for pid in pool.pids():
        os.kill(pid, signal.SIGKILL)
    assert None is await reason_of(pool, png())
    await pool.ping()


async def test_a_pool_without_children_says_so_until_one_is_back(
    make: Callable[..., DecodePool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody need send a picture to find out: `ping` tries, at most once in a while."""
    pool = make(1, ImageLimits())

    def fail(_: worker.DecodeWorker) -> None:
        raise DependencyDown("image decoder")

    with monkeypatch.context() as broken:
        broken.setattr(worker.DecodeWorker, "launch", fail)
        os.kill(pool.pids()[0], signal.SIGKILL)
        assert Reason.DEPENDENCY_UNAVAILABLE == await reason_of(pool, png())
        broken.setattr("kioku_rt.images.pool.REST_SECONDS", 0.0)
        with pytest.raises(DependencyDown):
            await pool.ping()
        assert not pool.alive()
    with pytest.raises(DependencyDown):  # tried a moment ago
        await pool.ping()
    monkeypatch.setattr("kioku_rt.images.pool.REST_SECONDS", 0.0)
    await pool.ping()
    assert pool.alive()
    assert None is await reason_of(pool, png())

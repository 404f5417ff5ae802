"""What a server makes of clients that mean it harm, or just behave badly in numbers."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

DOCUMENTED = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}


def spoiled(data: bytes, dice: random.Random) -> bytes:
    """Give `data` with a few bytes flipped, cut, doubled or inserted."""
    bytes_ = bytearray(data)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(bytes_) + 1)
        match dice.randrange(4):
            case 0 if at < len(bytes_):
                bytes_[at] ^= 1 << dice.randrange(8)
            case 1:
                del bytes_[at:]
            case 2:
                bytes_[at:at] = bytes_[:at]
            case _:
                bytes_[at:at] = dice.randbytes(dice.randint(1, 9))
    return bytes(bytes_[:4096])


@pytest.mark.parametrize("method", ["Ask", "Many", "Sum", "Chat"])
async def test_spoiled_requests_end_with_documented_codes(door: Any, method: str) -> None:
    """Four hundred requests with spoiled bytes: never UNKNOWN, never INTERNAL."""
    dice = random.Random(7)
    good = door.Ask(do="", colours=[1, 2], by_name={"a": 1}, body=b"abc")
    good.nested.child.child.colour = 1
    good.more.add().colour = 2
    data = good.SerializeToString()
    codes: dict[grpc.StatusCode, bytes] = {}
    for _ in range(400):
        request = spoiled(data, dice)
        codes[await _code(door, method, request)] = request
    unexpected = {code: codes[code] for code in set(codes) - DOCUMENTED}
    assert not unexpected
    assert {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT} <= set(codes)


async def _code(door: Any, method: str, request: bytes) -> grpc.StatusCode:
    try:
        await door.answers(method, request)
    except grpc.aio.AioRpcError as failure:
        return failure.code()
    return grpc.StatusCode.OK


@pytest.mark.parametrize("method", ["Ask", "Chat"])
async def test_a_storm_of_cancelled_calls_leaves_nothing_behind(
    door: Any, method: str, wait_until: Callable[..., Awaitable[None]]
) -> None:
    """A thousand abandoned calls: every place is free again and memory stays where it was."""

    async def storm(waves: int) -> None:
        for _ in range(waves):
            calls = [door.call(method, door.Ask(do="sleep")) for _ in range(50)]
            reading = [asyncio.ensure_future(_drop(call)) for call in calls]
            await asyncio.sleep(0.02)
            for call in calls:
                call.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
        await wait_until(lambda: door.server.calls_at_work == 0)
        gc.collect()

    await storm(5)
    before = _resident_bytes()
    await storm(20)
    assert (await door.answers("Ask"))[0].text == "echo"
    assert _resident_bytes() - before < 20_000_000


async def _drop(call: Any) -> None:
    if hasattr(call, "__aiter__"):
        async for _ in call:
            pass
    else:
        await call


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.parametrize("text", ["写真は16 MiBまでです。📷", "line\nbreak\r\x00", "é" * 3000])
async def test_any_sentence_survives_the_wire(door: Any, text: str) -> None:
    """Error texts with any characters arrive, cut at most, and never break the call."""
    failure = await door.failure("Ask", door.Ask(do="words", body=text.encode()))
    assert failure.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert failure.details().rstrip("…") == text[: len(failure.details().rstrip("…"))]

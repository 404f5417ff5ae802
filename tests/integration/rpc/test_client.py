"""How one service calls another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.rpc import call, channel
from kioku_rt.rpc.deadline import end_at


@pytest.fixture
async def wire(door: Any) -> AsyncIterator[grpc.aio.Channel]:
    """A service's channel to the door."""
    async with channel(f"127.0.0.1:{door.port}", token=lambda: "good") as opened:
        yield opened


async def test_a_call_carries_token_and_default_deadline(door: Any, wire: Any) -> None:
    """A bare call is authenticated and bounded."""
    reply = await call(
        "door", door.call("Ask", door.Ask(do="remaining"), timeout=None, token=None, channel=wire)
    )
    assert 4 < float(reply.text) < 5.1  # gRPC rounds deadlines up a little


@pytest.mark.parametrize("method", ["Ask", "Many", "Sum", "Chat"])
async def test_a_call_ends_before_the_call_it_serves(door: Any, wire: Any, method: str) -> None:
    """The deadline of an outgoing call is clamped to what the inbound one has left."""
    end_at(asyncio.get_running_loop().time() + 0.5)
    request = door.Ask(do="remaining")
    (reply, *_) = await door.answers(method, request, timeout=30.0, token=None, channel=wire)
    assert 0.2 < float(reply.text) < 0.5


async def test_with_no_time_left_nothing_is_asked(door: Any, wire: Any) -> None:
    """A call that cannot be answered in time fails at once."""
    end_at(asyncio.get_running_loop().time())
    with pytest.raises(KiokuError):
        await call("door", door.call("Ask", token=None, channel=wire))


async def test_a_refusal_keeps_its_reason(door: Any, wire: Any) -> None:
    """What another service refuses is refused with the same reason."""
    with pytest.raises(KiokuError) as caught:
        await call("door", door.call("Ask", door.Ask(do="bad"), token=None, channel=wire))
    assert (caught.value.reason, caught.value.message) == (Reason.TEXT_TOO_LONG, "at most 5")


async def test_overload_keeps_its_delay(door: Any, wire: Any) -> None:
    """RetryInfo of another service reaches our caller."""
    with pytest.raises(KiokuError) as caught:
        await call("door", door.call("Ask", door.Ask(do="busy"), token=None, channel=wire))
    assert (caught.value.reason, caught.value.retry_after) == (Reason.OVERLOADED, 1.5)


async def test_another_services_bug_is_not_ours(door: Any, wire: Any) -> None:
    """INTERNAL of another service: it does not answer, and whoever asked lives on."""
    with pytest.raises(DependencyDown) as caught:
        await call("door", door.call("Ask", door.Ask(do="bug"), token=None, channel=wire))
    assert caught.value.reason is Reason.DEPENDENCY_UNAVAILABLE


async def test_our_own_bad_token_is_not_the_callers_fault(door: Any) -> None:
    """A refused service token is a dependency that is down, never UNAUTHENTICATED."""
    async with channel(f"127.0.0.1:{door.port}", token=lambda: "expired") as wire:
        with pytest.raises(DependencyDown) as caught:
            await call("door", door.call("Ask", token=None, channel=wire))
    assert caught.value.reason is Reason.DEPENDENCY_UNAVAILABLE


async def test_a_dead_dependency_is_named(door: Any) -> None:
    """Nobody there, after retries inside the deadline: the dependency's own reason."""
    await door.server.drain()
    async with channel(f"127.0.0.1:{door.port}", token=lambda: "good") as wire:
        started = time.monotonic()
        with pytest.raises(DependencyDown) as caught:
            await call(
                "embedder",
                door.call("Ask", token=None, channel=wire, timeout=3.0),
                down=Reason.EMBEDDER_UNAVAILABLE,
            )
    assert (
        caught.value.reason,
        caught.value.dependency,
    ) == (Reason.EMBEDDER_UNAVAILABLE, "embedder")
    assert time.monotonic() - started < 3.5


async def test_a_slow_dependency_is_down(door: Any, wire: Any) -> None:
    """No answer within the deadline counts as no answer."""
    with pytest.raises(DependencyDown):
        await call(
            "door", door.call("Ask", door.Ask(do="sleep"), token=None, channel=wire, timeout=0.2)
        )


async def test_a_channel_finds_a_server_that_comes_back(open_door: Any) -> None:
    """A restart of a service is bridged by retries, without a new channel."""
    async with open_door() as first:
        port = first.port
        async with channel(f"127.0.0.1:{port}", token=lambda: "good") as wire:
            await first.answers("Ask", token=None, channel=wire)
            await first.server.drain()
            waiting = asyncio.create_task(_until_answered(first, wire))
            await asyncio.sleep(0.3)
            async with open_door(port=port):
                assert await asyncio.wait_for(waiting, 10) == "echo"


async def _until_answered(door: Any, wire: Any) -> str:
    while True:
        try:
            reply = await call("door", door.call("Ask", token=None, channel=wire, timeout=2.0))
        except DependencyDown:
            await asyncio.sleep(0.05)
        else:
            return str(reply.text)

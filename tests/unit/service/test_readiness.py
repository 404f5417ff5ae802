"""Readiness follows the dependencies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from kioku_rt import probe
from kioku_rt.errors import DependencyDown
from kioku_rt.probe import Readiness


class Dependency:
    """Up, down or hanging, as the test says."""

    def __init__(self, state: str = "up") -> None:
        self.state = state

    async def ping(self) -> None:
        """Answer as told."""
        if self.state == "hanging":
            await asyncio.sleep(60)
        if self.state == "down":
            raise DependencyDown("it")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask often, wait briefly."""
    monkeypatch.setattr(probe, "_PERIOD_SECONDS", 0.01)
    monkeypatch.setattr(probe, "_PING_SECONDS", 0.05)


async def next_change(changes: AsyncIterator[bool]) -> bool:
    async with asyncio.timeout(2):
        return await anext(changes)


async def test_readiness_follows_the_needed_dependencies() -> None:
    """Down, or silent for too long, is not ready; back is ready again."""
    needed = Dependency("down")
    readiness = Readiness({"database": needed.ping}, {})
    changes = readiness.watch(asyncio.Event())
    seen = []
    for state in ("up", "hanging", "up"):
        seen.append(await next_change(changes))
        needed.state = state
    seen.append(await next_change(changes))
    assert [False, True, False, True] == seen


async def test_optional_dependencies_are_only_reported() -> None:
    """Without the event log searches still work: the process stays ready and says what is down."""
    readiness = Readiness({}, {"event log": Dependency("down").ping})
    ready = await next_change(readiness.watch(asyncio.Event()))
    assert (True, {"event log": "down (DependencyDown)"}) == (ready, readiness.report)


async def test_a_leaving_process_is_not_ready_again() -> None:
    """Once it stops, no ping makes it ready."""
    readiness = Readiness({"database": Dependency().ping}, {})
    changes = readiness.watch(asyncio.Event())
    await next_change(changes)
    readiness.stop()
    assert (False, {"process": "stopping"}) == (await next_change(changes), readiness.report)

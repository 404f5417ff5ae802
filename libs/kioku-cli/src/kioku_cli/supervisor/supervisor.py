"""Runs a plan: everything as early as its dependencies allow, and stopped in the reverse order."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress

from kioku_cli.data import DataFolder
from kioku_cli.plan.component import Component
from kioku_cli.plan.plan import Plan
from kioku_cli.supervisor.keeper import Child, Keeper
from kioku_cli.supervisor.logs import trim_logs
from kioku_cli.supervisor.probe import Prober
from kioku_cli.supervisor.state import StackPhase, StackState, write_state

_HEARTBEAT = 2.0
_TRIM_EVERY = 30.0


class Supervisor:
    """The keepers of one plan, and the state file that tells of them.

    Args:
        data: where state and logs go.
        plan: what to run.
        spawn: makes the process of a component, not started.
    """

    def __init__(self, data: DataFolder, plan: Plan, spawn: Callable[[Component], Child]) -> None:
        self._data = data
        self._plan = plan
        self._prober = Prober()
        self._news = asyncio.Event()
        self._started = time.time()
        self._ready_seconds: float | None = None
        self._stopping = False
        self._keepers: dict[str, Keeper] = {}
        for component in plan.in_order():
            self._keepers[component.name] = Keeper(
                component,
                spawn(component),
                ask=self._prober.ask,
                after=[self._keepers[name] for name in component.after],
                changed=self._news.set,
            )

    async def run(self, stop: asyncio.Event) -> None:
        """Keep everything alive until `stop`, then drain it all."""
        async with asyncio.TaskGroup() as tasks:
            children = [tasks.create_task(keeper.run()) for keeper in self._keepers.values()]
            side = [tasks.create_task(self._report()), tasks.create_task(self._trim())]
            await stop.wait()
            self._stopping = True
            self._news.set()
            for child in children:
                child.cancel()
            await self._drain()
            for task in side:
                task.cancel()
        await self._prober.close()

    async def _drain(self) -> None:
        """Stop level by level: first those nobody depends on."""
        for level in self._plan.levels_from_the_top():
            keepers = [self._keepers[component.name] for component in level]
            await asyncio.gather(*(keeper.stop() for keeper in keepers))

    async def _report(self) -> None:
        while True:
            self._news.clear()
            write_state(self._data, self._state())
            # Not wait_for: until Python 3.12 it can swallow the cancellation that ends us.
            with suppress(TimeoutError):
                async with asyncio.timeout(_HEARTBEAT):
                    await self._news.wait()

    async def _trim(self) -> None:
        while True:
            await asyncio.to_thread(trim_logs, self._data)
            await asyncio.sleep(_TRIM_EVERY)

    def _state(self) -> StackState:
        ready = all(keeper.ready for keeper in self._keepers.values())
        if ready and self._ready_seconds is None:
            self._ready_seconds = time.time() - self._started
        return StackState(
            data=str(self._data.root),
            supervisor=os.getpid(),
            phase=self._phase(ready=ready),
            started=self._started,
            ready_seconds=self._ready_seconds,
            options=self._plan.options,
            endpoints=self._plan.endpoints,
            components=[keeper.state for keeper in self._keepers.values()],
        )

    def _phase(self, *, ready: bool) -> StackPhase:
        if self._stopping:
            return "stopping"
        if ready:
            return "ready"
        return "starting" if self._ready_seconds is None else "degraded"

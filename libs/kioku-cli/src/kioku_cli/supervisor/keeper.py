"""Keeps one component alive: starts it, asks whether it is ready, restarts it with back-off.

A component is restarted when it dies, when it does not become ready in its time, and when it is
unready for long; but time counts against it only while everything it depends on is ready, so that
one outage is not made worse by restarting those who wait for its end.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from kioku_cli.plan.component import Component, Probe
from kioku_cli.supervisor.last_words import last_words
from kioku_cli.supervisor.probe import Verdict
from kioku_cli.supervisor.state import ComponentState, Phase

_POLL = 0.1
_EAGER = 0.25
_CALM = 2.0
_LONGEST_GAP = 6.0


class Child(Protocol):
    """The process behind a component, as kioku_stack.process.Process is one."""

    @property
    def pid(self) -> int:
        """Its process id, once started."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""

    @property
    def exit_code(self) -> int | None:
        """How it ended."""

    def start(self) -> None:
        """Spawn it."""

    def terminate(self, grace: float) -> None:
        """SIGTERM, then SIGKILL after `grace` seconds; returns once it is gone."""

    def log_tail(self) -> str:
        """The end of its log."""


class Keeper:
    """One component and its process.

    Args:
        component: its row of the plan.
        child: its process, not started yet.
        ask: answers a probe.
        after: the keepers of the components it depends on.
        changed: called after each change of what `state` says.
    """

    def __init__(
        self,
        component: Component,
        child: Child,
        *,
        ask: Callable[[Probe], Awaitable[Verdict]],
        after: Sequence[Keeper],
        changed: Callable[[], None],
    ) -> None:
        self.component = component
        self.was_ready = asyncio.Event()
        self._child = child
        self._ask = ask
        self._after = after
        self._changed = changed
        self._phase: Phase = "waiting"
        self._reason = ""
        self._starts = 0
        self._failures = 0
        self._restarted_for = ""
        self._started: float | None = None

    @property
    def ready(self) -> bool:
        """Whether it is ready now; a job: whether it is done."""
        return self._phase in ("ready", "done")

    @property
    def state(self) -> ComponentState:
        """What people are told."""
        return ComponentState(
            name=self.component.name,
            phase=self._phase,
            pid=self._child.pid if self._child.alive else None,
            ports=self.component.ports,
            restarts=max(0, self._starts - 1),
            started=self._started,
            reason=self._reason,
        )

    async def run(self) -> None:
        """Keep it alive until cancelled; returns only when a job is done."""
        for keeper in self._after:
            await keeper.was_ready.wait()
        while True:
            self._start()
            reason = await self._attend()
            if not reason:
                return
            await self._end()
            await self._back_off(reason)

    async def stop(self) -> None:
        """Drain it, within its budget."""
        await self._end()
        if self._phase != "done":
            self._become("stopped", "")

    def _start(self) -> None:
        self._child.start()
        self._starts += 1
        self._started = time.time()
        self._become("starting", self._reason)

    async def _end(self) -> None:
        await asyncio.to_thread(self._child.terminate, self.component.stop_seconds)

    async def _attend(self) -> str:
        """Stay with the running process; why it must be restarted, or "" for a finished job."""
        if self.component.probe is None:
            return await self._finish()
        patience = _Patience(self.component)
        while True:
            verdict = await self._ask(self.component.probe)
            if not self._child.alive:
                return self._death()
            self._note(verdict)
            others = all(keeper.ready for keeper in self._after)
            if patience.is_over(ready=verdict.ready, others_ready=others):
                return f"was unready for {patience.limit:g} s: {verdict.reason}"
            if patience.healthy:
                self._failures = 0
            await self._pause(_CALM if verdict.ready else _EAGER)

    async def _finish(self) -> str:
        deadline = time.monotonic() + self.component.start_seconds
        while self._child.alive:
            if time.monotonic() > deadline:
                return f"was not done in {self.component.start_seconds:g} s"
            await asyncio.sleep(_POLL)
        if self._child.exit_code != 0:
            return self._death()
        self._become("done", "")
        self.was_ready.set()
        return ""

    async def _pause(self, seconds: float) -> None:
        """Wait, but no longer than the process lives."""
        until = time.monotonic() + seconds
        while self._child.alive and time.monotonic() < until:  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(_POLL)

    def _note(self, verdict: Verdict) -> None:
        if verdict.ready:
            self._become("ready", self._restarted_for)
            self.was_ready.set()
        else:
            self._become(
                "unready" if self._phase in ("ready", "unready") else "starting", verdict.reason
            )

    def _death(self) -> str:
        code = self._child.exit_code or 0
        if code < 0:  # somebody else's doing: its log says nothing about it
            return f"was killed by signal {-code}"
        return f"ended with code {code}: {last_words(self._child.log_tail())}"

    async def _back_off(self, reason: str) -> None:
        self._failures += 1
        self._restarted_for = f"restarted: it {reason}"
        rules = self.component.restart
        looping = self._failures >= rules.loop_after
        delay = min(rules.longest_delay, rules.first_delay * 2 ** (self._failures - 1))
        self._become("crash-loop" if looping else "backing-off", reason)
        await asyncio.sleep(delay)

    def _become(self, phase: Phase, reason: str) -> None:
        if (phase, reason) != (self._phase, self._reason):
            self._phase, self._reason = phase, reason
            self._changed()


class _Patience:
    """How long a process may be unready; the clock stands while what it depends on is unready.

    A gap between two looks counts for little: when the supervisor itself was stopped, nobody else
    is to blame.
    """

    def __init__(self, component: Component) -> None:
        self.limit = component.start_seconds
        self._later_limit = component.unready_seconds
        self._healthy_after = component.restart.healthy_after
        self._looked = time.monotonic()
        self._unready = 0.0
        self._ready = 0.0

    @property
    def healthy(self) -> bool:
        """Whether it has been ready for so long that earlier failures are forgiven."""
        return self._ready > self._healthy_after

    def is_over(self, *, ready: bool, others_ready: bool) -> bool:
        """Take note of one answer; whether the process should be restarted now."""
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, _LONGEST_GAP), now
        self._ready = self._ready + passed if ready else 0.0
        self._unready = 0.0 if ready or not others_ready else self._unready + passed
        if ready:
            self.limit = self._later_limit
        return self._unready > self.limit

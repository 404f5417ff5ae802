"""A component is kept alive: restarted when it dies or hangs, never because of somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kioku_cli.plan.component import Component, HttpProbe, Restart
from kioku_cli.supervisor.keeper import Keeper
from kioku_cli.supervisor.last_words import last_words
from kioku_cli.supervisor.probe import READY, Verdict
from kioku_cli.supervisor.state import ComponentState

QUICK = Restart(first_delay=0.01, longest_delay=0.05, healthy_after=60.0, loop_after=3)
NOT_READY = Verdict(ready=False, reason="JetStream is disabled")


class FakeChild:
    """A process that does as it is told."""

    def __init__(self) -> None:
        self.starts = 0
        self.exit_code: int | None = None
        self.alive = False
        self.dies_at_once = False

    @property
    def pid(self) -> int:
        return 1000 + self.starts

    def start(self) -> None:
        self.starts += 1
        self.alive = not self.dies_at_once
        self.exit_code = 1 if self.dies_at_once else None

    def die(self, code: int = 1) -> None:
        self.alive, self.exit_code = False, code

    def terminate(self, grace: float) -> None:
        if self.alive and grace > 0:
            self.die(0)

    def log_tail(self) -> str:
        return "starting\nport 4222 is in use\n"


class Bench:
    """One keeper, its child and the probe's next answers."""

    def __init__(self, component: Component, after: list[Keeper] | None = None) -> None:
        self.child = FakeChild()
        self.verdict = READY
        self.seen: list[ComponentState] = []
        self.keeper = Keeper(
            component, self.child, ask=self._ask, after=after or [], changed=self._changed
        )

    async def _ask(self, _probe: object) -> Verdict:
        return self.verdict

    def _changed(self) -> None:
        self.seen.append(self.keeper.state)

    @property
    def state(self) -> ComponentState:
        return self.keeper.state


def server(name: str = "nats", **fields: object) -> Component:
    row = Component(
        name=name,
        kind="server",
        group="infrastructure",
        command=("true",),
        probe=HttpProbe(url="http://127.0.0.1:1/"),
        restart=QUICK,
    )
    return row.model_copy(update=fields)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_killed_child_is_started_again_and_the_reason_is_kept() -> None:
    """A restart is counted, and `status` says which signal ended the last one."""
    bench = Bench(server())
    task = asyncio.create_task(bench.keeper.run())
    await until(lambda: bench.keeper.ready)
    bench.child.die(-9)
    await until(lambda: bench.child.starts == 2 and bench.keeper.ready)
    assert 1 == bench.state.restarts
    assert "was killed by signal 9" in bench.state.reason
    task.cancel()


async def test_a_child_that_keeps_dying_is_shown_as_a_crash_loop() -> None:
    """After three failures in a row people are told, with the last words of its log."""
    bench = Bench(server())
    bench.child.dies_at_once = True
    task = asyncio.create_task(bench.keeper.run())
    await until(lambda: bench.state.phase == "crash-loop")
    assert "ended with code 1: port 4222 is in use" == bench.state.reason
    bench.child.dies_at_once = False
    await until(lambda: bench.keeper.ready)
    task.cancel()


async def test_an_unready_component_is_restarted_with_its_reason() -> None:
    """A server that lives and does not serve is ended and started again."""
    bench = Bench(server(unready_seconds=0.2))
    task = asyncio.create_task(bench.keeper.run())
    await until(lambda: bench.keeper.ready)
    bench.verdict = NOT_READY
    await until(lambda: bench.child.starts == 2)
    assert any("JetStream is disabled" in state.reason for state in bench.seen)
    task.cancel()


async def test_nobody_is_restarted_for_an_outage_of_what_it_needs() -> None:
    """While a dependency is unready, the clock of those who wait for it stands."""
    ground = Bench(server("postgres"))
    upper = Bench(server("search", unready_seconds=0.1), after=[ground.keeper])
    tasks = [asyncio.create_task(bench.keeper.run()) for bench in (ground, upper)]
    await until(lambda: upper.keeper.ready)
    ground.verdict = upper.verdict = NOT_READY
    await until(lambda: upper.state.phase == "unready" and ground.state.phase == "unready")
    await asyncio.sleep(0.6)
    assert 1 == upper.child.starts
    for task in tasks:
        task.cancel()


async def test_a_component_waits_for_those_it_needs() -> None:
    """Nothing starts before what it depends on was ready once."""
    ground = Bench(server("postgres"))
    ground.verdict = NOT_READY
    upper = Bench(server("search"), after=[ground.keeper])
    tasks = [asyncio.create_task(bench.keeper.run()) for bench in (ground, upper)]
    await asyncio.sleep(0.1)
    assert (0, "waiting") == (upper.child.starts, upper.state.phase)
    ground.verdict = READY
    await until(lambda: upper.keeper.ready)
    for task in tasks:
        task.cancel()


async def test_a_job_that_ends_with_zero_is_done() -> None:
    """A finished job is never started again, and those after it may start."""
    bench = Bench(server("migrate", kind="job", probe=None))
    task = asyncio.create_task(bench.keeper.run())
    await until(lambda: bench.child.alive)
    bench.child.die(0)
    await task
    assert "done" == bench.state.phase
    assert bench.keeper.was_ready.is_set()


async def test_a_job_that_fails_is_tried_again() -> None:
    """A migration that found no database yet gets another chance."""
    bench = Bench(server("migrate", kind="job", probe=None))
    bench.child.dies_at_once = True
    task = asyncio.create_task(bench.keeper.run())
    await until(lambda: bench.child.starts >= 2)
    bench.child.dies_at_once = False
    await until(lambda: bench.child.alive)
    bench.child.die(0)
    await task
    assert "done" == bench.state.phase


async def test_what_is_stopped_says_so() -> None:
    """After a drain the state shows no process."""
    bench = Bench(server())
    task = asyncio.create_task(bench.keeper.run())
    await until(lambda: bench.keeper.ready)
    task.cancel()
    await bench.keeper.stop()
    assert ("stopped", None) == (bench.state.phase, bench.state.pid)


def test_last_words_of_json_logs_are_words() -> None:
    """A crash is explained by what the log says, not by its notation."""
    log = '{"event": "service.started"}\n{"event": "bind failed", "error": "port in use"}\n\n'
    assert "bind failed: port in use" == last_words(log)


def test_last_words_of_nothing_are_honest() -> None:
    """An empty log is said to be empty."""
    assert "it wrote nothing" == last_words("\n \n")

"""A process either serves or ends: it starts in order, drains in order, and never limps.

One life for every service: resources open, the server starts NOT_SERVING, side tasks run, readiness
follows the dependencies' pings. SIGTERM or SIGINT drains: NOT_SERVING, consumers stop, calls at
work finish, relays flush, resources close in reverse order. A second signal ends the process at
once. A side task that dies takes the process with it, so that whoever supervises it starts a whole
one.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import NoReturn

import structlog

from kioku_rt.errors import KiokuError
from kioku_rt.probe import ProbeServer, Readiness
from kioku_rt.rpc.server import RpcServer
from kioku_rt.settings import RuntimeSettings
from kioku_rt.telemetry.logs import LogFormat
from kioku_rt.telemetry.metrics import observe_event_loop
from kioku_rt.telemetry.tracing import configure, shutdown

SideTask = Callable[[asyncio.Event], Awaitable[None]]
Ping = Callable[[], Awaitable[None]]
EXIT_CANNOT_START = 69  # BSD sysexits: service unavailable
EXIT_SIDE_TASK_DIED = 70  # BSD sysexits: internal software error
EXIT_DRAIN_TOO_LONG = 75  # BSD sysexits: temporary failure
_RELAY_SECONDS = 5.0
_CLOSE_SECONDS = 3.0
_YOUNG_OBJECTS = 10_000  # so many more made than freed begin a round of the collector
_log = structlog.get_logger("kioku_rt.service")


@dataclass(frozen=True)
class Running:
    """What a service is made of once its resources are open.

    Attributes:
        server: its gRPC server, not yet started; None for a service that only consumes.
        consumers: take work in (event workers); stopped first.
        relays: send what was done (outbox relays); stopped last, after the calls have finished.
            A side task gets an event, runs until it is set, then finishes what it has in hand and
            returns. To return or raise earlier is a death.
        pings: raise when a dependency without which nothing can be served is down.
        optional_pings: raise when one is down whose absence only some calls feel.
    """

    server: RpcServer | None = None
    consumers: Mapping[str, SideTask] = field(default_factory=dict)
    relays: Mapping[str, SideTask] = field(default_factory=dict)
    pings: Mapping[str, Ping] = field(default_factory=dict)
    optional_pings: Mapping[str, Ping] = field(default_factory=dict)


Open = Callable[[AsyncExitStack], Awaitable[Running]]


def main(name: str, settings: RuntimeSettings, open_service: Open) -> NoReturn:
    """Run a service as this process and exit with its code.

    Args:
        name: on logs, traces and metrics.
        settings: read from the environment by the caller.
        open_service: opens resources on the stack it is given and says what runs; a KiokuError
            from it is one line in the log and exit code 69, so that a supervisor tries again.
    """
    configure(
        name,
        otlp_endpoint=settings.otlp_endpoint,
        json_logs=settings.log_format is LogFormat.JSON,
    )
    try:
        on_drain = partial(_end_in, settings.drain_seconds)
        code = asyncio.run(run(settings, open_service, on_drain=on_drain))
    except KiokuError as error:
        _log.error("service.cannot_start", reason=error.reason, why=error.message)
        code = EXIT_CANNOT_START
    sys.exit(code)


async def run(
    settings: RuntimeSettings,
    open_service: Open,
    *,
    on_drain: Callable[[], None] = lambda: None,
) -> int:
    """Live one whole life and give the exit code: 0 after a signal, 70 after a death inside."""
    stop = _stop_on_signals()
    async with AsyncExitStack() as resources:
        resources.callback(shutdown)
        running = await open_service(resources)
        _spare_the_collector()
        life = _Life(settings, running, stop, on_drain)
        return await life.live(resources)


def _spare_the_collector() -> None:
    """Keep what lives as long as the process out of the garbage collector's rounds.

    A full round over everything that was imported stops the event loop for a tenth of a second and
    more, in the middle of somebody's call; what a call leaves behind is mostly freed without it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)


def _stop_on_signals() -> asyncio.Event:
    """Set an event at the first SIGTERM or SIGINT; end the process at the second."""
    stop = asyncio.Event()

    def heard(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        _log.info("service.stopping", signal=signal.Signals(number).name)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, heard, number)
    return stop


def _end_in(drain_seconds: float) -> None:
    """End the process if draining and closing take too long: from a thread, for loops get stuck.

    The sum stays below 30 s, after which supervisors kill.
    """
    limit = drain_seconds + _RELAY_SECONDS + _CLOSE_SECONDS
    timer = threading.Timer(limit, os._exit, (EXIT_DRAIN_TOO_LONG,))
    timer.daemon = True
    timer.start()


class _Side:
    """Side tasks that are stopped together."""

    def __init__(self, tasks: Mapping[str, SideTask]) -> None:
        self._stop = asyncio.Event()
        self.tasks = {
            asyncio.create_task(_run(run, self._stop), name=n) for n, run in tasks.items()
        }

    async def stop(self, seconds: float) -> None:
        """Let them finish what they have in hand; cancel those that take longer."""
        self._stop.set()
        if not self.tasks:
            return
        _, late = await asyncio.wait(self.tasks, timeout=seconds)
        for task in late:
            _log.warning("service.task_cancelled", task=task.get_name(), after_seconds=seconds)
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def _run(task: SideTask, stop: asyncio.Event) -> None:
    await task(stop)


class _Life:
    """The phases of one run."""

    def __init__(
        self,
        settings: RuntimeSettings,
        running: Running,
        stop: asyncio.Event,
        on_drain: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._running = running
        self._stop = stop
        self._on_drain = on_drain
        self._readiness = Readiness(running.pings, running.optional_pings)

    async def live(self, resources: AsyncExitStack) -> int:
        """Serve until a signal or a death, then drain; give the exit code."""
        running = self._running
        probes = ProbeServer(
            self._settings.metrics_host, self._settings.metrics_port, self._readiness
        )
        metrics_port = await probes.start()
        resources.push_async_callback(probes.stop)
        grpc_port = await running.server.start() if running.server else None
        relays = _Side({**running.relays, "event-loop": observe_event_loop})
        consumers = _Side({**running.consumers, "health": self._follow_readiness})
        _log.info("service.started", grpc_port=grpc_port, metrics_port=metrics_port)
        died = await self._until_stopped(consumers.tasks | relays.tasks)
        self._on_drain()
        await self._drain(consumers, relays)
        return EXIT_SIDE_TASK_DIED if died else 0

    async def _follow_readiness(self, stop: asyncio.Event) -> None:
        """Keep gRPC health at what the pings say."""
        async for ready in self._readiness.watch(stop):
            if self._running.server is not None:
                await self._running.server.set_serving(ready)

    async def _until_stopped(self, tasks: set[asyncio.Task[None]]) -> bool:
        """Wait for the signal; tell whether a task died instead."""
        signalled = asyncio.create_task(self._stop.wait())
        await asyncio.wait({signalled, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        if not signalled.done():
            signalled.cancel()
        dead = [task for task in tasks if task.done()]
        for task in dead:
            _log.error("service.task_died", task=task.get_name(), exc_info=task.exception())
        return bool(dead)

    async def _drain(self, consumers: _Side, relays: _Side) -> None:
        """Stop taking work in, finish what is in hand, flush."""
        self._readiness.stop()
        server = self._running.server
        if server is not None:
            await server.set_serving(False)
        await consumers.stop(self._settings.drain_seconds / 2)
        if server is not None:
            await server.drain()
        await relays.stop(_RELAY_SECONDS)
        _log.info("service.drained")

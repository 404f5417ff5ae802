"""Promise: one thread runs the model; items that wait together are run together.

There is no timer: when the engine is free the next batch goes, whatever its size; while it is busy
batches fill by themselves. Interactive items go before bulk ones. Every item that was taken in gets
exactly one answer: its vector, its own failure, or MODEL_UNAVAILABLE if the engine dies.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic

import structlog
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_embedder.answer import Answer, Outcome
from kioku_embedder.engine import Engine, EngineBroken, LabelScale
from kioku_embedder.isolation import run_isolated
from kioku_embedder.moving import Moving
from kioku_embedder.pace import Pace
from kioku_embedder.preprocessing import Pixels
from kioku_embedder.room import Room
from kioku_embedder.waiting import Item, Pass, Priority, Tower, WaitingLines

_log = structlog.get_logger()
_PATIENCE = 2.0
_HOPELESS = 16


class Batcher:
    """Owns the engine and its thread.

    Args:
        engine: called from the thread only.
        dimension: of its vectors.
        batch_size: most items of one pass.
        pass_seconds: how long a pass may take, unless one item alone takes longer.
        limit: most items of each priority in hand: being prepared, waiting or running.
        idle_seconds: after so long without work the engine is unloaded; 0: never.
        stall_seconds: an engine that loads, or runs one pass, for longer gets nothing new until it
            is done; see `shed`.
        on_pass: called in the event loop after every pass, for metrics.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        dimension: int,
        batch_size: int,
        pass_seconds: float,
        limit: int,
        idle_seconds: float = 0.0,
        stall_seconds: float = math.inf,
        on_pass: Callable[[Pass], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._dimension = dimension
        self._pace = Pace(batch_size, pass_seconds)
        self._room = Room(limit)
        self._idle_seconds = idle_seconds
        self._on_pass = on_pass
        self._lines = WaitingLines(_PATIENCE)
        self._changed = threading.Condition()
        self._loading = False
        self._closing = False
        self._failed_in_a_row = 0
        self._moving = Moving(stall_seconds)
        self._running: list[Item] = []
        self._thread = threading.Thread(target=self._live, name="engine", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._death: asyncio.Future[None] | None = None

    def start(self, *, load: bool = False) -> None:
        """Starts the thread; with `load` it reads the weights at once, else with the first item."""
        self._loop = asyncio.get_running_loop()
        self._death = self._loop.create_future()
        self._loading = load
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the engine works; false from the moment its death is known."""
        buried = self._death is not None and self._death.done()
        return self._thread.is_alive() and not buried

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory."""
        return self._engine.loaded

    def label_scale(self) -> LabelScale:
        """How the engine's cosines become scores of labels.

        Raises:
            ValueError: its checkpoint has no such scale.
        """
        return self._engine.label_scale()

    @property
    def memory_bytes(self) -> int:
        """Bytes that the weights and their buffers hold now."""
        return self._engine.memory_bytes

    @property
    def running_seconds(self) -> float:
        """How long the pass that is running has been running; 0 between passes."""
        return self._moving.pass_seconds

    @property
    def works(self) -> bool:
        """Whether something new is taken in: the engine is alive and not taken for stuck."""
        return self.alive and not self._moving.stalled

    def depth(self, priority: Priority) -> int:
        """Items of one priority that wait for the engine."""
        with self._changed:
            return self._lines.depth(priority)

    def fullness(self, priority: Priority) -> float:
        """Items of one priority in hand by the limit; at 1 the next one is refused."""
        return self._room.fullness(priority)

    @contextmanager
    def room(self, tower: Tower, priority: Priority) -> Iterator[None]:
        """Takes a place for one item, from before it is prepared until it is answered.

        Raises:
            KiokuError: OVERLOADED or MODEL_UNAVAILABLE, before anything has been done.
        """
        self._require_engine()
        with self._room.place(priority, partial(self._pace.seconds_for, tower)):
            yield

    async def embed(self, payload: Pixels | str, tower: Tower, priority: Priority) -> Answer:
        """The vector of one preprocessed picture or clean text, for which there is `room`.

        Raises:
            KiokuError: MODEL_UNAVAILABLE, MODEL_OUTPUT_INVALID, ENGINE_OUT_OF_MEMORY or INTERNAL.
        """
        self._require_engine()
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        item = Item(payload, tower, priority, monotonic(), future)
        with self._changed:
            self._lines.add(item)
            self._changed.notify()
        try:
            return await future
        except asyncio.CancelledError:
            with self._changed:
                self._lines.remove(item)
            raise

    def shed(self) -> None:
        """Sends away whoever waits for an engine that does not move; it goes on if it can."""
        with self._changed:
            left = [*self._running, *self._lines.drain()]
        for item in left:
            if not item.future.done():
                item.future.set_exception(KiokuError(Reason.MODEL_UNAVAILABLE, retry_after=1.0))

    async def death(self) -> None:
        """Returns when `close` was called.

        Raises:
            EngineBroken: the engine's thread ended by itself; the process should, too.
        """
        if self._death is None:
            raise RuntimeError("start() comes first")
        await asyncio.shield(self._death)

    async def close(self) -> None:
        """Finishes what waits, then ends the thread; one that is stuck is left to the process."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._moving.stalled:
            self.shed()
        elif self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

    def _require_engine(self) -> None:
        if self._closing or not self.works:
            raise KiokuError(Reason.MODEL_UNAVAILABLE, retry_after=1.0)

    def _live(self) -> None:
        """The thread's life: ends when closed and empty, or when the engine breaks."""
        broken: BaseException | None = None
        try:
            if self._loading:
                with self._moving.busy():
                    self._engine.load()
            while batch := self._next_batch():
                self._running = batch
                self._run(batch)
                self._running = []
        except BaseException as error:  # noqa: BLE001 - the thread's death is told to everybody
            _log.exception("engine_died")
            broken = error
        self._call(lambda: self._bury(broken))

    def _next_batch(self) -> list[Item]:
        """The next items to run; none when closed. The engine is unloaded when it waits long."""
        while (batch := self._waited(self._idle_seconds)) is None:
            self._engine.unload()
            _log.info("engine_unloaded", idle_seconds=self._idle_seconds)
        return batch

    def _waited(self, patience: float) -> list[Item] | None:
        """The next items to run, none when closed; None after waiting with a loaded engine."""
        with self._changed:
            while True:
                taken = self._lines.take(monotonic(), self._pace.most)
                batch = [item for item in taken if not item.future.done()]
                if batch or (self._closing and not taken):
                    return batch
                if taken:
                    continue
                limit = patience if patience and self._engine.loaded else None
                if not self._changed.wait(limit):
                    return None

    def _run(self, batch: list[Item]) -> None:
        tower = batch[0].tower
        payloads = [item.payload for item in batch]
        with self._moving.busy():
            self._engine.load()
            with self._moving.passing() as started:
                outcomes = run_isolated(
                    self._engine,
                    tower,
                    payloads,
                    self._dimension,
                    did_not_fit=partial(self._pace.did_not_fit, tower),
                )
        seconds = monotonic() - started
        self._pace.finished(tower, len(batch), seconds)
        done = Pass(tower, batch[0].priority, seconds, tuple(outcomes))
        self._call(lambda: self._deliver(batch, done, started))
        self._give_up_if_hopeless(outcomes)

    def _give_up_if_hopeless(self, outcomes: list[Outcome]) -> None:
        """An engine that fails on everything is broken, whatever it says."""
        for outcome in outcomes:
            failed = isinstance(outcome, KiokuError) and outcome.reason is Reason.INTERNAL
            self._failed_in_a_row = self._failed_in_a_row + 1 if failed else 0
        if self._failed_in_a_row >= _HOPELESS:
            raise EngineBroken(f"The model failed on {self._failed_in_a_row} items in a row.")

    def _call(self, function: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function)

    def _deliver(self, batch: list[Item], done: Pass, started: float) -> None:
        self._on_pass(done)
        for item, outcome in zip(batch, done.outcomes, strict=True):
            if item.future.done():
                continue
            if isinstance(outcome, KiokuError):
                item.future.set_exception(outcome)
            else:
                waited = started - item.since
                item.future.set_result(Answer(outcome, waited, done.seconds, len(batch)))

    def _bury(self, broken: BaseException | None) -> None:
        """Answers everybody who still waits, then tells the owner."""
        self._closing = True
        self.shed()
        if self._death is None or self._death.done():
            return
        if broken is None:
            self._death.set_result(None)
        else:
            self._death.set_exception(EngineBroken(str(broken)))
            self._death.exception()  # seen, also where nobody awaits death()

"""Promise: faces are found off the event loop, a picture to a child, each within its time.

A child that dies costs the picture it had; it has a successor before the next one comes to it.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import Protocol

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.images import ImageLimits
from kioku_rt.images.refusal import check_bytes
from kioku_rt.reasons import Reason
from kioku_rt.space import Space

from kioku_face.packs.engine import Found
from kioku_face.packs.suspects import ChildLost, Suspects
from kioku_face.packs.turns import Turns

REST_SECONDS = 5.0
"""How long `ping` says no after a child could not be started; then it is worth a try again."""
_CLOSE_SECONDS = 5.0
_DEPENDENCY = "face engine"


class Looker(Protocol):
    """A child that finds faces, as `worker.EngineWorker`; blocks, used by one thread at a time."""

    @property
    def warm(self) -> bool:
        """Whether the child is there and has loaded its pack."""
        ...

    def look(self, data: bytes) -> Found:
        """The faces of a picture's file; a child that is gone has a successor first."""
        ...

    def answer(self) -> None:
        """Asks whether the child is there, and starts one where there is none.

        Raises:
            DependencyDown: it is not.
        """
        ...

    def launch(self) -> None:
        """Starts a child without waiting for it; raises DependencyDown."""
        ...

    def wait_ready(self) -> None:
        """Waits until it has loaded its pack; raises DependencyDown or PackUnusable."""
        ...

    def pid(self) -> int | None:
        """Its process id, if there is a child."""
        ...

    def kill(self) -> None:
        """From any thread."""
        ...

    def discard(self) -> int | None:
        """Ends it, whatever its state."""
        ...


class EnginePool:
    """See `engine.FaceFinder`.

    Args:
        lookers: a child each; more than cores help nobody.
        pack, space: see the port.
        limits: of a picture's file, checked before it crosses to a child.
        limit: pictures in hand, urgent ones and others for themselves, before OVERLOADED.
    """

    def __init__(
        self,
        lookers: Sequence[Looker],
        *,
        pack: str,
        space: Space,
        limits: ImageLimits,
        limit: int,
    ) -> None:
        self.pack = pack
        self.space = space
        self._lookers = tuple(lookers)
        self._limits = limits
        self._turns = Turns(len(self._lookers), limit)
        self._suspects = Suspects()
        self._free: queue.SimpleQueue[Looker] = queue.SimpleQueue()
        for looker in self._lookers:
            self._free.put(looker)
        self._threads = ThreadPoolExecutor(len(self._lookers), thread_name_prefix="kioku-faces")
        self._closed = threading.Event()
        self._failed_at: float | None = None

    def start(self) -> None:
        """Starts all children and waits until they have loaded their packs (blocks, a few seconds).

        Raises:
            PackUnusable: the pack does not run, in one sentence for the operator.
            DependencyDown: a child did not come up.
        """
        for looker in self._lookers:
            looker.launch()
        for looker in self._lookers:
            looker.wait_ready()

    def fullness(self, *, urgent: bool) -> float:
        """Pictures in hand by the limit; at 1 the next one is refused."""
        return self._turns.fullness(urgent=urgent)

    def pids(self) -> list[int]:
        """Process ids of the children that are warm."""
        return [pid for each in self._lookers if each.warm and (pid := each.pid())]

    async def faces_in(self, data: bytes, *, urgent: bool = False) -> Found:
        """See the port. Cancelling gives up a picture that waits; a child finishes the one it has,
        which costs less than a new child."""
        check_bytes(data, self._limits)
        async with self._turns.turn(urgent=urgent):
            if self._closed.is_set():
                raise KiokuError(Reason.MODEL_UNAVAILABLE, retry_after=1.0)
            answer: Future[Found] = Future()
            self._threads.submit(self._look, data, answer)
            return await asyncio.wrap_future(answer)

    async def ping(self) -> None:
        """Asks a child that is free, and starts it anew where it is gone; while all have pictures,
        each within its time, it is enough that one is warm.

        Raises:
            DependencyDown: no child answers; at most one start every `REST_SECONDS` is tried.
        """
        failed_at = self._failed_at
        resting = failed_at is not None and monotonic() - failed_at < REST_SECONDS
        if self._closed.is_set() or resting:
            raise DependencyDown(_DEPENDENCY)
        try:
            looker = self._free.get_nowait()
        except queue.Empty:
            if not any(each.warm for each in self._lookers):
                raise DependencyDown(_DEPENDENCY) from None
        else:
            asked = asyncio.get_running_loop().run_in_executor(None, self._asked, looker)
            await asyncio.shield(asked)  # it brings the child back, whoever still waits

    async def close(self) -> None:
        """Lets children finish what they have, for a few seconds, and ends them."""
        self._closed.set()
        ended = asyncio.create_task(asyncio.to_thread(self._threads.shutdown))
        await asyncio.wait({ended}, timeout=_CLOSE_SECONDS)
        for looker in self._lookers:
            looker.kill()
        await ended
        for looker in self._lookers:
            looker.discard()

    def _look(self, data: bytes, answer: Future[Found]) -> None:
        """In a thread: answers, and only then brings a child back, for which nobody should wait."""
        if not answer.set_running_or_notify_cancel():
            return
        looker = self._free.get()
        try:
            answer.set_result(self._found(looker, data))
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for it
            answer.set_exception(error)
        if looker.warm or self._closed.is_set():
            self._free.put(looker)
            return
        with suppress(DependencyDown):
            self._asked(looker)

    def _found(self, looker: Looker, data: bytes) -> Found:
        """Notes whether there was a child for the picture, and whether it was lost."""
        if self._closed.is_set():
            raise KiokuError(Reason.MODEL_UNAVAILABLE, retry_after=1.0)
        try:
            found = looker.look(data)
        except DependencyDown:
            self._failed_at = monotonic()
            raise
        except ChildLost as lost:
            raise self._suspects.verdict(data, lost) from None
        self._failed_at = None
        return found

    def _asked(self, looker: Looker) -> None:
        """Asks a child that was taken, and sets it free; raises DependencyDown."""
        try:
            looker.answer()
        except DependencyDown:
            self._failed_at = monotonic()
            raise
        finally:
            self._free.put(looker)
        self._failed_at = None

"""Decoding for a service: off the event loop, in children of bounded memory and time.

A child that dies or hangs fails only the picture it had; the next picture finds a new child.
Why not a ready-made pool: `decisions/0010-decoder-children.md`.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from kioku_rt.errors import DependencyDown, InvalidInput
from kioku_rt.images.decoder import DecodedImage, Prepare
from kioku_rt.images.limits import ImageLimits
from kioku_rt.images.refusal import check_bytes
from kioku_rt.images.worker import DecodeWorker

REST_SECONDS = 5.0
"""How long `ping` says no after a child could not be started; then it is worth a try again."""

Done = TypeVar("Done")


class DecodePool:
    """A fixed number of decoder children behind one coroutine.

    Args:
        workers: number of children, at least 1; more than cores help nobody.
        limits: bounds of each decode.
        prepare: picklable function (a module-level one or a partial) that a child applies to the
            upright RGB picture (Pillow's), so that little crosses over. Its module is imported in
            every child: it must not import torch. It must give an array of a plain dtype.
    """

    def __init__(
        self, workers: int, limits: ImageLimits | None = None, prepare: Prepare | None = None
    ) -> None:
        self.limits = limits or ImageLimits()
        self._workers = [DecodeWorker(self.limits, prepare) for _ in range(max(1, workers))]
        self._free: queue.SimpleQueue[DecodeWorker] = queue.SimpleQueue()
        for worker in self._workers:
            self._free.put(worker)
        self._threads = ThreadPoolExecutor(len(self._workers), thread_name_prefix="kioku-decode")
        self._closed = threading.Event()
        self._failed_at: float | None = None

    def start(self) -> None:
        """Starts all children and waits until they are warm (blocking, about half a second).

        Raises:
            DependencyDown: a child did not come up.
        """
        for worker in self._workers:
            worker.launch()
        for worker in self._workers:
            worker.wait_ready()

    async def decode(self, data: bytes) -> DecodedImage:
        """Decodes `data` in a child. `pixels` are what `prepare` made of them.

        Cancelling the await gives up a picture that waits; one that is being decoded is finished
        by its child and dropped, since that costs less than a new child.

        Raises:
            InvalidInput: with one of the IMAGE_* reasons.
            DependencyDown: no child can be started, or the pool is closed.
        """
        check_bytes(data, self.limits)  # what is no picture never crosses the pipe
        if self._closed.is_set():
            raise DependencyDown("image decoder")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._decode, data)

    def alive(self) -> bool:
        """Whether pictures can be decoded: open, and the last child that was needed came up."""
        return not self._closed.is_set() and self._failed_at is None

    async def ping(self) -> None:
        """Tells whether pictures can be decoded; after a failure, starts a child to find out.

        Raises:
            DependencyDown: they cannot; at most one child every `REST_SECONDS` is tried.
        """
        failed_at = self._failed_at
        resting = failed_at is not None and time.monotonic() - failed_at < REST_SECONDS
        if self._closed.is_set() or resting:
            raise DependencyDown("image decoder")
        if failed_at is not None:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._revive)

    def pids(self) -> list[int]:
        """Process ids of the children that are running."""
        return [pid for worker in self._workers if (pid := worker.pid()) and worker.running()]

    def close(self) -> None:
        """Ends the children; pictures still in work end with DependencyDown."""
        self._closed.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.kill()
        self._threads.shutdown(wait=True)
        for worker in self._workers:
            worker.discard()

    def _decode(self, data: bytes) -> DecodedImage:
        return self._told(lambda worker: worker.decode(data))

    def _revive(self) -> None:
        self._told(DecodeWorker.revive)

    def _told(self, work: Callable[[DecodeWorker], Done]) -> Done:
        """Lets a free worker do its work and notes whether it had a child for it."""
        worker = self._free.get()
        try:
            done = work(worker)
        except InvalidInput:
            self._failed_at = None
            if self._closed.is_set():  # we ended the child, not the picture
                raise DependencyDown("image decoder") from None
            raise
        except DependencyDown:
            self._failed_at = time.monotonic()
            raise
        finally:
            self._free.put(worker)
        self._failed_at = None
        return done

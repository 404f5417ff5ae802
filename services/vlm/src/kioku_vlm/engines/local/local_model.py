"""Promise: a local model answers within its time or not at all, and never holds the service up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_vlm.engines.failure import ModelDown
from kioku_vlm.engines.local.checkpoint import Checkpoint
from kioku_vlm.engines.local.worker import ModelWorker
from kioku_vlm.engines.question import Question, Reply, Size

Done = TypeVar("Done")
_BUSY_SECONDS = 5.0


class LocalModel:
    """See `question.Model`: one child with the weights, one question at a time.

    Args:
        checkpoint: what is loaded.
        worker: its child.
        queue_limit: questions in hand; the next one is refused.
    """

    def __init__(self, checkpoint: Checkpoint, worker: ModelWorker, *, queue_limit: int) -> None:
        self._checkpoint = checkpoint
        self._worker = worker
        self._queue_limit = queue_limit
        self._in_hand = 0
        self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kioku-vlm-model")

    @property
    def version(self) -> str:
        """See the port."""
        return self._checkpoint.version

    def sizes(self, width: int, height: int) -> tuple[Size, ...]:
        """See the port."""
        return self._checkpoint.sizes.of(width, height)

    async def start(self) -> None:
        """Loads the weights.

        Raises:
            EngineUnusable: they do not load, in one sentence.
            DependencyDown: the child does not come up.
        """
        await self._in_thread(self._launched)

    async def ask(self, question: Question) -> Reply:
        """See the port. Cancelling gives up a question that waits; the child finishes what it has,
        within its time, which costs less than loading the weights again.

        Raises:
            KiokuError: OVERLOADED; not ModelDown, since a model with much to do is no dead one.
        """
        if self._in_hand >= self._queue_limit:
            raise KiokuError(Reason.OVERLOADED, retry_after=_BUSY_SECONDS)
        self._in_hand += 1
        try:
            return await self._in_thread(lambda: self._worker.ask(question))
        finally:
            self._in_hand -= 1

    async def ping(self) -> None:
        """Asks the child, unless it has a question in hand.

        Raises:
            DependencyDown: it is not there.
        """
        if not self._in_hand:
            await self._in_thread(self._worker.answer)

    def pid(self) -> int | None:
        """Process id of the child."""
        return self._worker.pid()

    async def aclose(self) -> None:
        """Ends the child; a question in hand ends with ModelDown."""
        self._closed = True
        self._worker.kill()
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)
        self._worker.discard()

    def _launched(self) -> None:
        self._worker.launch()
        self._worker.wait_ready()

    async def _in_thread(self, work: Callable[[], Done]) -> Done:
        if self._closed:
            raise ModelDown("The model is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

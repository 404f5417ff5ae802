"""Promise: whatever a video does to the process that decodes it, only that video fails.

Each video has a child of its own, started from a fork server that has imported FFmpeg and nothing
of the service: no socket, no secret. It gets the file as a descriptor.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.reduction import send_handle
from time import monotonic

import structlog
from kioku_rt.errors import DependencyDown, InvalidInput
from kioku_rt.reasons import Reason

from kioku_embedder.frames.answers import Nonsense, read_answer
from kioku_embedder.frames.child import ALIVE, serve
from kioku_embedder.frames.plan import CutFrame, CutLimits, CutPlan, Facts
from kioku_embedder.frames.threads import to_its_end

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["kioku_embedder.frames.child"])
_FROM_OUTSIDE = frozenset({-signal.SIGKILL, -signal.SIGTERM})
_START_SECONDS = 30.0
_DEPENDENCY = "video decoder"
_LOG = structlog.get_logger(__name__)


class ChildGone(Exception):
    """The child ended, or was ended, before it gave the facts."""

    def __init__(self, exitcode: int | None, *, expired: bool) -> None:
        self.expired = expired
        self.exitcode = exitcode
        super().__init__(f"a cutting child ended with {exitcode}")

    @property
    def innocent(self) -> bool:
        """Whether somebody else killed it (the kernel for memory, an operator)."""
        return not self.expired and self.exitcode in _FROM_OUTSIDE

    def refusal(self) -> InvalidInput:
        """What the owner of the video hears."""
        late = self.expired or self.exitcode == -signal.SIGXCPU
        return InvalidInput(Reason.VIDEO_DECODE_TIMEOUT if late else Reason.VIDEO_DECODER_FAILED)


class Cutter:
    """Cuts videos, each in a child; as many at once as are asked for.

    Args:
        plan: which frames.
        limits: of each video.
    """

    def __init__(self, plan: CutPlan, limits: CutLimits) -> None:
        self.plan = plan
        self._limits = limits

    async def cut(self, fd: int) -> AsyncGenerator[CutFrame | Facts, None]:
        """Frames in order, then the facts; a child killed from outside has one successor.

        Leaving the iteration early ends the child.

        Raises:
            InvalidInput: VIDEO_*.
            DependencyDown: no child could be started.
        """
        done = 0
        until = monotonic() + self._limits.cut_seconds
        try:
            async with aclosing(self._once(fd, until, skip=0)) as answers:
                async for answer in answers:
                    yield answer
                    done += 1
        except ChildGone as gone:
            _LOG.warning("frames.child_gone", exitcode=gone.exitcode, expired=gone.expired)
            if not gone.innocent:
                raise gone.refusal() from None
        else:
            return
        try:
            async with aclosing(self._once(fd, until, skip=done)) as answers:
                async for answer in answers:
                    yield answer
        except ChildGone as gone:
            raise gone.refusal() from None

    async def _once(
        self, fd: int, until: float, *, skip: int
    ) -> AsyncGenerator[CutFrame | Facts, None]:
        """One child's answers but the first `skip`, which are as they were the first time."""
        start = partial(_start, fd, self.plan, self._limits)
        child = await to_its_end(start, undo=_Child.end)
        try:
            while True:
                answer = await asyncio.to_thread(child.next, self._limits.stall_seconds, until)
                if skip:
                    skip -= 1
                    continue
                yield answer
                if isinstance(answer, Facts):
                    return
        finally:
            await asyncio.shield(asyncio.to_thread(child.end))


@dataclass
class _Child:
    """A running child and our side of its pipe; read by one thread, ended by any."""

    process: ForkServerProcess
    pipe: Connection
    _ending: threading.Lock = field(default_factory=threading.Lock, init=False)

    def next(self, stall_seconds: float, until: float) -> CutFrame | Facts:
        """Its next frame, or the facts.

        Raises:
            InvalidInput: it refused the video.
            ChildGone: it ended, hung, or the time of the whole cut is over.
        """
        try:
            while True:
                wait = min(stall_seconds, until - monotonic())
                if wait <= 0 or not self.pipe.poll(wait):
                    self.end()
                    raise ChildGone(None, expired=True)
                if (answer := read_answer(self.pipe)) is not None:
                    return answer
        except Nonsense:
            self.end()
            raise ChildGone(None, expired=False) from None
        except (OSError, EOFError):
            raise ChildGone(self.end(), expired=False) from None

    def end(self) -> int | None:
        """Ends the child, whatever its state; its exit code."""
        with self._ending:
            self.process.join(0.2)  # one that is dying leaves its own exit code
            if self.process.is_alive():
                self.process.kill()
                self.process.join()
            self.pipe.close()
            return self.process.exitcode


def _start(fd: int, plan: CutPlan, limits: CutLimits) -> _Child:
    """Starts a child and gives it the file.

    Raises:
        DependencyDown: no process could be started.
    """
    ours, theirs = _CONTEXT.Pipe(duplex=True)
    process = _CONTEXT.Process(
        target=serve, args=(theirs, plan, limits), name="kioku-cut", daemon=True
    )
    try:
        process.start()
    except (OSError, EOFError):
        ours.close()
        raise DependencyDown(_DEPENDENCY) from None
    finally:
        theirs.close()
    child = _Child(process, ours)
    try:
        if ours.poll(_START_SECONDS) and ours.recv_bytes() == ALIVE:
            send_handle(ours, fd, process.pid)
            return child
    except (OSError, EOFError):
        pass
    child.end()
    raise DependencyDown(_DEPENDENCY)

"""One child process and the thread's side of its pipe: whatever happens in it, one item is hit.

The child starts from a fork server that has imported nothing but Pillow and numpy, so it inherits
no model, no socket and no secret of the service, and a new one is there in milliseconds.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import threading
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

import numpy as np
import structlog

from kioku_rt.errors import DependencyDown, InvalidInput
from kioku_rt.images.child import READY, Prepare, serve
from kioku_rt.images.decoder import DecodedImage
from kioku_rt.images.limits import ImageLimits
from kioku_rt.reasons import Reason

START_SECONDS = 30.0
WALL_FACTOR = 3.0
"""Wall time allowed per CPU second: a busy machine is no fault of the picture."""

_HEADER_BYTES = 1 << 16
_BODY_BYTES = 1 << 28
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["kioku_rt.images.child"])
_FROM_OUTSIDE = frozenset({-signal.SIGKILL, -signal.SIGTERM})
_LOG = structlog.get_logger(__name__)


class ChildGone(Exception):
    """The child ended before it answered."""

    def __init__(self, exitcode: int | None, *, expired: bool) -> None:
        self.exitcode = exitcode
        self.expired = expired
        super().__init__(f"decoder child ended with {exitcode}")

    @property
    def innocent(self) -> bool:
        """Whether somebody else killed it (the kernel for memory, an operator)."""
        return not self.expired and self.exitcode in _FROM_OUTSIDE

    def refusal(self) -> InvalidInput:
        """What the sender of the picture hears."""
        late = self.expired or self.exitcode == -signal.SIGXCPU
        return InvalidInput(Reason.IMAGE_DECODE_TIMEOUT if late else Reason.IMAGE_DECODER_FAILED)


@dataclass
class DecodeWorker:
    """Owns at most one child at a time; used by one thread at a time."""

    limits: ImageLimits
    prepare: Prepare | None = None
    _process: ForkServerProcess | None = field(default=None, init=False)
    _pipe: Connection | None = field(default=None, init=False)
    _expired: bool = field(default=False, init=False)

    def launch(self) -> None:
        """Starts a child without waiting for it.

        Raises:
            DependencyDown: no process could be started.
        """
        ours, theirs = _CONTEXT.Pipe(duplex=True)
        process = _CONTEXT.Process(
            target=serve, args=(theirs, self.limits, self.prepare), name="kioku-decode", daemon=True
        )
        try:
            process.start()
        except (OSError, EOFError) as error:
            ours.close()
            raise DependencyDown("image decoder") from error
        finally:
            theirs.close()
        self._process, self._pipe, self._expired = process, ours, False

    def wait_ready(self) -> None:
        """Waits until the child has imported everything.

        Raises:
            DependencyDown: it did not come up.
        """
        pipe = self._pipe
        try:
            if pipe is not None and pipe.poll(START_SECONDS) and pipe.recv_bytes() == READY:
                return
        except (OSError, EOFError):
            pass
        self.discard()
        raise DependencyDown("image decoder")

    def decode(self, data: bytes) -> DecodedImage:
        """Lets the child decode `data`; a child killed from outside gets one successor.

        Raises:
            InvalidInput: the picture is refused, or ended the child.
            DependencyDown: no child could be started.
        """
        try:
            return self._exchange(data)
        except ChildGone as gone:
            _LOG.warning("decode_child_gone", exitcode=gone.exitcode, expired=gone.expired)
            if not gone.innocent:
                raise gone.refusal() from None
        try:
            return self._exchange(data)
        except ChildGone as gone:
            raise gone.refusal() from None

    def discard(self) -> int | None:
        """Ends the child, whatever its state; its exit code."""
        process, pipe, self._process, self._pipe = self._process, self._pipe, None, None
        if pipe is not None:
            pipe.close()
        if process is None:
            return None
        process.join(0.2)  # one that is dying leaves its own exit code
        if process.is_alive():
            process.kill()
            process.join()
        return process.exitcode

    def kill(self) -> None:
        """Kills the child from any thread; the thread that uses it sees it gone."""
        process = self._process
        if process is not None and process.is_alive():
            process.kill()

    def running(self) -> bool:
        """Whether a child is there."""
        return self._process is not None and self._process.is_alive()

    def pid(self) -> int | None:
        """Process id of the child, if there is one."""
        return None if self._process is None else self._process.pid

    def _exchange(self, data: bytes) -> DecodedImage:
        pipe = self._ready_pipe()
        alarm = threading.Timer(self.limits.decode_seconds * WALL_FACTOR, self._expire)
        alarm.start()
        try:
            pipe.send_bytes(data)
            return read_answer(pipe)
        except (OSError, EOFError):
            raise ChildGone(self.discard(), expired=self._expired) from None
        finally:
            alarm.cancel()
            alarm.join()
            if self._expired:
                self.discard()

    def _ready_pipe(self) -> Connection:
        if self._pipe is None or not self.running():
            self.discard()
            self.launch()
            self.wait_ready()
        assert self._pipe is not None  # noqa: S101 - launch() set it
        return self._pipe

    def _expire(self) -> None:
        self._expired = True
        self.kill()


def read_answer(pipe: Connection) -> DecodedImage:
    """One answer of a child (see `child.py` for its frames).

    Raises:
        InvalidInput: the child refused the picture.
        OSError, EOFError: the child is gone or spoke nonsense.
    """
    try:
        header = json.loads(pipe.recv_bytes(_HEADER_BYTES))
        if "reason" in header:
            refusal = InvalidInput(
                Reason(header["reason"]), header.get("message"), metadata=header.get("metadata")
            )
        else:
            values = np.frombuffer(pipe.recv_bytes(_BODY_BYTES), dtype=np.dtype(header["dtype"]))
            width, height = header["original_size"]
            return DecodedImage(
                values.reshape(header["shape"]), str(header["content_type"]), (width, height)
            )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise OSError("a decoder child spoke nonsense") from error
    raise refusal

"""One child process and the thread's side of its link: whatever happens in it, one item is hit.

The child starts from a fork server that has imported nothing but Pillow and numpy, so it inherits
no model, no socket and no secret of the service, and a new one is there in milliseconds.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import signal
from dataclasses import dataclass, field, replace
from multiprocessing.context import ForkServerProcess
from time import monotonic, sleep
from typing import Any

import numpy as np
import structlog

from kioku_rt.errors import DependencyDown, InvalidInput
from kioku_rt.images.child import MOST_BYTES, READY, serve
from kioku_rt.images.decoder import DecodedImage, Prepare
from kioku_rt.images.limits import ImageLimits
from kioku_rt.images.link import Link
from kioku_rt.reasons import Reason

START_SECONDS = 30.0
DYING_SECONDS = 1.0
WALL_FACTOR = 3.0
"""Wall time allowed per CPU second: a busy machine is no fault of the picture."""

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["kioku_rt.images.child"])
_UNKNOWN = 255  # what multiprocessing says when the fork server died as well
_FROM_OUTSIDE = frozenset({-signal.SIGKILL, -signal.SIGTERM, _UNKNOWN})
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
    _link: Link | None = field(default=None, init=False)

    def launch(self) -> None:
        """Starts a child without waiting for it.

        Raises:
            DependencyDown: no process could be started.
        """
        try:
            ours, theirs = Link.pair()
        except OSError as error:
            raise DependencyDown("image decoder") from error
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
        self._process, self._link = process, ours

    def wait_ready(self) -> None:
        """Waits until the child has imported everything.

        Raises:
            DependencyDown: it did not come up.
        """
        try:
            if self._link is not None and self._link.receive(START_SECONDS) == READY:
                return
        except OSError:
            pass
        self.discard()
        raise DependencyDown("image decoder")

    def revive(self) -> Link:
        """The link to a child, which is started where there is none.

        Raises:
            DependencyDown: it did not come up.
        """
        if self._link is None or not self.running():
            self._start_anew()
        assert self._link is not None  # noqa: S101 - launch() set it
        return self._link

    def _start_anew(self) -> None:
        """A fork server that is dying still takes calls; soon after, there is another one."""
        begun = monotonic()
        while True:
            self.discard()
            try:
                self.launch()
                self.wait_ready()
            except DependencyDown:
                if monotonic() - begun > DYING_SECONDS:
                    raise
                sleep(0.05)
            else:
                return

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
        process, link, self._process, self._link = self._process, self._link, None, None
        if link is not None:
            link.close()
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
        link, begun = self._handed_over(data), monotonic()
        try:
            message = link.receive(self.limits.decode_seconds * WALL_FACTOR)
            answer = read_answer(message, link)
            link.tidy()
        except TimeoutError:
            raise ChildGone(self.discard(), expired=True) from None
        except (OSError, EOFError):
            raise ChildGone(self.discard(), expired=False) from None
        return replace(answer, seconds=monotonic() - begun)

    def _handed_over(self, data: bytes) -> Link:
        """The link, with `data` on its other side; a child that died before has a successor."""
        if self._link is not None:
            try:
                return _hand_over(data, self._link)
            except OSError:
                self.discard()
        try:
            return _hand_over(data, self.revive())
        except OSError:
            raise ChildGone(self.discard(), expired=False) from None


def _hand_over(data: bytes, link: Link) -> Link:
    link.put(data)
    link.send(str(len(data)).encode())
    return link


def read_answer(message: bytes, link: Link) -> DecodedImage:
    """One answer of a child (see `child.py`): its header, and what it left in the file.

    Raises:
        InvalidInput: the child refused the picture.
        OSError, EOFError: the child is gone or spoke nonsense.
    """
    if not message:
        raise EOFError("the child is gone")
    try:
        header = json.loads(message)
        if "reason" not in header:
            return _decoded(header, link)
        refusal = InvalidInput(
            Reason(header["reason"]), header.get("message"), metadata=header.get("metadata")
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise OSError("a decoder child spoke nonsense") from error
    link.tidy()
    raise refusal


def _decoded(header: dict[str, Any], link: Link) -> DecodedImage:
    """Raises ValueError, TypeError or KeyError for a header that makes no sense."""
    shape, dtype = tuple(int(side) for side in header["shape"]), np.dtype(header["dtype"])
    if dtype.hasobject or min(shape, default=1) < 0:
        raise ValueError("no pixels")
    if math.prod(shape) * dtype.itemsize > MOST_BYTES:
        raise ValueError("too many pixels")
    width, height = header["original_size"]
    return DecodedImage(
        link.take_array(shape, dtype),
        str(header["content_type"]),
        (int(width), int(height)),
    )

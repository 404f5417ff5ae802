"""A child process at the end of a `Link`: started, started anew, asked, ended; by one thread.

The child starts from a fork server that has imported nothing but Pillow and numpy, so it inherits
no model, no socket and no secret of the service, and a new one is there in milliseconds.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from time import monotonic, sleep
from typing import Any

from kioku_rt.errors import DependencyDown, InvalidInput
from kioku_rt.images.child import READY
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


class ChildGone(Exception):
    """The child ended before it answered."""

    def __init__(self, exitcode: int | None, *, expired: bool) -> None:
        self.exitcode = exitcode
        self.expired = expired
        super().__init__(f"a child ended with {exitcode}")

    @property
    def innocent(self) -> bool:
        """Whether somebody else killed it (the kernel for memory, an operator)."""
        return not self.expired and self.exitcode in _FROM_OUTSIDE

    @property
    def late(self) -> bool:
        """Whether it took too long, by the clock or in CPU time."""
        return self.expired or self.exitcode == -signal.SIGXCPU

    def refusal(self) -> InvalidInput:
        """What the sender of a picture that ended its decoder hears."""
        return InvalidInput(
            Reason.IMAGE_DECODE_TIMEOUT if self.late else Reason.IMAGE_DECODER_FAILED
        )


class LinkedChild:
    """Owns at most one process at a time; used by one thread at a time.

    Args:
        serve: what runs in the child, `serve(theirs, *facts)`; a module-level function. It sends
            READY once it is warm, and ends when the link does.
        facts: picklable.
        name: of the process.
        dependency: what people call it.
    """

    def __init__(
        self, serve: Callable[..., None], facts: tuple[Any, ...], *, name: str, dependency: str
    ) -> None:
        self._serve = serve
        self._facts = facts
        self._name = name
        self._dependency = dependency
        self._process: ForkServerProcess | None = None
        self._link: Link | None = None

    def launch(self) -> None:
        """Starts a child without waiting for it.

        Raises:
            DependencyDown: no process could be started.
        """
        try:
            ours, theirs = Link.pair()
        except OSError as error:
            raise DependencyDown(self._dependency) from error
        process = _CONTEXT.Process(
            target=self._serve, args=(theirs, *self._facts), name=self._name, daemon=True
        )
        try:
            process.start()
        except (OSError, EOFError) as error:
            ours.close()
            raise DependencyDown(self._dependency) from error
        finally:
            theirs.close()
        self._process, self._link = process, ours

    def wait_ready(self) -> None:
        """Waits until the child has imported everything.

        Raises:
            DependencyDown: it did not come up.
        """
        try:
            said = b"" if self._link is None else self._link.receive(START_SECONDS)
        except OSError:
            said = b""
        if said == READY:
            return
        self.discard()
        self.heard(said)
        raise DependencyDown(self._dependency)

    def heard(self, said: bytes) -> None:
        """For what a child says in place of READY; may raise. Nothing here."""

    def revive(self) -> Link:
        """The link to a child, which is started where there is none.

        Raises:
            DependencyDown: it did not come up.
        """
        if self._link is None or not self.running():
            self._start_anew()
        assert self._link is not None  # noqa: S101 - launch() set it
        return self._link

    def handed_over(self, data: bytes) -> Link:
        """The link, with `data` on its other side; a child that died before has a successor.

        Raises:
            ChildGone: the successor died as well.
            DependencyDown: there is none.
        """
        if self._link is not None:
            try:
                return _hand_over(data, self._link)
            except OSError:
                self.discard()
        try:
            return _hand_over(data, self.revive())
        except OSError:
            raise ChildGone(self.discard(), expired=False) from None

    @contextmanager
    def ending_it(self) -> Iterator[None]:
        """Ends a child that is late, gone or speaks nonsense; ChildGone comes out then."""
        try:
            yield
        except TimeoutError:
            raise ChildGone(self.discard(), expired=True) from None
        except (OSError, EOFError):
            raise ChildGone(self.discard(), expired=False) from None

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


def _hand_over(data: bytes, link: Link) -> Link:
    link.put(data)
    link.send(str(len(data)).encode())
    return link

"""A server as a child process that can never outlive its starter.

The child dies with this process whatever ends it (PR_SET_PDEATHSIG), writes to a log file only, and
has its own process group, so that Ctrl-C reaches the starter alone and teardown keeps its order.
All children are spawned by one thread that lives as long as the process: the kernel sends the death
signal when the *thread* that spawned the child ends.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from kioku_stack.account import Account
from kioku_stack.leash import KEEP

_LEASH = Path(__file__).with_name("leash.py")
_POLL_SECONDS = 0.02
_LOG_TAIL_BYTES = 2000


class StartFailed(RuntimeError):
    """A server ended before it was ready, or was not ready in time; the text ends with its log."""


class Process:
    """One server process.

    Args:
        name: for people, for example `nats`.
        command: absolute path of the program, then its arguments.
        log: file that takes stdout and stderr, appended to.
        cwd: working folder of the child.
        env: its whole environment; None: ours.
        account: whom to run as; None: as we are. May be set until `start`, as may `log`.
        death_signal: what the kernel sends when this process dies.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        account: Account | None = None,
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._cwd = cwd
        self._env = None if env is None else dict(env)
        self.account = account
        self._death_signal = death_signal
        self._child: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int:
        """The server's process id.  Raises RuntimeError before `start`."""
        if self._child is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended, negative for a signal; None while it runs or before `start`."""
        return None if self._child is None else self._child.poll()

    def start(self) -> None:
        """Spawn the child; `wait_ready` tells when it serves.  Raises RuntimeError if it runs."""
        if self.alive:
            raise RuntimeError(f"{self.name} runs already")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._child = _on_spawner_thread(self._spawn)

    def wait_ready(self, probe: Callable[[], bool], timeout: float) -> None:
        """Return once `probe` is true.  Raises StartFailed, with the log's end, and stops it."""
        deadline = time.monotonic() + timeout
        while not probe():
            late = time.monotonic() > deadline
            if late or not self.alive:
                self.kill()
                verdict = f"was not ready in {timeout:g} s" if late else "ended while starting"
                raise StartFailed(f"{self.name} {verdict}:\n{self.log_tail()}")
            time.sleep(_POLL_SECONDS)

    def terminate(self, grace: float = 10.0, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to stop and return once it has; after `grace` seconds SIGKILL."""
        if self._child is None:
            return
        if self.alive:
            self._child.send_signal(how)
        try:
            self._child.wait(grace)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL the server and its process group, and return once it is gone."""
        if self._child is None:
            return
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.kill()
        self._child.wait()

    def log_tail(self) -> str:
        """The end of what it wrote to its log since its last start."""
        if not self.log.exists():
            return "(no log)"
        words = self.log.read_bytes()[self._log_start :]
        return words[-_LOG_TAIL_BYTES:].decode(errors="replace")

    def _spawn(self) -> subprocess.Popen[bytes]:
        with open(self.log, "ab", opener=_private) as log:
            self._log_start = log.tell()
            return subprocess.Popen(  # noqa: S603 - the command is ours
                leashed(self._command, self.account, self._death_signal),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._cwd,
                env=self._env,
                process_group=0,
            )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def leashed(
    command: Sequence[str],
    account: Account | None,
    death_signal: signal.Signals = signal.SIGKILL,
) -> list[str]:
    """The command line that runs `command` as `account`, bound to the life of this process."""
    who = account or Account(KEEP, KEEP)
    capability = KEEP if who.capability is None else who.capability
    numbers = (os.getpid(), int(death_signal), who.uid, who.gid, capability)
    python = [sys.executable, "-I", "-S", str(_LEASH)]
    return [*python, *(str(number) for number in numbers), *command]


_Spawn = Callable[[], "subprocess.Popen[bytes]"]
_orders: queue.SimpleQueue[tuple[_Spawn, Future[subprocess.Popen[bytes]]]] = queue.SimpleQueue()
_spawner_lock = threading.Lock()
_spawner: threading.Thread | None = None


def _on_spawner_thread(spawn: _Spawn) -> subprocess.Popen[bytes]:
    global _spawner  # noqa: PLW0603 - one thread per process is the point
    with _spawner_lock:
        if _spawner is None or not _spawner.is_alive():  # not alive: we were forked
            _spawner = threading.Thread(target=_serve_spawns, name="kioku-spawner", daemon=True)
            _spawner.start()
    future: Future[subprocess.Popen[bytes]] = Future()
    _orders.put((spawn, future))
    return future.result()


def _serve_spawns() -> None:
    while True:
        spawn, future = _orders.get()
        try:
            future.set_result(spawn())
        except OSError as error:
            future.set_exception(error)

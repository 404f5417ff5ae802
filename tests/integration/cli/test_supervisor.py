"""The supervisor with real processes: it restarts them, drains them, and leaves none behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from kioku_cli.launch import take_down, wait_ready
from kioku_cli.plan.component import Component
from kioku_cli.supervisor.state import is_supervised, read_state

if TYPE_CHECKING:
    from tests.integration.cli.conftest import SmallStack


def no_show(_state: object) -> None:
    """Nobody looks."""


def gone(stack: SmallStack, seconds: float = 5.0) -> bool:
    """Whether every process of the stack has ended soon."""
    deadline = time.monotonic() + seconds
    while stack.processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not stack.processes()


def test_a_killed_child_is_restarted(small_stack: SmallStack) -> None:
    """The same component is ready again in another process, and the restart is counted."""
    small_stack.start(small_stack.server("nats"))
    small_stack.until_ready()
    first = small_stack.pid("nats")
    os.kill(first, signal.SIGKILL)
    small_stack.until(lambda: small_stack.row("nats").restarts == 1)
    small_stack.until_ready()
    assert first != small_stack.pid("nats")
    assert "killed by signal 9" in small_stack.row("nats").reason


def test_a_crash_loop_is_shown_with_its_last_words(small_stack: SmallStack) -> None:
    """A component that never starts is named with what it said; the others run on."""
    broken = small_stack.server(
        "broken", command=(sys.executable, "-c", "raise SystemExit('no model here')")
    )
    small_stack.start(small_stack.server("fine"), broken)
    small_stack.until(lambda: small_stack.row("broken").phase == "crash-loop")
    assert "no model here" in small_stack.row("broken").reason
    small_stack.until(lambda: small_stack.row("fine").phase == "ready")


def test_an_unready_server_is_restarted(small_stack: SmallStack) -> None:
    """A process that lives and answers 503 for long is replaced."""
    small_stack.start(small_stack.server("nats", unready_seconds=0.5))
    small_stack.until_ready()
    (small_stack.folder / "unready").touch()
    small_stack.until(lambda: small_stack.row("nats").restarts >= 1)
    (small_stack.folder / "unready").unlink()
    small_stack.until_ready()
    assert "503" in small_stack.row("nats").reason


def test_jobs_come_between(small_stack: SmallStack) -> None:
    """A server starts once the job it needs has ended with 0."""
    made = small_stack.folder / "made"
    migrate = Component(
        name="migrate",
        kind="job",
        group="infrastructure",
        command=(sys.executable, "-c", f"open({str(made)!r}, 'w')"),
        after=("postgres",),
    )
    small_stack.start(
        small_stack.server("postgres"), migrate, small_stack.server("search", ("migrate",))
    )
    small_stack.until_ready()
    assert made.exists()
    assert "done" == small_stack.row("migrate").phase


def test_down_drains_in_reverse_and_leaves_nothing(small_stack: SmallStack) -> None:
    """Each child gets SIGTERM before those it needs, and grandchildren end too."""
    small_stack.start(
        small_stack.server("ground"),
        small_stack.server("middle", ("ground",)),
        small_stack.server("door", ("middle",)),
    )
    small_stack.until_ready()
    assert take_down(small_stack.data)
    assert ["door", "middle", "ground"] == (small_stack.folder / "ended").read_text().split()
    assert gone(small_stack)
    assert not is_supervised(small_stack.data)
    assert read_state(small_stack.data) is None


def test_a_killed_supervisor_leaves_no_process(small_stack: SmallStack) -> None:
    """The kernel ends its children; `down` ends what those had started, and says it was there."""
    small_stack.start(small_stack.server("nats"), small_stack.server("search"))
    small_stack.until_ready()
    servers = [small_stack.pid("nats"), small_stack.pid("search")]
    os.kill(small_stack.state().supervisor, signal.SIGKILL)
    assert small_stack.supervisor is not None
    small_stack.supervisor.wait(5)
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in servers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in servers)
    take_down(small_stack.data)
    assert [] == small_stack.processes()
    assert not take_down(small_stack.data)


def test_a_killed_supervisor_can_be_followed_by_another(small_stack: SmallStack) -> None:
    """A stale state stops nobody."""
    row = small_stack.server("nats")
    small_stack.start(row)
    small_stack.until_ready()
    assert small_stack.supervisor is not None
    small_stack.supervisor.kill()
    small_stack.supervisor.wait(5)
    small_stack.start(row)
    assert "ready" == wait_ready(small_stack.data, 20, no_show).phase


def test_a_second_supervisor_gives_way(small_stack: SmallStack) -> None:
    """Two commands at once start one stack."""
    small_stack.start(small_stack.server("nats"))
    small_stack.until_ready()
    second = subprocess.run(
        [sys.executable, "-m", "kioku_cli.supervisor", str(small_stack.data.root)],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert 1 == second.returncode
    assert "another supervisor" in second.stderr
    assert "ready" == small_stack.state().phase


def test_a_tied_stack_drains_when_its_terminal_dies(small_stack: SmallStack) -> None:
    """`kioku up` in the foreground that is killed takes the whole stack with it, gently."""
    read, write = os.pipe()
    starter = os.fork()
    if starter == 0:
        small_stack.start(small_stack.server("nats"), tied=True)
        os.write(write, b"x")
        signal.pause()
        os._exit(0)
    os.read(read, 1)
    small_stack.until_ready()
    os.kill(starter, signal.SIGKILL)
    os.waitpid(starter, 0)
    assert gone(small_stack, 10)
    assert ["nats"] == (small_stack.folder / "ended").read_text().split()


def test_a_dead_child_leaves_no_worker(small_stack: SmallStack) -> None:
    """What a killed component had started is ended before it starts again."""
    small_stack.start(small_stack.server("embedder"))
    small_stack.until_ready()
    os.kill(small_stack.pid("embedder"), signal.SIGKILL)
    small_stack.until(lambda: small_stack.row("embedder").restarts == 1)
    small_stack.until_ready()
    assert 1 == sum(line.startswith("sleep") for line in small_stack.processes())


def test_a_stubborn_child_is_killed_after_its_budget(small_stack: SmallStack) -> None:
    """A process that ignores SIGTERM delays the drain by its budget, not for ever."""
    ignore = (
        "import signal,time;signal.signal(signal.SIGTERM,signal.SIG_IGN);"
        "open('/proc/self/comm','w').write('stubborn');time.sleep(600)"
    )
    row = small_stack.server("stubborn", command=(sys.executable, "-c", ignore), stop_seconds=0.5)
    small_stack.start(row)
    small_stack.until(lambda: small_stack.row("stubborn").pid is not None)
    time.sleep(0.5)
    began = time.monotonic()
    take_down(small_stack.data)
    assert time.monotonic() - began < 5
    assert [] == small_stack.processes()

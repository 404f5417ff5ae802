"""Children end with their starter, whatever ends it."""

import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest
from kioku_stack.postgres import Postgres, PostgresTuning, program
from kioku_stack.process import Process, StartFailed

_STARTER = """
import sys, threading, time
from pathlib import Path
from kioku_stack.process import Process

def start():
    process = Process("sleep", ["/bin/sleep", "300"], log=Path(sys.argv[1]) / "log")
    process.start()
    print(process.pid, flush=True)

thread = threading.Thread(target=start)
thread.start()
thread.join()
time.sleep(300)
"""


def _gone(pid, seconds):
    deadline = time.monotonic() + seconds
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def starter(tmp_path):
    """A process that started a child on a thread that has ended since: (process, child's pid)."""
    with subprocess.Popen(
        [sys.executable, "-c", _STARTER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        yield process, int(process.stdout.readline())
        process.kill()


def test_child_dies_when_its_starter_is_killed(starter):
    """SIGKILL to the starter ends the child too."""
    process, child = starter
    time.sleep(0.3)
    assert psutil.pid_exists(child)
    process.send_signal(signal.SIGKILL)
    assert _gone(child, 5)


def test_child_outlives_the_thread_that_asked_for_it(starter):
    """The end of the calling thread is not the end of the child."""
    _, child = starter
    time.sleep(0.5)
    assert psutil.Process(child).status() != psutil.STATUS_ZOMBIE


def test_a_child_that_ends_early_shows_its_log(tmp_path):
    """StartFailed carries the last words of the server."""
    process = Process("sh", ["/bin/sh", "-c", "echo last words; exit 3"], log=tmp_path / "log")
    process.start()
    with pytest.raises(StartFailed, match="ended while starting:\nlast words"):
        process.wait_ready(lambda: False, 5)
    assert process.exit_code == 3


def test_a_child_that_is_never_ready_is_stopped(tmp_path):
    """A timeout leaves nothing running."""
    process = Process("sleep", ["/bin/sleep", "300"], log=tmp_path / "log")
    process.start()
    with pytest.raises(StartFailed, match=r"was not ready in 0\.2 s"):
        process.wait_ready(lambda: False, 0.2)
    assert not process.alive


def test_a_deaf_child_is_killed_after_its_grace(tmp_path):
    """SIGTERM that is ignored becomes SIGKILL."""
    process = Process(
        "deaf",
        ["/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"],
        log=tmp_path / "log",
    )
    process.start()
    process.wait_ready(lambda: "up" in process.log_tail(), 5)
    process.terminate(grace=0.3)
    assert process.exit_code == -signal.SIGKILL


def test_stop_before_start_is_nothing(tmp_path):
    """What never ran can be stopped."""
    process = Process("none", ["/bin/true"], log=tmp_path / "log")
    process.terminate()
    process.kill()
    assert process.exit_code is None


_ALL = """
import sys, time
from pathlib import Path
from kioku_stack.nats import Nats
from kioku_stack.postgres import Postgres, PostgresTuning
from kioku_stack.swift import Swift

folder = Path(sys.argv[1])
quick = PostgresTuning(fsync=False)
servers = [Postgres(folder / "postgres", tuning=quick), Nats(folder / "nats")]
servers += [Swift(folder / "swift")]
for server in servers:
    server.start()
print("up", flush=True)
time.sleep(300)
"""


def _children(pid):
    return {child.pid for child in psutil.Process(pid).children(recursive=True)}


def test_no_server_outlives_a_killed_starter(stack_dir):
    """PostgreSQL with its workers, NATS and Swift are gone soon after SIGKILL to their starter."""
    folder = stack_dir / "doomed"
    command = [sys.executable, "-c", _ALL, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "up\n"
        pids = _children(process.pid)
        process.kill()
    assert len(pids) >= 8
    assert [pid for pid in pids if not _gone(pid, 10)] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs to step down")
def test_postgres_runs_in_closed_folders(stack_dir, monkeypatch):
    """Started by root where nobody else may enter, PostgreSQL serves all the same, not as root."""
    closed = stack_dir / "closed"
    closed.mkdir(mode=0o700)
    install = program("postgres").parents[1]
    copy = closed / install.parent.name / install.name
    shutil.copytree(install, copy, symlinks=True)
    libraries = install.parent.with_suffix(".libs")
    shutil.copytree(libraries, closed / libraries.name)
    monkeypatch.setattr("kioku_stack.postgres.program", lambda name: copy / "bin" / name)
    server = Postgres(closed / "below" / "postgres", tuning=PostgresTuning(fsync=False))
    server.start()
    try:
        server.create_database("kioku")
        assert server.sql("SELECT '[1]'::vector", database="kioku") == "[1]"
        assert psutil.Process(server.process.pid).uids().effective != 0
        assert oct(closed.stat().st_mode & 0o777) == "0o700"
    finally:
        server.abort()

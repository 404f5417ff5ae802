"""A plan of small processes, so that the supervisor's own behaviour can be seen in seconds."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kioku_cli.data import DataFolder
from kioku_cli.launch import start_supervisor, take_down
from kioku_cli.plan.component import Component, HttpProbe, Restart
from kioku_cli.plan.options import StackOptions
from kioku_cli.plan.plan import Plan
from kioku_cli.supervisor.state import ComponentState, StackState, live_state
from kioku_stack.ports import reserve

SECONDS = 20.0

# Serves 200 until a file `unready` appears in its folder; has a grandchild; notes how it ends.
SERVER = """
import http.server, os, pathlib, signal, subprocess, sys
name, port, folder = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
subprocess.Popen(["sleep", "600"])
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if (folder / "unready").exists() else 200)
        self.end_headers()
    def log_message(self, *_): pass
def end(*_):
    with (folder / "ended").open("a") as file: file.write(name + "\\n")
    os._exit(0)
signal.signal(signal.SIGTERM, end)
print(name, "serves", flush=True)
http.server.HTTPServer(("127.0.0.1", port), Answer).serve_forever()
"""
QUICK = Restart(first_delay=0.05, longest_delay=0.2, healthy_after=60.0)


class SmallStack:
    """A data folder with a plan of small processes in it."""

    def __init__(self, folder: Path) -> None:
        self.data = DataFolder(folder / "data")
        self.folder = folder
        self.data.make()
        self.supervisor: subprocess.Popen[bytes] | None = None

    def server(self, name: str, after: tuple[str, ...] = (), **fields: object) -> Component:
        """A small server."""
        port = reserve()
        row = Component(
            name=name,
            kind="server",
            group="services",
            command=(sys.executable, "-c", SERVER, name, str(port), str(self.folder)),
            ports={"http": port},
            after=after,
            probe=HttpProbe(url=f"http://127.0.0.1:{port}/"),
            restart=QUICK,
            stop_seconds=3.0,
        )
        return row.model_copy(update=fields)

    def start(self, *rows: Component, tied: bool = False) -> None:
        """Write the plan and start its supervisor."""
        plan = Plan(data=str(self.data.root), options=StackOptions(), endpoints={}, components=rows)
        self.data.plan.write_text(plan.model_dump_json())
        self.supervisor = start_supervisor(self.data, tied=tied)

    def state(self) -> StackState:
        """The live state."""
        state = live_state(self.data)
        assert state is not None
        return state

    def row(self, name: str) -> ComponentState:
        """One component's state."""
        return next(row for row in self.state().components if row.name == name)

    def pid(self, name: str) -> int:
        """A running component's process."""
        pid = self.row(name).pid
        assert pid is not None
        return pid

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait; fails after SECONDS."""
        deadline = time.monotonic() + SECONDS
        while live_state(self.data) is None or not condition():
            assert time.monotonic() < deadline, live_state(self.data)
            time.sleep(0.05)

    def until_ready(self) -> None:
        """Wait until everything is ready."""
        self.until(lambda: self.state().phase == "ready")

    def processes(self) -> list[str]:
        """Command lines of every process that belongs to this stack."""
        mark = f"KIOKU_STACK_ROOT={self.data.root}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append((folder / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return found


@pytest.fixture
def small_stack(tmp_path: Path) -> Iterator[SmallStack]:
    """A small stack that is gone after the test."""
    stack = SmallStack(tmp_path)
    yield stack
    take_down(stack.data)
    if stack.supervisor:
        stack.supervisor.wait(SECONDS)

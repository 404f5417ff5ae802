"""Starts, finds and ends the supervisor of a data folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from kioku_cli.data import DataFolder
from kioku_cli.plan.build import build_plan
from kioku_cli.plan.options import StackOptions
from kioku_cli.plan.plan import Plan
from kioku_cli.plan.ports import PortTaken, check_free
from kioku_cli.refusal import NotRunning, Refusal
from kioku_cli.supervisor.leftovers import end_leftovers
from kioku_cli.supervisor.state import StackState, is_supervised, live_state, read_state

_POLL = 0.1
_STATE_APPEARS = 10.0
STOP_SECONDS = 90.0
"""How long a drain may take in all before it is cut short."""


def running(data: DataFolder) -> StackState:
    """The state of the running stack. Raises NotRunning."""
    state = live_state(data)
    if state is None:
        raise NotRunning(data.root)
    return state


def await_end(data: DataFolder, seconds: float = STOP_SECONDS) -> None:
    """Wait until a stack that is being stopped is gone; any other is left alone."""
    deadline = time.monotonic() + seconds
    while (state := live_state(data)) and state.phase == "stopping":
        if time.monotonic() > deadline:
            raise Refusal(f"The stack on {data.root} does not stop.", reason="STILL_STOPPING")
        time.sleep(_POLL)


def prepare(data: DataFolder, options: StackOptions) -> Plan:
    """Build the plan, check its ports and write it down. Raises Refusal for a port in use."""
    sweep(data)
    plan = build_plan(data, options)
    if options.ports == "default":
        _check_ports(plan)
    data.plan.touch(mode=0o600)
    data.plan.chmod(0o600)
    data.plan.write_text(plan.model_dump_json(indent=1) + "\n")
    return plan


def _check_ports(plan: Plan) -> None:
    wanted = {
        f"{component.name} ({use})": port
        for component in plan.components
        for use, port in component.ports.items()
    }
    try:
        check_free(wanted)
    except PortTaken as taken:
        raise Refusal(str(taken), reason="PORT_TAKEN") from taken


def start_supervisor(data: DataFolder, *, tied: bool) -> subprocess.Popen[bytes]:
    """Start the supervisor in a session of its own; `tied`: it drains when we die."""
    command = [sys.executable, "-m", "kioku_cli.supervisor", str(data.root)]
    command += ["--until-death-of", str(os.getpid())] if tied else []
    data.state.unlink(missing_ok=True)
    with data.log("supervisor").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - the command is ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_ready(data: DataFolder, seconds: float, show: Callable[[StackState], None]) -> StackState:
    """Wait until everything is ready.

    Raises Refusal, with the reasons, when a component loops or the time is over.
    """
    deadline = time.monotonic() + seconds
    while True:
        state = _state_or_death(data)
        show(state)
        if state.phase == "ready":
            return state
        looping = [row for row in state.components if row.phase == "crash-loop"]
        if looping or time.monotonic() > deadline:
            how = "keeps failing" if looping else f"was not ready within {seconds:g} s"
            raise Refusal(f"The stack {how}:\n{_unready(data, state)}", reason="NOT_READY")
        time.sleep(_POLL)


def _state_or_death(data: DataFolder) -> StackState:
    deadline = time.monotonic() + _STATE_APPEARS
    while time.monotonic() < deadline:
        state = live_state(data)
        if state is not None:
            return state
        time.sleep(_POLL)
    raise Refusal(f"The supervisor ended; its log is {data.log('supervisor')}.", reason="NOT_READY")


def _unready(data: DataFolder, state: StackState) -> str:
    late = [row for row in state.components if row.phase not in ("ready", "done", "waiting")]
    return "\n".join(
        f"  {row.name}: {row.phase}; {row.reason or 'no reason known'} (log: {data.log(row.name)})"
        for row in late
    )


def take_down(data: DataFolder, seconds: float = STOP_SECONDS) -> bool:
    """Drain the stack, or end what is left of a killed one; whether anything was running."""
    state = read_state(data)
    supervised = is_supervised(data)
    if supervised and state is not None:
        _stop_supervisor(data, state.supervisor, seconds)
    swept = sweep(data)
    data.state.unlink(missing_ok=True)
    return supervised or bool(swept)


def _stop_supervisor(data: DataFolder, pid: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    os.kill(pid, signal.SIGTERM)
    while is_supervised(data):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL)


def sweep(data: DataFolder) -> list[int]:
    """End what a killed supervisor left behind; their ids. Nothing while a supervisor lives."""
    return [] if is_supervised(data) else end_leftovers(data.root)

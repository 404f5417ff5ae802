"""Command line: `python -m kioku_cli.supervisor DATA [--until-death-of PID]`.

Runs the plan that lies in the folder until SIGTERM; with a PID, also until that process is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from kioku_cli.data import DataFolder
from kioku_cli.plan.component import Component
from kioku_cli.plan.plan import Plan
from kioku_cli.supervisor.family import Family
from kioku_cli.supervisor.leftovers import MARK, end_leftovers
from kioku_cli.supervisor.state import AlreadySupervised, supervising
from kioku_cli.supervisor.supervisor import Supervisor

_POLL = 0.5


async def _await_death(pid: int, stop: asyncio.Event) -> None:
    """Set `stop` once our starter is no longer our parent, that is, dead."""
    while os.getppid() == pid:  # noqa: ASYNC110 - a death sets no event
        await asyncio.sleep(_POLL)
    stop.set()


async def _supervise(data: DataFolder, plan: Plan, starter: int | None) -> None:
    stop = asyncio.Event()
    watch = asyncio.create_task(_await_death(starter, stop)) if starter else None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)

    def spawn(component: Component) -> Family:
        env = {**os.environ, **component.env, MARK: str(data.root)}
        return Family(component.name, component.command, log=data.log(component.name), env=env)

    await Supervisor(data, plan, spawn).run(stop)
    if watch:
        watch.cancel()


def main() -> int:
    """Run until SIGTERM; 1 where another supervisor owns the folder."""
    parser = argparse.ArgumentParser(prog="kioku_cli.supervisor")
    parser.add_argument("data", type=Path)
    parser.add_argument("--until-death-of", type=int, default=None, dest="starter")
    given = parser.parse_args()
    data = DataFolder(given.data)
    plan = Plan.model_validate_json(data.plan.read_bytes())
    try:
        with supervising(data):
            asyncio.run(_supervise(data, plan, given.starter))
            end_leftovers(data.root)
            data.state.unlink(missing_ok=True)
    except AlreadySupervised:
        print(f"another supervisor runs the stack in {data.root}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

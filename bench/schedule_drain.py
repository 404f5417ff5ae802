"""A model server that is dead while pictures queue: what is lost, and how long it takes.

    .venv/bin/python -m bench.schedule_drain [--pictures 100] [--waiting 60]

Drawn pages are uploaded to a stack whose model server is a port where nothing listens. With the
policy `rules` they are to be read without it; with the policy `pending` they are to wait, none
given up, and to be read once there is a reader again (the stack comes up anew, without the model).
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from kioku_scenes.documents import Design, Half, designs

from bench.stack import Stack
from bench.webhook_receiver import WebhookReceiver

OWNER = "drain"
COUNTS = """
SELECT count(*) FILTER (WHERE state = 'READY'), count(*) FILTER (WHERE state = 'PENDING'),
       count(*) FILTER (WHERE state = 'FAILED'), count(*) FILTER (WHERE version > 1)
FROM vlm.vlm_observations WHERE owner = $1
"""
BY_MODEL = """
SELECT model_version, count(*) FROM vlm.vlm_observations
WHERE owner = $1 AND state = 'READY' GROUP BY 1 ORDER BY 1
"""
TOLD = "SELECT count(*) FROM vlm.webhook_deliveries WHERE owner = $1 AND state = 'DELIVERED'"
DEAD = {
    "KIOKU_VLM_ENGINE": "openai",
    "KIOKU_VLM_MODEL": "nobody",
    "KIOKU_VLM_MODEL_URL": "http://127.0.0.1:9",
}
"""The port `discard`, where nothing listens."""
HEAD = (
    "| policy | pictures | READY | PENDING | FAILED | read twice | told | s | CPU s of vlm |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def draw(folder: Path, count: int) -> Path:
    """So many different pages."""
    folder.mkdir()
    every = designs(Half.DEVELOPMENT)
    drawn: set[bytes] = set()
    number = 0
    while len(drawn) < count:  # a blank page is the same whatever its seed
        drawn.add(_png(every[number % len(every)], 1000 + number))
        number += 1
    for place, data in enumerate(sorted(drawn)):
        (folder / f"{place:03}.png").write_bytes(data)
    return folder


def _png(design: Design, seed: int) -> bytes:
    data = io.BytesIO()
    design.draw(seed).pages[0].image.save(data, "PNG")
    return data.getvalue()


class Drain:
    """One policy on a stack of its own; `down()` when done."""

    def __init__(self, folder: Path, policy: str, receiver: WebhookReceiver) -> None:
        self._folder = folder
        self._policy = policy
        self._told = receiver.settings
        self._settings = DEAD | {"KIOKU_VLM_WHEN_DOWN": policy}
        self.stack = self._stack(self._settings)

    def begin(self, pictures: Path, count: int) -> float:
        """Upload everything, and wait until all of it was heard of; when that began."""
        self.stack.up()
        began = time.monotonic()
        self.stack.run("ingest", str(pictures), "--user", OWNER, "--no-wait")
        self.until(lambda: sum(self.counts()[:3]) == count, "all of them were heard of")
        return began

    def revive(self) -> float:
        """Start it anew without the dead model; when it was ready."""
        self.stack.down()
        self.stack = self._stack({})
        self.stack.up()
        return time.monotonic()

    def counts(self) -> tuple[int, int, int, int]:
        """Observations READY, PENDING, FAILED, and read more than once."""
        ready, pending, failed, twice = self.stack.query(COUNTS, OWNER)[0]
        return ready, pending, failed, twice

    def told(self) -> int:
        """Confirmed webhook calls."""
        return int(self.stack.value(TOLD, OWNER))

    def by_model(self) -> str:
        """Who read how many."""
        return ", ".join(f"{name} {count}" for name, count in self.stack.query(BY_MODEL, OWNER))

    def processor_seconds(self) -> float:
        """What the service and its children have used of the processors."""
        process = psutil.Process(self.stack.component("vlm")["pid"])
        family = [process, *process.children(recursive=True)]
        return float(sum(sum(one.cpu_times()[:2]) for one in family))

    def until(self, done: Callable[[], bool], what: str) -> None:
        """Wait for a state. Raises TimeoutError."""
        self.stack.wait(done, 1800, what)

    def row(self, name: str, count: int, seconds: float) -> str:
        """A line of the table."""
        ready, pending, failed, twice = self.counts()
        return (
            f"| {name} | {count} | {ready} | {pending} | {failed} | {twice} | {self.told()} "
            f"| {seconds:.1f} | {self.processor_seconds():.0f} |"
        )

    def _stack(self, settings: dict[str, str]) -> Stack:
        return Stack(self._folder / self._policy, ("--faces", "0"), {**self._told, **settings})


def read_by_rules(drain: Drain, pictures: Path, count: int) -> None:
    """Policy `rules`: until all are read and told of."""
    began = drain.begin(pictures, count)
    drain.until(lambda: drain.counts()[1] == 0, "nothing is pending")
    seconds = time.monotonic() - began
    drain.until(lambda: drain.told() == count, "all are told of")
    print(drain.row("rules", count, seconds), flush=True)
    print(f"read by: {drain.by_model()}")


def wait_for_a_reader(drain: Drain, pictures: Path, count: int, waiting: float) -> None:
    """Policy `pending`: nothing is given up; then all are read by a reader that is there."""
    began = drain.begin(pictures, count)
    time.sleep(max(0.0, waiting - (time.monotonic() - began)))
    print(drain.row("pending, dead", count, time.monotonic() - began), flush=True)
    ready = drain.revive()
    drain.until(lambda: drain.counts()[1] == 0, "nothing is pending")
    seconds = time.monotonic() - ready
    drain.until(lambda: drain.told() == count, "all are told of")
    print(drain.row("pending, then without the model", count, seconds), flush=True)


def main() -> None:
    """Measure both policies and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pictures", type=int, default=100)
    options.add_argument("--waiting", type=float, default=60.0)
    options.add_argument("--only", choices=("rules", "pending"))
    chosen = options.parse_args()
    print(HEAD)
    with tempfile.TemporaryDirectory() as temporary, WebhookReceiver().listening() as receiver:
        folder = Path(temporary)
        folder.chmod(0o755)
        pictures = draw(folder / "pages", chosen.pictures)
        for policy in ("rules", "pending"):
            if chosen.only in (None, policy):
                measure(Drain(folder, policy, receiver), policy, pictures, chosen)


def measure(drain: Drain, policy: str, pictures: Path, chosen: argparse.Namespace) -> None:
    """One policy, and its stack down again."""
    try:
        if policy == "rules":
            read_by_rules(drain, pictures, chosen.pictures)
        else:
            wait_for_a_reader(drain, pictures, chosen.pictures, chosen.waiting)
    finally:
        drain.stack.down()


if __name__ == "__main__":
    main()

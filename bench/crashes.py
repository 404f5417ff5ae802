"""Kills a part of the stack in the middle of an ingest, and counts what is left: the crash table.

    .venv/bin/python -m bench.crashes [--pictures 300] [--only embedder]

Every picture whose upload was acknowledged must end indexed exactly once, or failed with a reason.
Each row is an ingest of drawn pictures by a user of its own, with three damaged files among them.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kioku_scenes import write_scenes

from bench.stack import Stack, finish, temporary_stack

DAMAGED = 3


@dataclass(frozen=True)
class Row:
    """What was left after one fault."""

    fault: str
    pictures: int
    ready: int
    failed: int
    lost: int
    """Acknowledged, and neither READY nor FAILED."""
    doubled: int
    """Assets with more than one vector or more than one recorded success."""
    gaps: int
    """READY without a vector or its record, or one of them without a READY asset."""
    seconds: float
    recovery: float

    def line(self) -> str:
        """A line of the table."""
        return (
            f"| {self.fault} | {self.pictures} | {self.ready} | {self.failed} | {self.lost} | "
            f"{self.doubled} | {self.gaps} | {self.seconds:.1f} | {self.recovery:.1f} |"
        )


_COLUMNS = (
    "fault at a third of the ingest",
    "pictures",
    "READY",
    "FAILED with a reason",
    "lost",
    "doubled",
    "gaps",
    "ingest s",
    "recovery s",
)
HEAD = f"| {' | '.join(_COLUMNS)} |\n{'|---' * len(_COLUMNS)}|"

COUNTS = """
WITH mine AS (SELECT asset_id, state, reason FROM search.assets WHERE owner = $1),
seen AS (SELECT space_id FROM search.spaces WHERE kind = 'IMAGE'),
vectors AS (SELECT asset_id, count(*) AS n FROM search.image_embeddings JOIN seen USING (space_id)
            WHERE owner = $1 GROUP BY 1),
stored AS (SELECT subject::uuid AS asset_id, count(*) AS n FROM search.audit_logs
           WHERE action = 'embedding.store' AND outcome = 'ok'
             AND details->>'space_id' IN (SELECT space_id FROM seen)
             AND subject IN (SELECT asset_id::text FROM mine) GROUP BY 1),
every AS (SELECT coalesce(state, '') AS state, coalesce(reason, '') AS reason,
                 coalesce(vectors.n, 0) AS vectors, coalesce(stored.n, 0) AS stored
          FROM mine FULL JOIN vectors USING (asset_id) FULL JOIN stored USING (asset_id))
SELECT count(*) FILTER (WHERE state = 'READY'),
       count(*) FILTER (WHERE state = 'FAILED' AND reason <> ''),
       count(*) FILTER (WHERE state NOT IN ('READY', 'FAILED', '')),
       count(*) FILTER (WHERE vectors > 1 OR stored > 1),
       count(*) FILTER (WHERE (state = 'READY') <> (vectors > 0)
                        OR (state = 'READY') <> (stored > 0))
FROM every
"""


def kill(name: str) -> Callable[[Stack], None]:
    """SIGKILL to a component and all it has started."""
    return lambda stack: stack.kill(name)


def wipe_event_store(stack: Stack) -> None:
    """NATS dies, and its store is gone before it starts again."""
    with stack.supervisor_asleep():
        stack.kill("nats")
        time.sleep(0.5)
        shutil.rmtree(next((stack.data / "nats").rglob("jetstream")))


def stop(name: str) -> Callable[[Stack], None]:
    """SIGTERM: a drain in the middle of work."""
    return lambda stack: stack.kill(name, signal.SIGTERM)


FAULTS: dict[str, Callable[[Stack], None]] = {
    "none": lambda _: None,
    "embedder": kill("embedder"),
    "search": kill("search"),
    "nats": kill("nats"),
    "postgres": kill("postgres"),
    "event store wiped": wipe_event_store,
    "embedder SIGTERM": stop("embedder"),
    "search SIGTERM": stop("search"),
}
PAIR = ("--embedders", "2", "--searches", "2")
PAIR_FAULTS: dict[str, Callable[[Stack], None]] = {
    "one of two embedders SIGTERM": stop("embedder-1"),
    "one of two searches SIGTERM": stop("search-1"),
}


def draw(folder: Path, count: int, seed: int) -> Path:
    """Drawn pictures, the last `DAMAGED` of them cut in half."""
    write_scenes(folder, count=count, seed=seed)
    for path in sorted(folder.glob("*.jpg"))[-DAMAGED:]:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return folder


def strike(stack: Stack, fault: str, folder: Path, user: str) -> Row:
    """One ingest with one fault in it."""
    began = time.monotonic()
    pictures = len(list(folder.glob("*.jpg")))
    ingest = stack.start("ingest", str(folder), "--user", user)
    stack.wait(lambda: _done(stack, user) >= pictures // 3, 300, "a third of the ingest")
    (FAULTS | PAIR_FAULTS)[fault](stack)
    struck = time.monotonic()
    time.sleep(0.5)
    stack.wait_ready(180)
    recovery = time.monotonic() - struck
    finish(ingest)
    stack.wait(lambda: _counts(stack, user)[2] == 0, 120, "nothing under way any more")
    ready, failed, lost, doubled, gaps = _counts(stack, user)
    lost += pictures - ready - failed - lost
    seconds = time.monotonic() - began
    return Row(fault, pictures, ready, failed, lost, doubled, gaps, seconds, recovery)


def _done(stack: Stack, user: str) -> int:
    return sum(_counts(stack, user)[:2])


def _counts(stack: Stack, user: str) -> tuple[int, int, int, int, int]:
    ready, failed, under_way, doubled, gaps = stack.query(COUNTS, user)[0]
    return ready, failed, under_way, doubled, gaps


def main() -> None:
    """Run the faults one after another on one stack and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pictures", type=int, default=300)
    every = [*FAULTS, *PAIR_FAULTS]
    options.add_argument("--only", choices=every, action="append")
    chosen = options.parse_args()
    wanted = chosen.only or every
    print(HEAD)
    for layout, faults in (((), FAULTS), (PAIR, PAIR_FAULTS)):
        if some := [fault for fault in faults if fault in wanted]:
            with temporary_stack(*layout) as stack:
                _series(stack, some, chosen.pictures)


def _series(stack: Stack, faults: list[str], pictures: int) -> None:
    for fault in faults:
        number = [*FAULTS, *PAIR_FAULTS].index(fault) + 1
        with tempfile.TemporaryDirectory() as folder:
            drawn = draw(Path(folder), pictures, seed=10_000 * number)
            print(strike(stack, fault, drawn, f"user-{number}").line(), flush=True)


if __name__ == "__main__":
    main()

"""Every metric of this process that is its own; declared here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Counter, Gauge

EFFECTS = Counter(
    "kioku_face_effects_total", "What events about assets brought about.", ("event", "effect")
)
JOB_RUNS = Counter(
    "kioku_face_job_runs_total",
    "Rounds of jobs: ok, waits (a server is down), refused (an error with a reason).",
    ("job", "outcome"),
)
OUTSTANDING = Gauge(
    "kioku_face_outstanding",
    "What is not as it should be: pictures that were not looked at yet (pending), by another pack"
    " than this one (outdated), or in vain (failed); faces whose link or whose removal search was"
    " not told of (unlinked, vanished), or whose person or group is not decided (ungrouped).",
    ("kind",),
)
LOOKED_AGAIN = Counter(
    "kioku_face_looked_again_total",
    "Pictures that a job had looked at again, by why: pending, outdated, missing (a vector).",
    ("why",),
)
VECTORS_EMPTIED = Counter(
    "kioku_face_vectors_emptied_total", "Events whose vectors were removed from the outbox."
)
CHILDREN_GONE = Counter(
    "kioku_face_children_gone_total",
    "Children of the engine that ended with a picture in hand: late (it took too long), killed"
    " (from outside), died (of themselves).",
    ("how",),
)


def looked_again(**counts: int) -> None:
    """Count pictures that a job had looked at again, by why."""
    for why, count in counts.items():
        LOOKED_AGAIN.labels(why).inc(count)


def outstanding(counts: Mapping[str, int]) -> None:
    """Show what is not as it should be."""
    for kind, count in counts.items():
        OUTSTANDING.labels(kind).set(count)

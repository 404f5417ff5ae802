"""Every metric of this process that is its own; declared here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram

EFFECTS = Counter(
    "kioku_vlm_effects_total", "What events about assets brought about.", ("event", "effect")
)
ATTEMPTS = Counter(
    "kioku_vlm_attempts_total",
    "Attempts to read an observation that no event drove: done, failed, later, waits, stale, gone.",
    ("by", "outcome"),
)
INFERENCE_SECONDS = Histogram(
    "kioku_vlm_inference_seconds",
    "From the page to its entries, by what extracted them.",
    ("model_version",),
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300),
)
READING_SECONDS = Histogram(
    "kioku_vlm_reading_seconds",
    "From the file to its page, by what read it.",
    ("reader_version",),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60),
)
OBSERVATIONS = Counter(
    "kioku_vlm_observations_total", "Readings that were finished, by how.", ("state", "reason")
)
ENTRIES = Counter(
    "kioku_vlm_entries_total", "Entries of finished readings, by what they are.", ("kind",)
)
ANSWERS = Counter("kioku_vlm_answers_total", "Answers of ExtractSchedule, by status.", ("status",))
OUTSTANDING = Gauge(
    "kioku_vlm_outstanding",
    "What is not as it should be: observations that are to be read (pending), that are late"
    " although nobody holds them (late), that could not be read (failed), or were read by another"
    " model than this one (outdated).",
    ("kind",),
)
JOB_RUNS = Counter(
    "kioku_vlm_job_runs_total",
    "Rounds of jobs: ok, waits (a server is down), refused (an error with a reason).",
    ("job", "outcome"),
)


def outstanding(counts: Mapping[str, int]) -> None:
    """Show what is not as it should be."""
    for kind, count in counts.items():
        OUTSTANDING.labels(kind).set(count)

"""What an ingest did, in numbers and in a bounded number of examples."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_EXAMPLES = 200


@dataclass(frozen=True)
class Failure:
    """One file that did not become a searchable asset."""

    path: str
    reason: str
    message: str
    asset_id: str = ""


@dataclass
class Report:
    """Counts while the ingest runs; every file found is counted in exactly one of them at its end.

    `uploaded` counts the bytes sent by this run; `ready`, `failed` and `pending` count where the
    assets of this run's pictures stand, whoever uploaded them.
    """

    found: int = 0
    known: int = 0
    """Pictures whose bytes the stack had already."""
    uploaded: int = 0
    uploaded_bytes: int = 0
    ready: int = 0
    failed: int = 0
    pending: int = 0
    """Uploaded, but not READY or FAILED when the run stopped waiting."""
    duplicates: int = 0
    """Files with the name and bytes of an earlier one of this run."""
    skipped: Counter[str] = field(default_factory=Counter)
    failures_by_reason: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    upload_seconds: float = 0.0
    seconds: float = 0.0

    def fail(self, path: Path, reason: str, message: str, asset_id: str = "") -> None:
        """Count a failure, and keep it as an example while there are few."""
        self.failed += 1
        self.failures_by_reason[reason] += 1
        if len(self.failures) < MOST_EXAMPLES:
            self.failures.append(Failure(str(path), reason, message, asset_id))

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        rate = self.ready / self.seconds if self.seconds else 0.0
        shown = {
            name: getattr(self, name)
            for name in (
                "found",
                "known",
                "uploaded",
                "uploaded_bytes",
                "ready",
                "failed",
                "pending",
                "duplicates",
                "upload_seconds",
                "seconds",
            )
        }
        return shown | {
            "ready_per_second": rate,
            "skipped": dict(self.skipped),
            "failures_by_reason": dict(self.failures_by_reason),
            "failures": [vars(failure) for failure in self.failures],
        }

"""Metrics of the grouping."""

from __future__ import annotations

from prometheus_client import Counter

from kioku_face.grouping.tally import Tally

FACES = Counter(
    "kioku_face_grouped_total",
    "Faces and groups by what became of them: linked, joined, alone, kept, waiting, again, united,"
    " moved.",
    ("outcome",),
)


def show(tally: Tally) -> None:
    """Count a round."""
    for went, many in tally.counts.items():
        FACES.labels(str(went)).inc(many)

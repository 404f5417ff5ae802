"""Metrics of erasures; `show` writes what the tables say into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

from kioku_face.database import unbound

if TYPE_CHECKING:
    import asyncpg

ERASURES_PENDING = Gauge(
    "kioku_face_erasures_pending", "Erasures that `search` has not confirmed yet."
)
ERASURES_OLDEST = Gauge(
    "kioku_face_erasures_oldest_seconds",
    "Age of the oldest erasure that `search` has not confirmed yet.",
)
ERASURES_UNSCRUBBED = Gauge(
    "kioku_face_erasures_unscrubbed",
    "Erasures whose bytes are in the files of the database still.",
)
CONSENTS_ENDED = Counter("kioku_face_consents_ended_total", "Consents whose time was over.")
UNKNOWN_FORGOTTEN = Counter(
    "kioku_face_unknown_forgotten_total", "Faces of nobody known whose time was over."
)
_FIGURES = """
SELECT count(*) FILTER (WHERE state = 'PENDING') AS pending,
    count(*) FILTER (WHERE state = 'ERASED') AS unscrubbed,
    coalesce(extract(epoch FROM clock_timestamp()
        - min(created_at) FILTER (WHERE state = 'PENDING')), 0)::float8 AS oldest
FROM face.erasures WHERE state IN ('PENDING', 'ERASED')
"""


async def show(pool: asyncpg.Pool) -> None:
    """Set the gauges.

    Args:
        pool: of the role `face_worker`.
    """
    async with unbound(pool) as connection:
        row = await connection.fetchrow(_FIGURES)
    assert row is not None  # noqa: S101 - an aggregate has one row
    ERASURES_PENDING.set(row["pending"])
    ERASURES_OLDEST.set(row["oldest"])
    ERASURES_UNSCRUBBED.set(row["unscrubbed"])

"""Every metric of this service, declared once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.telemetry import FAST_BUCKETS
from prometheus_client import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from kioku_search.repair import Round
    from kioku_search.search import Answer

SEARCHES = Counter(
    "kioku_search_searches_total",
    "Searches answered, by what was asked and how it was found.",
    ("query", "strategy", "cached"),
)
DATABASE_SECONDS = Histogram(
    "kioku_search_database_seconds",
    "Time of a search in the database.",
    ("strategy",),
    buckets=FAST_BUCKETS,
)
EMBED_SECONDS = Histogram(
    "kioku_search_embed_seconds",
    "Time until a query's vector was there, where it was not cached.",
    buckets=FAST_BUCKETS,
)
EFFECTS = Counter(
    "kioku_search_effects_total",
    "What events about assets brought about.",
    ("event", "effect"),
)
MISSING_VECTORS = Gauge(
    "kioku_search_missing_vectors",
    "Assets that should have a vector in the active space for longer than the grace and have none.",
)
REPAIRS = Counter("kioku_search_repairs_total", "Vectors ordered again by the reconciler.")
SWEEPS = Counter("kioku_search_sweeps_total", "Second sweeps of deleted assets.")
UPLOADS_GIVEN_UP = Counter(
    "kioku_search_uploads_given_up_total", "Uploads that were never completed."
)


def answered(query: str, answer: Answer) -> None:
    """Count one search."""
    kind = query.removesuffix("Query").lower()
    SEARCHES.labels(kind, answer.strategy, str(answer.cached_vector).lower()).inc()
    DATABASE_SECONDS.labels(answer.strategy).observe(answer.database_ms / 1e3)
    if answer.embed_ms:
        EMBED_SECONDS.observe(answer.embed_ms / 1e3)


def repaired(result: Round) -> None:
    """Show one round of the reconciler."""
    MISSING_VECTORS.set(result.missing)
    REPAIRS.inc(result.ordered)

"""Metrics of searches, events and repairs; those of spaces are in `space_metrics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.telemetry import FAST_BUCKETS
from prometheus_client import Counter, Gauge, Histogram

from kioku_search.spaces.space_metrics import SEARCHES_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kioku_search.answers.cache import Found
    from kioku_search.indexes.recall import Recall
    from kioku_search.reconciling.finding import Finding
    from kioku_search.reconciling.repair import Round
    from kioku_search.searching.search import Answer

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
ANSWERS = Counter(
    "kioku_search_answers_total",
    "Answers by how they were come by: made, shared (another call made it meanwhile) or kept.",
    ("found",),
)
ANSWERS_OUTDATED = Counter(
    "kioku_search_answers_outdated_total",
    "Kept answers that were dropped because something was written since.",
)
ANSWERS_KEPT_BYTES = Gauge(
    "kioku_search_answers_kept_bytes", "About how many bytes the kept answers take."
)
RANKINGS_FORGOTTEN = Counter(
    "kioku_search_rankings_forgotten_total", "Rankings for later pages that were kept long enough."
)
EFFECTS = Counter(
    "kioku_search_effects_total",
    "What events about assets brought about.",
    ("event", "effect"),
)
MISSING_VECTORS = Gauge(
    "kioku_search_missing_vectors",
    "Assets that lack their vector, beyond the grace, in the space their owner is served from.",
)
REPAIRS = Counter("kioku_search_repairs_total", "Vectors ordered again by the reconciler.")
FINDINGS = Gauge(
    "kioku_search_reconciliation_findings",
    "What the last comparison of what should be with what is has found, over all owners.",
    ("kind", "space", "asset_kind"),
)
SWEEPS = Counter("kioku_search_sweeps_total", "Second sweeps of deleted assets.")
UPLOADS_GIVEN_UP = Counter(
    "kioku_search_uploads_given_up_total", "Uploads that were never completed."
)
RECALL = Gauge(
    "kioku_search_recall",
    "Recall of searches of late that an index answered, against comparing everything: mean, p5,"
    " and the count of searches that were run twice.",
    ("space", "statistic"),
)
EF_SEARCH = Gauge(
    "kioku_search_ef_search",
    "Effort of searches by a space's index: ef_search (hnsw) or probes (ivfflat).",
    ("space",),
)
RECALL_SAMPLES = Counter(
    "kioku_search_recall_samples_total",
    "Searches that were chosen to be run twice, by what came of it: measured, dropped, failed.",
    ("outcome",),
)


def answered(query: str, answer: Answer) -> None:
    """Count one search."""
    kind = query.removesuffix("Query").lower()
    SEARCHES.labels(kind, answer.strategy, str(answer.cached_vector).lower()).inc()
    DATABASE_SECONDS.labels(answer.strategy).observe(answer.database_ms / 1e3)
    SEARCHES_SECONDS.labels(answer.space_id).observe((answer.embed_ms + answer.database_ms) / 1e3)
    if answer.embed_ms:
        EMBED_SECONDS.observe(answer.embed_ms / 1e3)


def come_by(found: Found, outdated: bool) -> None:
    """Count how an answer was come by."""
    ANSWERS.labels(found.name.lower()).inc()
    if outdated:
        ANSWERS_OUTDATED.inc()


def repaired(result: Round) -> None:
    """Show one round of the reconciler."""
    MISSING_VECTORS.set(result.missing)
    REPAIRS.inc(result.ordered)


def recall_outcome(outcome: str) -> None:
    """Count a search that was chosen to be run twice."""
    RECALL_SAMPLES.labels(outcome).inc()


def recall_shown(told: Mapping[str, tuple[Recall | None, int]]) -> None:
    """Show recall and effort of each space that there is now."""
    RECALL.clear()
    EF_SEARCH.clear()
    for space_id, (recall, effort) in told.items():
        EF_SEARCH.labels(space_id).set(effort)
        RECALL.labels(space_id, "count").set(recall.count if recall else 0)
        if recall is not None:
            RECALL.labels(space_id, "mean").set(recall.mean)
            RECALL.labels(space_id, "p5").set(recall.p5)


def found(finding: Finding) -> None:
    """Show one finding of a comparison."""
    FINDINGS.labels(finding.kind, finding.space_id, finding.asset_kind or "").set(finding.count)

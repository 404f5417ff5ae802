"""The page of reasons is the catalogue, word for word."""

from __future__ import annotations

from pathlib import Path

from kioku_rt.reasons import CATALOGUE, Code, Reason

PAGE = Path(__file__).parents[3] / "architecture" / "reasons.md"
# How Envoy's transcoder (and grpc-gateway) answers over REST.
HTTP = {
    Code.INVALID_ARGUMENT: 400,
    Code.OUT_OF_RANGE: 400,
    Code.FAILED_PRECONDITION: 400,
    Code.UNAUTHENTICATED: 401,
    Code.PERMISSION_DENIED: 403,
    Code.NOT_FOUND: 404,
    Code.ABORTED: 409,
    Code.ALREADY_EXISTS: 409,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.DATA_LOSS: 500,
    Code.INTERNAL: 500,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.DEADLINE_EXCEEDED: 504,
}


def test_the_page_lists_exactly_the_catalogue() -> None:
    """Each reason has its row, in order, with code, HTTP status, meaning and whether to retry."""
    expected = [
        f"| `{reason}` | {entry.code} | {HTTP[entry.code]} | {entry.meaning} "
        f"| {'yes' if entry.retryable else 'no'} |"
        for reason, entry in CATALOGUE.items()
    ]
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert expected == rows


def test_the_catalogue_has_every_reason() -> None:
    """No reason is without meaning, and every sentence is one."""
    assert set(Reason) == set(CATALOGUE)
    assert all(entry.meaning.endswith(".") for entry in CATALOGUE.values())

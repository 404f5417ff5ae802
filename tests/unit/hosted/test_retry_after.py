"""Every common way of saying "later" is understood; nonsense says nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from kioku_embedder.hosted.retry_after import LONGEST, wait_of

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30),
        ({"Retry-After": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0),
        ({"Retry-After": "999999"}, LONGEST),
        ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25),
        ({"RateLimit-Reset": "4"}, 4),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 20)}, 20),
        ({"x-ratelimit-reset-requests": "1m30s"}, 90),
        ({"x-ratelimit-reset-requests": "20ms"}, 0.02),
        ({"Retry-After": "soon", "RateLimit-Reset": "4"}, 4),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "\u0661"}, None),
        ({"Retry-After": "1m nonsense"}, None),
        ({"Retry-After": "Fri, 99 Foo 2026"}, None),
        ({}, None),
    ],
    ids=lambda each: str(each)[:50],
)
def test_a_wait_is_understood(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, dates, Unix times, durations; at most an hour, never less than nothing."""
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    found = wait_of(httpx.Headers(encoded), now=NOW)
    assert found == (None if seconds is None else pytest.approx(seconds))

"""Promise: however a provider writes how long to wait, it is understood, and never unbounded.

RFC 9110 (`Retry-After`: seconds or a date), the reset headers of common APIs (seconds, a Unix time,
or a duration such as `1m30s`), `retry-after-ms`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST = 3600.0
_RESETS = ("ratelimit-reset", "x-ratelimit-reset", "x-ratelimit-reset-requests")
_UNIX_TIME = 1e9
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def wait_of(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Seconds to wait, 0 to LONGEST, or None where the headers do not say.

    Args:
        headers: of the answer; looked up by lower-case names.
        now: the moment, UTC; None is the real one.
    """
    moment = now or datetime.now(UTC)
    asked = _milliseconds(headers.get("retry-after-ms"))
    if asked is None:
        asked = _seconds(headers.get("retry-after"), moment)
    for name in _RESETS:
        if asked is None:
            asked = _seconds(headers.get(name), moment)
    return None if asked is None else min(LONGEST, max(0.0, asked))


def _milliseconds(value: str | None) -> float | None:
    number = _number(value)
    return None if number is None else number / 1000


def _seconds(value: str | None, now: datetime) -> float | None:
    number = _number(value)
    if number is not None:
        return number - now.timestamp() if number > _UNIX_TIME else number
    return _duration(value) if _duration(value) is not None else _date(value, now)


def _number(value: str | None) -> float | None:
    if value is None or not re.fullmatch(r"\s*\d{1,15}(\.\d{1,9})?\s*", value, re.ASCII):
        return None
    return float(value)


def _duration(value: str | None) -> float | None:
    pieces = _PIECE.findall(value or "")
    if not pieces or "".join(number + unit for number, unit in pieces) != value:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in pieces)


def _date(value: str | None, now: datetime) -> float | None:
    try:
        date = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, IndexError):
        return None
    return ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()

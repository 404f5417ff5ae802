"""The last thing a component said, short enough for a table: from text or from JSON lines."""

from __future__ import annotations

import json

_LONGEST = 240
_TELLING = ("event", "error", "message", "exception")


def last_words(log_tail: str) -> str:
    """The last line that says something; of a JSON line, what it says in words."""
    lines = [line.strip() for line in log_tail.splitlines() if line.strip()]
    if not lines:
        return "it wrote nothing"
    return _spoken(lines[-1])[:_LONGEST]


def _spoken(line: str) -> str:
    try:
        record = json.loads(line)
    except ValueError:
        return line
    if not isinstance(record, dict):
        return line
    said = [str(record[key]).strip().splitlines()[-1] for key in _TELLING if record.get(key)]
    return ": ".join(said) or line

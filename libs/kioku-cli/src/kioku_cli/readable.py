"""A log line as a person reads it: JSON becomes time, event and the rest; anything else stays."""

from __future__ import annotations

import json
from typing import Any

_LEFT_OUT = {"event", "time", "level", "service", "exception"}
_QUIET = {"info", "debug"}


def readable(line: str) -> str:
    """The line, or, of a JSON record, its words; a traceback keeps its lines."""
    if not line.startswith("{"):
        return line
    try:
        record = json.loads(line)
    except ValueError:
        return line
    return _spoken(record) if isinstance(record, dict) else line


def _spoken(record: dict[str, Any]) -> str:
    clock = str(record.get("time", ""))[11:19]
    level = str(record.get("level", ""))
    rest = [f"{key}={_value(value)}" for key, value in record.items() if key not in _LEFT_OUT]
    words = [clock, "" if level in _QUIET else level.upper(), str(record.get("event", "")), *rest]
    said = " ".join(word for word in words if word)
    return f"{said}\n{record['exception']}" if record.get("exception") else said


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if " " in text else text

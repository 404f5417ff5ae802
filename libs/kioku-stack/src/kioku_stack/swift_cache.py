"""What Swift's proxy knows about accounts and containers, kept in its own memory.

Without a memcached Swift asks two databases before every request. One proxy process serves our one
node, so a dictionary inside it is as coherent as memcached and needs no further server. The verbs
and their keywords are those of Swift's memcached client, as far as the proxy uses them.
"""

from __future__ import annotations

import json
import time as clock
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_MOST_ENTRIES = 10_000
_App = Callable[[dict[str, Any], Any], Iterable[bytes]]


class ProcessCache:
    """Values by key, each until its time; they go in and out as JSON, like over a wire."""

    def __init__(self, now: Callable[[], float] = clock.monotonic) -> None:
        self._now = now
        self._kept: dict[str, tuple[float, str]] = {}

    def get(self, key: str, **_: object) -> Any:
        """The value, or None where there is none or its time is over."""
        until, text = self._kept.get(key, (0.0, ""))
        if until > self._now():
            return json.loads(text)
        self._kept.pop(key, None)
        return None

    def set(self, key: str, value: object, *, time: float = 0, **_: object) -> None:
        """Keep a value for `time` seconds (0: for ever)."""
        if len(self._kept) >= _MOST_ENTRIES:
            self._kept.clear()
        until = self._now() + time if time else float("inf")
        self._kept[key] = (until, json.dumps(value))

    def delete(self, key: str, **_: object) -> None:
        """Forget a value."""
        self._kept.pop(key, None)

    def incr(self, key: str, delta: int = 1, *, time: float = 0, **_: object) -> int:
        """Add to a number, from 0 upwards; the new number."""
        number = max(0, int(self.get(key) or 0) + delta)
        self.set(key, number, time=time)
        return number

    def decr(self, key: str, delta: int = 1, *, time: float = 0, **_: object) -> int:
        """Take from a number, never below 0; the new number."""
        return self.incr(key, -delta, time=time)

    def set_multi(
        self, mapping: Mapping[str, object], _server_key: str, *, time: float = 0, **_: object
    ) -> None:
        """Keep several values."""
        for key, value in mapping.items():
            self.set(key, value, time=time)

    def get_multi(self, keys: Iterable[str], _server_key: str) -> list[Any]:
        """Several values, None where there is none."""
        return [self.get(key) for key in keys]


def filter_factory(_global: Mapping[str, str], **_local: str) -> Callable[[_App], _App]:
    """The filter that gives every request this process's cache."""
    cache = ProcessCache()

    def with_cache(app: _App) -> _App:
        def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            environ["swift.cache"] = cache
            return app(environ, start_response)

        return serve

    return with_cache

"""The event log as the embedder's consumers see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kioku_rt.errors import DependencyDown


@dataclass
class FakeLog:
    """Keeps what is published; `down` makes it an event log that does not answer."""

    down: bool = False
    events: list[tuple[str, bytes, str]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        event_id: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if self.down:
            raise DependencyDown("event log")
        self.events.append((subject, payload, event_id))
        self.headers.append(headers or {})

    def of(self, subject: str, kind: Any) -> list[Any]:
        """The events of a subject, in order."""
        return [kind.FromString(payload) for name, payload, _ in self.events if name == subject]

"""What the audit says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Entry:
    """One row."""

    entry_id: int
    actor: str
    action: str
    subject: str
    outcome: str
    reason: str
    purpose: str
    request_id: str
    at: datetime


@dataclass(frozen=True)
class Wanted:
    """Which rows; an empty one does not narrow."""

    subject: str = ""
    actor: str = ""
    action: str = ""


@dataclass(frozen=True)
class Page:
    """Rows, the newest first; an empty token: there are no more."""

    entries: tuple[Entry, ...]
    next_page_token: str

"""What goes into a calendar, and in which manner it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kioku_vlm.schedule_facts import Entry

_UID = re.compile(r"[A-Za-z0-9._:@-]{1,200}", re.ASCII)
_LINK = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,2000}", re.ASCII)


@dataclass(frozen=True)
class CalendarItem:
    """One entry as a calendar knows it.

    Attributes:
        uid: the same for ever for the same entry, of ASCII letters, digits and `._:@-`.
        entry: what was read or corrected.
        changed: when it was changed last, with a zone.
        sequence: counts up with every change.
        cancelled: it was in a calendar before, and is no more.
        picture: link to the picture, `http` or `https`; empty: none.

    Raises:
        ValueError: one of these is not of that form; none of them comes from a document.
    """

    uid: str
    entry: Entry
    changed: datetime
    sequence: int = 0
    cancelled: bool = False
    picture: str = ""

    def __post_init__(self) -> None:
        if not _UID.fullmatch(self.uid):
            raise ValueError("the uid has other characters than letters, digits and ._:@-")
        if self.changed.tzinfo is None:
            raise ValueError("the time of the last change has no zone")
        if self.sequence < 0:
            raise ValueError("the sequence counts from 0")
        if self.picture and not _LINK.fullmatch(self.picture):
            raise ValueError("the picture's link is no http or https URL")


@dataclass(frozen=True)
class CalendarManner:
    """How a calendar is written.

    Attributes:
        name: of the calendar; empty: it has none.
        language: `ja` or `en`: of the words that are not the document's.
        zone: IANA zone for entries that have none; empty: their times are floating.
        tentative_below: entries with a lower confidence are STATUS:TENTATIVE.
        deadlines_as_todos: deadlines become VTODO, which many calendars show apart or not at all.
        refresh: how often subscribers should ask again; None: it is no feed.
    """

    name: str = ""
    language: str = "en"
    zone: str = ""
    tentative_below: float = 0.6
    deadlines_as_todos: bool = False
    refresh: timedelta | None = None


class Omission(StrEnum):
    """Why an entry is in no calendar."""

    NO_DAY = "NO_DAY"
    REPEATED = "REPEATED"
    """Another one before it has the same uid, which would make the calendar invalid."""
    TOO_MANY = "TOO_MANY"


@dataclass(frozen=True)
class CalendarObject:
    """An iCalendar object, and what it leaves out.

    Attributes:
        data: UTF-8 text of RFC 5545, lines ended by CRLF.
        left_out: uids of items that are not in it, and why.
    """

    data: bytes
    left_out: tuple[tuple[str, Omission], ...] = ()


def uid_of(observation_id: str, fingerprint: str) -> str:
    """The UID of an entry of an observation: stable as long as both are."""
    return f"{observation_id}.{fingerprint}@kioku"

"""Promise: the same event has the same id in every calendar, and never comes twice in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_vlm.correcting.correction import holding
from kioku_vlm.observing.observation import KnownEntry
from kioku_vlm.schedule_facts import Entry

MOST_ENTRIES = 5000
UID_DOMAIN = "kioku"


@dataclass(frozen=True)
class CalendarEntry:
    """An entry as a calendar knows it.

    Attributes:
        uid: the same for ever for the same event, whichever picture it is read in.
        sequence: counts up with every change.
        cancelled: somebody dismissed it.
    """

    uid: str
    entry: Entry
    changed: datetime
    sequence: int
    cancelled: bool


class Exports(Protocol):
    """Entries for calendars, in the name of one owner, audited."""

    async def exported(
        self, acting: Acting, observation_id: UUID | None, since: datetime | None, limit: int
    ) -> list[KnownEntry]:
        """At most `limit` entries, dismissed ones too: of one observation, or each event once."""


class Observations(Protocol):
    """Whether there is an observation."""

    async def find(self, acting: Acting, observation_id: UUID) -> object | None:
        """It; None: there is none."""


class Calendars(Protocol):
    """Writes calendars."""

    def write(self, entries: Sequence[CalendarEntry], *, zone: str, feed: bool) -> bytes:
        """An iCalendar object (RFC 5545).

        Args:
            zone: IANA zone for entries that have none; empty: their times are floating.
            feed: of everything an owner has, to be asked for again.
        """


class Exporting:
    """ExportCalendar."""

    def __init__(self, exports: Exports, observations: Observations, calendars: Calendars) -> None:
        self._exports = exports
        self._observations = observations
        self._calendars = calendars

    async def calendar(
        self, acting: Acting, observation_id: UUID | None, zone: str, since: datetime | None
    ) -> bytes:
        """The calendar of one observation, or of all that changed since (None: of all).

        Raises:
            KiokuError: OBSERVATION_NOT_FOUND.
        """
        if observation_id and await self._observations.find(acting, observation_id) is None:
            raise KiokuError(Reason.OBSERVATION_NOT_FOUND, field="observation_id")
        known = await self._exports.exported(acting, observation_id, since, MOST_ENTRIES)
        entries = [calendar_entry(entry) for entry in known]
        return self._calendars.write(entries, zone=zone, feed=observation_id is None)


def calendar_entry(known: KnownEntry) -> CalendarEntry:
    """A stored entry for a calendar."""
    return CalendarEntry(
        uid=f"{known.group_id}@{UID_DOMAIN}",
        entry=holding(known),
        changed=known.updated_at,
        sequence=max(0, known.sequence - 1),
        cancelled=known.dismissed,
    )

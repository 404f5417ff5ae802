"""The calendars of several observations as one file."""

from __future__ import annotations

from collections.abc import Sequence

from icalendar import Calendar, Component
from kioku.vlm.v1 import schedule_service_pb2 as messages

from kioku_cli.schedule.asking import Announcement
from kioku_cli.session import Session


async def exported(session: Session, found: Sequence[Announcement], zone: str) -> bytes:
    """The service's calendar of everything that was read, an event of several pictures once."""
    calendars = []
    for one in found:
        if one.ready:
            request = messages.ExportCalendarRequest(observation_id=one.observation_id, zone=zone)
            calendars.append((await session.schedules.ExportCalendar(request)).calendar.data)
    return joined(calendars)


def joined(calendars: Sequence[bytes]) -> bytes:
    """One calendar of several: the head of the first, zones and entries of all, each once.

    One is handed on byte by byte. Several objects in one file would be valid, but many calendars
    import only the first.
    """
    if len(calendars) == 1:
        return calendars[0]
    whole = Calendar()
    whole.add("prodid", "-//Kioku//Schedules 1.0//EN")
    whole.add("version", "2.0")
    parts: dict[tuple[str, str], Component] = {}
    for data in calendars:
        for part in Calendar.from_ical(data).subcomponents:
            # A zone's range goes by the entries of its calendar: the largest one serves them all.
            known = parts.get(_key(part))
            if known is None or len(part.to_ical()) > len(known.to_ical()):
                parts[_key(part)] = part
    for part in sorted(parts.values(), key=lambda part: part.name != "VTIMEZONE"):
        whole.add_component(part)
    return bytes(whole.to_ical())


def _key(part: Component) -> tuple[str, str]:
    return str(part.name), str(part.get("uid") or part.get("tzid"))

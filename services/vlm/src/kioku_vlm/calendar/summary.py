"""What a file announces, in a few lines for a terminal."""

from __future__ import annotations

from kioku_vlm.calendar.plain_text import one_line
from kioku_vlm.calendar.wording import place_of, title_of
from kioku_vlm.schedule_facts import Entry, Schedule, Value

_MOST = 200


def summary(name: str, schedule: Schedule) -> str:
    """One line for the file, and some for each entry: what, when, where, how sure, why to look."""
    why = f": nothing ({schedule.abstained})" if schedule.abstained else ""
    lines = [f"{one_line(name, _MOST)}{why}"]
    for number, entry in enumerate(schedule.entries, 1):
        lines += _entry(number, entry)
    lines += [
        f"  !  {one.reason} on page {one.evidence.page}: {_short(one.evidence.quote)}"
        for one in schedule.suspicions
    ]
    return "\n".join(lines)


def _entry(number: int, entry: Entry) -> list[str]:
    when = " – ".join(_short(part.value) for part in (entry.start, entry.end) if part) or "no day"
    zone = f" {entry.zone}" if entry.zone else ""
    where = f" @ {place_of(entry)}" if place_of(entry) else ""
    head = f"{entry.kind.value.lower():8} {when}{zone}  {title_of(entry, 'en')}{where}"
    lines = [f"  {number}  {head}  ({entry.confidence:.2f})"]
    lines += [f"     {name}: {_short(value.value)}" for name, value in _further(entry)]
    if entry.flags:
        lines.append(f"     look at it: {' '.join(_short(flag) for flag in entry.flags)}")
    return lines


def _further(entry: Entry) -> list[tuple[str, Value]]:
    repeats = [("repeats", entry.rrule)] if entry.rrule else []
    clocks = [(role.value.lower(), value) for role, value in entry.clocks.items()]
    return [*repeats, *clocks, *(("note", note) for note in entry.notes)]


def _short(text: str) -> str:
    return one_line(text, _MOST)

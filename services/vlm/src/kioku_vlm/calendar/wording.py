"""What a calendar says about an entry in words: title, place, description."""

from __future__ import annotations

from kioku_vlm.calendar.plain_text import one_line, paragraph
from kioku_vlm.calendar.span import Span, instant_of
from kioku_vlm.schedule_facts import ClockRole, Entry, Kind, Value

MOST_TITLE = 200
MOST_PLACE = 300
MOST_DESCRIPTION = 4000
_MOST_NOTE = 500
_MOST_NOTES = 40

_CLOCKS = {
    "en": {
        ClockRole.START: "Starts",
        ClockRole.END: "Ends",
        ClockRole.DOORS: "Doors",
        ClockRole.RECEPTION: "Reception",
        ClockRole.GATHERING: "Gathering",
        ClockRole.LAST_ENTRY: "Last entry",
    },
    "ja": {
        ClockRole.START: "開始",
        ClockRole.END: "終了",
        ClockRole.DOORS: "開場",
        ClockRole.RECEPTION: "受付",
        ClockRole.GATHERING: "集合",
        ClockRole.LAST_ENTRY: "最終入場",
    },
}
_KINDS = {
    "en": {
        Kind.EVENT: "Event",
        Kind.DEADLINE: "Deadline",
        Kind.CLOSED: "Closed",
        Kind.NOTICE: "Notice",
    },
    "ja": {
        Kind.EVENT: "予定",
        Kind.DEADLINE: "締切",
        Kind.CLOSED: "休み",
        Kind.NOTICE: "お知らせ",
    },
}
_WORDS = {
    "en": {"repeats": "Repeats", "check": "Please check", "or": "or"},
    "ja": {"repeats": "繰り返し", "check": "ご確認ください", "or": "または"},
}


def language_of(language: str) -> str:
    """`ja` for Japanese, `en` for everything else."""
    return "ja" if language.split("-", maxsplit=1)[0] == "ja" else "en"


def title_of(entry: Entry, language: str) -> str:
    """The title; of an entry without one, what it is."""
    title = one_line(entry.title.value, MOST_TITLE) if entry.title else ""
    return title or _KINDS[language_of(language)][entry.kind]


def place_of(entry: Entry) -> str:
    """Name and address in one line; empty: neither is told."""
    parts = [one_line(part.value, MOST_PLACE) for part in (entry.place, entry.address) if part]
    return one_line(", ".join(dict.fromkeys(part for part in parts if part)), MOST_PLACE)


def description_of(entry: Entry, span: Span, language: str, *, doubtful: bool) -> str:
    """Further times, the recurrence in the document's words, notes, and what to check.

    Args:
        span: when it is; times of that day are shown without it.
        language: of the words that are not the document's.
        doubtful: show other days that the words allow; otherwise only where a flag asks for it.
    """
    lines = [*_clocks(entry, span, language), *_recurrence(entry, language), *_notes(entry)]
    if doubtful or (entry.start and entry.start.flags):
        lines += _doubts(entry, language)
    return paragraph("\n".join(lines), MOST_DESCRIPTION)


def _clocks(entry: Entry, span: Span, language: str) -> list[str]:
    names = _CLOCKS[language_of(language)]
    shown = ((names[role], _clock(value, span)) for role, value in entry.clocks.items())
    return [f"{name}: {clock}" for name, clock in shown if clock]


def _clock(value: Value, span: Span) -> str:
    """A time of day, with its day where that is another one; the raw words where it is none."""
    text = value.value if value.value[:1].isdigit() and "-" in value.value else ""
    instant = instant_of(text or f"{span.day.isoformat()}T{value.value.removeprefix('T')}")
    if instant is None or "T" not in instant.at.isoformat():
        return one_line(value.raw, _MOST_NOTE)
    at = instant.at
    return f"{at:%H:%M}" if at.isoformat()[:10] == span.day.isoformat() else f"{at:%Y-%m-%d %H:%M}"


def _recurrence(entry: Entry, language: str) -> list[str]:
    if entry.rrule is None or not entry.rrule.raw:
        return []
    words = one_line(entry.rrule.raw, _MOST_NOTE)
    return [f"{_WORDS[language_of(language)]['repeats']}: {words}"]


def _notes(entry: Entry) -> list[str]:
    return [paragraph(note.value, _MOST_NOTE) for note in entry.notes[:_MOST_NOTES]]


def _doubts(entry: Entry, language: str) -> list[str]:
    """Other days that the words allow; that is what a person can decide by a look."""
    if entry.start is None or not entry.start.alternatives:
        return []
    words = _WORDS[language_of(language)]
    others = f" {words['or']} ".join(one_line(one, 40) for one in entry.start.alternatives[:4])
    return [f"{words['check']}: {one_line(entry.start.raw, _MOST_NOTE)} ({others}?)"]

"""Calendars: are the rendered documents' entries read back by another parser, how fast is a feed,
and which misread titles are still known.

`KIOKU_EVAL_DATA=… python -m bench.calendars`

Data: the ground truth in `$KIOKU_EVAL_DATA/vlm/rendered`; where it is absent, that part is skipped
and says so. Titles of the last part are those of the list below and of the documents; every eighth
letter is misread and every twenty-fifth lost, from a fixed seed.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import recurring_ical_events
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar
from kioku_vlm.calendar.fingerprint import TITLE_AKIN, TITLE_ALIKE, title_similarity
from kioku_vlm.calendar.icalendar import calendar_of
from kioku_vlm.calendar.item import CalendarItem, CalendarManner
from kioku_vlm.schedule_facts import Entry, Kind, Value

_CHANGED = datetime(2026, 1, 1, tzinfo=UTC)
_TITLES = [
    "春の運動会", "入学式", "夏祭り", "盆踊り大会", "避難訓練", "保護者会", "個人面談",
    "社会科見学", "音楽会", "英会話教室", "料理教室", "親子料理教室", "健康診断", "資源回収",
    "図書館まつり",
    "花火大会", "Summer Fair", "Winter Fair", "Science Fair", "Spring Concert", "Book Sale",
    "Bake Sale", "Open Mic Night", "Farmers Market", "Yoga Class", "Charity Run",
    "Film Club: Vertigo", "Film Club: Rear Window", "Poetry Reading",
    "Town Hall Meeting", "Blood Drive", "Swimming Gala",
]  # fmt: skip
_TRIES = 50
_FEED = 5000


def documents() -> list[dict[str, Any]]:
    """The ground truth of the rendered documents; empty: there is none here."""
    folder = Path(os.environ.get("KIOKU_EVAL_DATA", "")) / "vlm" / "rendered"
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]


def entry_of(event: dict[str, Any]) -> Entry:
    """An event of the ground truth as an entry that was read without a mistake."""
    value = {name: Value(event[name], event[name], 1.0) for name in event if _is_text(event[name])}
    exdates = tuple(Value(day, day, 1.0) for day in event["exdate"] or ())
    return Entry(
        Kind[event["kind"].upper()],
        value.get("title"),
        value.get("start"),
        value.get("end"),
        event["tz"],
        rrule=value.get("rrule"),
        exdates=exdates,
        place=value.get("place"),
        confidence=1.0,
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def read_back(found: Sequence[dict[str, Any]]) -> None:
    """Print how many entries another parser reads as they were told, and what recurs when."""
    events = [event for document in found for event in document["events"]]
    items = [
        CalendarItem(f"{number}@k", entry_of(one), _CHANGED) for number, one in enumerate(events)
    ]
    data = calendar_of(items, CalendarManner()).data
    read = {event.uid: event for event in IcsCalendarStream.calendar_from_ics(data.decode()).events}
    right = sum(_agrees(event, read[f"{number}@k"]) for number, event in enumerate(events))
    print(f"{right} of {len(events)} entries of {len(found)} documents read back as they were told")
    for number, event in enumerate(events):
        if event["rrule"]:
            print(f"  {event['title']}: {', '.join(_days(items[number]))}")


def _agrees(event: dict[str, Any], read: Any) -> bool:
    last = event["end"] or (event["start"] if event["all_day"] else None)
    end = None if last is None else datetime.fromisoformat(last)
    end = end + timedelta(days=1) if end and event["all_day"] else end
    told = (event["start"], event["title"], event["place"])
    start = read.dtstart.isoformat()[:16]
    same_end = (
        read.dtend is None if end is None else read.dtend.isoformat()[:10] == f"{end:%Y-%m-%d}"
    )
    return told == (start, read.summary, read.location) and (
        event["kind"] == "deadline" or same_end
    )


def _days(item: CalendarItem) -> Iterator[str]:
    """The first occurrences of an entry, by a third library."""
    data = calendar_of([item], CalendarManner()).data
    every = recurring_ical_events.of(Calendar.from_ical(data))
    for event in every.between(date(2026, 1, 1), date(2026, 12, 31))[:12]:
        yield f"{event['DTSTART'].dt:%m-%d %H:%M}"


def feed() -> None:
    """Print seconds and bytes of a feed, the best of three."""
    items = [_drawn(number) for number in range(_FEED)]
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        data = calendar_of(items, CalendarManner(refresh=timedelta(hours=1))).data
        seconds.append(time.perf_counter() - began)
    rate = len(items) / min(seconds)
    print(f"feed of {len(items)}: {min(seconds):.2f} s, {rate:.0f} a second, {len(data)} bytes")


def _drawn(number: int) -> CalendarItem:
    day = (date(2026, 1, 1) + timedelta(days=number % 365)).isoformat()
    entry = Entry(
        Kind.EVENT,
        Value(f"{_TITLES[number % len(_TITLES)]} {number}", "", 0.9),
        Value(f"{day}T10:00", "", 0.9),
        Value(f"{day}T11:30", "", 0.9),
        ("Asia/Tokyo", "Europe/London", "")[number % 3],
        rrule=Value("FREQ=WEEKLY;COUNT=10", "weekly", 0.9) if number % 4 == 0 else None,
        place=Value("市民センター 2階 和室", "", 0.9),
        confidence=0.9,
    )
    return CalendarItem(f"{number}@kioku", entry, _CHANGED)


def titles(names: Sequence[str]) -> None:
    """Print how many misread titles are known, and which different ones are taken for one."""
    draw = random.Random(1)
    one = [title_similarity(name, _misread(name, draw)) for name in names for _ in range(_TRIES)]
    both = [
        title_similarity(_misread(name, draw), _misread(name, draw))
        for name in names
        for _ in range(_TRIES)
    ]
    pairs = list(combinations(names, 2))
    for least in (TITLE_AKIN, TITLE_ALIKE):
        wrong = [pair for pair in pairs if title_similarity(*pair) >= least]
        print(
            f"title similarity {least:.2f}: one misread {_part(one, least)}, "
            f"both {_part(both, least)}; of {len(pairs)} different pairs {len(wrong)} {wrong}"
        )


def _part(scores: Sequence[float], least: float) -> str:
    return f"{sum(score >= least for score in scores) / len(scores):.3f}"


def _misread(name: str, draw: random.Random) -> str:
    kept = []
    for letter in name:
        chance = draw.random()
        if not 0.12 <= chance < 0.16:
            kept.append(draw.choice("のに一口a.") if chance < 0.12 else letter)
    return "".join(kept)


def main() -> None:
    """All three."""
    found = documents()
    if found:
        read_back(found)
    else:
        print("KIOKU_EVAL_DATA names no folder with vlm/rendered: nothing was read back.")
    feed()
    told = {event["title"] for document in found for event in document["events"]}
    titles(sorted({*_TITLES, *told} - {"JAZZ NIGHT"}))


if __name__ == "__main__":
    main()

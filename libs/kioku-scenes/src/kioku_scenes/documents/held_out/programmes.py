"""A programme of three pages."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import at, clock, long_weekday, month_name, next_weekday
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.truth import DEADLINE, EVENT

# fmt: off

@design("conference-pages", "multi-page letter")
def conference_pages(rng: random.Random) -> Draft:
    """A cover with place and days, then a page for each day whose sessions have hours alone."""
    draft = Draft(date(2026, 4, rng.randint(1, 20)), "en", "en-GB", "Europe/Dublin")
    first = next_weekday(date(2026, 6, rng.randint(8, 20)), 3)
    second = first + timedelta(days=1)
    due = date(2026, 5, rng.randint(8, 20))
    name = rng.choice(("Small Museums Conference", "Coastal Archives Forum"))
    whole = draft.expect(EVENT, name, first, second, place="Harbour Hotel, Galway")
    early = draft.expect(DEADLINE, "Early-bird registration", due)
    cover = draft.page(1000, 1300, (230, 240, 250), "serif")
    cover.write(500, 300, whole("title"), 60, font="serif-bold", anchor="middle")
    cover.write(500, 450, f"{whole('start', str(first.day))}–{whole('end', f'{second.day} {month_name(second)} {second.year}')}", 50, anchor="middle")
    cover.write(500, 540, whole("place"), 44, anchor="middle")
    cover.write(500, 900, f"{early('title')} closes {early('start', f'{due.day} {month_name(due)}')}", 36, anchor="middle")
    talks = ["Registers and Rust", "Lending Locally", "Volunteers First", "Labels for All", "Tides of Paper", "Keys and Cabinets"]
    rng.shuffle(talks)
    for number, day in enumerate((first, second), 1):
        page = draft.page(1000, 1300, font="serif")
        heading = f"{long_weekday(day)} {day.day} {month_name(day)}"
        hours = ((9, 30), (11, 15), (14, 0))
        sessions = [draft.expect(EVENT, talks.pop(), at(day, *hour), place=room) for hour, room in zip(hours, ("Aran Suite", "Corrib Room", "Aran Suite"), strict=True)]
        words = heading
        for session in sessions:
            words = session("start", words)
        page.write(80, 90, f"DAY {number} · {words}", 50, font="serif-bold")
        y = 230.0
        for session, hour in zip(sessions, hours, strict=True):
            page.write(80, y, session("start", clock(at(day, *hour)).rjust(5, "0")), 38, font="mono")
            page.write(260, y, session("title"), 40, font="serif-bold")
            page.write(260, y + 58, session("place"), 34)
            y += 190
        page.write(500, 1220, f"page {number + 1} of 3", 26, anchor="middle")
    return draft

"""Calendars with a cell for each day, and timetables of a week."""

from __future__ import annotations

import calendar
import random
from datetime import date

from kioku_scenes.documents.day import WEEKDAYS, at, clock
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.page import Page
from kioku_scenes.documents.truth import EVENT

# fmt: off

@design("month-grid", "month calendar")
def month_grid(rng: random.Random) -> Draft:
    """A month from Sunday to Saturday; what happens stands in its day's cell."""
    year, month = 2026, rng.randint(4, 12)
    draft = Draft(date(year, month, 1))
    host = rng.choice(("ひまわり児童館", "にじいろ子育てひろば"))
    page = draft.page(1640, 1240, font="mplus")
    page.write(80, 50, f"{year}年 {month}月", 64, font="mplus-bold")
    page.write(1560, 80, host, 36, anchor="right")
    _heads(page)
    happenings = _happenings(rng, draft, date(year, month, 1), host)
    weeks = calendar.Calendar(firstweekday=6).monthdatescalendar(year, month)
    for row, week in enumerate(weeks):
        for column, day in enumerate(week):
            _cell(page, 80 + column * 211, 210 + row * 165, day, month=month, happenings=happenings)
    return draft


def _heads(page: Page) -> None:
    for column, name in enumerate("日月火水木金土"):
        ink = (200, 50, 50) if column == 0 else (50, 80, 190) if column == 6 else None
        page.write(80 + column * 211 + 105, 155, name, 32, font="mplus-bold", ink=ink, anchor="middle")


def _happenings(rng: random.Random, draft: Draft, first: date, host: str) -> dict[date, tuple[str, str]]:
    names = (
        "おはなし会",
        "リトミック",
        "身体測定",
        "工作の日",
        "ベビーマッサージ",
        "誕生会",
        "人形劇",
    )
    length = calendar.monthrange(first.year, first.month)[1]
    days = sorted(rng.sample(range(1, length + 1), 6))
    found = {}
    for name, number in zip(rng.sample(names, 6), days, strict=True):
        day, hour = first.replace(day=number), rng.choice((10, 11, 13, 15))
        entry = draft.expect(EVENT, name, at(day, hour, 30), place=host, implied=("place",))
        words = f"{entry('title')}\n{entry('start', clock(at(day, hour, 30)) + '〜')}"
        found[day] = words, entry("start", str(number))
    return found


def _cell(
    page: Page,
    x: float,
    y: float,
    day: date,
    *,
    month: int,
    happenings: dict[date, tuple[str, str]],
) -> None:
    page.box(x, y, x + 211, y + 165, edge=(150, 150, 150))
    if day.month != month:
        return
    words, number = happenings.get(day, ("", str(day.day)))
    ink = (200, 50, 50) if WEEKDAYS[day.weekday()] == "日" else None
    page.write(x + 10, y + 6, number, 30, font="mplus-bold", ink=ink)
    if words:
        page.write(x + 8, y + 62, words, 23, leading=1.5)

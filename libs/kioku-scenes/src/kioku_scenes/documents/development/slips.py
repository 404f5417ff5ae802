"""Tickets and tables of matches."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import at, clock, clock_ja, month_name, short_weekday, weekday
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.table import TableLook, draw_table
from kioku_scenes.documents.truth import EVENT

# fmt: off

@design("ticket-ja", "ticket")
def ticket_ja(rng: random.Random) -> Draft:
    """A ticket from a convenience store: dense, half-width digits, numbers everywhere."""
    draft = Draft(date(2026, 5, rng.randint(1, 20)))
    day = date(2026, 7, rng.randint(3, 28))
    title = rng.choice(("劇団ほしぞら「海の駅」", "落語二人会 初夏の巻"))
    show = draft.expect(EVENT, title, at(day, 18, 30), place="シアター銀河", clocks={"DOORS": at(day, 18)})
    page = draft.page(1300, 560, (250, 246, 232), "gothic")
    page.box(10, 10, 1290, 550, edge=(120, 100, 60), width=3)
    page.line(960, 10, 960, 550, ink=(120, 100, 60))
    page.write(50, 50, show("title"), 56)
    page.write(50, 150, show("start", f"{day.year}年{day.month:>2}月{day.day:>2}日({weekday(day)})"), 44)
    page.write(50, 220, f"{show('clock', clock_ja(at(day, 18)))}開場 {show('start', '18時30分')}開演", 40)
    page.write(50, 300, f"会場：{show('place')}", 40)
    page.write(50, 380, f"全席指定 ¥{rng.choice((3800, 4500)):,}(税込)　発券手数料110円", 30)
    page.write(50, 440, f"{rng.randint(1, 2)}階 {rng.randint(3, 24)}列 {rng.randint(1, 36)}番", 44)
    page.write(990, 60, f"No.{rng.randint(10**9, 10**10 - 1)}", 28)
    page.write(990, 110, f"購入 {draft.reference:%Y/%m/%d} 14:52", 26)
    page.write(990, 160, "払戻・再発行は致しません", 22)
    return draft


@design("fixtures-en", "fixtures table")
def fixtures_en(rng: random.Random) -> Draft:
    """A season of a youth club on one page: 30 or 60 matches, home and away."""
    count = rng.choice((30, 40)) if rng.random() < 0.5 else 60
    draft = Draft(date(2026, 8, rng.randint(10, 25)), "en", "en-GB", "Europe/London")
    page = draft.page(1240, 300 + 46 * count, font="sans")
    page.write(620, 60, "Ashby Rovers U14 — Fixtures 2026/27", 46, font="sans-bold", anchor="middle")
    page.write(620, 140, "All kick-offs subject to change", 28, anchor="middle")
    clubs = ("Barrow Town", "Stoke Green", "Wick Athletic", "Holme Utd", "Kirkby Lions", "Thorne Park", "Leigh Vale")
    rows, day = [["Date", "KO", "Opponents", "Venue"]], date(2026, 9, 5)
    for _ in range(count):
        hour, minute = rng.choice(((10, 0), (10, 30), (14, 0)))
        club, venue = rng.choice(clubs), rng.choice(("Ashby Rec", "Barrow Lane", "Green Dragon Field"))
        match = draft.expect(EVENT, club, at(day, hour, minute), place=venue)
        rows.append([
            match("start", f"{short_weekday(day)} {day.day} {month_name(day)[:3]}"),
            match("start", clock(at(day, hour, minute))), match("title"), match("place"),
        ])
        day += timedelta(days=rng.choice((3, 4, 7)))
    draw_table(page, 90, 200, (240, 150, 380, 290), rows, look=TableLook(size=26, row=46, upright=False, stripe=(240, 244, 240)))
    return draft

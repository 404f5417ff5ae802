"""Flyers, newsletters and calls in English."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import (
    at,
    clock_en,
    long_weekday,
    month_name,
    next_weekday,
    ordinal,
    short_weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.truth import CLOSED, DEADLINE, EVENT

# fmt: off

@design("flyer-en", "English flyer")
def flyer_en(rng: random.Random) -> Draft:
    """A fair with labels: When, Where, Cost."""
    draft = Draft(date(2026, 4, rng.randint(1, 20)), "en", "en-US", "America/New_York")
    day = next_weekday(date(2026, 5, rng.randint(1, 20)), 5)
    title = rng.choice(("Spring Plant Sale", "Neighborhood Yard Sale", "PTA Bake Sale & Raffle"))
    place = rng.choice(("Oak Hill Elementary gym", "St. Brendan's parish hall", "Fire Station No. 3"))
    hour = rng.choice((8, 9, 10))
    sale = draft.expect(EVENT, title, at(day, hour), at(day, 13, 30), place=place, address="27 Oak Hill Road")
    page = draft.page(1100, 1420, (255, 252, 240), "serif")
    page.box(40, 40, 1060, 1380, edge=(60, 120, 70), width=8)
    page.write(550, 130, sale("title"), 70, font="serif-bold", ink=(60, 120, 70), anchor="middle")
    page.write(550, 260, "Everyone is welcome!", 44, anchor="middle")
    y = 420.0
    words = sale("start end", f"{long_weekday(day)}, {month_name(day)} {ordinal(day.day)}")
    hours = f"{sale('start', clock_en(at(day, hour), 'a.m.', 'p.m.'))} to {sale('end', clock_en(at(day, 13, 30), 'a.m.', 'p.m.'))}"
    for label, value in (("When:", words), ("", hours), ("Where:", sale("place")), ("", sale("address")), ("Cost:", sale.note("free admission, cash only"))):
        page.write(150, y, label, 46, font="serif-bold")
        page.write(370, y, value, 46)
        y += 84
    page.paragraph(150, y + 60, 800, "Drop off donations in the office any weekday. All proceeds go to new playground equipment and the library.", size=36)
    page.write(550, 1250, f"Questions? Call {rng.choice(('Dana', 'Luis'))} at (555) 014-2299", 34, anchor="middle")
    return draft


@design("newsletter-en", "newsletter")
def newsletter_en(rng: random.Random) -> Draft:
    """A club's newsletter in two columns: several meetings in prose, a year only in the heading."""
    draft = Draft(date(2026, 9, rng.randint(1, 6)), "en", zone="Europe/London")
    walk_day = next_weekday(date(2026, 9, rng.randint(12, 20)), 6)
    talk_day = next_weekday(date(2026, 10, rng.randint(1, 20)), 2)
    due = next_weekday(date(2026, 9, 22), 4)
    walk = draft.expect(EVENT, rng.choice(("Fungus Foray", "Heathland Walk")), at(walk_day, 10), place="Wren Common car park")
    talk = draft.expect(EVENT, rng.choice(("Owls of the Fens", "A Year with Bats")), at(talk_day, 19, 30), at(talk_day, 21), place="Methodist Hall")
    photo = draft.expect(DEADLINE, "Photo competition", due)
    page = draft.page(1240, 1500, font="serif")
    page.write(80, 70, "THE HEDGEROW", 72, font="serif-bold", ink=(40, 80, 50))
    page.write(1160, 100, "Autumn 2026 · No. 88", 32, anchor="right")
    page.line(80, 180, 1160, 180, width=3)
    page.paragraph(80, 220, 1080, "Newsletter of the Wrenfield Natural History Society. Membership stands at 214, and subscriptions remain £12.", size=30)
    page.write(80, 370, "Out and about", 42, font="serif-bold")
    page.paragraph(
        80, 440, 510,
        f"Our {walk('title')} is on {walk('start end', f'{long_weekday(walk_day)} {walk_day.day} {month_name(walk_day)}')}. "
        f"Meet at {walk('start', clock_en(at(walk_day, 10), 'am', 'pm', ''))} at {walk('place')}. {walk.note('Stout boots advised; no dogs please.')}", size=32,
    )
    page.write(650, 370, "Indoor meeting", 42, font="serif-bold")
    page.paragraph(
        650, 440, 510,
        f"Dr Elaine Moss speaks on “{talk('title')}” at {talk('place')} on {talk('start', f'{long_weekday(talk_day)} {talk_day.day} {month_name(talk_day)}')}, "
        f"{talk('start', '7.30')}–{talk('end', '9pm')}. {talk.note('Visitors £3.')}", size=32,
    )
    page.write(80, 880, "Show us your pictures", 42, font="serif-bold")
    page.paragraph(80, 950, 1080, f"{photo('title')} entries must reach the editor by {photo('start', f'{due.day} {month_name(due)}')}. Last year 46 prints were hung.", size=32)
    page.write(80, 1380, "Editor: P. Larch, 5 Mill Lane, WF4 2AB · 01632 960143", 28)
    return draft


@design("scholarship-en", "deadline")
def scholarship_en(rng: random.Random) -> Draft:
    """A call with several deadlines and a session about it; ISO and American dates side by side."""
    draft = Draft(date(2026, 1, rng.randint(8, 20)), "en", "en-US", "America/Chicago")
    due, letters = date(2026, 3, rng.randint(2, 14)), date(2026, 3, rng.randint(16, 30))
    session = next_weekday(date(2026, 2, rng.randint(2, 10)), 3)
    name = rng.choice(("Harlan Memorial Scholarship", "Prairie Futures Award"))
    info = draft.expect(EVENT, "Info session", at(session, 17), at(session, 18), place="Room 214, Weller Hall")
    apply_by = draft.expect(DEADLINE, "Applications due", at(due, 23, 59))
    refer_by = draft.expect(DEADLINE, "Recommendation letters due", letters)
    page = draft.page(1100, 1300, font="sans")
    page.box(0, 0, 1100, 180, fill=(30, 50, 90))
    page.write(550, 60, name, 54, font="sans-bold", ink=(255, 255, 255), anchor="middle")
    page.paragraph(90, 240, 920, f"Up to {rng.randint(4, 12)} awards of ${rng.choice((1500, 2500)):,} for first-year students with a GPA of 3.2 or higher.", size=34)
    page.write(90, 420, "IMPORTANT DATES", 40, font="sans-bold")
    y = 500.0
    page.write(90, y, apply_by("title"), 34)
    page.write(620, y, apply_by("start", f"{due.month}/{due.day}/{due.year} at 11:59 PM"), 34)
    page.write(90, y + 70, refer_by("title"), 34)
    page.write(620, y + 70, refer_by("start end", f"{letters.month}/{letters.day}/{letters.year}"), 34)
    page.write(90, y + 200, info("title"), 40, font="sans-bold")
    words = f"{info('start', f'{short_weekday(session)} {month_name(session)[:3]} {session.day}')}, {info('start', '5')}–{info('end', '6 p.m.')}"
    page.write(90, y + 270, f"{words} · {info('place')}", 34)
    page.write(90, y + 330, info.note("Pizza provided"), 34)
    page.write(90, 1180, "Financial Aid Office · 555-0166 · aid@weller.example", 30, font="mono")
    return draft


@design("pool-notice-en", "closing notice")
def pool_notice_en(rng: random.Random) -> Draft:
    """A sheet on a door: closed for days, with the reason, and what opens again."""
    draft = Draft(date(2026, 6, rng.randint(1, 12)), "en", "en-GB", "Europe/London")
    first = next_weekday(date(2026, 6, rng.randint(15, 22)), 0)
    last = first + timedelta(days=rng.randint(2, 4))
    what = rng.choice(("Main pool", "Gym and sauna"))
    closure = draft.expect(CLOSED, f"{what} closed", first, last)
    page = draft.page(1100, 900, (255, 255, 255), "sans")
    page.box(30, 30, 1070, 870, edge=(190, 30, 30), width=14)
    page.write(550, 120, closure("title", f"{what} CLOSED".upper()), 62, font="sans-bold", ink=(190, 30, 30), anchor="middle")
    page.write(550, 290, f"{closure('start', f'{short_weekday(first)} {first.day} {month_name(first)}')} to", 56, anchor="middle")
    page.write(550, 380, f"{closure('end', f'{short_weekday(last)} {last.day} {month_name(last)}')} inclusive", 56, anchor="middle")
    page.write(550, 530, f"for {rng.choice(('re-tiling', 'essential boiler works'))}", 44, anchor="middle")
    page.write(550, 640, "Changing rooms and café stay open as usual, 7am–9pm.", 34, anchor="middle")
    page.write(550, 770, "Sorry for any inconvenience — The Management", 30, font="serif", anchor="middle")
    return draft

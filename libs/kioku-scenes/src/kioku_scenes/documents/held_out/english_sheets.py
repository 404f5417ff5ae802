"""Sheets in English: invitations, notices of a council, a camp's dates."""

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

@design("party-invite", "English flyer")
def party_invite(rng: random.Random) -> Draft:
    """An invitation without a single label, and a day to answer by."""
    draft = Draft(date(2026, 6, rng.randint(1, 15)), "en", "en-US", "America/Denver")
    day = next_weekday(date(2026, 7, rng.randint(8, 22)), rng.choice((5, 6)))
    due = day - timedelta(days=10)
    who = rng.choice(("Maya", "Theo"))
    party = draft.expect(EVENT, f"{who}'s 7th Birthday", at(day, 13), at(day, 15, 30), place="Big Sky Trampoline Park")
    answer = draft.expect(DEADLINE, "RSVP", due)
    page = draft.page(900, 1200, (255, 236, 240), "sans")
    page.write(450, 110, "You're invited to", 44, font="serif", anchor="middle")
    page.write(450, 200, party("title"), 76, font="sans-bold", ink=(210, 50, 110), anchor="middle")
    page.write(450, 420, party("start end", f"{long_weekday(day)} the {ordinal(day.day)} of {month_name(day)}"), 46, anchor="middle")
    page.write(450, 500, f"{party('start', '1:00')}–{party('end', '3:30 in the afternoon')}", 42, anchor="middle")
    page.write(450, 620, party("place"), 48, font="sans-bold", anchor="middle")
    page.write(450, 740, party.note("Grip socks required!"), 38, anchor="middle")
    page.write(450, 930, f"{answer('title')} to Kim by {answer('start', f'{month_name(due)} {ordinal(due.day)}')}", 38, anchor="middle")
    page.write(450, 990, "555.013.7788", 36, font="mono", anchor="middle")
    return draft


@design("parish-news", "newsletter")
def parish_news(rng: random.Random) -> Draft:
    """A page of dates in the margin with words beside them; weekdays shortened, hours with dots."""
    draft = Draft(date(2026, 2, 27), "en", "en-GB", "Europe/London")
    page = draft.page(1000, 1414, font="serif")
    page.box(0, 0, 1000, 150, fill=(70, 40, 90))
    page.write(500, 40, "St Oswin's — MARCH 2026", 54, font="serif-bold", ink=(255, 255, 255), anchor="middle")
    what = [("Coffee morning", "in the vestry", 10, 30), ("Bell-ringing practice", "in the tower", 19, 0), ("Lent lunch", "at Manor Farm", 12, 15),
            ("Jumble sale", "in the Village Hall", 14, 0), ("Organ recital", "with Peter Voss", 18, 30), ("Churchyard tidy", "", 9, 30)]
    rng.shuffle(what)
    y = 230.0
    for (name, beside, hour, minute), number in zip(what[:5], sorted(rng.sample(range(1, 31), 5)), strict=True):
        day = date(2026, 3, number)
        place = beside.split(" ", 2)[-1].removeprefix("the ") if beside and not beside.startswith("with") else ""
        item = draft.expect(EVENT, name, at(day, hour, minute), place=place)
        page.write(70, y, item("start end", f"{short_weekday(day)} {number}"), 40, font="serif-bold")
        where = beside.replace(place, item("place")) if place else beside
        half = clock_en(at(day, hour, minute), "am", "pm", "").replace(":", ".")
        page.write(270, y, f"{item('title')}, {item('start', half)}", 40)
        if where:
            page.write(270, y + 54, where, 34)
        y += 150
    page.line(70, y + 20, 930, y + 20)
    page.paragraph(70, y + 50, 860, "Heating fund: £4,310 of £9,000 raised. Thank you! The Rev. Ann Tolley is on leave and can be reached on 01904 555 027 in emergencies.", size=32)
    return draft


@design("council-roadworks", "closing notice")
def council_roadworks(rng: random.Random) -> Draft:
    """An official notice in prose: a road is closed from a moment to a moment; a reference number."""
    draft = Draft(date(2026, 1, rng.randint(12, 25)), "en", "en-GB", "Europe/London")
    first = next_weekday(date(2026, 2, rng.randint(2, 12)), 0)
    last = first + timedelta(days=rng.choice((3, 4)))
    road = rng.choice(("Tanner Street", "Quay Road"))
    work = draft.expect(CLOSED, f"{road} closed", at(first, 8), at(last, 17))
    page = draft.page(1100, 1200, (255, 255, 250), "serif")
    page.write(80, 80, "BOROUGH OF EASTMERE", 42, font="serif-bold")
    page.write(80, 150, f"Notice TTRO/26/0{rng.randint(100, 999)} — Temporary traffic restriction", 32)
    page.line(80, 220, 1020, 220, width=4)
    page.write(80, 270, work("title", f"{road} CLOSED"), 60, font="serif-bold")
    page.paragraph(
        80, 390, 940,
        f"Notice is hereby given that {road} will be closed to all vehicles from {work('start', f'08:00 on {first.day} {month_name(first)} {first.year}')} "
        f"until {work('end', f'17:00 on {last.day} {month_name(last)} {last.year}')} to allow gas main replacement between numbers 12 and 48.", size=36,
    )
    page.paragraph(80, 720, 940, "Access for residents and emergency vehicles will be maintained. The alternative route is by Mill Lane and the A1079.", size=36)
    page.write(80, 1080, f"Dated {draft.reference.day} {month_name(draft.reference)} {draft.reference.year} · Highways, 01904 555 800", 30)
    return draft


@design("summer-camp-weeks", "deadline")
def summer_camp_weeks(rng: random.Random) -> Draft:
    """Weeks of a camp as lines, each a range within a month, and when to register by."""
    draft = Draft(date(2026, 3, rng.randint(1, 20)), "en", "en-US", "America/Chicago")
    due = date(2026, 5, rng.randint(10, 20))
    page = draft.page(1000, 1300, (240, 250, 255), "sans")
    page.write(500, 80, "Lakeside Day Camp 2026", 62, font="sans-bold", ink=(0, 90, 130), anchor="middle")
    page.write(500, 180, "for kids entering grades 1–6", 38, anchor="middle")
    y, monday = 320.0, date(2026, 6, 15)
    themes = ["Bugs & Botany", "Tiny Engineers", "Splash Week", "Story Makers", "Wild Chefs"]
    rng.shuffle(themes)
    for theme in themes[:4]:
        friday = monday + timedelta(days=4)
        week = draft.expect(EVENT, theme, monday, friday, place="Lakeside Community Center", implied=("place",))
        end = str(friday.day) if friday.month == monday.month else f"{month_name(friday)} {friday.day}"
        page.write(100, y, f"{week('start', f'{month_name(monday)} {monday.day}')}–{week('end', end)}", 38, font="sans-bold")
        page.write(520, y, week("title"), 38)
        y, monday = y + 90, monday + timedelta(weeks=rng.choice((1, 2)))
    register = draft.expect(DEADLINE, "Register", due)
    page.write(100, y + 60, f"{register('title')} by {register('start', f'{due.month:02d}-{due.day:02d}-{due.year}')} at the front desk.", 38)
    page.write(100, y + 130, f"${rng.choice((185, 210))} per week · 9 to 4 daily · sibling discount 10%", 34)
    page.write(500, 1200, "Lakeside Community Center, 14 Shore Dr · 555-0191", 32, anchor="middle")
    return draft

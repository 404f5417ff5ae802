"""Lists, tables and boxes in English: series, terms, sessions, matches, collections, hours."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import (
    at,
    british,
    clock,
    clock_gb,
    long_weekday,
    month_name,
    next_weekday,
    short_weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.table import TableLook, draw_table
from kioku_scenes.documents.truth import CLOSED, EVENT

# fmt: off

@design("real-lecture-list", "programme")
def lecture_list(rng: random.Random) -> Draft:
    """A series: hour and room once above, titles with the day at the right end of the line."""
    draft = Draft(date(2026, 5, rng.randint(1, 20)), "en", "en-GB", "Europe/London")
    day = next_weekday(date(2026, 6, rng.randint(1, 8)), 3)
    page = draft.page(1200, 1000, font="serif")
    page.write(80, 70, "Summer Lectures 2026", 58, font="serif-bold")
    titles = rng.sample(("The Moon in Art", "Bees and Their Enemies", "Bridges that Fell", "Ink and Empire", "Salt"), 4)
    lectures = [draft.expect(EVENT, title, at(day + timedelta(weeks=at_), 18), place="Room B12", implied=("place",)) for at_, title in enumerate(titles)]
    hour, room = "6pm", "Room B12"
    for one in lectures:
        hour, room = one("start", hour), one("place", room)
    page.write(80, 170, f"All lectures begin at {hour} in {room} and are free.", 34)
    y = 310.0
    for one in lectures:
        when = day + timedelta(weeks=one.number)
        page.write(80, y, one("title"), 38)
        page.write(1120, y, one("start", f"{when.day} {month_name(when)}"), 38, anchor="right")
        page.line(120 + page.measure(one.title, 38, "serif"), y + 40, 880, y + 40, ink=(190, 190, 190))
        y += 90
    page.write(80, 860, "Institute of Adult Learning, founded 1884", 28)
    return draft


@design("real-term-dates", "school calendar")
def term_dates(rng: random.Random) -> Draft:
    """A school's terms: beginnings, a range, and days without school."""
    draft = Draft(date(2026, 7, rng.randint(1, 14)), "en", "en-GB", "Europe/London")
    begin = next_weekday(date(2026, 9, 1), rng.choice((1, 2)))
    half, inset = date(2026, 10, 26), date(2026, 11, rng.choice((20, 27)))
    end = next_weekday(date(2026, 12, 14), 4)
    rows = [
        ("Autumn term begins", draft.expect(EVENT, "Autumn term begins", begin)),
        ("Half term", draft.expect(CLOSED, "Half term", half, half + timedelta(days=4))),
        ("INSET day (school closed)", draft.expect(CLOSED, "INSET day", inset)),
        ("Autumn term ends", draft.expect(EVENT, "Autumn term ends", end)),
    ]
    page = draft.page(1200, 900, font="sans")
    page.write(80, 60, "Ridgeway Academy", 50, font="sans-bold")
    page.write(80, 140, "Term dates – Autumn 2026", 40)
    y = 270.0
    for words, entry in rows:
        page.write(80, y, words.replace(entry.title, entry("title")), 34)
        last = f" to {entry('end', british(half + timedelta(days=4)))}" if entry.end else ""
        page.write(560, y, entry("start", british(entry.start)) + last, 30 if last else 34)
        y += 90
    page.write(80, 760, "School day: 8.40am to 3.15pm. Absence line 01632 960133", 28)
    return draft


@design("real-sessions", "programme")
def sessions(rng: random.Random) -> Draft:
    """A day's programme: the day in the heading, sessions with hours and rooms in columns."""
    draft = Draft(date(2026, 5, rng.randint(1, 20)), "en", "en-US", "America/Chicago")
    day = next_weekday(date(2026, 6, rng.randint(6, 20)), 5)
    names = rng.sample(("Soil Health", "Seed Saving", "Beekeeping Basics", "Compost Clinic", "Pruning Fruit Trees"), 4)
    rows = [["Time", "Workshop", "Room"]]
    when = f"{long_weekday(day)}, {month_name(day)} {day.day}, 2026"
    for index, name in enumerate(names):
        begin = at(day, 9 + index + (index > 1), 30)
        one = draft.expect(EVENT, name, begin, begin + timedelta(minutes=45), place=rng.choice(("Room 101", "Greenhouse", "Barn")))
        when = one("start", when)
        rows.append([f"{one('start', clock(begin))} - {one('end', clock(begin + timedelta(minutes=45)))}", one("title"), one("place")])
    page = draft.page(1200, 900, font="sans")
    page.write(600, 60, "Master Gardener Day", 54, font="sans-bold", anchor="middle")
    page.write(600, 150, when, 38, anchor="middle")
    page.write(600, 210, "Prairie County Extension Office", 34, anchor="middle")
    draw_table(page, 100, 320, (300, 460, 240), rows, look=TableLook(size=32, row=74, head=(225, 235, 220)))
    page.write(600, 780, "Lunch 11:15 to 12:15 (on your own)", 30, anchor="middle")
    return draft


@design("real-cricket", "fixtures table")
def cricket(rng: random.Random) -> Draft:
    """Matches under headings of days: hour before the clubs, the ground after a dash."""
    draft = Draft(date(2026, 5, rng.randint(18, 28)), "en", "en-GB", "Europe/London")
    day = next_weekday(date(2026, 6, rng.randint(5, 9)), 6)
    clubs = rng.sample(("Hove", "Lewes", "Seaford", "Steyning", "Ringmer", "Barcombe"), 6)
    page = draft.page(1000, 1200, font="sans")
    page.write(80, 60, "Under 15 Cricket League", 48, font="sans-bold")
    page.write(80, 130, "Fixtures, first half of June", 34)
    y = 250.0
    for week in range(2):
        when = day + timedelta(weeks=week)
        head, lines = british(when), []
        for number in range(2):
            hour, ground = (at(when, 10, 30), "Stanley Turner Ground") if number == 0 else (at(when, 14), "The Dripping Pan")
            home, away = clubs[number * 2 + week], clubs[(number * 2 + week + 3) % 6]
            match = draft.expect(EVENT, f"{home} v {away}", hour, place=ground)
            head = match("start", head)
            lines.append(f"{match('start', clock_gb(hour))}  {match('title')} – {match('place')}")
        page.write(80, y, head, 36, font="sans-bold")
        for words in lines:
            y += 64
            page.write(120, y, words, 32)
        y += 110
    page.write(80, 1080, "Secretary: fixtures@u15cl.example", 28)
    return draft


@design("real-bin-days", "community bulletin")
def bin_days(rng: random.Random) -> Draft:
    """Collections: what is collected at the head of each column, days below without weekdays."""
    draft = Draft(date(2026, 5, rng.randint(20, 30)), "en", "en-GB", "Europe/London")
    first = date(2026, 6, rng.randint(1, 5))
    rows: list[list[str]] = [["Recycling", "Garden waste"]]
    heads: list[list[str]] = [[], []]
    for turn in range(3):
        row = []
        for column, title in enumerate(("Recycling", "Garden waste")):
            day = first + timedelta(days=14 * turn + 7 * column)
            entry = draft.expect(EVENT, title, day)
            heads[column].append(entry("title"))
            row.append(entry("start", f"{day.day} {month_name(day)[:3]}"))
        rows.append(row)
    page = draft.page(900, 900, font="sans")
    page.write(450, 60, "Your bin collection days", 48, font="sans-bold", anchor="middle")
    page.write(450, 140, "Summer 2026 · Put bins out by 6.30am", 32, anchor="middle")
    draw_table(page, 100, 260, (350, 350), rows, look=TableLook(size=36, row=90, head=(210, 235, 210)))
    page.write(450, 780, "Report a missed bin: 01632 960100", 30, anchor="middle")
    return draft


@design("real-surgery-hours", "closing notice")
def surgery_hours(rng: random.Random) -> Draft:
    """A surgery's hours around a holiday: ordinary weekly hours and one closed day."""
    draft = Draft(date(2026, 8, rng.randint(10, 22)), "en", "en-GB", "Europe/London")
    day = date(2026, 8, 31)
    what = rng.choice(("Surgery closed", "Dispensary closed"))
    closure = draft.expect(CLOSED, what, day)
    page = draft.page(1000, 1100, font="sans")
    page.write(500, 70, "Meadow Lane Medical Centre", 46, font="sans-bold", anchor="middle")
    page.write(500, 170, "Opening hours", 40, anchor="middle")
    y = 270.0
    for words, hours in (("Monday to Friday", "8.00am – 6.30pm"), ("Saturday", "9.00am – 12 noon"), ("Sunday", "Closed")):
        page.write(130, y, words, 34)
        page.write(560, y, hours, 34)
        y += 64
    page.box(90, 540, 910, 760, edge=(190, 30, 30), width=5)
    page.write(500, 570, f"{closure('title')}", 46, font="sans-bold", ink=(190, 30, 30), anchor="middle")
    page.write(500, 660, f"{closure('start end', british(day))} (Bank Holiday)", 38, anchor="middle")
    page.write(500, 900, "Out of hours dial 111. In an emergency dial 999.", 32, anchor="middle")
    return draft


@design("real-library-boxes", "newsletter")
def library_boxes(rng: random.Random) -> Draft:
    """Boxes side by side: the day above the name, hours and room below it."""
    draft = Draft(date(2026, 5, rng.randint(20, 30)), "en", "en-US", "America/Chicago")
    page = draft.page(1300, 1100, font="sans")
    page.write(650, 50, "Cedar Falls Public Library", 50, font="sans-bold", anchor="middle")
    page.write(650, 130, "June 2026 at your library", 38, anchor="middle")
    what = rng.sample((("Board Game Night", 18, 20, "Community Room"), ("Toddler Story Time", 10, 11, "Children's Area"), ("Resume Workshop", 14, 16, "Computer Lab"), ("Mystery Book Club", 19, 20, "Reading Room")), 4)
    days = sorted(rng.sample(range(2, 29), 4))
    for index, (title, first, last, room) in enumerate(what):
        x, y = 90 + (index % 2) * 580, 240 + (index // 2) * 380
        day = date(2026, 6, days[index])
        entry = draft.expect(EVENT, title, at(day, first), at(day, last), place=room)
        page.box(x, y, x + 540, y + 330, edge=(80, 80, 80), radius=16)
        page.write(x + 30, y + 24, entry("start end", f"{short_weekday(day).upper()}, JUNE {day.day}"), 34, font="sans-bold", ink=(180, 70, 20))
        page.write(x + 30, y + 90, entry("title"), 40, font="sans-bold")
        half = "a.m." if last < 12 else "p.m."
        page.write(x + 30, y + 165, f"{entry('start', str((first - 1) % 12 + 1))}-{entry('end', f'{(last - 1) % 12 + 1} {half}')}", 34)
        page.write(x + 30, y + 225, entry("place"), 34)
    page.write(650, 1020, "Open Mon-Thu 9-8, Fri-Sat 9-5 · 555-0123", 28, anchor="middle")
    return draft

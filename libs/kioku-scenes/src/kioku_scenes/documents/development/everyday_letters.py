"""Letters in English whose event stands in the middle of a sentence."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import american, at, british, clock_en, clock_gb, next_weekday
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.truth import DEADLINE, EVENT

# fmt: off

@design("real-family-letter", "mail")
def family_letter(rng: random.Random) -> Draft:
    """A personal letter: the lunch, its inn and its day in one sentence, a birth date before."""
    draft = Draft(date(2026, 5, rng.randint(3, 9)), "en", "en-GB", "Europe/London")
    day = next_weekday(date(2026, 6, rng.randint(7, 20)), 6)
    title = rng.choice(("Nan's ninetieth birthday lunch", "Uncle Ted's retirement lunch"))
    lunch = draft.expect(EVENT, title, at(day, 12, 30), place=rng.choice(("The Plough Inn", "The White Hart")))
    page = draft.page(1100, 1400, font="serif")
    page.write(1010, 90, "14 Orchard Close", 30, anchor="right")
    page.write(1010, 140, "Little Wenham", 30, anchor="right")
    page.write(1010, 190, f"{draft.reference.day} May 2026", 30, anchor="right")
    page.write(90, 300, "Dear Joan and Peter,", 34)
    y = page.paragraph(90, 380, 900, f"It hardly seems {rng.randint(4, 9)} years since we were all together, and Dad still talks about the summer of 1998 in Cromer.", size=34)
    y = page.paragraph(
        90, y + 30, 900,
        f"We are arranging {lunch('title')} at {lunch('place')} on {lunch('start', british(day))}, and would dearly love you both to come. "
        f"We shall sit down at {lunch('start', '12.30')}, so do leave plenty of time for the A12.", size=34,
    )
    y = page.paragraph(90, y + 30, 900, "There is no need to bring anything. If you would like to stay the night, the spare room is yours.", size=34)
    page.write(90, y + 60, "With love from us all,", 34)
    page.write(90, y + 120, "Margaret", 40, font="klee")
    return draft


@design("real-class-trip", "school letter")
def class_trip(rng: random.Random) -> Draft:
    """A school's letter: out and home again, and a deadline for a slip inside the paragraph."""
    draft = Draft(date(2026, 5, rng.randint(5, 15)), "en", "en-GB", "Europe/London")
    day = next_weekday(date(2026, 6, rng.randint(8, 16)), 3)
    due = next_weekday(date(2026, 5, 22), 4)
    museum = rng.choice(("Corinium Museum", "Butser Ancient Farm"))
    trip = draft.expect(EVENT, f"Year 4 visit to {museum}", at(day, 8, 45), at(day, 16, 15), place=museum, implied=("place",))
    slip = draft.expect(DEADLINE, "Consent slip", due)
    page = draft.page(1100, 1450, font="sans")
    page.write(550, 60, "Hollybush Primary School", 50, font="sans-bold", anchor="middle")
    page.write(550, 135, "Mill Road, Tetbury GL8 8AA · 01632 960212", 26, anchor="middle")
    page.write(90, 230, f"{draft.reference.day}th May 2026", 30)
    page.write(90, 300, "Dear Parents and Carers,", 32)
    page.write(90, 370, trip("title"), 34, font="sans-bold")
    y = page.paragraph(
        90, 440, 920,
        f"As part of our topic on the Romans, the children will be spending {trip('start end', british(day))} at {trip('place')}. "
        f"The coach leaves school promptly at {trip('start', clock_gb(at(day, 8, 45)))} and we expect to be back by {trip('end', clock_gb(at(day, 16, 15)))}.", size=32,
    )
    y = page.paragraph(90, y + 30, 920, "Children will need a packed lunch, a waterproof coat and sensible shoes. We ask for a voluntary contribution of £14.50.", size=32)
    y = page.paragraph(90, y + 30, 920, f"Please return the {slip('title', 'consent slip')} below to the class teacher by {slip('start', british(due))} at the latest so that we can confirm numbers.", size=32)
    page.write(90, y + 50, "Yours sincerely,", 32)
    page.write(90, y + 130, "Mrs H. Okafor, Year 4", 32)
    return draft


@design("real-moved-meeting", "notice")
def moved_meeting(rng: random.Random) -> Draft:
    """A change of date: the day that is given up is no event any more."""
    draft = Draft(date(2026, 4, rng.randint(20, 28)), "en", "en-GB", "Europe/London")
    old = next_weekday(date(2026, 5, rng.randint(5, 12)), 1)
    new = old + timedelta(days=7)
    title = rng.choice(("Annual General Meeting", "Summer Plant Swap"))
    meeting = draft.expect(EVENT, title, at(new, 19, 30), place=rng.choice(("Scout Hut", "Bowls Club pavilion")))
    page = draft.page(1100, 1000, (255, 252, 235), "serif")
    page.write(550, 70, "Ferncombe Allotment Society", 46, anchor="middle")
    page.write(550, 160, "CHANGE OF DATE", 62, font="serif-bold", ink=(170, 40, 40), anchor="middle")
    page.paragraph(
        90, 300, 920,
        f"Please note that the {meeting('title')}, which was to have been held on {british(old)}, has been moved to "
        f"{meeting('start', british(new))} because the hall is needed for the elections. It will start at {meeting('start', '7.30pm')} in the {meeting('place')} as before.", size=36,
    )
    page.paragraph(90, 620, 920, "Members who cannot make the new date may send a proxy to the Secretary.", size=36)
    page.write(90, 850, "R. Pym, Hon. Secretary, 01632 960177", 30)
    return draft


@design("real-owners-meeting", "community bulletin")
def owners_meeting(rng: random.Random) -> Draft:
    """An American notice to owners: a meeting and the day for proxies within one paragraph."""
    draft = Draft(date(2026, 5, rng.randint(4, 14)), "en", "en-US", "America/Denver")
    day = next_weekday(date(2026, 6, rng.randint(8, 18)), 3)
    due = next_weekday(date(2026, 6, 1), 4)
    meeting = draft.expect(EVENT, "annual homeowners meeting", at(day, 19), place=rng.choice(("Maple Ridge Clubhouse", "Eastgate Community Center")))
    proxy = draft.expect(DEADLINE, "Proxy forms", at(due, 17))
    page = draft.page(1100, 1200, font="sans")
    page.write(90, 70, "Maple Ridge Homeowners Association", 42, font="sans-bold")
    page.write(90, 150, f"May {draft.reference.day}, 2026", 30)
    page.write(90, 230, "Dear neighbors:", 32)
    y = page.paragraph(
        90, 300, 920,
        f"The {meeting('title')} will be held {meeting('start', american(day))}, at {meeting('start', clock_en(at(day, 19), 'p.m.', 'p.m.').replace('7', '7:00'))} in the {meeting('place')}. "
        "Two seats on the board are open. The 2025 audit is on our website.", size=32,
    )
    y = page.paragraph(
        90, y + 30, 920,
        f"If you cannot attend, {proxy('title', 'proxy forms')} must be received by the management office no later than {proxy('start', clock_en(at(due, 17)).lower())} on {proxy('start', american(due))}. "
        f"Dues of ${rng.choice((85, 110))} remain payable each quarter.", size=32,
    )
    page.write(90, y + 50, "Management office: (303) 555-0118, Monday-Friday 9 to 5", 28)
    return draft


@design("real-branch-news", "newsletter")
def branch_news(rng: random.Random) -> Draft:
    """What was done last month is told at length; what comes next in the last lines."""
    draft = Draft(date(2026, 6, rng.randint(3, 8)), "en", "en-GB", "Europe/London")
    past = next_weekday(date(2026, 5, 8), 5)
    day = next_weekday(date(2026, 6, rng.randint(14, 22)), 2)
    title = rng.choice(("Garden Visit", "Quiz Supper"))
    visit = draft.expect(EVENT, title, at(day, 18, 30), place=rng.choice(("Hatch Manor", "Coldwell Grange")))
    page = draft.page(1100, 1300, font="serif")
    page.write(90, 70, "NEWS FROM THE BRANCH", 50, font="serif-bold")
    y = page.paragraph(
        90, 180, 920,
        f"The plant stall held on {british(past)} raised £412.60, our best result since 2011. Over sixty people came to the Market Hall between 10am and noon, "
        "and every tomato plant had gone by half past ten. Our thanks to all who baked.", size=32,
    )
    y = page.paragraph(90, y + 30, 920, "In April the members heard Mr Dunn on the history of the canal, which opened in 1796 and closed in 1947.", size=32)
    page.write(90, y + 40, f"Next: {visit('title')}", 38, font="serif-bold")
    page.paragraph(90, y + 110, 920, f"{visit('start', clock_gb(at(day, 18, 30)))}, {visit('start', british(day))}. {visit('place')}, by kind permission of the owners. {visit.note('£8 including a glass of wine.')}", size=32)
    return draft


@design("real-church-weekly", "newsletter")
def church_weekly(rng: random.Random) -> Draft:
    """A pew sheet: weekdays in the margin under one heading for the week."""
    draft = Draft(date(2026, 6, 6), "en", "en-GB", "Europe/London")
    monday = date(2026, 6, 8) + timedelta(weeks=rng.randint(0, 1))
    what = (("Coffee morning", 1, 10, 30, "Parish Room"), ("Bell practice", 2, 19, 30, "Tower"), ("Lunch club", 3, 12, 15, "Church Hall"))
    page = draft.page(1000, 1100, font="serif")
    page.write(500, 70, "St Mary the Virgin, Ashwell", 46, font="serif-bold", anchor="middle")
    page.write(500, 160, f"This week: {monday.day} – {monday.day + 6} June 2026", 38, anchor="middle")
    y = 290.0
    for title, offset, hour, minute, place in what:
        day = monday + timedelta(days=offset)
        entry = draft.expect(EVENT, title, at(day, hour, minute), place=place)
        page.write(90, y, entry("start", f"{british(day).split(' ', 1)[0][:4].rstrip('sn')} {day.day}"), 34, font="serif-bold")
        page.write(280, y, entry("start", clock_gb(at(day, hour, minute))), 34)
        page.write(450, y, f"{entry('title')}, {entry('place')}", 34)
        y += 80
    page.paragraph(90, y + 60, 820, "Flowers this month are given in memory of Edith Lane. The churchyard path was relaid in 2019.", size=30)
    page.write(90, 980, "Vicar: 01632 960101. Office open Tuesdays and Fridays", 28)
    return draft

"""Posters in English without labels: slogans, several shows, months of opening, rain."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import (
    american,
    at,
    british,
    clock_en,
    long_weekday,
    month_name,
    next_weekday,
    ordinal,
    short_weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.truth import DEADLINE, EVENT

# fmt: off

@design("real-blood-drive", "poster")
def blood_drive(rng: random.Random) -> Draft:
    """The largest words are a slogan; the name is smaller, the hall after the day."""
    draft = Draft(date(2026, 5, rng.randint(10, 25)), "en", "en-US", "America/Chicago")
    day = next_weekday(date(2026, 6, rng.randint(8, 20)), 2)
    drive = draft.expect(EVENT, rng.choice(("Community Blood Drive", "Summer Blood Drive")), at(day, 13), at(day, 18, 30), place="Fellowship Hall", address="First Lutheran Church, 402 Main Street")
    page = draft.page(1100, 1420, (255, 255, 255), "sans-bold")
    page.box(0, 0, 1100, 520, fill=(185, 20, 40))
    page.write(550, 90, "GIVE BLOOD.", 120, ink=(255, 255, 255), anchor="middle")
    page.write(550, 270, "SAVE LIVES.", 120, ink=(255, 255, 255), anchor="middle")
    page.write(550, 600, drive("title"), 60, anchor="middle")
    page.write(550, 740, drive("start end", american(day)), 54, font="sans", anchor="middle")
    page.write(550, 830, f"{drive('start', '1')} – {drive('end', '6:30 p.m.')}", 54, font="sans", anchor="middle")
    page.write(550, 960, drive("place"), 46, font="sans", anchor="middle")
    page.write(550, 1030, drive("address"), 36, font="sans", anchor="middle")
    page.write(550, 1200, drive.note("Walk-ins welcome. Bring photo ID."), 34, font="sans", anchor="middle")
    page.write(550, 1300, "Every 2 seconds someone needs blood. 1-800-555-0190", 30, font="sans", anchor="middle")
    return draft


@design("real-watercolours", "poster")
def watercolours(rng: random.Random) -> Draft:
    """An exhibition over months, the gallery's name above it, weekly hours below."""
    draft = Draft(date(2026, 6, rng.randint(1, 20)), "en", "en-GB", "Europe/London")
    first, last = date(2026, 7, rng.randint(3, 10)), date(2026, 9, rng.randint(20, 28))
    show = draft.expect(EVENT, rng.choice(("Light on Water", "A Field of Her Own")), first, last, place="Penhallow Gallery")
    page = draft.page(1000, 1414, (230, 240, 244), "serif")
    page.write(80, 80, show("place", show.place.upper()), 44)
    page.write(80, 420, show("title"), 96, font="serif-bold", ink=(20, 70, 110))
    page.write(80, 560, "Watercolours 1921–1958", 44)
    page.write(80, 760, f"{show('start', f'{first.day} {month_name(first)}')} – {show('end', f'{last.day} {month_name(last)} 2026')}", 52)
    page.write(80, 1120, show.note("Tuesday to Sunday, 10am–5pm. Admission free."), 34)
    page.write(80, 1180, "Harbour Street, Penhallow TR20 8XY", 34)
    page.write(80, 1300, "Supported by the Arts Fund · Registered charity 1055512", 24)
    return draft


@design("real-operetta", "poster")
def operetta(rng: random.Random) -> Draft:
    """Shows on three evenings and one afternoon, each day on its line."""
    draft = Draft(date(2026, 5, rng.randint(1, 20)), "en", "en-GB", "Europe/London")
    first = next_weekday(date(2026, 6, rng.randint(8, 20)), 3)
    title, place = rng.choice(("The Pirates of Penzance", "Iolanthe")), "Assembly Rooms"
    thursday, friday, saturday = (first + timedelta(days=step) for step in range(3))
    when = (at(thursday, 19, 30), at(friday, 19, 30), at(saturday, 14, 30), at(saturday, 19, 30))
    shows = [draft.expect(EVENT, title, moment, place=place) for moment in when]
    name, hall = title, place
    for one in shows:
        name, hall = one("title", name), one("place", hall)
    page = draft.page(1000, 1414, (250, 244, 230), "serif")
    page.write(500, 90, "Thornbury Light Opera Company presents", 36, anchor="middle")
    page.write(500, 210, name, 74, font="serif-bold", ink=(120, 20, 60), anchor="middle")
    page.write(500, 330, "by Gilbert & Sullivan", 36, anchor="middle")
    page.write(500, 560, f"{shows[0]('start', british(thursday))} at {shows[0]('start', '7.30pm')}", 46, anchor="middle")
    page.write(500, 640, f"{shows[1]('start', british(friday))} at {shows[1]('start', '7.30pm')}", 46, anchor="middle")
    both = shows[3]("start", shows[2]("start", british(saturday)))
    page.write(500, 720, f"{both} at {shows[2]('start', '2.30pm')} and {shows[3]('start', '7.30pm')}", 46, anchor="middle")
    page.write(500, 900, hall, 54, font="serif-bold", anchor="middle")
    page.write(500, 1050, "Tickets £12, under 16s £6", 38, anchor="middle")
    page.write(500, 1110, "Box office 01632 960155 or from Hobbs Newsagent", 32, anchor="middle")
    return draft


@design("real-talk-tour", "poster")
def talk_tour(rng: random.Random) -> Draft:
    """One talk in two towns: day, hour and hall of each in a row."""
    draft = Draft(date(2026, 5, rng.randint(1, 20)), "en", "en-GB", "Europe/London")
    first = next_weekday(date(2026, 6, rng.randint(8, 16)), 1)
    second = first + timedelta(days=2)
    title = rng.choice(("Walking the Ridgeway", "Islands of the North"))
    one = draft.expect(EVENT, title, at(first, 19), place="Corn Exchange, Devizes")
    two = draft.expect(EVENT, title, at(second, 19, 30), place="Town Hall, Calne")
    page = draft.page(1240, 900, (28, 50, 46), "sans")
    page.ink = (240, 240, 230)
    page.write(620, 80, "An illustrated talk by Hamish Orr", 40, anchor="middle")
    page.write(620, 180, two("title", one("title")), 80, font="sans-bold", anchor="middle")
    page.write(90, 420, one("start", f"{short_weekday(first)} {first.day} {month_name(first)}"), 46)
    page.write(480, 420, one("start", "7pm"), 46)
    page.write(680, 420, one("place"), 46)
    page.write(90, 520, two("start", f"{short_weekday(second)} {second.day} {month_name(second)}"), 46)
    page.write(480, 520, two("start", "7.30pm"), 46)
    page.write(680, 520, two("place"), 46)
    page.write(620, 760, "£6 on the door. Refreshments.", 38, anchor="middle")
    return draft


@design("real-pilates", "poster")
def pilates(rng: random.Random) -> Draft:
    """A class every week for six weeks; times before the first day."""
    draft = Draft(date(2026, 5, rng.randint(10, 25)), "en", "en-GB", "Europe/London")
    day = next_weekday(date(2026, 6, 1), 1)
    title = rng.choice(("Pilates for Beginners", "Gentle Yoga"))
    lesson = draft.expect(EVENT, title, at(day, 18, 15), at(day, 19, 15), place="Memorial Hall", rrule="FREQ=WEEKLY;BYDAY=TU;COUNT=6")
    page = draft.page(1000, 1200, (244, 238, 250), "sans")
    page.write(500, 120, lesson("title"), 68, font="sans-bold", ink=(90, 40, 130), anchor="middle")
    page.write(500, 330, f"{lesson('rrule', 'Tuesdays')} {lesson('start', '6.15')}–{lesson('end', '7.15pm')}", 52, anchor="middle")
    page.write(500, 420, f"starting {lesson('start', f'{ordinal(day.day)} June')} for {lesson('rrule', '6 weeks')}", 46, anchor="middle")
    page.write(500, 560, lesson("place"), 46, anchor="middle")
    page.write(500, 700, lesson.note("£42 for the course. Bring a mat."), 38, anchor="middle")
    page.write(500, 1000, "Call Bev on 07700 900461", 38, anchor="middle")
    return draft


@design("real-half-moon", "concert poster")
def half_moon(rng: random.Random) -> Draft:
    """A pub's band night: the pub in the heading, the day in figures with points."""
    draft = Draft(date(2026, 5, rng.randint(15, 28)), "en", "en-GB", "Europe/London")
    day = next_weekday(date(2026, 6, rng.randint(8, 20)), 4)
    band = rng.choice(("Nell Porter Trio", "The Gaslight Five"))
    pub = rng.choice(("The Half Moon", "The Anchor"))
    gig = draft.expect(EVENT, band, at(day, 20, 30), place=pub, clocks={"DOORS": at(day, 19, 30)})
    page = draft.page(1000, 1414, (16, 16, 20), "sans-bold")
    page.ink = (240, 240, 240)
    page.write(500, 100, f"{gig('place')} presents", 44, font="serif", anchor="middle")
    page.write(500, 420, gig("title", band.upper()), 84, ink=(250, 190, 40), anchor="middle")
    page.write(500, 560, "jazz · swing · blues", 40, font="sans", anchor="middle")
    page.write(500, 780, gig("start", f"{short_weekday(day).upper()} {day.day:02d}.{day.month:02d}.{day.year % 100}"), 76, anchor="middle")
    page.write(500, 920, f"doors {gig('clock', '7.30pm')} / on stage {gig('start', '8.30pm')}", 44, font="sans", anchor="middle")
    page.write(500, 1040, gig.note("£10 advance, £12 on the night"), 40, font="sans", anchor="middle")
    page.write(500, 1300, "93 Lower Road, London SE24 · halfmoon.example", 32, font="sans", anchor="middle")
    return draft


@design("real-fun-run", "poster")
def fun_run(rng: random.Random) -> Draft:
    """An American race: month and day apart from the hour, check-in, a last day to register."""
    draft = Draft(date(2026, 5, rng.randint(1, 15)), "en", "en-US", "America/New_York")
    day = next_weekday(date(2026, 6, rng.randint(8, 20)), 5)
    due = date(2026, 5, rng.randint(27, 31))
    title = rng.choice(("Bluebird 5K Run/Walk", "Dash for the Library 5K"))
    race = draft.expect(EVENT, title, at(day, 8), place="Riverside Park", clocks={"RECEPTION": at(day, 7)})
    register = draft.expect(DEADLINE, "Registration closes", due)
    page = draft.page(1100, 1420, (236, 246, 255), "sans-bold")
    page.write(550, 100, race("title", title.upper()), 66, ink=(20, 80, 160), anchor="middle")
    page.write(550, 330, race("start", long_weekday(day).upper()), 50, anchor="middle")
    page.write(550, 410, race("start", f"{month_name(day).upper()} {day.day}"), 110, anchor="middle")
    page.write(550, 560, f"Race starts {race('start', '8:00 AM')}", 46, font="sans", anchor="middle")
    page.write(550, 630, f"Check-in opens {race('clock', '7:00 AM')}", 40, font="sans", anchor="middle")
    page.write(550, 760, f"{race('place')} · Pavilion B", 46, font="sans", anchor="middle")
    page.write(550, 930, race.note("$25 adults, $10 kids under 12"), 38, font="sans", anchor="middle")
    page.write(550, 1010, f"{register('title')} {register('start', f'May {due.day}')}", 38, font="sans", anchor="middle")
    page.write(550, 1260, "Rain or shine! Sponsored by Tri-County Credit Union", 32, font="sans", anchor="middle")
    return draft


@design("real-village-fete", "poster")
def village_fete(rng: random.Random) -> Draft:
    """A fête with another place if it is wet, and who opens it at which hour."""
    draft = Draft(date(2026, 6, rng.randint(1, 8)), "en", "en-GB", "Europe/London")
    day = next_weekday(date(2026, 6, rng.randint(14, 24)), 5)
    name = rng.choice(("Longstock Village Fete", "Midsummer Fayre"))
    fete = draft.expect(EVENT, name, at(day, 14), at(day, 17), place="The Rectory Garden")
    page = draft.page(1100, 1420, (250, 250, 232), "serif-bold")
    page.write(550, 100, fete("title"), 76, ink=(30, 110, 60), anchor="middle")
    page.write(550, 290, fete("start end", f"{long_weekday(day)} {ordinal(day.day)} {month_name(day)}"), 60, anchor="middle")
    page.write(550, 390, f"{fete('start', '2')}–{fete('end', '5pm')}", 60, anchor="middle")
    page.write(550, 520, fete("place"), 50, font="serif", anchor="middle")
    page.write(550, 600, "(if wet, in the Village Hall)", 36, font="serif", anchor="middle")
    y = 740.0
    for words in ("Cream teas · Coconut shy · Tombola", "Dog show · Silver band · Raffle", "Opened by Lady Merton"):
        page.write(550, y, words, 40, font="serif", anchor="middle")
        y += 70
    page.write(550, 1100, fete.note("Admission 50p, children free"), 38, font="serif", anchor="middle")
    page.write(550, 1300, "In aid of the church roof fund", 32, font="serif", anchor="middle")
    return draft


@design("real-fireworks", "poster")
def fireworks(rng: random.Random) -> Draft:
    """An American celebration with a rain date, which is not a second event."""
    draft = Draft(date(2026, 6, rng.randint(10, 25)), "en", "en-US", "America/New_York")
    day = date(2026, 7, rng.choice((3, 4)))
    rain = day + timedelta(days=1)
    title = rng.choice(("Independence Day Fireworks", "Fireworks over the Lake"))
    show = draft.expect(EVENT, title, at(day, 21, 15), place=rng.choice(("Veterans Field", "Lakeside Beach")))
    page = draft.page(1100, 1300, (16, 22, 60), "sans-bold")
    page.ink = (255, 255, 255)
    page.write(550, 80, "Town of Marlow Recreation Department", 36, font="sans", anchor="middle")
    page.write(550, 240, show("title"), 64, ink=(255, 210, 90), anchor="middle")
    page.write(550, 460, show("start", american(day)), 56, anchor="middle")
    page.write(550, 560, f"at dusk (approx. {show('start', clock_en(at(day, 21, 15)))})", 42, font="sans", anchor="middle")
    page.write(550, 680, show("place"), 50, anchor="middle")
    page.write(550, 850, f"Rain date: {american(rain)}", 38, font="sans", anchor="middle")
    page.write(550, 980, show.note("No pets, no alcohol, no sparklers"), 36, font="sans", anchor="middle")
    return draft

"""Appointments, tickets and invitations in English."""

from __future__ import annotations

import random
from datetime import date

from kioku_scenes.documents.day import (
    at,
    british,
    clock,
    clock_en,
    month_name,
    next_weekday,
    ordinal,
    short_weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.truth import DEADLINE, EVENT

# fmt: off

@design("real-clinic-letter", "appointment")
def clinic_letter(rng: random.Random) -> Draft:
    """A hospital's letter: figures with slashes for a birth, a letter and an appointment."""
    draft = Draft(date(2026, 5, rng.randint(13, 25)), "en", "en-GB", "Europe/London")
    day = next_weekday(date(2026, 6, rng.randint(9, 24)), 3)
    what = rng.choice(("Dermatology", "Eye Clinic"))
    visit = draft.expect(EVENT, f"{what} appointment", at(day, 9, 40), place="Outpatients, Level 2")
    page = draft.page(1000, 1300, font="sans")
    page.write(920, 60, "St Anne's Hospital NHS Trust", 34, font="sans-bold", anchor="right")
    page.write(80, 160, f"Date of letter: {draft.reference:%d/%m/%Y}", 28)
    page.write(80, 210, f"Patient: Mr A. Sample   DOB: 03/11/19{rng.randint(60, 89)}", 28)
    page.write(80, 260, "NHS No: 943 476 5919", 28)
    page.write(80, 350, visit("title"), 40, font="sans-bold")
    page.write(80, 440, "An appointment has been made for you as follows:", 30)
    y = 520.0
    for label, value in (("Date", visit("start", f"{day:%d/%m/%Y}")), ("Time", visit("start", "09:40")), ("Location", visit("place")), ("Seeing", "Dr K. Banerjee")):
        page.write(110, y, label, 32, font="sans-bold")
        page.write(330, y, value, 32)
        y += 64
    page.paragraph(80, y + 40, 840, "If you are unable to attend please ring 01632 960188 (8.30am to 4pm) at least 48 hours beforehand. Please bring a list of your medicines.", size=30)
    return draft


@design("real-dental-card", "appointment")
def dental_card(rng: random.Random) -> Draft:
    """A small card: the practice above, a visit with day and hour on the lines of a form."""
    draft = Draft(date(2026, 5, rng.randint(5, 25)), "en", "en-US", "America/Los_Angeles")
    day = next_weekday(date(2026, 6, rng.randint(8, 24)), 0)
    visit = draft.expect(EVENT, rng.choice(("Cleaning and exam", "Crown fitting")), at(day, 14, 15), place="Lakeview Family Dentistry")
    page = draft.page(900, 560, (250, 252, 255), "sans")
    page.write(450, 40, visit("place"), 46, font="sans-bold", ink=(20, 110, 140), anchor="middle")
    page.write(450, 105, "1180 Shoreline Blvd, Suite 4 · (650) 555-0139", 24, anchor="middle")
    page.write(60, 180, "Your next appointment is", 30)
    page.write(60, 240, visit("start", f"{short_weekday(day)}, {month_name(day)[:3]} {day.day}"), 44, font="klee-bold")
    page.write(500, 240, visit("start", clock_en(at(day, 14, 15))), 44, font="klee-bold")
    page.write(60, 330, f"For: {visit('title')}", 32)
    page.write(60, 390, "With: Dr. Alvarez", 32)
    page.write(60, 480, "Kindly give 24 hours' notice if you need to change it.", 24)
    return draft


@design("real-parcel-card", "appointment")
def parcel_card(rng: random.Random) -> Draft:
    """A missed parcel: when someone called is past, when it comes again is to come."""
    draft = Draft(date(2026, 6, rng.randint(2, 12)), "en", "en-GB", "Europe/London")
    day = next_weekday(draft.reference, 4)
    again = draft.expect(EVENT, "Redelivery", at(day, 8), at(day, 12))
    page = draft.page(800, 900, (255, 240, 240), "sans")
    page.write(400, 50, "Sorry we missed you", 52, font="sans-bold", ink=(180, 0, 0), anchor="middle")
    page.write(60, 160, f"We called on {draft.reference:%d/%m/%Y} at {rng.randint(9, 12)}:42", 32)
    page.write(60, 215, f"Item no. JD{rng.randint(10**9, 10**10 - 1)}", 28, font="mono")
    page.write(60, 330, again("title"), 40, font="sans-bold")
    page.write(60, 400, f"{again('start end', british(day))}", 36)
    page.write(60, 460, f"between {again('start', '8am')} and {again('end', '12 noon')}", 36)
    page.paragraph(60, 600, 680, "Not going to be in? Text 61001 with your item number. Parcels are kept for 18 days.", size=30)
    return draft


@design("real-rail-ticket", "ticket")
def rail_ticket(rng: random.Random) -> Draft:
    """A railway's ticket: months in capitals, two hours, seat and price beside them."""
    draft = Draft(date(2026, 5, rng.randint(1, 25)), "en", "en-GB", "Europe/London")
    day = date(2026, 6, rng.randint(8, 28))
    there = rng.choice(("London Kings Cross", "Edinburgh"))
    ride = draft.expect(EVENT, f"Leeds to {there}", at(day, 7, 15), at(day, 9, 31), place="Leeds", implied=("place",))
    page = draft.page(1200, 560, (255, 246, 225), "mono")
    page.write(50, 40, "ADVANCE SINGLE   STD   ADULT", 34)
    page.write(50, 130, f"{ride('title')}", 48, font="sans-bold")
    page.write(50, 230, f"Date {ride('start end', f'{day.day:02d}-{month_name(day)[:3].upper()}-26')}", 38)
    page.write(50, 300, f"Dep {ride('start', '07:15')}   Arr {ride('end', '09:31')}", 38)
    page.write(50, 380, f"Coach {rng.choice('BCD')} Seat {rng.randint(10, 62)}A   Price £{rng.randint(18, 44)}.40", 34)
    page.write(50, 460, f"Bought {draft.reference.day:02d}-MAY-26 18:04   No. {rng.randint(10000, 99999)}", 26)
    return draft


@design("real-museum-ticket", "ticket")
def museum_ticket(rng: random.Random) -> Draft:
    """An e-ticket with a slot to come in, and the day when it was ordered."""
    draft = Draft(date(2026, 5, rng.randint(2, 25)), "en", "en-US", "America/New_York")
    day = date(2026, 6, rng.randint(8, 28))
    title = rng.choice(("Giants of the Deep", "Gold of the Andes"))
    slot = draft.expect(EVENT, title, at(day, 14, 30), place="Hall of Nature")
    page = draft.page(900, 1300, font="sans")
    page.write(450, 60, "YOUR E-TICKET", 34, ink=(110, 110, 110), anchor="middle")
    page.write(450, 140, slot("title"), 56, font="sans-bold", anchor="middle")
    page.write(450, 240, slot("place"), 38, anchor="middle")
    page.box(90, 340, 810, 560, edge=(120, 120, 120))
    page.write(120, 370, "Visit date", 26, ink=(110, 110, 110))
    page.write(120, 410, slot("start", f"{month_name(day)[:3]} {day.day}, {day.year}"), 38)
    page.write(500, 370, "Entry time", 26, ink=(110, 110, 110))
    page.write(500, 410, slot("start", "2:30 PM"), 38)
    page.write(120, 490, "2 x Adult (non-member)", 28)
    page.write(90, 640, f"Order #{rng.randint(100000, 999999)} placed May 2, 2026", 26)
    page.write(90, 690, "Total paid $46.00", 26)
    page.paragraph(90, 780, 720, "Please show this ticket on your phone. Tickets are not refundable.", size=26)
    return draft


@design("real-wedding", "invitation")
def wedding(rng: random.Random) -> Draft:
    """An invitation in centred lines: the hour in words, a church and a place for the party."""
    draft = Draft(date(2026, 4, rng.randint(1, 25)), "en", "en-US", "America/New_York")
    day = next_weekday(date(2026, 6, rng.randint(6, 20)), 5)
    names = rng.choice(("Anna & Thomas", "Priya & Daniel"))
    due = date(2026, 5, rng.randint(8, 20))
    bond = draft.expect(EVENT, f"The wedding of {names}", at(day, 16), place=rng.choice(("Grace Chapel", "Old Stone Church")))
    reply = draft.expect(DEADLINE, "RSVP", due)
    page = draft.page(1000, 1414, (252, 250, 246), "serif")
    y = 160.0
    for words in (
        "Together with their families", "request the pleasure of your company at", bond("title"), "",
        f"on {bond('start', f'Saturday, {month_name(day)} {day.day}, 2026')}", f"at {bond('start', 'four o’clock in the afternoon')}", "",
        bond("place"), "28 Elm Avenue, Hudson, New York", "", "Dinner and dancing to follow at The Orangery",
    ):
        if words:
            page.write(500, y, words, 44, anchor="middle")
        y += 84
    page.write(500, y + 30, f"Kindly {reply('title')} by {reply('start', f'{month_name(due)} {due.day}')}", 36, anchor="middle")
    return draft


@design("real-kids-party", "invitation")
def kids_party(rng: random.Random) -> Draft:
    """A child's invitation: labels, hours without am or pm, a last day to answer."""
    draft = Draft(date(2026, 5, rng.randint(10, 20)), "en", "en-GB", "Europe/London")
    day = next_weekday(date(2026, 6, rng.randint(4, 12)), 5)
    due = date(2026, 5, rng.randint(28, 31))
    child = rng.choice(("Maya", "Alfie"))
    party = draft.expect(EVENT, f"{child}'s 7th Birthday Party", at(day, 14), at(day, 16), place="Jump Zone, Unit 4, Station Road")
    reply = draft.expect(DEADLINE, "RSVP", due)
    page = draft.page(1000, 1300, (255, 236, 246), "mplus-bold")
    page.write(500, 90, "You're invited!", 84, ink=(220, 60, 140), anchor="middle")
    page.write(500, 260, f"Please come to {party('title')}", 46, anchor="middle")
    y = 420.0
    for label, value in (("When", party("start end", f"{short_weekday(day)} {ordinal(day.day)} {month_name(day)}")), ("Time", f"{party('start', '2pm')} till {party('end', '4pm')}"), ("Where", party("place"))):
        page.write(100, y, label, 42, ink=(220, 60, 140))
        page.write(300, y, value, 42)
        y += 90
    page.write(100, y + 60, party.note("Don't forget your grip socks!"), 38)
    page.write(100, y + 160, f"{reply('title')} to Priya on 07700 900123 by {reply('start', f'{ordinal(due.day)} May')}", 36)
    return draft


@design("real-salon-text", "chat")
def salon_text(rng: random.Random) -> Draft:
    """A text message of a booking: everything in one sentence, the day in figures."""
    draft = Draft(date(2026, 6, rng.randint(1, 6)), "en", "en-GB", "Europe/London")
    day = next_weekday(date(2026, 6, rng.randint(9, 16)), 2)
    cut = draft.expect(EVENT, rng.choice(("Cut and finish", "Full head colour")), at(day, 16, 45), place=rng.choice(("Shear Delight", "Salon Eleven")))
    page = draft.page(900, 900, (245, 245, 248), "sans")
    page.write(450, 40, cut.place, 34, font="sans-bold", anchor="middle")
    page.write(450, 110, "Text message · Today 09:12", 24, ink=(130, 130, 130), anchor="middle")
    page.box(60, 180, 800, 560, fill=(228, 228, 234), radius=30)
    page.paragraph(
        90, 210, 680,
        f"Hi Jo, this is a reminder of your {cut('title')} at {cut('place')} on {cut('start', f'{short_weekday(day)} {day.day}/{day.month}')} at {cut('start', clock(at(day, 16, 45)))}. "
        "Reply C to cancel. Less than 24h notice may be charged at 50%.", size=34,
    )
    return draft

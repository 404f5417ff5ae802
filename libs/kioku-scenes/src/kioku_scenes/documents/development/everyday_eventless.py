"""Documents in English that announce nothing, whatever days and hours they name."""

from __future__ import annotations

import random
from datetime import date

from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft

# fmt: off

@design("real-minutes", "minutes")
def meeting_minutes(rng: random.Random) -> Draft:
    """Minutes of a meeting that is over."""
    draft = Draft(date(2026, 5, rng.randint(15, 28)), "en", "en-GB", "Europe/London")
    page = draft.page(1100, 1300, font="serif")
    page.write(90, 70, "Parish Council of Ashwell", 46, font="serif-bold")
    y = page.paragraph(90, 160, 920, f"Minutes of the meeting held on Tuesday {rng.choice((5, 12))} May 2026 at 7.30pm in the Parish Room", size=34, font="serif-bold")
    for words in (
        "Present: Cllrs Bagshaw (Chair), Ives, Moreton, Pike; the Clerk; 3 members of the public.",
        "1. Apologies were received from Cllr Lunn.",
        "2. The minutes of 14 April were signed as a true record.",
        "3. The Clerk reported that the bench had been mended on 28 April at a cost of £186.00.",
        "4. Cllr Pike said that the hedge in Back Lane was cut in March.",
        "The meeting closed at 8.50pm.",
    ):
        y = page.paragraph(90, y + 24, 920, words, size=32)
    return draft


@design("real-garage-prices", "menu")
def garage_prices(rng: random.Random) -> Draft:
    """A garage's prices, telephone and weekly hours."""
    draft = Draft(date(2026, 5, 12), "en", "en-GB", "Europe/London")
    page = draft.page(900, 1100, font="sans")
    page.write(450, 60, "Dawson & Son Motors", 50, font="sans-bold", anchor="middle")
    page.write(450, 135, "Est. 1962 · 01632 960119", 30, anchor="middle")
    y = 250.0
    for words, price in (("MOT (class 4)", "£54.85"), ("Interim service", "£149.00"), ("Full service", f"£{rng.randint(219, 259)}.50"), ("Tyre 195/65 R15", "£62.10"), ("Puncture", "£12.30")):
        page.write(100, y, words, 36)
        page.write(800, y, price, 36, anchor="right")
        y += 80
    page.write(450, 800, "Mon–Fri 8.00–5.30, Sat 8.30–12.00", 34, anchor="middle")
    page.write(450, 900, "Prices include VAT and are correct at 01/04/2026", 26, anchor="middle")
    return draft


@design("real-bus-times", "timetable")
def bus_times(rng: random.Random) -> Draft:
    """A bus line's hours, Mondays to Fridays, no day of the calendar."""
    draft = Draft(date(2026, 6, 2), "en", "en-GB", "Europe/London")
    page = draft.page(1100, 800, font="sans")
    page.write(80, 60, f"{rng.choice((41, 76))} Ashwell – Baldock – Hitchin", 44, font="sans-bold")
    page.write(80, 130, "Mondays to Fridays (not public holidays)", 32)
    y = 240.0
    for stop, start in (("Ashwell, Church", 12), ("Baldock, Station", 30), ("Hitchin, Market Place", 51)):
        page.write(80, y, stop, 32)
        for column, hour in enumerate((7, 9, 11, 14, 17)):
            page.write(520 + column * 105, y, f"{hour:02d}{start:02d}", 32, font="mono")
        y += 74
    page.write(80, 640, "Adult single £3.00. Enquiries 0345 555 0100", 30)
    return draft


@design("real-guarantee", "receipt")
def guarantee(rng: random.Random) -> Draft:
    """A guarantee: when a kettle was bought and how long it is covered."""
    draft = Draft(date(2026, 3, rng.randint(12, 28)), "en", "en-US", "America/New_York")
    page = draft.page(800, 1000, font="sans")
    page.write(400, 60, "HEARTHWARE", 50, font="sans-bold", anchor="middle")
    page.write(400, 130, "Store 118 · 900 Ridge Pike", 28, anchor="middle")
    y = 230.0
    for words in (f"Date: 03/{draft.reference.day}/2026  Time: 4:52 PM", "Kettle 1.7 L      $39.99", "Sales tax          $2.40", "TOTAL             $42.39", "VISA **** 4417    APPROVED"):
        y = page.write(80, y, words, 30, font="mono") + 12
    page.paragraph(80, y + 40, 640, "Returns accepted within 30 days with receipt. This product carries a limited warranty of 24 months from the date of purchase.", size=28)
    return draft


@design("real-obituary", "newspaper")
def obituary(rng: random.Random) -> Draft:
    """A life told in years, and a funeral that has been."""
    draft = Draft(date(2026, 6, rng.randint(5, 20)), "en", "en-GB", "Europe/London")
    page = draft.page(900, 1200, font="serif")
    page.write(90, 70, rng.choice(("Harold Bexley", "Winifred Arkell")), 54, font="serif-bold")
    page.write(90, 150, "1931 – 2026", 38)
    page.paragraph(
        90, 250, 720,
        "Born in Whitby on 9 February 1931, the youngest of six, our neighbour joined the railway at fifteen and retired from it on 31 March 1991. "
        "Bowls on Wednesdays and choir on Fridays filled the years that followed. The funeral took place at St Hilda's on Tuesday 19 May, and the church was full.", size=32,
    )
    return draft

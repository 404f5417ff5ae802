"""When a page announces nothing: it is blank, cannot be read, or is a receipt, menu or sign."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kioku_vlm.page import Document, PageFlag
from kioku_vlm.rules.reading import Hypothesis, Reading
from kioku_vlm.rules.sighting import Nature, Sighting
from kioku_vlm.rules.traits import Trait, traits_of

_BILL = re.compile(
    r"合\s?計|小\s?計|お?釣り?|釣銭|お?預り?|領収|レシート|税込|内税|外税|消費税|数量|単価|"
    r"明細|請求|ポイント残|"
    r"\b(?:sub-?total|total|change|cash|visa|mastercard|receipt|invoice|qty|tax|vat|amount|"
    r"balance|cashier|card)\b", re.I
)  # fmt: skip
_AMOUNT = re.compile(r"(?:\s|[¥£$€])\d{1,4}[.,]\d\d$|[¥£$€]\s?\d[\d,]*$|\d円$")
_HOURS = re.compile(
    r"営業時間|診療時間|開館時間|受付時間|営業日|定休日|年中無休|opening hours|business hours|"
    r"open daily|store hours|"
    r"\bhours\b|\bopen\b.*\b(?:mon|daily|sun)", re.I
)  # fmt: skip
_DAY_NUMBER = re.compile(r"\d{1,2}\s?日?")
# What the finder of moments gives a day whose month and year it guessed.
_GUESSED = 0.5
_NOTHING = (PageFlag.BLANK, PageFlag.NO_TEXT, PageFlag.ILLEGIBLE)


def flag_of(document: Document) -> str:
    """The flag for which nothing can be said of a document without lines; empty: it has some."""
    if any(line.text.strip() for page in document.pages for line in page.lines):
        return ""
    flags = [flag for page in document.pages for flag in page.flags if flag in _NOTHING]
    return flags[0].value if flags else PageFlag.NO_TEXT.value


def kept(found: Sequence[Hypothesis], reading: Reading) -> list[Hypothesis]:
    """Without what only a bill or a sign says; empty for a page that announces nothing."""
    if _bill(reading):
        return [one for one in found if one.sighting.nature is Nature.DEADLINE and one.own]
    said = [one for one in found if _says_something(one)]
    dated = any(one.sighting.moment.start for one in said)
    return [one for one in said if not _standing(one, reading, dated)]


def _bill(reading: Reading) -> bool:
    """Whether most lines are prices and their sums."""
    words = sum(bool(_BILL.search(strip.text)) for strip in reading.strips)
    prices = sum(Trait.PRICE in traits_of(strip.text) for strip in reading.strips)
    amounts = sum(bool(_AMOUNT.search(strip.text)) for strip in reading.strips)
    if amounts >= 3 and 2 * amounts >= len(reading.strips) - 3:
        return True
    return words >= 2 and prices >= 2 and 3 * (words + prices) >= len(reading.strips)


def _says_something(one: Hypothesis) -> bool:
    """A day needs a name, or at least a label or time that makes it more than a number."""
    sighting = one.sighting
    if _number_alone(sighting):
        return False
    return one.name is not None or sighting.label is not None or bool(sighting.moment.clocks)


def _number_alone(sighting: Sighting) -> bool:
    """A day's number in running words without month, weekday, time or label: 週2日, 15日に発表."""
    moment = sighting.moment
    bare = _DAY_NUMBER.fullmatch(moment.raw.strip()) and moment.confidence <= _GUESSED
    return bool(bare) and not moment.clocks and sighting.label is None


def _standing(one: Hypothesis, reading: Reading, dated: bool) -> bool:
    """Hours that always hold, such as those on a door; beside days, closures are announced."""
    moment = one.sighting.moment
    if not moment.rrule or moment.start:
        return False
    near = " ".join(reading.strips[order].text for order in one.strips[:4])
    if one.sighting.nature is Nature.CLOSED:
        return not dated
    return bool(_HOURS.search(near))

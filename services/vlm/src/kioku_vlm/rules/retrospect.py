"""What a document only tells of afterwards: reports, minutes, thanks, the history of a house."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from kioku_vlm.rules.sighting import Nature, Sighting
from kioku_vlm.rules.strip import Strip

# A sentence in the past about its day; what was decided or changed may still lie ahead.
_PAST = re.compile(r"(?:ました|でした|られた|された|行った|あった)[。!]*$")
_DECIDED = re.compile(
    r"(?:こと(?:に|と)なり|変更(?:に|と)?(?:なり|し|いたし)|決(?:ま|定し|定いたし)り?|延期(?:に|と)?(?:なり|し|いたし)|"
    r"承り|できる?ようになり|なりました|お知らせしました)"
)
_REPORT = re.compile(
    r"議事録|議事要旨|報告(?:書)?$|(?:実施|活動|開催|結果)報告|(?:の|お)(?:お礼|御礼)|お礼$|会社概要|沿革|"
    r"\bminutes of\b|\bthank you to\b|\breport on\b",
    re.IGNORECASE,
)
# A day so many years before the newest year of its document is history.
_HISTORY = 3


def without_past(
    strips: Sequence[Strip],
    sightings: Mapping[int, tuple[Sighting, ...]],
    today: date,
) -> dict[int, tuple[Sighting, ...]]:
    """The sightings, where what is told as over is an aside.

    Args:
        strips: of the document.
        sightings: by the order of their strip.
        today: the document's own day, or that of the request: what lies ahead of it is not over.
    """
    report = any(_REPORT.search(strip.text) for strip in strips[:3])
    newest = max((today.year, *_years(sightings)))
    return {
        order: tuple(_seen(one, today, newest, report) for one in many)
        for order, many in sightings.items()
    }


def _years(sightings: Mapping[int, tuple[Sighting, ...]]) -> list[int]:
    return [
        one.moment.start.year for many in sightings.values() for one in many if one.moment.start
    ]


def _seen(one: Sighting, today: date, newest: int, report: bool) -> Sighting:
    day = one.moment.start
    if day is None or one.nature not in (Nature.EVENT, Nature.NOTICE):
        return one
    history = newest - day.year >= _HISTORY
    over = (report and (one.moment.end or day) < today) or _told_past(one)
    return replace(one, nature=Nature.ASIDE) if history or over else one


def _told_past(one: Sighting) -> bool:
    """Whether the sentence with the day is in the past."""
    after = re.split(r"(?<=。)", one.strip.text[one.span[1] :])[0].strip()
    return bool(_PAST.search(after)) and not _DECIDED.search(after)

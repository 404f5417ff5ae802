"""Which entries of two pictures are the same event."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from kioku_vlm.calendar.fingerprint import (
    TITLE_AKIN,
    TITLE_ALIKE,
    fingerprint,
    same_entry,
    title_similarity,
)
from kioku_vlm.schedule_facts import ClockRole, Entry, Kind

from tests.unit.vlm.calendar.announced import entry, said

TITLES = [
    "春の運動会", "入学式", "卒業式", "夏祭り", "盆踊り大会", "避難訓練", "保護者会", "個人面談",
    "社会科見学", "音楽会", "学芸会", "英会話教室", "健康診断", "歯科検診", "資源回収",
    "町内清掃", "図書館まつり", "ひなまつりコンサート", "花火大会", "Summer Fair",
    "Spring Concert", "Jazz Night", "Open Mic Night", "Farmers Market", "Yoga Class",
    "Charity Run", "Pottery Workshop", "Poetry Reading", "Toddler Story Time",
    "Town Hall Meeting",
]  # fmt: skip


def _fair(**fields: Any) -> Entry:
    whole: dict[str, Any] = {
        "title": said("さくら夏まつり"),
        "start": said("2026-07-25T17:00"),
        "place": said("中央公園 多目的広場"),
        "zone": "Asia/Tokyo",
    }
    return replace(entry("2026-07-25"), **(whole | fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"title": said("さくら夏まつリ")},
        {"title": said("さくら 夏まつり！")},
        {"title": said("夏まつり")},
        {"place": said("中央公園")},
        {"place": None},
        {"start": said("2026-07-25")},
        {"start": said("2026-07-25T16:30"), "clocks": {ClockRole.START: said("T17:00")}},
        {"zone": ""},
        {"end": said("2026-07-25T21:00"), "confidence": 0.3},
        {"title": None},
    ],
)
def test_the_same_event_read_otherwise(fields: dict[str, Any]) -> None:
    """One has a misread letter, another is without the place, a third tells the doors' time."""
    assert same_entry(_fair(), _fair(**fields))
    assert same_entry(_fair(**fields), _fair())


@pytest.mark.parametrize(
    "fields",
    [
        {"start": said("2026-07-26T17:00")},
        {"start": said("2026-07-25T19:00")},
        {"start": None},
        {"title": said("出店申込")},
        {"title": said("第2回さくら夏まつり")},
        {"title": said("夏まつり"), "place": None},
        {"title": None, "place": None},
        {"place": said("市民センター 2階 和室")},
        {"zone": "America/New_York"},
        {"kind": Kind.DEADLINE},
        {"rrule": said("FREQ=WEEKLY;BYDAY=SA")},
    ],
)
def test_another_event(fields: dict[str, Any]) -> None:
    """Day, showing, title, number, place, zone, kind or rule differ, or too little is told."""
    assert not same_entry(_fair(), _fair(**fields))
    assert not same_entry(_fair(**fields), _fair())


def test_a_series_is_the_same_whatever_end_is_told() -> None:
    """One poster shows the last day and the other does not."""
    weekly = _fair(rrule=said("FREQ=WEEKLY;BYDAY=SA"))
    ended = _fair(rrule=said("rrule:BYDAY=SA;FREQ=WEEKLY;UNTIL=20260930"))
    assert same_entry(weekly, ended)
    assert not same_entry(weekly, _fair(rrule=said("FREQ=WEEKLY;BYDAY=SU")))


def test_the_fingerprint_sees_no_case_width_and_marks() -> None:
    """And nothing of how sure the reading was."""
    one = entry("2026-03-13T19:00", title=said("JAZZ NIGHT"), place=said("Old Mill"))
    other = replace(one, title=said("Ｊazz  night!"), place=said("OLD MILL."), confidence=0.1)
    assert fingerprint(one) == fingerprint(other)
    assert 16 == len(fingerprint(one))
    different = [
        one,
        replace(one, kind=Kind.NOTICE),
        replace(one, start=said("2026-03-13")),
        replace(one, start=None),
        replace(one, title=said("Jazz Day")),
        replace(one, place=None),
    ]
    assert 6 == len({fingerprint(each) for each in different})


def test_titles_are_told_apart_from_misread_ones() -> None:
    """Every eighth letter misread, some lost: most stay akin. No two titles are alike."""
    draw = random.Random(1)
    pairs = [(title, _misread(title, draw)) for title in TITLES for _ in range(40)]
    akin = sum(title_similarity(*pair) >= TITLE_AKIN for pair in pairs) / len(pairs)
    assert akin > 0.9
    assert [] == [p for p in combinations(TITLES, 2) if title_similarity(*p) >= TITLE_ALIKE]


def test_a_longer_title_is_another_one_unless_time_and_place_agree() -> None:
    """A class for parents and children is no class; a letter that was lost is no other title."""
    day = {"start": said("2026-07-25"), "place": None}
    cooking, family = _fair(title=said("料理教室"), **day), _fair(title=said("親子料理教室"), **day)
    assert not same_entry(cooking, family)
    assert same_entry(cooking, _fair(title=said("理教室"), **day))
    assert same_entry(_fair(title=said("運動会")), _fair(title=said("春の運動会")))


def _misread(title: str, draw: random.Random) -> str:
    chances = [(letter, draw.random()) for letter in title]
    return "".join(
        draw.choice("のに一口a.") if chance < 0.12 else letter
        for letter, chance in chances
        if not 0.12 <= chance < 0.16
    )

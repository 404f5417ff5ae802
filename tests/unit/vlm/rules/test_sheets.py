"""Whole documents: what they announce is found, and nothing else."""

from __future__ import annotations

from datetime import date

import pytest
from kioku_vlm.page import Box, Document
from kioku_vlm.rules import announce
from kioku_vlm.schedule_facts import Circumstances, Entry, Evidence, Schedule, Value

from tests.unit.vlm.rules.aside import ASIDE
from tests.unit.vlm.rules.more_sheets import MORE, ORDERED, SHOP
from tests.unit.vlm.rules.odd_sheets import CHOIR, ODD, RECIPE, TALK, WEEK
from tests.unit.vlm.rules.paper import Sheet, centred, line, paper
from tests.unit.vlm.rules.scoring import score
from tests.unit.vlm.rules.sheets import (
    CLASS,
    CONCERT,
    FESTIVAL,
    LETTER,
    RECEIPT,
    SHEETS,
    TWO_PAGES,
)
from tests.unit.vlm.rules.wordings import WORDINGS

KNOWN = (*SHEETS, *MORE, *ODD, *WORDINGS)


def read(sheet: Sheet) -> Schedule:
    return announce(sheet.document, Circumstances(sheet.today))


def values(entry: Entry) -> list[Value]:
    single = (entry.title, entry.start, entry.end, entry.place, entry.address, entry.rrule)
    found = [value for value in single if value is not None]
    return [*found, *entry.notes, *entry.exdates, *entry.clocks.values()]


@pytest.mark.parametrize("sheet", KNOWN, ids=lambda sheet: sheet.name)
def test_a_known_sheet_announces_so_many_entries_with_their_days(sheet: Sheet) -> None:
    found = score([sheet])

    assert (found.days, found.found) == (len(sheet.wanted), len(sheet.wanted))


@pytest.mark.parametrize("sheet", KNOWN, ids=lambda sheet: sheet.name)
def test_titles_times_and_places_of_a_known_sheet(sheet: Sheet) -> None:
    found = score([sheet])

    assert (found.titles, found.starts, found.ends, found.places) == (len(sheet.wanted),) * 4


def test_sheets_that_were_kept_aside_are_found_by_the_same_rules() -> None:
    found = score(ASIDE)

    assert found.day_f1 >= 0.85
    assert found.titles >= 0.7 * found.wanted
    assert found.places >= 0.75 * found.wanted


@pytest.mark.parametrize("sheet", [RECEIPT, SHOP, RECIPE], ids=lambda sheet: sheet.name)
def test_a_page_that_announces_nothing_says_so(sheet: Sheet) -> None:
    assert read(sheet) == Schedule((), "ja", "NO_EVENT")


@pytest.mark.parametrize("sheet", KNOWN, ids=lambda sheet: sheet.name)
def test_every_value_stands_where_its_evidence_says(sheet: Sheet) -> None:
    for entry in read(sheet).entries:
        for value in values(entry):
            assert value.evidence or value.confidence <= 0.3
            assert all(_stands(sheet.document, one) for one in value.evidence)


def _stands(document: Document, evidence: Evidence) -> bool:
    """Whether the quote is on that page inside that box."""
    page = next(page for page in document.pages if page.number == evidence.page)
    inside = "".join(
        letter
        for line in page.lines
        for letter, box in zip(line.text, line.boxes, strict=True)
        if box.overlap(evidence.box) > 0 and _within(box, evidence)
    )
    return evidence.quote in inside


def _within(box: Box, evidence: Evidence) -> bool:
    centre = (box.left + box.width / 2, box.top + box.height / 2)
    outer = evidence.box
    return outer.left <= centre[0] <= outer.right and outer.top <= centre[1] <= outer.bottom


def test_an_order_to_a_machine_is_told_of_and_nothing_of_it_is_a_field() -> None:
    found = read(ORDERED)

    assert [one.reason for one in found.suspicions] == ["INSTRUCTION", "INSTRUCTION"]
    assert len(found.entries) == 1
    words = " ".join(value.value for value in values(found.entries[0]))
    assert "HACKED" not in words
    assert "偽の会場" not in words


@pytest.mark.parametrize("sheet", [CLASS, CHOIR, WEEK], ids=lambda sheet: sheet.name)
def test_what_recurs_does_so_in_its_season(sheet: Sheet) -> None:
    rules = {
        entry.title.value: entry.rrule.value if entry.rrule else ""
        for entry in read(sheet).entries
        if entry.title
    }

    assert rules == {wanted.title: wanted.rrule for wanted in sheet.wanted}


def test_a_day_that_a_recurrence_leaves_out_is_told() -> None:
    assert [day.value for day in read(CHOIR).entries[0].exdates] == ["2026-10-27T12:15"]


def test_a_month_of_rest_beside_the_season_leaves_its_days_out() -> None:
    sheet = paper(
        centred(100, 60, "朝のヨガ教室"),
        line(100, 300, 28, "日時:毎月第2・第4土曜日 10:00~11:30"),
        line(100, 350, 28, "会場:みどり公民館"),
        line(100, 400, 28, "対象:どなたでも"),
        line(100, 450, 28, "期間:2026年4月~9月(8月はお休み)"),
    )
    (entry,) = announce(sheet, Circumstances(date(2026, 3, 20))).entries

    assert entry.rrule is not None
    assert entry.rrule.value == "FREQ=MONTHLY;BYDAY=2SA,4SA;UNTIL=20260930"
    assert [day.value for day in entry.exdates] == ["2026-08-08T10:00", "2026-08-22T10:00"]


def test_a_letters_own_day_is_no_entry_and_resolves_the_others() -> None:
    starts = [entry.start.value for entry in read(LETTER).entries if entry.start]

    assert starts == ["2026-10-24T09:00"]


def test_a_page_of_two_tells_the_place_of_what_the_first_announces() -> None:
    place = read(TWO_PAGES).entries[0].place

    assert place is not None
    assert (place.value, place.evidence[0].page) == ("Mill Green car park", 2)


def test_doors_are_told_beside_the_start() -> None:
    clocks = read(CONCERT).entries[0].clocks

    assert {role.value: value.value for role, value in clocks.items()} == {
        "DOORS": "2026-03-14T19:00"
    }


def test_an_address_is_kept_apart_from_the_place() -> None:
    entry = read(FESTIVAL).entries[0]

    assert entry.address is not None
    assert entry.address.value == "長野県松本市大手3-8-13"
    assert (entry.zone, entry.zone_by) == ("Asia/Tokyo", "place")
    assert "NO_ZONE" not in entry.flags


def test_a_zone_is_asked_for_or_read_and_never_guessed() -> None:
    asked = announce(FESTIVAL.document, Circumstances(FESTIVAL.today, zone="Asia/Seoul"))
    unknown = read(TALK).entries[0]

    assert (asked.entries[0].zone, asked.entries[0].zone_by) == ("Asia/Seoul", "request")
    assert (unknown.zone, unknown.zone_by) == ("", "")
    assert "NO_ZONE" in unknown.flags


def test_an_alias_replaces_what_the_owner_calls_otherwise() -> None:
    found = announce(
        LETTER.document, Circumstances(LETTER.today, aliases={"本校体育館": "東小学校 体育館"})
    )

    place = found.entries[0].place
    assert place is not None
    assert (place.value, place.raw, place.resolved_by) == ("東小学校 体育館", "本校体育館", "alias")

"""Which entry of a new reading is which of the one before."""

from __future__ import annotations

from uuid import UUID

from kioku_vlm.observing.carrying import carried
from kioku_vlm.schedule_facts import Entry, Kind, Value

A, B, C = (UUID(int=number) for number in (1, 2, 3))


def entry(title: str, start: str, place: str = "", kind: Kind = Kind.EVENT) -> Entry:
    """An entry of plain values."""
    values = [Value(text, text, 1.0) if text else None for text in (title, start, place)]
    return Entry(kind, values[0], values[1], place=values[2])


def test_the_same_entries_keep_their_ids_in_any_order() -> None:
    """By what they say, not by their place."""
    known = {A: entry("Fair", "2026-05-30"), B: entry("Sale", "2026-06-09")}
    assert [B, A] == carried(known, [known[B], known[A]])


def test_an_id_goes_to_the_likeliest_and_only_once() -> None:
    """Two entries of one day: the title decides; the third is new."""
    known = {A: entry("Morning talk", "2026-05-30"), B: entry("Evening walk", "2026-05-30")}
    found = [
        entry("Evening walk!", "2026-05-30"),
        entry("Lunch", "2026-07-01"),
        entry("Morning talks", "2026-05-30"),
    ]
    assert [B, None, A] == carried(known, found)


def test_a_corrected_day_or_a_corrected_title_is_the_same_entry() -> None:
    """Either may change by another engine; both at once make another entry."""
    known = {A: entry("Summer fair", "2026-05-30", "School hall")}
    assert [A] == carried(known, [entry("Summer fair", "2026-06-30", "School hall")])
    assert [A] == carried(known, [entry("夏まつり", "2026-05-30", "School hall")])
    assert [None] == carried(known, [entry("夏まつり", "2026-06-30", "School hall")])


def test_nothing_known_and_nothing_found() -> None:
    """Neither is an error."""
    assert [None] == carried({}, [entry("Fair", "2026-05-30")])
    assert [] == carried({C: entry("Fair", "2026-05-30")}, [])

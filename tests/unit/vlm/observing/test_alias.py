"""What corrections teach, without a database."""

from __future__ import annotations

import pytest
from kioku_vlm.observing.alias import Alias, taught, teaches
from kioku_vlm.page import Box
from kioku_vlm.schedule_facts import Entry, Evidence, Kind, Schedule, Value

SEEN = (Evidence(1, Box(0.1, 0.1, 0.2, 0.02), "南町公民館"),)


def place_of(words: str, *aliases: Alias) -> Value:
    read = Value(words, words, 0.7, "label", SEEN)
    [entry] = taught(Schedule((Entry(Kind.EVENT, place=read),)), aliases).entries
    assert entry.place is not None
    return entry.place


def place(words: str, meaning: str) -> Alias:
    return Alias("place", words, meaning)


@pytest.mark.parametrize(
    ("words", "known"),
    [
        ("南町公民館", "南町公民館"),
        ("GYM ", "gym"),
        ("ＧＹＭ　Ａ", "gym a"),
        ("South Community Centro", "South Community Centre"),
    ],
)
def test_known_words_are_put_as_their_owner_puts_them(words: str, known: str) -> None:
    """Whatever their width, case and blanks; one misread sign of many is forgiven."""
    found = place_of(words, place(known, "みなみ会館"))
    assert ("みなみ会館", "alias", words, 0.7) == (
        *(found.value, found.resolved_by),
        *(found.raw, found.confidence),
    )
    assert (SEEN, (words,)) == (found.evidence, found.alternatives)


@pytest.mark.parametrize(
    ("words", "known"),
    [
        ("南町公民館", "北町公民館"),
        ("会議室 201 号室", "会議室 202 号室"),
        ("2026", "2026"),
        ("室", "室"),
        ("Hall", "Mall"),
    ],
)
def test_other_words_keep_their_meaning(words: str, known: str) -> None:
    """Other places, other numbers, and words that are nobody's in particular."""
    assert place_of(words, place(known, "x")).value == words


def test_the_newest_of_two_counts() -> None:
    found = place_of("gym", place("gym", "South gym"), place("gym", "North gym"))
    assert found.value == "South gym"


def test_a_field_teaches_for_itself_alone() -> None:
    assert place_of("gym", Alias("title", "gym", "Sports")).value == "gym"


def test_what_says_the_same_is_left_as_it_was_read() -> None:
    assert place_of("gym", place("GYM", "gym")).resolved_by == "label"


def test_words_that_teach() -> None:
    assert [True, True, False, False, False] == [
        teaches(words) for words in ("体育館", "B1", "12", "室", "—")
    ]

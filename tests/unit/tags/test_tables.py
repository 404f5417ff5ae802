"""The tables that are written by hand are read strictly."""

from __future__ import annotations

import pytest
from kioku_embedder.tags.rarity import own_weights, read_weights
from kioku_embedder.tags.synonyms import own_text, read_synonyms


def test_the_committed_tables_can_be_read() -> None:
    """English and Japanese are both there, and common words weigh less."""
    table = read_synonyms(own_text())
    assert {"shirt", "しゃつ"} <= table.words
    assert own_weights()["photo"] < own_weights()["red"] < 1


def test_every_wider_group_exists() -> None:
    """A group that stands behind `<` is a group itself."""
    table = read_synonyms(own_text())
    groups = {group for names in table.groups.values() for group in names}
    assert set() == set(table.wider.values()) - groups


def test_a_phrase_is_found_among_words() -> None:
    """Members may have several words."""
    table = read_synonyms("icecream, ice cream < food\nfood, meal")
    assert [(("ice", "cream"), "icecream")] == table.of(["nice", "ice", "cream"])
    assert ["food"] == table.above("icecream")


def test_a_circle_of_wider_groups_ends() -> None:
    """A table that says so is read, and no search hangs."""
    table = read_synonyms("a1x, b1x < c1x\nc1x < a1x")
    assert len(table.above("a1x")) <= 4


@pytest.mark.parametrize("line", ["shirt, , tee", "!!!", "< food"])
def test_a_line_without_words_is_refused(line: str) -> None:
    """A slip in the app's own table ends the start with a sentence."""
    with pytest.raises(ValueError, match="is no word"):
        read_synonyms(line)


@pytest.mark.parametrize("text", ["2: word", "word", "x: word"])
def test_a_weight_is_between_zero_and_one(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match=r"."):
        read_weights(text)

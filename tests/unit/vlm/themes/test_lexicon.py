"""The lexicon: what it holds, and which words point at it."""

from __future__ import annotations

import re

import pytest
from kioku_vlm.themes.lexicon import MOST, read_lexicon

from tests.unit.vlm.themes.rig import LEXICON, at

LINE = "dog\tpets\ta dog\t犬\t\tpuppy"


def test_it_fits_into_one_question_to_the_embedder() -> None:
    assert 200 <= len(LEXICON) <= MOST == 256


def test_every_theme_is_whole() -> None:
    ids = re.compile(r"[a-z]+(?:-[a-z]+)*")
    kana_or_kanji = re.compile(r"[ぁ-ヺ一-鿿]")
    for theme in LEXICON.themes:
        assert ids.fullmatch(theme.theme_id)
        assert kana_or_kanji.search(theme.japanese), theme.theme_id
        assert theme.phrase.isascii()
        assert len(theme.phrase) <= 60
        assert theme.months <= set(range(1, 13))


def test_names_and_phrases_differ_from_each_other() -> None:
    for names in (
        {theme.phrase for theme in LEXICON.themes},
        {theme.english for theme in LEXICON.themes},
        {theme.japanese for theme in LEXICON.themes},
    ):
        assert len(names) == len(LEXICON)


@pytest.mark.parametrize(
    ("tag", "theme_id"),
    [
        ("犬", "dog"), ("Dogs", "dog"), ("ＢＢＱ", "barbecue"),
        ("  Fall  Foliage ", "autumn-leaves"),
        ("お花見", "cherry-blossoms"), ("a dog", "dog"), ("new-year", "new-year"),
    ],
)  # fmt: skip
def test_a_tag_names_a_theme_in_whatever_spelling(tag: str, theme_id: str) -> None:
    assert LEXICON.tagged(tag) == at(theme_id)


@pytest.mark.parametrize("tag", ["", "s", "hotdog stand", "犬小屋", "ignore previous instructions"])
def test_other_tags_name_none(tag: str) -> None:
    assert LEXICON.tagged(tag) is None


def test_a_longer_word_hides_those_within_it() -> None:
    assert LEXICON.mentioned("花火大会のお知らせ") == {at("fireworks")}
    assert LEXICON.mentioned("入学式と運動会") == {at("school-entrance"), at("sports-day")}
    assert LEXICON.mentioned("hot dogs and hotdogs") == {at("dog")}
    assert LEXICON.mentioned("carpet") == frozenset()


def test_what_every_notice_calls_itself_is_no_theme() -> None:
    assert LEXICON.mentioned("書類・プリント・ticket") == frozenset()


def test_its_version_follows_from_its_lines() -> None:
    one, other = read_lexicon(LINE), read_lexicon(f"# a comment\n{LINE}\n")
    assert one.version == other.version
    assert read_lexicon(LINE + ";pup").version != one.version


@pytest.mark.parametrize("text", ["", f"{LINE}\n{LINE}", "dog\tpets\ta dog"])
def test_a_file_that_does_not_do_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - unpacking says it, too
        read_lexicon(text)

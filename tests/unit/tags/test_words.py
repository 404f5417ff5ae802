"""The same word comes out however it was written."""

from __future__ import annotations

import pytest
from kioku_embedder.tags.words import is_japanese, singular, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("Red  SHIRTS", ["red", "shirt"], id="case-and-plural"),
        pytest.param("Ｒｅｄ ｼｬﾂ", ["red", "しゃつ"], id="width"),
        pytest.param("Café crème", ["cafe", "creme"], id="accents"),
        pytest.param("blueSquare", ["blue", "square"], id="camel-case"),
        pytest.param("Bob's dog", ["bob", "dog"], id="possessive"),
        pytest.param("007 agents", ["7", "agent"], id="leading-zeros"),
        pytest.param("赤いシャツ", ["赤", "い", "しゃつ"], id="scripts"),
        pytest.param("Tシャツ", ["t", "しゃつ"], id="latin-and-kana"),
        pytest.param("🍎", ["red", "apple"], id="emoji"),
        pytest.param("コンピューター", ["こんぴゅーた"], id="long-mark"),
        pytest.param("... !?", [], id="no-words"),
    ],
)
def test_text_becomes_plain_words(text: str, words: list[str]) -> None:
    """Case, width, accents, plural and script make no difference."""
    assert words == words_of(text)


def test_known_words_are_cut_out_of_a_run_of_kana() -> None:
    """Japanese has no blanks; the longest known word wins, and the rest is kept."""
    known = {"りんご", "りんごじゅーす"}
    assert ["りんご", "の", "木"] == words_of("りんごの木", known)
    assert ["りんごじゅーす"] == words_of("リンゴジュース", known)


@pytest.mark.parametrize(
    ("plural", "word"),
    [
        ("dresses", "dress"),
        ("dress", "dress"),
        ("cherries", "cherry"),
        ("shoes", "shoe"),
        ("tomatoes", "tomato"),
        ("boxes", "box"),
        ("bus", "bus"),
        ("women", "woman"),
        ("trousers", "trouser"),
        ("jeans", "jeans"),
        ("gas", "gas"),
    ],
)
def test_a_word_loses_its_plural(plural: str, word: str) -> None:
    """English plurals end up at one form, without harm to words that only look like one."""
    assert word == singular(plural)


def test_japanese_is_told_by_its_first_letter() -> None:
    """Kana, kanji and the repetition mark are Japanese, Latin and Hangul are not."""
    assert [True, True, True, False, False] == [
        is_japanese(word) for word in ("シャツ", "犬", "々", "dog", "개")
    ]

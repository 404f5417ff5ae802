"""What a model writes is shown only where it says nothing new."""

from __future__ import annotations

from datetime import date

import pytest
from kioku_vlm.themes.grounding import Refusal, plain_words, refusal_of
from kioku_vlm.themes.theme import ThemeFacts

from tests.unit.vlm.themes.rig import LEXICON
from tests.unit.vlm.themes.test_template_writer import APRIL, facts

EN = facts("en", "cherry-blossoms", "park", pictures=3, first=APRIL[0], last=APRIL[1])
JA = facts("ja", "cherry-blossoms", "park", pictures=3, first=APRIL[0], last=APRIL[1])


def refused(
    title: object, sentence: object, known: ThemeFacts = EN, language: str = "en"
) -> object:
    return refusal_of({"title": title, "sentence": sentence}, known, language, LEXICON)


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("Cherry blossoms in April", "Three beautiful pictures of cherry blossoms in the park."),
        ("A day with the cherry blossom", "Sweet memories of April 2026, taken in a park."),
        ("Parks and hanami", "Our pictures show cherry blossoms between 3 and 5 April."),
    ],
)
def test_plain_words_around_what_is_known_are_let_pass(title: str, sentence: str) -> None:
    assert refused(title, sentence) is None


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("桜の思い出", "公園で桜を楽しんだ一日の写真です。"),
        ("2026年4月の桜", "お花見の大切な思い出を3枚に残しました。"),
        ("桜と公園", "春のような言葉がなくても、美しい桜の写真です。"[8:]),
    ],
)
def test_in_japanese_too(title: str, sentence: str) -> None:
    assert refused(title, sentence, JA, "ja") is None


@pytest.mark.parametrize(
    ("title", "sentence", "reason"),
    [
        ("", "Cherry blossoms.", Refusal.NO_ANSWER),
        (None, "Cherry blossoms.", Refusal.NO_ANSWER),
        ("Cherry blossoms", 3, Refusal.NO_ANSWER),
        ("Cherry blossoms", "Cherry blossoms. " * 20, Refusal.TOO_LONG),
        ("Cherry blossoms " * 5, "Cherry blossoms.", Refusal.TOO_LONG),
        ("Cherry blossoms", "See https://example.com for cherry blossoms.", Refusal.MARKUP),
        ("Cherry blossoms", "See www.example.com", Refusal.MARKUP),
        ("Cherry blossoms", "<b>Cherry blossoms</b>", Refusal.MARKUP),
        ("Cherry blossoms", "[Cherry blossoms](x)", Refusal.MARKUP),
        ("**Cherry blossoms**", "Cherry blossoms.", Refusal.MARKUP),
        ("Cherry blossoms", "Cherry\u202e blossoms", Refusal.MARKUP),
        ("Cherry blossoms", "Cherry\x1b[31m blossoms", Refusal.MARKUP),
        ("桜", "Cherry blossoms.", Refusal.WRONG_LANGUAGE),
        (
            "Cherry blossoms",
            "Four pictures from 2025 of cherry blossoms.",
            Refusal.UNGROUNDED_NUMBER,
        ),
        ("Cherry blossoms", "Cherry blossoms with a dog.", Refusal.UNGROUNDED_WORD),
        ("Cherry blossoms", "Cherry blossoms in Kyoto.", Refusal.UNGROUNDED_WORD),
        ("Cherry blossoms", "Cherry blossoms with grandma Alice.", Refusal.UNGROUNDED_WORD),
        ("Cherry blossoms in May", "Cherry blossoms.", Refusal.UNGROUNDED_WORD),
        ("Cherry blossoms in June", "Cherry blossoms.", Refusal.UNGROUNDED_WORD),
        ("A park", "A lovely day in the park.", Refusal.OFF_THEME),
    ],
)
def test_everything_else_is_refused(title: object, sentence: object, reason: object) -> None:
    assert refused(title, sentence) == reason


@pytest.mark.parametrize(
    ("title", "sentence", "reason"),
    [
        ("Cherry blossoms", "Cherry blossoms.", Refusal.WRONG_LANGUAGE),
        ("桜", "Sakuraの写真です。", Refusal.WRONG_LANGUAGE),
        ("桜", "京都で見た桜の写真です。", Refusal.UNGROUNDED_WORD),
        ("桜", "ひまわりと桜の写真です。", Refusal.UNGROUNDED_WORD),
        ("桜", "ドローンで撮影した桜です。", Refusal.UNGROUNDED_WORD),
        ("桜", "花子さんと桜の写真です。", Refusal.UNGROUNDED_WORD),
        ("桜", "７枚の桜の写真です。", Refusal.UNGROUNDED_NUMBER),
        ("公園", "公園の写真です。", Refusal.OFF_THEME),
        ("桜", "桜の写真です。詳しくはｈｔｔｐｓ：／／ｅ．ｃｏｍ", Refusal.WRONG_LANGUAGE),
    ],
)
def test_everything_else_is_refused_in_japanese(title: str, sentence: str, reason: Refusal) -> None:
    assert refused(title, sentence, JA, "ja") == reason


def test_of_a_theme_that_only_days_gave_nothing_is_to_be_named() -> None:
    known = ThemeFacts("", (), 2, date(2026, 4, 3), date(2026, 4, 5))
    assert refused("Memories of April 2026", "Two pictures taken in April.", known) is None
    assert refused("A dog", "Two pictures.", known) == Refusal.UNGROUNDED_WORD


def test_plain_words_name_no_theme() -> None:
    for language in ("ja", "en"):
        named = {word for word in plain_words(language) if LEXICON.tagged(word) is not None}
        assert named == set()

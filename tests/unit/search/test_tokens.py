"""How a text becomes words, and what asks for them agrees with what is kept."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from kioku_search.lexicon.lexemes import MAX_UNITS, document, units
from kioku_search.lexicon.tokens import grams, is_unspaced, runs_of, slips

TEXTS = st.text(max_size=60)


def words(text: str) -> list[str]:
    """Whole runs and parts, in their order."""
    return [part for parts in runs_of(text) for part in parts]


def test_latin_words_are_cut_at_case_and_digits() -> None:
    """The whole stays, so that a code is found as a code."""
    assert ["reddress02", "red", "dress", "02", "2"] == words("RedDress02")
    assert ["htmlparser", "html", "parser"] == words("HTMLParser")
    assert ["img", "0123", "123", "jpg"] == words("IMG_0123.jpg")


def test_forms_of_one_word_are_one() -> None:
    """Width, case, accents, ligatures, kana."""
    for text, plain in {
        "ＣＡＦÉ": "cafe",
        "Straße": "strasse",
        "ﬁsh": "fish",
        "ｳﾝﾄﾞｳｶｲ": "うんどうかい",
        "שָׁלוֹם": "שלום",
        "हिन्दी": "हिन्दी",
        "が": "が",
        "🎉": "🎉",
    }.items():
        assert [plain] == words(text), text


def test_scripts_without_blanks_are_pairs() -> None:
    """A run of one character is that character; a query is cut where katakana begins or ends."""
    assert ["運動", "動会"] == grams("運動会")
    assert ["会"] == grams("会")
    assert [("赤い",), ("どれす",)] == runs_of("赤いドレス", cut=True)
    assert [("赤いどれす",)] == runs_of("赤いドレス")
    assert [("らーめん",)] == runs_of("らーめん", cut=True)
    assert [("こんぴゅーた",)] == runs_of("コンピューター", cut=True)
    assert all(is_unspaced(run) for run in ("運動", "한국", "ภาษา"))


def test_signs_say_nothing() -> None:
    """A query of signs asks for nothing; one of small words asks for them."""
    assert [] == units("ann", "... !? --- \u200d")
    assert 1 == len(units("ann", "the"))
    assert 1 == len(units("ann", "the sea"))


def test_slips_meet_at_one_letter() -> None:
    """One letter less, more, other or swapped; not two; not in short words or codes."""
    beach = set(slips("beach"))
    assert all(beach & set(slips(word)) for word in ("beech", "bach", "beaches"[:6], "baech"))
    assert not beach & set(slips("bunch"))
    assert ["sea"] == slips("sea")
    assert [] == slips("a4b5c6")


@given(TEXTS, st.lists(TEXTS, max_size=5))
def test_an_asset_has_the_words_it_was_given(filename: str, tags: list[str]) -> None:
    """Whatever the text, each exact word of a query for its name is a lexeme of the asset."""
    kept = document("ann", filename, tags).vector
    for unit in units("ann", filename):
        first = unit.exact.split(" | ", maxsplit=1)[0]
        assert f"{first}:1" in kept or " | (" in unit.exact


@given(TEXTS)
def test_owners_share_no_lexeme(text: str) -> None:
    """Every lexeme names its owner."""
    ann, bob = ({unit.exact for unit in units(owner, text)} for owner in ("ann", "bob"))
    assert not ann & bob


@given(TEXTS)
def test_normal_forms_are_one_query(text: str) -> None:
    """Composed or taken apart, a text asks for the same."""
    forms = {tuple(units("ann", unicodedata.normalize(form, text))) for form in ("NFC", "NFD")}
    assert 1 == len(forms)


@given(st.text("かきカキーゐ運会", max_size=12))
def test_a_japanese_name_has_every_pair_it_is_asked_for(name: str) -> None:
    """However a query is cut, and with or without a long mark at its end."""
    kept = document("ann", name, []).vector
    assert all(f"{unit.exact}:1" in kept for unit in units("ann", name))


def test_a_long_query_is_bounded() -> None:
    """A thousand characters ask for 32 words, and a long word counts by its beginning."""
    assert MAX_UNITS == len(units("ann", "".join(chr(0x4E00 + n) for n in range(1000))))
    assert len(units("ann", "x" * 1000)[0].exact) < 100


def test_the_largest_asset_fits() -> None:
    """A tsvector holds less than a megabyte of lexemes, each of less than two kilobytes."""
    name = "".join(chr(0x4E00 + n) for n in range(85))
    for tags in (
        ["".join(chr(0x4E00 + 64 * tag + n) for n in range(64)) for tag in range(64)],
        [
            f"{tag:02d}".translate({48 + n: 97 + n for n in range(10)}) + "xyzq" * 15
            for tag in range(64)
        ],
        [
            " ".join(f"w{chr(97 + tag % 26)}{chr(97 + n)}sunflower" for n in range(4))
            for tag in range(64)
        ],
    ):
        assert len(document("ann", name, tags).vector.encode()) < 2**19

"""The rule for texts: one normal form, visible, bounded, free of controls."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_rt.text import MAX_CHARACTERS, clean_text


def reason_of(text: str) -> Reason:
    with pytest.raises(InvalidInput) as caught:
        clean_text(text)
    return caught.value.reason


@pytest.mark.parametrize(
    "text",
    ["", " ", "\t\n", "\u200b", "\ufeff \u200d", "\x01\x02", "\u3164", "\u2800", "\ufe0f"],
)
def test_text_without_visible_character_is_empty(text: str) -> None:
    """Blank, zero-width and control characters alone are no text."""
    assert reason_of(text) == Reason.TEXT_EMPTY


@pytest.mark.parametrize("text", ["a\x00b", "\x00", "a\x07b", "a\x1bb", "a\x85b", "a\ud800b"])
def test_control_characters_are_refused(text: str) -> None:
    """NUL, escape and lone surrogates never reach the database or a tokenizer."""
    assert reason_of(text) == Reason.TEXT_INVALID_CHARACTER


@pytest.mark.parametrize(
    "text",
    [
        "red cat",
        "a\nb\tc",
        "赤い猫",
        "👨‍👩‍👧‍👦",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "مرحبا",
        "'; DROP TABLE x;--",
        "e" + "\u0301" * 900,
    ],
)
def test_ordinary_texts_pass(text: str) -> None:
    """Words, line breaks, emoji, right-to-left and hostile-looking text are only text."""
    assert clean_text(text) == unicodedata.normalize("NFC", text)


def test_both_normal_forms_give_one_text() -> None:
    """A text typed on a Mac and on Linux is one and the same query."""
    assert clean_text("がぎぐ café") == clean_text(unicodedata.normalize("NFD", "がぎぐ café"))


def test_limit_counts_characters_after_trimming() -> None:
    """Exactly the limit passes, one more does not, surrounding blanks are free."""
    assert clean_text("  " + "x" * MAX_CHARACTERS + "\u200b ") == "x" * MAX_CHARACTERS
    assert reason_of("x" * (MAX_CHARACTERS + 1)) == Reason.TEXT_TOO_LONG


@pytest.mark.parametrize("unit", ["x", "e\u0301", " \u200b", "\u1100\u1161\u11a8"])
def test_megabytes_are_refused_fast(unit: str) -> None:
    """A megabyte of anything costs milliseconds."""
    started = time.perf_counter()
    with pytest.raises(InvalidInput):
        clean_text(unit * 1_000_000)
    assert time.perf_counter() - started < 0.5


@given(st.text(max_size=1200))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """Whatever comes in, what comes out is a fixed point or a refusal with a reason."""
    try:
        once = clean_text(text)
    except InvalidInput:
        return
    assert clean_text(once) == once

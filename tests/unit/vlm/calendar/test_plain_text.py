"""What of a document's text a calendar may show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_vlm.calendar.plain_text import one_line, paragraph


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nATTACH:x", "a ATTACH:x"),
        ("a\u2028b\u2029c\x85d\x0be", "a b c d e"),
        ("\x1b[31mred\x07", "[31mred"),
        ("pay \u202e001\u202c now", "pay 001 now"),
        ("\u2066x\u2069\u200e\u200f\u061c\ufeff\u200b", "x"),
        ("fair\U000e0069\U000e0067", "fair"),
        ("\ud800ok\ue000", "ok"),
        ("👩\u200d👧 運動会", "👩\u200d👧 運動会"),
        ("  two\u3000 spaces\t", "two spaces"),
        ("e\u0301" + "\u0301" * 30, "e" + "\u0301" * 4),
    ],
)
def test_one_line_has_only_what_is_seen(text: str, shown: str) -> None:
    """Controls, direction marks, tags, surrogates and towers of marks go; words stay."""
    assert shown == one_line(text, 100)


def test_long_text_says_that_it_is_cut() -> None:
    """At most as many characters as asked for, the ellipsis among them."""
    assert "aaa…" == one_line("a" * 5, 4)
    assert "aaaa" == one_line("a" * 4, 4)
    assert "a\nb" == paragraph("a\r\n\r\n  b", 10)


@given(st.text(max_size=200))
def test_nothing_unseen_is_left(text: str) -> None:
    """Whatever the text, and cleaning twice changes nothing."""
    shown = one_line(text, 80)
    assert len(shown) <= 80
    joiners = {"\u200c", "\u200d"}
    kinds = {unicodedata.category(letter) for letter in shown if letter not in joiners}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert shown == one_line(shown, 80)


def test_a_name_after_a_screen_of_nothing_is_cut() -> None:
    """Eight times the cap is looked at, so that a megabyte costs what a page does."""
    assert "ab" == one_line("\u200b" * 70 + "ab", 10)
    assert "" == one_line("\u200b" * 80 + "ab", 10)

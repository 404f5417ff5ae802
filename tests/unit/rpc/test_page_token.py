"""Page tokens: what was signed comes back, and nothing else does."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_rt.errors import InvalidInput
from kioku_rt.page_token import PageTokens, scope_of
from kioku_rt.reasons import Reason

TOKENS = PageTokens(b"0123456789abcdef")
SCOPE = scope_of("search", "ann", ["text", "x"])


@given(st.lists(st.one_of(st.text(max_size=8), st.integers(), st.booleans()), max_size=4))
def test_a_position_comes_back(position):
    """Whatever JSON was signed."""
    assert position == TOKENS.read(SCOPE, TOKENS.sign(SCOPE, position))


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_any_changed_byte_is_noticed(place, flip):
    """One byte of the token, anywhere."""
    token = TOKENS.sign(SCOPE, [0.5, "id", 20])
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[place % len(raw)] ^= flip
    changed = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    with pytest.raises(InvalidInput) as error:
        TOKENS.read(SCOPE, changed)
    assert Reason.PAGE_TOKEN_INVALID is error.value.reason


@given(st.text(max_size=600))
def test_any_text_that_is_no_token_is_refused(text):
    """With the one reason, whatever it is."""
    with pytest.raises(InvalidInput) as error:
        TOKENS.read(SCOPE, text)
    assert Reason.PAGE_TOKEN_INVALID is error.value.reason


def test_a_token_means_nothing_elsewhere():
    """Another scope and another secret refuse it."""
    token = TOKENS.sign(SCOPE, [1])
    for tokens, scope in (
        (TOKENS, scope_of("search", "bob", ["text", "x"])),
        (TOKENS, scope_of("assets", "ann", ["text", "x"])),
        (PageTokens(b"another secret of 16"), SCOPE),
    ):
        with pytest.raises(InvalidInput):
            tokens.read(scope, token)


def test_one_token_has_one_spelling():
    """Padding, other alphabets and stray bits are refused although they decode alike."""
    token = TOKENS.sign(SCOPE, [1])
    for other in (token + "=", token + "==", token[:-1] + chr(ord(token[-1]) + 1), token + "\n"):
        with pytest.raises(InvalidInput):
            TOKENS.read(SCOPE, other)


def test_scopes_do_not_run_together():
    """Parts that join to the same text are different scopes."""
    assert scope_of("a", "bc") != scope_of("ab", "c")
    assert scope_of("a", None) != scope_of("a", "None")


def test_a_short_secret_is_refused():
    """At start, not at the first page."""
    with pytest.raises(ValueError, match="16 bytes"):
        PageTokens(b"short")

"""`POST /embed`: the picture out of a form or a raw body, or a reason."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_embedder.multipart import picture_of
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

PICTURE = b"\xff\xd8\xff\x00\r\n--b\r\n not a boundary \x00\xff\xd9"
FORM = "multipart/form-data; boundary=XX"


def part(name: str = "image", body: bytes = PICTURE, extra: str = "") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"; filename="x.png"\r\n{extra}\r\n'
    return b"--XX\r\n" + head.encode() + body + b"\r\n"


def reason_of(content_type: str, body: bytes) -> Reason:
    with pytest.raises(InvalidInput) as caught:
        picture_of(content_type, body)
    return caught.value.reason


@pytest.mark.parametrize(
    "kind",
    [
        "image/png",
        "application/octet-stream",
        "",
        "application/x-www-form-urlencoded",
        "text/html; x=y",
        ";;;",
    ],
)
def test_a_raw_body_is_the_picture(kind: str) -> None:
    """Its bytes decide what it is; the header only says that it is no form."""
    assert picture_of(kind, PICTURE) == PICTURE


def test_the_file_field_is_the_picture() -> None:
    """As curl -F sends it, among other fields, with a picture that holds line ends and dashes."""
    body = part("note", b"hello") + part() + part("images", b"no") + b"--XX--\r\n"
    assert picture_of(FORM, body) == PICTURE


def test_the_boundary_may_be_quoted() -> None:
    """RFC 2046: quotes are allowed around it."""
    assert picture_of('Multipart/Form-Data; boundary="XX"', part() + b"--XX--") == PICTURE


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", part() + b"--XX--\r\n"),
        ("multipart/form-data; boundary=", part() + b"--XX--\r\n"),
        (f"multipart/form-data; boundary={'x' * 71}", part() + b"--XX--\r\n"),
        ("multipart/form-data; boundary=YY", part() + b"--XX--\r\n"),
        (FORM, b""),
        (FORM, part()),
        (FORM, (part() + b"--XX--\r\n")[:60]),
        (FORM, part("picture") + b"--XX--\r\n"),
        (FORM, part() + part() + b"--XX--\r\n"),
        (FORM, part("a", b"") * 17 + b"--XX--\r\n"),
        (FORM, part(extra="Content-Transfer-Encoding: base64\r\n") + b"--XX--\r\n"),
        (FORM, b"--XX\r\n" + b"A" * 20_000 + b": x\r\n\r\n--XX--\r\n"),
        (FORM, b"--XX\r\n" + b"A: b\r\n" * 100 + b"\r\nx\r\n--XX--\r\n"),
    ],
)
def test_a_broken_form_is_refused(content_type: str, body: bytes) -> None:
    """No boundary, cut, without the field, twice, too many, encoded, oversized headers."""
    assert reason_of(content_type, body) == Reason.MULTIPART_INVALID


def test_an_empty_file_field_is_an_empty_picture() -> None:
    """The decoder says IMAGE_EMPTY; the form itself is right."""
    assert picture_of(FORM, part(body=b"") + b"--XX--\r\n") == b""


@given(st.binary(max_size=400))
def test_any_bytes_end_in_a_picture_or_a_reason(body: bytes) -> None:
    """Nothing but InvalidInput escapes."""
    with suppress(InvalidInput):
        assert picture_of(FORM, b"--XX\r\n" + body) in body

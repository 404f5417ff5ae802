"""The name of a download is safe in a header and right in a browser."""

from __future__ import annotations

from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_rt.objects import owner_hash
from kioku_rt.objects.disposition import attachment


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("cat.jpg", "attachment; filename=\"cat.jpg\"; filename*=UTF-8''cat.jpg"),
        (
            "café 1.png",
            "attachment; filename=\"cafe 1.png\"; filename*=UTF-8''caf%C3%A9%201.png",
        ),
        ("写真.jpg", "attachment; filename=\"jpg\"; filename*=UTF-8''%E5%86%99%E7%9C%9F.jpg"),
        ("..\\..\\win.ini", "attachment; filename=\"win.ini\"; filename*=UTF-8''win.ini"),
        ("", "attachment; filename=\"download\"; filename*=UTF-8''download"),
        (
            "a\r\nSet-Cookie: x",
            "attachment; filename=\"aSet-Cookie: x\"; filename*=UTF-8''aSet-Cookie%3A%20x",
        ),
        ("gpj\u202eexe.png", "attachment; filename=\"gpjexe.png\"; filename*=UTF-8''gpjexe.png"),
    ],
)
def test_names(filename: str, expected: str) -> None:
    """Both forms of RFC 6266, without paths, line breaks or direction overrides."""
    assert expected == attachment(filename)


@given(st.text(max_size=300))
def test_any_name_is_one_header_line(filename: str) -> None:
    """Whatever a user calls a file, the header is printable ASCII and parses to an attachment."""
    value = attachment(filename)
    assert value.isascii()
    assert value.isprintable()
    header = Message()
    header["Content-Disposition"] = value
    assert "attachment" == header.get_content_disposition()
    assert header.get_filename()


def test_owners_do_not_show_in_keys() -> None:
    """Sixteen hex digits, the same every time."""
    assert "2c26b46b68ffc68f" == owner_hash("foo")

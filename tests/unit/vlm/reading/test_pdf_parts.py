"""What the process that draws a PDF says is parted by lengths, and believed only if it is whole."""

from __future__ import annotations

import pytest
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_vlm.reading.pdf import is_pdf, parted


def _told(*pages: bytes) -> bytes:
    return b"".join(len(page).to_bytes(4, "big") + page for page in pages)


def test_pages_come_apart_in_order() -> None:
    """Whatever bytes they have."""
    assert parted(_told(b"one", b"\x00\x00\x00\x01", b"3" * 70_000)) == [
        b"one",
        b"\x00\x00\x00\x01",
        b"3" * 70_000,
    ]


@pytest.mark.parametrize(
    "drawn",
    [
        b"",
        b"\x00\x00",
        b"\x00\x00\x00\x00",
        _told(b"one", b"two")[:-1],
        _told(b"one") + b"\x00",
        _told(b"one") + b"\xff\xff\xff\xff",
        _told(b"one", b""),
        _told(b"", b"two"),
    ],
)
def test_what_is_not_whole_is_refused(drawn: bytes) -> None:
    """As a failure of the decoder."""
    with pytest.raises(InvalidInput) as refused:
        parted(drawn)
    assert refused.value.reason is Reason.IMAGE_DECODER_FAILED


def test_a_pdf_says_so_near_its_beginning() -> None:
    """Within a kilobyte, behind whatever a mailer put there."""
    assert is_pdf(b"%PDF-1.7\n")
    assert is_pdf(b"\n" * 1019 + b"%PDF-1.7")
    assert not is_pdf(b"\n" * 1024 + b"%PDF-1.7")
    assert not is_pdf(b"\x89PNG\r\n\x1a\n")

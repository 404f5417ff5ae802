"""What a picture will cost is told from its header."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_rt.images import ImageLimits
from kioku_rt.images.weight import weight
from PIL import Image

LIMITS = ImageLimits()
Encode = Callable[..., bytes]


def test_every_format_is_weighed(encode: Encode, media_type: str) -> None:
    """Half a megapixel weighs that much and its bytes, however it is stored; TIFF its bytes."""
    data = encode(Image.effect_noise((1_000, 500), 30).convert("RGB"), media_type)
    pixels = len(data) if media_type == "image/tiff" else 500_000
    assert (pixels + len(data)) / 1e6 == weight(data, LIMITS)


@pytest.mark.parametrize("options", [{"progressive": True}, {"exif": b"Exif\0\0" + bytes(60_000)}])
def test_jpegs_are_weighed_past_their_metadata(encode: Encode, options: dict[str, object]) -> None:
    """Progressive ones too, and behind 60 kB of EXIF."""
    data = encode(Image.new("RGB", (400, 300)), "image/jpeg", **options)
    assert (120_000 + len(data)) / 1e6 == weight(data, LIMITS)


def test_a_lying_header_weighs_no_more_than_is_allowed(encode: Encode) -> None:
    """Two thousand million pixels are refused later; until then they count as the most."""
    data = bytearray(encode(Image.new("RGB", (8, 8))))
    data[16:24] = b"\x7f\xff\xff\xff" * 2
    assert 50 < weight(bytes(data), LIMITS) < 51


@given(st.binary(max_size=400))
def test_any_bytes_have_a_weight(data: bytes) -> None:
    """Also after a JPEG's first marker."""
    for head in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF....WEBP"):
        assert 0 <= weight(head + data, LIMITS) <= 51

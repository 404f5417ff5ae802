"""What a picture's file tells besides its page: how it looks, and when it was taken."""

from __future__ import annotations

import io
from datetime import date

import pytest
from kioku_vlm.observing.picture_hash import BITS, difference_bits, hash_number, is_near
from kioku_vlm.observing.taken import taken_day
from PIL import Image, ImageDraw, ImageFilter


def page(title: str, lines: int = 8, *, side: tuple[int, int] = (620, 877)) -> Image.Image:
    """A page with a title and some lines."""
    picture = Image.new("RGB", side, "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((60, 60, 60 + 30 * len(title), 120), fill="black")
    for number in range(lines):
        pen.rectangle(
            (60, 200 + number * 60, 300 + (number * 137) % 260, 224 + number * 60), "grey"
        )
    return picture


def number_of(picture: Image.Image) -> int:
    """Its hash."""
    number = hash_number(difference_bits(picture))
    assert number is not None
    return number


def near(one: Image.Image, other: Image.Image) -> bool:
    """Whether they would be linked."""
    return is_near(number_of(one), number_of(other))


def test_another_size_and_another_compression_are_the_same_picture() -> None:
    """Half as large, and as a bad JPEG: within the bound."""
    original = page("Summer fair")
    stream = io.BytesIO()
    original.resize((310, 438)).save(stream, "JPEG", quality=40)
    with Image.open(stream) as small:
        assert near(original, small.convert("RGB"))


def test_other_pages_are_other_pictures() -> None:
    """Other words, or as many lines less: beyond the bound."""
    original = page("Summer fair")
    assert not near(original, page("Sale", 3))
    assert near(original, original.filter(ImageFilter.GaussianBlur(1)))
    assert 0 <= number_of(original) < 2**BITS


def test_a_picture_without_structure_has_no_hash() -> None:
    """All blank pages would be one otherwise."""
    assert hash_number(difference_bits(Image.new("RGB", (300, 400), "white"))) is None


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026:05:30 10:11:12", date(2026, 5, 30)),
        ("0000:00:00 00:00:00", None),
        ("1980:01:01 00:00:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_the_day_a_camera_wrote(told: str, expected: date | None) -> None:
    """Its own clock's; one that was never set tells nothing."""
    stream = io.BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = told
    Image.new("RGB", (8, 8)).save(stream, "JPEG", exif=exif)
    assert expected == taken_day(stream.getvalue())


def test_what_is_no_picture_tells_no_day() -> None:
    """Nor what ends early."""
    assert None is taken_day(b"%PDF-1.7")
    assert None is taken_day(b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff")

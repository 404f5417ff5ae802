"""Evidence drawn on the picture of a page, with numbers and a legend."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from kioku_vlm.calendar.marks import Mark

_LONGEST = 2000
_MOST_LINES = 60
_FIELD_CHARACTERS = 24


def sketch(picture: Image.Image, marks: Sequence[Mark]) -> bytes:
    """PNG of the upright page with a box for each mark and, below it, which number is what.

    The legend names fields, not words: the words stand in the boxes, and the font that comes with
    the library has no Japanese.

    Args:
        picture: the upright page; it is made smaller where its longer side exceeds 2,000 pixels.
        marks: of this page alone.
    """
    page = picture.convert("RGB")
    page.thumbnail((_LONGEST, _LONGEST))
    size = max(12, round(max(page.size) / 70))
    font = ImageFont.load_default(size)
    lines = _legend(marks)
    sheet = Image.new("RGB", (page.width, page.height + _height(lines, size)), "white")
    sheet.paste(page)
    draw = ImageDraw.Draw(sheet)
    for mark in marks:
        _draw_mark(draw, mark, page.size, font)
    for row, (colour, text) in enumerate(lines):
        top = page.height + size // 2 + round(row * size * 1.4)
        draw.rectangle((size, top, 2 * size, top + size), fill=colour)
        draw.text((2.5 * size, top), text, "black", font)
    return _png(sheet)


def _draw_mark(
    draw: ImageDraw.ImageDraw,
    mark: Mark,
    size: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    width, height = size
    box = mark.box
    corners = (box.left * width, box.top * height, box.right * width, box.bottom * height)
    line = max(2, max(size) // 500)
    around = (corners[0] - line, corners[1] - line, corners[2] + line, corners[3] + line)
    draw.rectangle(around, outline="white", width=line)  # seen on a ground of the same colour too
    draw.rectangle(corners, outline=mark.colour, width=line)
    label = f"{mark.number or '!'}"
    frame = draw.textbbox((0, 0), label, font)
    wide, high = frame[2] + 6, frame[3] + 4
    left = min(max(0, corners[0] - wide), width - wide)
    top = min(max(0, corners[1]), height - high)
    draw.rectangle((left, top, left + wide, top + high), fill=mark.colour)
    draw.text((left + 3, top + 1), label, "white", font)


def _legend(marks: Sequence[Mark]) -> list[tuple[str, str]]:
    """Colour and text for each number that is on the page."""
    fields: dict[int, list[str]] = {}
    for mark in marks:
        fields.setdefault(mark.number, []).append(_ascii(mark.field))
    colours = {mark.number: mark.colour for mark in marks}
    rows = [
        (colours[number], f"{number or '!'}  {', '.join(dict.fromkeys(names))}")
        for number, names in fields.items()
    ]
    return rows[:_MOST_LINES]


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()[:_FIELD_CHARACTERS]


def _height(lines: Sequence[tuple[str, str]], size: int) -> int:
    return round(len(lines) * size * 1.4) + size if lines else 0


def _png(picture: Image.Image) -> bytes:
    held = io.BytesIO()
    picture.save(held, "PNG")
    return held.getvalue()

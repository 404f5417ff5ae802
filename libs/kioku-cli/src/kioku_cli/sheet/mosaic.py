"""A contact sheet as one JPEG: a row for each section, pictures side by side, its title above."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from kioku_cli.refusal import Refusal
from kioku_cli.sheet.page import Section

SIDE = 128
_TITLE = 24
_GAP = 6
_MOST_ROWS = 60000 // (SIDE + _TITLE + _GAP)
_QUALITY = 88
_PAPER, _INK = (250, 250, 250), (30, 30, 30)


def mosaic(sections: Sequence[Section]) -> Image.Image:
    """The sheet as an RGB picture; rows beyond what a JPEG can be high are left out."""
    shown = sections[:_MOST_ROWS]
    columns = max((len(one.cells) for one in shown), default=1) or 1
    high = _TITLE + SIDE + _GAP
    sheet = Image.new("RGB", (_GAP + columns * (SIDE + _GAP), max(1, len(shown)) * high), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for row, section in enumerate(shown):
        pen.text((_GAP, row * high + 3), f"{section.title}  ({section.note})", _INK, font)
        for column, cell in enumerate(section.cells):
            place = (_GAP + column * (SIDE + _GAP), row * high + _TITLE)
            sheet.paste(_picture(cell.picture), place)
    return sheet


def write_mosaic(path: Path, _title: str, sections: Sequence[Section]) -> None:
    """Write the sheet to a file. Raises Refusal where that cannot be."""
    try:
        mosaic(sections).save(path, "JPEG", quality=_QUALITY)
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}.", reason="FILE") from error


def _picture(uri: str) -> Image.Image:
    """The picture of a data URI, as large as a cell."""
    content = base64.b64decode(uri.partition(",")[2])
    with Image.open(io.BytesIO(content), formats=("JPEG", "GIF")) as picture:
        return picture.convert("RGB").resize((SIDE, SIDE))

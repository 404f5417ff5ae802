"""The process that draws a PDF: `python -m kioku_vlm.reading.draw_pdf PAGES SECONDS < file`.

Its memory and time are bounded before it sees a byte. It writes PNGs, each behind its length, or
ends with an exit code of `pdf.REFUSALS`.
"""

from __future__ import annotations

import io
import os
import sys
from typing import BinaryIO

import pypdfium2
from kioku_rt.confinement import allow_cpu, confine

_DAMAGED, _PAGES, _PIXELS, _LOCKED = 10, 11, 12, 13
_DPI, _POINTS = 200, 72
_MOST_PIXELS, _LEAST_SIDE = 4_500_000, 8  # A4 at 200 dpi has 3.9 million
_MEMORY = 1_024 * 2**20
_NO_MORE_THAN = 0.999


def draw(data: bytes, most: int, out: BinaryIO) -> int:
    """Write each page; the exit code."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        return _LOCKED if "password" in str(error).lower() else _DAMAGED
    if len(document) > most:
        return _PAGES
    if len(document) == 0:
        return _DAMAGED
    for page in document:
        width, height = page.get_size()
        if min(width, height) <= 0:
            return _DAMAGED
        scale = min(_DPI / _POINTS, (_MOST_PIXELS / (width * height)) ** 0.5 * _NO_MORE_THAN)
        if min(width, height) * scale < _LEAST_SIDE:
            return _PIXELS
        picture = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
        stream = io.BytesIO()
        picture.save(stream, "PNG", compress_level=1)
        out.write(len(stream.getvalue()).to_bytes(4, "big") + stream.getvalue())
    return 0


if __name__ == "__main__":
    drawn = os.fdopen(os.dup(1), "wb")  # whatever else is printed goes nowhere
    confine(_MEMORY)
    allow_cpu(float(sys.argv[2]))
    try:
        with drawn:
            code = draw(sys.stdin.buffer.read(), int(sys.argv[1]), drawn)
        sys.exit(code)
    except (pypdfium2.PdfiumError, MemoryError):
        sys.exit(_DAMAGED)

"""The upright picture of each page that was read, to draw evidence on."""

from __future__ import annotations

from kioku_rt.errors import InvalidInput
from kioku_rt.images import ImageLimits, decode
from PIL import Image

from kioku_vlm.page import Document, Page

_LONGEST = 2000


def page_pictures(data: bytes, document: Document) -> dict[int, Image.Image]:
    """One picture for each page by number.

    A file of one page that is a picture is turned as the page was; the pages of anything else are
    white sheets of their shape, on which boxes show where words stand.
    """
    if len(document.pages) == 1:
        page = document.pages[0]
        return {page.number: _picture(data, page) or _sheet(page)}
    return {page.number: _sheet(page) for page in document.pages}


def _picture(data: bytes, page: Page) -> Image.Image | None:
    try:
        pixels = decode(data, ImageLimits(long_edge=_LONGEST)).pixels
    except InvalidInput:
        return None
    return Image.fromarray(pixels).rotate(-page.turned, expand=True)


def _sheet(page: Page) -> Image.Image:
    by = min(1.0, _LONGEST / max(page.width, page.height, 1))
    size = (max(1, round(page.width * by)), max(1, round(page.height * by)))
    return Image.new("RGB", size, "white")

"""Promise: text that only one of two looks at a picture shows is told of.

A picture can be made so that words come out of it only when it is scaled down, as it is for a model
(T. Quiring et al., "Adversarial Preprocessing", USENIX Security 2020). So the very pixels that the
model got are read again by the page reader, and both readings are laid side by side.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator, Sequence

from PIL import Image
from rapidfuzz import fuzz

from kioku_vlm.engines.question import Pixels
from kioku_vlm.engines.text_index import fold
from kioku_vlm.engines.viewing import PageView
from kioku_vlm.observing.ports import Reader
from kioku_vlm.page import Box, Document, Line, Page
from kioku_vlm.schedule_facts import Evidence, Suspicion

ONLY_SCALED = "TEXT_ONLY_WHEN_SCALED"
GONE_SCALED = "TEXT_GONE_WHEN_SCALED"
_LEAST_LETTERS = 4
_LEAST_SURE = 0.6
_SURE = 0.85
_LEAST_LIKENESS, _OTHER_TEXT = 60.0, 40.0
_LEGIBLE_PIXELS = 20.0
_SAME_PLACE = 0.3


class SecondLook:
    """Reads what the model saw.

    Args:
        reader: the same that read the original.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def suspicions(
        self, views: Sequence[PageView], document: Document
    ) -> tuple[Suspicion, ...]:
        """What stands in one look only; views of the original's own size are not read again.

        Raises:
            KiokuError: as the reader says.
        """
        pages = {page.number: page for page in document.pages}
        found: list[Suspicion] = []
        for view in views:
            for pixels, changed in zip(view.scales, view.changed, strict=True):
                if changed and view.page in pages:
                    data = await asyncio.to_thread(_png, pixels)
                    seen = await self._reader.read(data, "image/png")
                    found += compared(pages[view.page], seen, pixels.shape[0])
        return tuple(dict.fromkeys(found))


def compared(original: Page, seen: Document, height: int) -> Iterator[Suspicion]:
    """Lines in one reading only.

    Args:
        original: as it was read at its own size.
        seen: the same page at the model's size.
        height: of the model's picture, pixels.
    """
    scaled = tuple(line for page in seen.pages for line in page.lines)
    known = (*original.lines, *original.hidden)
    everything = fold("".join(line.text for line in known))
    for line in scaled:
        if _appeared(line, known, everything):
            yield Suspicion(ONLY_SCALED, Evidence(original.number, line.box, line.text))
    for line in original.lines:
        legible = line.size * height >= _LEGIBLE_PIXELS and line.confidence >= _SURE
        if legible and _told(line) and not _neighbours(line, scaled):
            yield Suspicion(GONE_SCALED, Evidence(original.number, line.box, line.text))


def _appeared(line: Line, known: Sequence[Line], everything: str) -> bool:
    """Whether a line is new: where nothing stood, or clearly other words than stood there."""
    if not _told(line) or line.confidence < _LEAST_SURE:
        return False
    likeness = fuzz.partial_ratio(fold(line.text), everything) if everything else 0.0
    if likeness >= _LEAST_LIKENESS:
        return False
    if not _neighbours(line, known):
        return True
    return line.confidence >= _SURE and likeness < _OTHER_TEXT


def _told(line: Line) -> bool:
    return len(fold(line.text)) >= _LEAST_LETTERS


def _neighbours(line: Line, others: Sequence[Line]) -> bool:
    return any(_covered(line.box, other.box) >= _SAME_PLACE for other in others)


def _covered(box: Box, other: Box) -> float:
    """The part of a box that another covers."""
    width = min(box.right, other.right) - max(box.left, other.left)
    height = min(box.bottom, other.bottom) - max(box.top, other.top)
    return max(0.0, width) * max(0.0, height) / box.area if box.area else 0.0


def _png(pixels: Pixels) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
    return stream.getvalue()

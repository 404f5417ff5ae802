"""Promise: text that only one of two looks at a picture shows is told of.

A picture can be made so that words come out of it only when it is scaled down, as it is for a model
(T. Quiring et al., "Adversarial Preprocessing", USENIX Security 2020). So the very pixels that the
model got are read again by the page reader, and both readings are laid side by side.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence

import numpy as np
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
_LEAST_SURE = 0.7
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

        Before a line is told of, its place in the other picture is read by itself: a reader that
        missed a line among others is no attack.

        Raises:
            KiokuError: as the reader says.
        """
        pages = {page.number: page for page in document.pages}
        found: list[Suspicion] = []
        for view in views:
            for at, pixels in enumerate(view.scales):
                if view.changed[at] and view.page in pages:
                    found += await self._of(pages[view.page], view.original, pixels, sent=at == 0)
        return tuple(dict.fromkeys(found))

    async def _of(
        self, page: Page, original: Pixels, pixels: Pixels, *, sent: bool
    ) -> list[Suspicion]:
        seen = [line for one in await self._pages(pixels) for line in one.lines]
        new = [one for one in appeared(page, seen) if not await self._there(one, original)]
        found = [Suspicion(ONLY_SCALED, Evidence(page.number, one.box, one.text)) for one in new]
        if sent:  # further scales are squeezed: nobody reads all of them there
            lost = vanished(page, seen, pixels.shape[0])
            gone = [one for one in lost if not await self._there(one, pixels)]
            found += [
                Suspicion(GONE_SCALED, Evidence(page.number, one.box, one.text)) for one in gone
            ]
        return found

    async def _there(self, line: Line, pixels: Pixels) -> bool:
        """Whether a picture has a line at its place, looked at closely."""
        near = await self._pages(_around(line.box, pixels))
        words = fold("".join(one.text for page in near for one in (*page.lines, *page.hidden)))
        return bool(words) and _likeness(line, words) >= _LEAST_LIKENESS

    async def _pages(self, pixels: Pixels) -> tuple[Page, ...]:
        data = await asyncio.to_thread(_png, pixels)
        return (await self._reader.read(data, "image/png")).pages


def appeared(original: Page, seen: Sequence[Line]) -> list[Line]:
    """Lines of the scaled picture where nothing stood, or clearly other words than stood there.

    Args:
        original: as it was read at its own size.
        seen: lines of the same page as they were read at the model's size.
    """
    known = (*original.lines, *original.hidden)
    everything = fold("".join(line.text for line in known))
    return [line for line in seen if _appeared(line, known, everything)]


def vanished(original: Page, seen: Sequence[Line], height: int) -> list[Line]:
    """Lines of the original, large and sure, where the scaled picture has none.

    Args:
        original: as it was read at its own size.
        seen: lines of the same page as they were read at the model's size.
        height: of the model's picture, pixels.
    """
    return [
        line for line in original.lines
        if line.size * height >= _LEGIBLE_PIXELS and line.confidence >= _SURE
        and _told(line) and not _neighbours(line, seen)
    ]  # fmt: skip


def _appeared(line: Line, known: Sequence[Line], everything: str) -> bool:
    """Whether a line is new: where nothing stood, or clearly other words than stood there."""
    if not _told(line) or line.confidence < _LEAST_SURE:
        return False
    likeness = _likeness(line, everything)
    if likeness >= _LEAST_LIKENESS:
        return False
    if not _neighbours(line, known):
        return True
    return line.confidence >= _SURE and likeness < _OTHER_TEXT


def _likeness(line: Line, words: str) -> float:
    return fuzz.partial_ratio(fold(line.text), words) if words else 0.0


def _told(line: Line) -> bool:
    """Whether it has words: rules and borders are read as the same few letters again and again."""
    return len({one for one in fold(line.text) if one.isalnum() and one != "ー"}) >= _LEAST_LETTERS


def _around(box: Box, pixels: Pixels) -> Pixels:
    """The part of a picture around a box, with a margin of its height."""
    height, width = pixels.shape[:2]
    margin = box.height if box.height < box.width else box.width
    left, right = _between(box.left - margin, box.right + margin, width)
    top, bottom = _between(box.top - margin, box.bottom + margin, height)
    return np.ascontiguousarray(pixels[top:bottom, left:right])


def _between(first: float, last: float, side: int) -> tuple[int, int]:
    begin = min(max(0, int(first * side)), side - 1)
    return begin, max(begin + 1, min(side, int(last * side) + 1))


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

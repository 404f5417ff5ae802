"""Promise: what a model sees was decoded in a confined child, turned upright and scaled once.

The pixels that the model gets are kept beside, so that they can be read a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from PIL import Image

from kioku_vlm.engines.question import Pixels, Size
from kioku_vlm.observing.ports import Picture
from kioku_vlm.page import Document

_PDF = b"%PDF-"
_QUARTER = 90
MOST_VIEWS = 4


class Decoded(Protocol):
    """A picture as a decoder gives it."""

    @property
    def pixels(self) -> Pixels:
        """uint8 (height, width, 3), upright by EXIF, sRGB."""
        ...


class Decoder(Protocol):
    """Bytes from anybody to pixels, such as `kioku_rt.images.DecodePool`."""

    async def decode(self, data: bytes) -> Decoded:
        """Raises InvalidInput (IMAGE_*) or DependencyDown."""
        ...


@dataclass(frozen=True)
class PageView:
    """One page as a model sees it.

    Attributes:
        page: from 1.
        original: pixels as they were decoded, upright.
        scales: pixels at each size at which the model sees it; the first is sent.
        changed: for each, whether it is of another size than the original.
    """

    page: int
    original: Pixels = field(repr=False)
    scales: tuple[Pixels, ...] = field(repr=False)
    changed: tuple[bool, ...]

    @property
    def sent(self) -> Pixels:
        """What the model gets."""
        return self.scales[0]


class Viewer:
    """Makes views.

    Args:
        decoder: its long edge bounds what can be seen.
        most: pages; a longer document's further pages are told in words only.
    """

    def __init__(self, decoder: Decoder, most: int = MOST_VIEWS) -> None:
        self._decoder = decoder
        self._most = most

    async def views(
        self,
        pictures: Sequence[Picture],
        document: Document,
        sizes: Callable[[int, int], tuple[Size, ...]],
    ) -> tuple[PageView, ...]:
        """A view of every picture; of a PDF none, its words are told.

        Raises:
            InvalidInput: IMAGE_*.
            DependencyDown: no decoder can be had.
        """
        found = []
        for at, picture in enumerate(pictures[: self._most]):
            if picture.data.startswith(_PDF):
                continue
            decoded = await self._decoder.decode(picture.data)
            turned = document.pages[at].turned if at < len(document.pages) else 0
            found.append(await asyncio.to_thread(_view, at + 1, decoded.pixels, turned, sizes))
        return tuple(found)


def _view(
    page: int, pixels: Pixels, turned: int, sizes: Callable[[int, int], tuple[Size, ...]]
) -> PageView:
    upright = np.ascontiguousarray(np.rot90(pixels, -(turned // _QUARTER)))
    height, width = upright.shape[:2]
    wanted = sizes(width, height)
    scales = tuple(scaled(upright, size) for size in wanted)
    return PageView(page, upright, scales, tuple(size != (width, height) for size in wanted))


def scaled(pixels: Pixels, size: Size) -> Pixels:
    """At another width and height, by Lanczos with its support widened to what is left out:
    text that another filter would bring out of the original is averaged away."""
    if size == (pixels.shape[1], pixels.shape[0]):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))

"""Pictures and PDFs to documents, by decoder children that read.  Implements `Reader`.

A picture is decoded and read in one child, which may be killed; pages of one PDF are read by all of
them at once.
"""

from __future__ import annotations

import asyncio

import tesserocr
from kioku_rt.errors import InvalidInput
from kioku_rt.images import DecodePool
from kioku_rt.reasons import Reason

from kioku_vlm.page import Document, Page
from kioku_vlm.reading.lines import language_of
from kioku_vlm.reading.pdf import drawn_pages, is_pdf
from kioku_vlm.reading.transfer import unpacked

READING = 1
"""Counts up when the same picture would be read otherwise."""


class TesseractReader:
    """Reads files.

    Args:
        pool: its children apply `read_picture`.
        most_pages: of a PDF.
    """

    def __init__(self, pool: DecodePool, *, most_pages: int = 20) -> None:
        self._pool = pool
        self._most_pages = most_pages
        engine = tesserocr.tesseract_version().split()[1]
        self.version = f"kioku-reading@{READING}+tesseract@{engine}"

    async def read(self, data: bytes, content_type: str = "") -> Document:  # noqa: ARG002
        """The pages of a picture or PDF; what it is its bytes say, not its name.

        Raises:
            InvalidInput: IMAGE_*, DOCUMENT_LOCKED: it cannot be read, whoever tries.
            DependencyDown: no child can be started.
        """
        if len(data) > self._pool.limits.max_bytes:
            raise InvalidInput(Reason.IMAGE_TOO_LARGE)
        files = await drawn_pages(data, most=self._most_pages) if is_pdf(data) else [data]
        pages = await asyncio.gather(*(self._page(file, n) for n, file in enumerate(files, 1)))
        return Document(tuple(pages), language_of(line for page in pages for line in page.lines))

    def pids(self) -> list[int]:
        """Process ids of the children that are running."""
        return self._pool.pids()

    async def _page(self, picture: bytes, number: int) -> Page:
        read = (await self._pool.decode(picture)).pixels
        try:
            return unpacked(read, number)
        except ValueError:
            raise InvalidInput(Reason.IMAGE_DECODER_FAILED) from None

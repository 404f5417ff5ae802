"""Opens the reader: finds Tesseract's data and starts the children."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from os import cpu_count
from pathlib import Path

from kioku_rt.images import DecodePool, ImageLimits

from kioku_vlm.reading.in_child import read_picture
from kioku_vlm.reading.tessdata import TessdataMissing, find_tessdata
from kioku_vlm.reading.tesseract_reader import TesseractReader

ReaderUnusable = TessdataMissing
_MIB = 2**20


@dataclass(frozen=True)
class ReaderOptions:
    """What a reader is opened with.

    Args:
        tessdata: folder of Tesseract's data; None: found, see `find_tessdata`.
        processes: children, each reads one page at a time; 0: one per core.
        max_bytes: of a file.
        page_seconds: for one page, decoding and all.
        long_edge: pixels; larger pictures are made so small before they are read.
        most_pages: of a PDF.
    """

    tessdata: Path | None = None
    processes: int = 0
    max_bytes: int = 64 * _MIB
    page_seconds: float = 60.0
    long_edge: int = 3_600
    most_pages: int = 20


@asynccontextmanager
async def open_reader(options: ReaderOptions | None = None) -> AsyncIterator[TesseractReader]:
    """A reader, until the block ends.

    Raises:
        ReaderUnusable: Tesseract's data are missing, in one sentence for the operator.
        DependencyDown: a child did not come up.
    """
    wanted = options or ReaderOptions()
    prepare = partial(read_picture, find_tessdata(wanted.tessdata))
    limits = ImageLimits(
        max_bytes=wanted.max_bytes,
        long_edge=wanted.long_edge,
        decode_seconds=wanted.page_seconds,
        memory_bytes=2_048 * _MIB,
    )
    pool = DecodePool(wanted.processes or cpu_count() or 1, limits, prepare=prepare)
    try:
        await asyncio.to_thread(pool.start)
        yield TesseractReader(pool, most_pages=wanted.most_pages)
    finally:
        await asyncio.to_thread(pool.close)

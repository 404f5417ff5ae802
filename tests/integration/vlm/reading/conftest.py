"""The real reader, once for a file of tests, with two children."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from kioku_vlm.reading import ReaderOptions, ReaderUnusable, open_reader
from kioku_vlm.reading.tessdata import find_tessdata
from kioku_vlm.reading.tesseract_reader import TesseractReader


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader() -> AsyncIterator[TesseractReader]:
    """Open as long as its module is tested."""
    try:
        await asyncio.to_thread(find_tessdata)
    except ReaderUnusable as missing:
        pytest.skip(str(missing))
    async with open_reader(ReaderOptions(processes=2)) as opened:
        yield opened

"""A child that dies takes nothing with it but, at worst, its page."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_vlm.reading import ReaderOptions, ReaderUnusable, open_reader
from kioku_vlm.reading.tesseract_reader import TesseractReader
from PIL import Image

from tests.integration.vlm.reading.sheet import Sheet, assert_reads, png

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _sheet() -> Sheet:
    sheet = Sheet()
    for at in range(10):
        sheet.write(f"第{at + 1}回 保護者会 5月{at + 10}日 午後2時", (110, 60 + 90 * at))
    return sheet


async def test_children_killed_at_work(reader: TesseractReader) -> None:
    """Their pages are read by successors, and so is the next one."""
    sheet = _sheet()
    data = png(sheet.image)
    before = set(reader.pids())
    at_work = [asyncio.create_task(reader.read(data)) for _ in range(2)]
    await asyncio.sleep(0.3)  # they are killed whether they have begun or not
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    for document in [*await asyncio.gather(*at_work), await reader.read(data)]:
        assert_reads(document.pages[0], sheet)
    assert not before & set(reader.pids())


async def test_a_page_that_takes_too_long_is_given_up() -> None:
    """Its child is ended; the next page is read by another."""
    options = ReaderOptions(processes=1, page_seconds=1.0)
    crowded, small = Image.effect_noise((3_500, 3_500), 200), Sheet(size=(500, 200))
    small.write("運動会 5月30日", (50, 60))
    async with open_reader(options) as reader:
        with pytest.raises(InvalidInput) as refused:
            await reader.read(png(crowded))
        assert refused.value.reason is Reason.IMAGE_DECODE_TIMEOUT
        assert len((await reader.read(png(small.image))).pages[0].lines) == 1


async def test_without_its_data_it_does_not_open(tmp_path: Path) -> None:
    """And says what is missing, before a child is started."""
    with pytest.raises(ReaderUnusable, match="eng, jpn, jpn_vert, osd"):
        async with open_reader(ReaderOptions(tessdata=tmp_path)):
            pass

"""Pictures of writing are read: whichever way it runs, lies, leans and is lit."""

from __future__ import annotations

import asyncio

import pytest
from kioku_scenes.documents.fonts import face
from kioku_vlm.page import Box, Page, PageFlag
from kioku_vlm.reading.tesseract_reader import TesseractReader
from PIL import Image

from tests.integration.vlm.reading.sheet import Sheet, assert_reads, png

pytestmark = pytest.mark.asyncio(loop_scope="module")

_LETTER = (
    "春の運動会のお知らせ",
    "日時　5月30日（土）午前9時から午後3時まで",
    "場所　さくら市立第一小学校の校庭",
    "雨天の場合は翌日に順延します。",
    "水筒と帽子を忘れずに持ってきてください。",
    "保護者の方は正門からお入りください。",
)
_POSTER = (
    "Summer Concert in the Park",
    "Saturday, June 6, 2026 at 7:30 PM",
    "Riverside Hall, 12 Station Road",
    "Doors open at seven. Tickets are free.",
    "Please bring your own chair and a blanket.",
)
_TABLE = (
    "4月10日 入学式 体育館",
    "5月30日 運動会 校庭",
    "6月12日 授業参観 各教室",
    "7月17日 終業式 体育館",
    "9月1日 防災訓練 校庭",
)
_COLUMNS = (
    "町内会の夏祭りを行います",
    "八月の第一土曜日の夕方から",
    "公園の広場に集まりましょう",
    "雨の時は集会所で行います",
)


def _letter(ink: int = 0, paper: int = 255) -> Sheet:
    sheet = Sheet(paper=paper)
    for at, text in enumerate(_LETTER):
        sheet.write(text, (110, 120 + 110 * at), ink=ink)
    return sheet


async def _read(reader: TesseractReader, image: Image.Image) -> Page:
    (page,) = (await reader.read(png(image))).pages
    return page


async def test_a_japanese_letter(reader: TesseractReader) -> None:
    """Line by line, in order, each character with its box."""
    sheet = _letter()
    document = await reader.read(png(sheet.image))
    (page,) = document.pages
    assert document.language == "ja"
    assert (page.width, page.height, page.turned, page.flags) == (1240, 1000, 0, ())
    assert list(page.lines) == assert_reads(page, sheet)
    assert not any(line.vertical for line in page.lines)


async def test_an_english_poster(reader: TesseractReader) -> None:
    """With spaces between words, and only there."""
    sheet = Sheet()
    for at, text in enumerate(_POSTER):
        sheet.write(text, (110, 120 + 110 * at), font="sans")
    document = await reader.read(png(sheet.image))
    assert document.language == "en"
    lines = assert_reads(document.pages[0], sheet)
    assert [len(line.text.split()) for line in lines] == [len(text.split()) for text in _POSTER]


async def test_a_character_has_its_own_box(reader: TesseractReader) -> None:
    """Not its word's or its line's."""
    sheet = Sheet().write("日時　5月30日", (110, 120)).write("場所　第一小学校の校庭", (110, 260))
    page = await _read(reader, sheet.image)
    (line,) = (line for line in page.lines if "場所" in line.text)
    at = line.text.index("校庭")
    left, top, right, bottom = sheet.pen.textbbox(
        (110 + 9 * 36, 260), "校庭", font=face("mplus", 36)
    )
    drawn = Box(left / 1240, top / 1000, (right - left) / 1240, (bottom - top) / 1000)
    assert line.box_of(at, at + 2).overlap(drawn) >= 0.5


async def test_vertical_columns(reader: TesseractReader) -> None:
    """From the right, each a line."""
    sheet = Sheet(size=(900, 900))
    for at, text in enumerate(_COLUMNS):
        sheet.write(text, (730 - 150 * at, 90), font="mincho", size=48, vertical=True)
    page = await _read(reader, sheet.image)
    assert list(page.lines) == assert_reads(page, sheet)
    assert all(line.vertical for line in page.lines)


@pytest.mark.parametrize("degrees", [90, 180, 270])
async def test_a_page_that_lies_on_its_side_or_head(reader: TesseractReader, degrees: int) -> None:
    """Is told upright; `turned` says how far it was turned, clockwise."""
    sheet = _letter()
    page = await _read(reader, sheet.image.rotate(degrees, expand=True))
    assert page.turned == degrees
    assert (page.width, page.height) == sheet.size
    assert list(page.lines) == assert_reads(page, sheet)


@pytest.mark.parametrize("degrees", [2, -2])
async def test_a_page_that_leans(reader: TesseractReader, degrees: int) -> None:
    """Is read straight; places are those of the leaning page."""
    sheet = _letter()
    leaning = sheet.image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255)
    page = await _read(reader, leaning)
    assert page.turned == 0
    assert_reads(page, sheet, overlap=0.25)
    first = page.lines[1]
    assert (first.boxes[0].top > first.boxes[-1].top) == (degrees > 0)


async def test_light_on_dark(reader: TesseractReader) -> None:
    """A screen at night."""
    sheet = _letter(ink=235, paper=25)
    assert_reads(await _read(reader, sheet.image), sheet)


async def test_a_ruled_table(reader: TesseractReader) -> None:
    """Five rows of three cells; each cell is a line of its own."""
    sheet = Sheet()
    cells = [row.split() for row in _TABLE]
    for row, texts in enumerate(cells):
        for column, text in enumerate(texts):
            sheet.write(text, (120 + 350 * column, 122 + 90 * row))
    for edge in range(6):
        sheet.pen.line((90, 95 + 90 * edge, 1140, 95 + 90 * edge), fill=0, width=3)
    for edge in range(4):
        sheet.pen.line((90 + 350 * edge, 95, 90 + 350 * edge, 545), fill=0, width=3)
    page = await _read(reader, sheet.image)
    assert_reads(page, sheet)


@pytest.mark.parametrize("font", ["gothic", "vl"])
async def test_slashed_zeros(reader: TesseractReader, font: str) -> None:
    """Are no sixes or nines, whatever their size."""
    sheet = Sheet()
    for at, size in enumerate((24, 30, 36, 40, 48)):
        sheet.write(
            f"5月{30 - 10 * (at % 3)}日 10時20分", (100, 80 + 150 * at), font=font, size=size
        )
    lines = assert_reads(await _read(reader, sheet.image), sheet)
    digits = ["".join(filter(str.isdigit, line.text)) for line in lines]
    assert digits == ["5301020", "5201020", "5101020", "5301020", "5201020"]


async def test_two_columns_are_not_read_across(reader: TesseractReader) -> None:
    """A line ends where its column does."""
    sheet = Sheet()
    left = (
        "図書館からのお願い",
        "本は二週間で返してく",
        "ださい。傷んだ本は係",
        "の人に渡してください",
        "。休館日は月曜です。",
    )
    right = (
        "公民館の教室案内",
        "毎週水曜に料理の教室",
        "を開きます。初めての",
        "方も歓迎します。道具",
        "はこちらで用意します",
    )
    for at, (one, other) in enumerate(zip(left, right, strict=True)):
        sheet.write(one, (100, 150 + 80 * at)).write(other, (680, 150 + 80 * at))
    assert_reads(await _read(reader, sheet.image), sheet)


async def test_a_wide_gap_makes_two_lines(reader: TesseractReader) -> None:
    """What stands at either edge does not belong together; a space between words does."""
    sheet = _letter()
    sheet.write("令和8年5月8日", (110, 800)).write("校長　山田太郎", (860, 800))
    assert_reads(await _read(reader, sheet.image), sheet)


async def test_two_pages_at_once(reader: TesseractReader) -> None:
    """Each gets its own."""
    english = Sheet()
    for at, text in enumerate(_POSTER):
        english.write(text, (110, 120 + 110 * at), font="sans")
    letter = _letter()
    pages = await asyncio.gather(_read(reader, letter.image), _read(reader, english.image))
    assert_reads(pages[0], letter)
    assert_reads(pages[1], english)
    assert PageFlag.HIDDEN_TEXT not in pages[0].flags + pages[1].flags

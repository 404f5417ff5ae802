"""`python -m kioku_vlm read`: words in, files and an exit code out; the reader alone is a fake."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_vlm.local.tools import NothingReads, Tools
from kioku_vlm.page import Box, Document, Line, Page
from kioku_vlm.read_command import read_command
from kioku_vlm.schedule_facts import Circumstances, Evidence, Schedule, Suspicion, Value
from PIL import Image

from tests.unit.vlm.calendar.announced import entry, parsed


def _document(*texts: str) -> Document:
    boxes = [Box(0.1, 0.1 * n, 0.8, 0.05) for n in range(1, len(texts) + 1)]
    lines = [Line(text, (box,) * len(text), 0.9) for text, box in zip(texts, boxes, strict=True)]
    return Document((Page(1, 200, 100, tuple(lines)),), "en")


class _FakeReader:
    """Reads what its table says; anything else is damaged."""

    def __init__(self, table: dict[bytes, Document]) -> None:
        self.table = table
        self.types: list[str] = []

    async def read(self, data: bytes, content_type: str = "") -> Document:
        self.types.append(content_type)
        if data not in self.table:
            raise InvalidInput(Reason.IMAGE_TRUNCATED)
        return self.table[data]


def _announce(document: Document, circumstances: Circumstances) -> Schedule:
    """The first line is the title; the day is the request's."""
    line = document.pages[0].lines[0]
    evidence = Evidence(1, line.box, line.text)
    title = Value(line.text, line.text, 0.9, "label", (evidence,))
    found = entry(circumstances.today.isoformat() + "T10:00", title=title, zone=circumstances.zone)
    why = (
        ()
        if circumstances.taken is None
        else (Suspicion(f"TAKEN_{circumstances.taken}", evidence),)
    )
    return Schedule((found,), "en", "", why)


class _Ran:
    """Runs the command with a reader of some files."""

    def __init__(self, table: dict[bytes, Document]) -> None:
        self.reader = _FakeReader(table)
        self.closed = False

    def __call__(self, *words: str | Path) -> int:
        return read_command([str(word) for word in words], self._open)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Tools]:
        yield Tools(self.reader, _announce)
        self.closed = True


def _picture(path: Path, colour: str, **saved: object) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (200, 100), colour).save(held, "JPEG", **saved)
    path.write_bytes(held.getvalue())
    return held.getvalue()


def test_everything_that_is_asked_for_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two photographs of one poster are one event; a broken file is told and stops nothing."""
    one, two, broken = (tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg"))
    table = {
        _picture(one, "red"): _document("Summer Fair", "10:00"),
        _picture(two, "blue"): _document("Summer Fairs"),
    }
    _picture(broken, "green")
    ran = _Ran(table)
    ics, out, show = tmp_path / "o.ics", tmp_path / "o.json", tmp_path / "show"
    files = (one, two, broken, tmp_path / "none.jpg")
    options = ("--ics", ics, "--json", out, "--show", show)
    code = ran(*files, *options, "--zone", "Asia/Tokyo", "--today", "2026-05-01")
    said = capsys.readouterr()
    assert (1, True) == (code, ran.closed)
    assert ["image/jpeg"] * 3 == ran.reader.types
    assert "  1  event    2026-05-01T10:00 Asia/Tokyo  Summer Fair  (0.90)" in said.out
    assert "c.jpg" in said.err
    assert "IMAGE_TRUNCATED" in said.err
    assert "none.jpg cannot be read: No such file or directory." in said.err
    events = parsed(ics.read_bytes()).events
    assert ["Summer Fair"] == [event.summary for event in events]
    assert "2026-05-01T10:00:00+09:00" == events[0].dtstart.isoformat()
    documents = json.loads(out.read_text("utf-8"))
    assert ["a.jpg", "b.jpg"] == [one["file"] for one in documents]
    assert "Summer Fairs" == documents[1]["events"][0]["title"]["value"]
    names = ["01-a.1.png", "01-a.html", "02-b.1.png", "02-b.html"]
    assert names == sorted(path.name for path in show.iterdir())
    with Image.open(show / "01-a.1.png") as picture:
        red, green, blue = picture.convert("RGB").getpixel((100, 90))
        assert red > 240
        assert max(green, blue) < 20


def test_the_camera_s_day_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a picture that has one; the uid is the same in every run."""
    exif = Image.Exif()
    exif[306] = "2026:04:30 12:00:00"
    table = {_picture(tmp_path / "a.jpg", "red", exif=exif): _document("Fair")}
    uids = set()
    for name in ("1.ics", "2.ics"):
        words = (tmp_path / "a.jpg", "--ics", tmp_path / name, "--today", "2026-05-01")
        assert 0 == _Ran(table)(*words)
        uids |= {event.uid for event in parsed((tmp_path / name).read_bytes()).events}
    assert 1 == len(uids)
    assert "TAKEN_2026-04-30" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "FILE"),
        (["a.jpg", "--zone", "Mars/Phobos"], "there is no zone 'Mars/Phobos'"),
        (["a.jpg", "--today", "yesterday"], "'yesterday' is no date like 2026-05-01"),
    ],
)
def test_wrong_words_are_explained(
    words: Sequence[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is opened."""
    with pytest.raises(SystemExit) as ended:
        _Ran({})(*words)
    assert 2 == ended.value.code
    assert says in capsys.readouterr().err


def test_what_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The answer is printed all the same."""
    table = {_picture(tmp_path / "a.jpg", "red"): _document("Fair")}
    assert 1 == _Ran(table)(tmp_path / "a.jpg", "--ics", tmp_path / "no" / "o.ics")
    said = capsys.readouterr()
    assert "Fair" in said.out
    assert "o.ics cannot be written: No such file or directory." in said.err


def test_an_installation_that_reads_nothing_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the exit code of what is not configured."""

    @asynccontextmanager
    async def nothing() -> AsyncIterator[Tools]:
        raise NothingReads("no reader")
        yield

    assert 78 == read_command(["a.jpg"], nothing)
    assert "Nothing here reads pages: no reader." in capsys.readouterr().err

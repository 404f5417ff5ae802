"""A contact sheet shows pictures and names, and runs nothing that came with them."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from pathlib import Path

import pytest
from kioku_cli.refusal import Refusal
from kioku_cli.sheet.page import Cell, Section, page, write_sheet
from kioku_cli.sheet.thumbnail import thumbnail
from PIL import Image

EVIL = '"><script>alert(1)</script><img src=x onerror="alert(2)">'


class Tags(HTMLParser):
    """Collects every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags_of(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(text)
    return parser.found


def test_every_foreign_word_is_escaped() -> None:
    """File names, queries and notes never become markup."""
    cell = Cell("data:image/gif;base64,AA==", EVIL, 0.5, "hit", EVIL)
    tags = tags_of(page(EVIL, [Section(EVIL, [cell], EVIL)], EVIL))
    assert "script" not in {tag for tag, _ in tags}
    assert 1 == sum(tag == "img" for tag, _ in tags)
    assert not any(name.startswith("on") for _, attributes in tags for name in attributes)


def test_the_page_fetches_nothing() -> None:
    """Pictures are inside the file, and the policy in its head allows nothing else."""
    text = page("t", [Section("q", [Cell(thumbnail(b""), "a.jpg")])])
    sources = [attributes["src"] for tag, attributes in tags_of(text) if tag == "img"]
    assert sources
    assert all(source and source.startswith("data:") for source in sources)
    assert "default-src 'none'" in text


def test_a_thumbnail_is_small_and_upright() -> None:
    """A large original becomes a JPEG of at most `edge` pixels."""
    held = io.BytesIO()
    Image.new("RGB", (800, 400), "red").save(held, "PNG")
    uri = thumbnail(held.getvalue(), edge=100)
    assert uri.startswith("data:image/jpeg;base64,")
    assert len(uri) < 4000


@pytest.mark.parametrize("original", [b"", b"no picture", b"\xff\xd8\xff\xe0torn"])
def test_what_is_no_picture_gets_a_grey_one(original: bytes) -> None:
    """One broken original does not spoil the sheet."""
    assert thumbnail(original).startswith("data:image/gif;base64,")


def test_no_results_are_said() -> None:
    """An empty answer is a sentence, not an empty row."""
    assert "Nothing was found." in page("t", [Section("q", [])])


def test_an_unwritable_file_is_a_sentence(tmp_path: Path) -> None:
    """The refusal names the file."""
    with pytest.raises(Refusal, match="cannot be written"):
        write_sheet(tmp_path / "no" / "folder.html", "t", [])

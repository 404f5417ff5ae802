"""What was said about a picture anywhere becomes tags that the service accepts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kioku_cli.catalog.embedded import embedded_entry
from kioku_cli.catalog.entry import Described, Entry, Source, entry_of
from kioku_cli.catalog.scan import Catalogue, read_catalogue
from kioku_cli.catalog.tags import MOST_TAGS, tagging
from kioku_cli.refusal import UsageRefusal
from PIL import Image

EVERY = frozenset(Source)


def draw(path: Path, **how: object) -> Path:
    """A small JPEG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), "red").save(path, "JPEG", **how)
    return path


def read(
    root: Path, sources: frozenset[Source] = EVERY, table: Path | None = None
) -> tuple[Catalogue, dict[str, set[str]]]:
    """The catalogue, and the tags of each picture by its name."""
    catalogue = read_catalogue(root, sources, table)
    return catalogue, {one.path.name: set(one.tags) for one in tagging(catalogue.pictures).pictures}


def test_names_of_files_and_folders_are_tags(tmp_path: Path) -> None:
    """What cameras call their pictures is none."""
    draw(tmp_path / "summer dresses" / "red-wrap_01.jpg")
    draw(tmp_path / "IMG_0002.jpg")
    _, tags = read(tmp_path)
    assert {"summer dresses", "summer", "dresses", "red", "wrap"} == tags["red-wrap_01.jpg"]
    assert set() == tags["IMG_0002.jpg"]


@pytest.mark.parametrize("name", ["a.jpg.json", "a.json"])
def test_a_sidecar_belongs_to_its_picture(tmp_path: Path, name: str) -> None:
    """Texts and lists are tags; links, ids and sizes are not."""
    draw(tmp_path / "a.jpg")
    fields = {"title": "Wrap Dress", "keywords": ["red", "silk"], "url": "https://x.y", "id": "k1"}
    (tmp_path / name).write_text(json.dumps(fields), "utf-8")
    catalogue, tags = read(tmp_path, frozenset({Source.SIDECARS}))
    assert {"Wrap Dress", "red", "silk"} == tags["a.jpg"]
    assert {} == dict(catalogue.skipped)


def test_lines_beside_or_above_the_pictures(tmp_path: Path) -> None:
    """`metadata.jsonl` names files relative to itself; a bad line is a remark."""
    draw(tmp_path / "shop" / "a.jpg")
    lines = ['{"file": "shop/a.jpg", "tags": "red, silk"}', "{broken", "7"]
    (tmp_path / "metadata.jsonl").write_text("\n".join(lines), "utf-8")
    catalogue, tags = read(tmp_path, frozenset({Source.SIDECARS}))
    assert {"red", "silk"} == tags["a.jpg"]
    assert 2 == len(catalogue.remarks)


def test_a_table_names_its_pictures(tmp_path: Path) -> None:
    """Every other column is a tag; rows of unknown files are let go."""
    draw(tmp_path / "a.jpg")
    table = tmp_path / "list.csv"
    table.write_text("\ufefffile,tags,title\na.jpg,red;silk,ワンピース\nb.jpg,x,y\n", "utf-8")
    _, tags = read(tmp_path, frozenset({Source.CSV}), table)
    assert {"a.jpg": {"red", "silk", "ワンピース"}} == tags


@pytest.mark.parametrize("text", ["tags\nred\n", "", "a,b\n1,2\n"])
def test_a_table_without_pictures_is_refused(tmp_path: Path, text: str) -> None:
    """Before anything is uploaded."""
    table = tmp_path / "list.csv"
    table.write_text(text, "utf-8")
    with pytest.raises(UsageRefusal, match="needs a column"):
        read(tmp_path, EVERY, table)


def test_metadata_inside_the_file(tmp_path: Path) -> None:
    """EXIF's description, Windows' keywords and XMP's subjects."""
    exif = Image.Exif()
    exif[0x010E] = "wrap dress"
    exif[0x9C9E] = "red;silk\x00".encode("utf-16-le")
    xmp = b"<x><dc:subject><rdf:Bag><rdf:li>A &amp; B</rdf:li></rdf:Bag></dc:subject></x>"
    path = draw(tmp_path / "a.jpg", exif=exif, xmp=xmp)
    assert {"wrap dress", "red", "silk", "A & B"} == set(embedded_entry(path).tags)


def test_a_broken_header_says_nothing(tmp_path: Path) -> None:
    """It ends no import; the service decides about the picture."""
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00*\xff\xff\xff\xff" + b"\x00" * 9)
    assert Entry(Source.METADATA) == embedded_entry(path)


def test_what_somebody_wrote_goes_first_and_the_rarest_words_next(tmp_path: Path) -> None:
    """64 tags at most; the words that find no room are the commonest, and are counted."""
    long = " ".join(f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(80))
    rich = Described(tmp_path / "a", (Entry(Source.SIDECARS, ("silk",), (f"common {long}",)),))
    plain = Described(tmp_path / "b", (Entry(Source.SIDECARS, (), ("common " * 20,)),))
    first, _ = tagging([rich, plain]).pictures
    assert (MOST_TAGS, 18, "silk") == (len(first.tags), first.left_out, first.tags[0])
    assert "common" not in first.tags


def test_a_word_that_half_a_catalogue_shares_is_left_out() -> None:
    """It tells nothing apart; a tag that somebody wrote stays."""
    pictures = [
        Described(
            Path(f"{n}"),
            (Entry(Source.CSV, ("ours",)), Entry(Source.NAMES, ("shopname", f"thing{n}"))),
        )
        for n in range(30)
    ]
    made = tagging(pictures)
    assert ("shopname",) == made.shared
    assert ("ours", "thing7") == made.pictures[7].tags


def test_tags_are_ones_the_service_accepts() -> None:
    """One form, once each, no control characters, at most 64 characters."""
    fields = {"tags": ["Red", "red", "bad\x00tag", " ", "silk  dress"], "text": "x" * 65}
    [one] = tagging([Described(Path("a"), (entry_of(Source.SIDECARS, fields),))]).pictures
    assert ("Red", "silk dress") == one.tags[:2]
    assert all(len(tag) <= 64 and "\x00" not in tag for tag in one.tags)

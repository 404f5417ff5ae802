"""Drawn documents show what their truth says, where it says so."""

import re
import unicodedata

import numpy as np
import pytest
from kioku_scenes.documents import DrawnDocument, FontMissing, Half, designs, missing_faces
from kioku_scenes.documents.day import kanji
from kioku_scenes.documents.design import SEEDS, Design
from kioku_scenes.documents.fonts import FACES, face
from kioku_scenes.documents.page import MissingGlyph, Page, Run
from PIL import Image

pytestmark = pytest.mark.skipif(
    bool(missing_faces()), reason=f"fonts are not unpacked: {missing_faces()}"
)
EVERY = [one for half in Half for one in designs(half)]
RELATIVE = {"chat"}
"""Families whose days are told in words (tomorrow, Saturday of next week)."""
CONTRAST = 24


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[DrawnDocument]]:
    """All documents, drawn once."""
    return {one.name: [one.draw(seed) for seed in SEEDS] for one in EVERY}


def named(one: Design) -> str:
    return one.name


def fold(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()


def grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"), int)


def shown(document: DrawnDocument) -> list[Run]:
    return [run for page in document.pages for run in page.runs if not run.hidden]


def test_there_are_designs_enough_in_both_halves() -> None:
    """At least forty designs and eighty documents, twenty designs of them held out."""
    counts = [len(designs(half)) for half in Half]
    assert sum(counts) >= 40
    assert sum(counts) * len(SEEDS) >= 80
    assert min(counts) >= 20


def test_both_halves_span_the_families() -> None:
    """No sort of document is only in the half that rules are written by."""
    of_half = {half: {one.family for one in designs(half)} for half in Half}
    only = of_half[Half.DEVELOPMENT] - of_half[Half.HELD_OUT]
    assert only <= {"recipe"}


def test_no_title_is_in_both_halves(drawn: dict[str, list[DrawnDocument]]) -> None:
    """A rule that learns titles learns none that it is judged by."""
    titles = {
        half: {
            entry.title for one in designs(half) for doc in drawn[one.name] for entry in doc.entries
        }
        for half in Half
    }
    generic = {"避難訓練", "三者面談", "休館日"}
    assert titles[Half.DEVELOPMENT] & titles[Half.HELD_OUT] <= generic


@pytest.mark.parametrize("one", EVERY, ids=named)
def test_every_character_is_inked_within_its_frame(
    one: Design, drawn: dict[str, list[DrawnDocument]]
) -> None:
    """Runs stay on their page, and each character differs from the paper in its frame."""
    for document in drawn[one.name]:
        for page in document.pages:
            pixels = grey(page.image)
            for run in page.runs:
                assert run.frame.left >= 0
                assert run.frame.top >= 0
                assert run.frame.right <= page.width
                assert run.frame.bottom <= page.height
                if not run.hidden:
                    assert not faint(run, pixels), (document.name, run.text, faint(run, pixels))


def faint(run: Run, pixels: np.ndarray) -> list[str]:
    """Characters that are not seen where they should be."""
    missing = []
    for letter, frame in zip(run.letters, run.frames, strict=True):
        rows = slice(round(frame.top), max(round(frame.bottom), round(frame.top) + 1))
        columns = slice(round(frame.left), max(round(frame.right), round(frame.left) + 1))
        if not letter.character.isspace() and np.ptp(pixels[rows, columns]) < CONTRAST:
            missing.append(letter.character)
    return missing


@pytest.mark.parametrize("one", EVERY, ids=named)
def test_no_text_lies_on_text(one: Design, drawn: dict[str, list[DrawnDocument]]) -> None:
    """Two runs share no more than a sliver."""
    for document in drawn[one.name]:
        for page in document.pages:
            for at, first in enumerate(page.runs):
                for second in page.runs[at + 1 :]:
                    assert shared(first, second) < 0.1, (document.name, first.text, second.text)


def shared(first: Run, second: Run) -> float:
    """Part of the smaller run that lies on the other."""
    one, other = first.frame, second.frame
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    smaller = min(one.width * one.height, other.width * other.height)
    return max(0.0, width) * max(0.0, height) / max(smaller, 1.0)


@pytest.mark.parametrize("one", EVERY, ids=named)
def test_truth_is_written_on_the_page(one: Design, drawn: dict[str, list[DrawnDocument]]) -> None:
    """Titles, places and notes are the marked words; every entry says when in words of the page."""
    for document in drawn[one.name]:
        text = fold("".join(run.text for run in shown(document)))
        for entry in document.entries:
            for name, value in (("title", entry.title), ("place", entry.place)):
                quotes = fold("".join(sight.quote for sight in entry.seen(name)))
                if value and name not in entry.implied:
                    assert fold(value) in quotes, (document.name, value, quotes)
            for number, note in enumerate(entry.notes):
                quotes = [sight.quote for sight in entry.seen("note", number)]
                assert fold(note) == fold("".join(quotes))
            for sights in entry.sights.values():
                assert all(fold(sight.quote) in text for sight in sights)


@pytest.mark.parametrize("one", EVERY, ids=named)
def test_the_marked_words_hold_the_day(one: Design, drawn: dict[str, list[DrawnDocument]]) -> None:
    """The number of the first day is among the words that are marked as saying it."""
    for document in drawn[one.name]:
        for entry in document.entries:
            if document.family in RELATIVE or "start" in entry.implied or entry.rrule:
                continue
            words = unicodedata.normalize("NFKC", " ".join(s.quote for s in entry.seen("start")))
            numbers = {int(found) for found in re.findall(r"\d+", words)}
            assert entry.start.day in numbers or kanji(entry.start.day) in words, (entry, words)


@pytest.mark.parametrize("one", EVERY, ids=named)
def test_a_seed_gives_the_same_document(one: Design, drawn: dict[str, list[DrawnDocument]]) -> None:
    """Pixels and truth are decided by design and seed."""
    again, before = one.draw(1), drawn[one.name][1]
    assert again.entries == before.entries
    assert again.reference == before.reference
    assert [page.image.tobytes() for page in again.pages] == [
        page.image.tobytes() for page in before.pages
    ]


def test_seeds_differ(drawn: dict[str, list[DrawnDocument]]) -> None:
    """The documents of one design announce different things."""
    for name, (first, second) in drawn.items():
        if first.entries:
            said = [
                [(one.title, one.start, one.end) for one in document.entries]
                for document in (first, second)
            ]
            assert said[0] != said[1], name


def test_a_font_that_is_absent_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to unpack."""
    monkeypatch.setitem(FACES, "ghost", ("Ghost Script", "Regular", "fonts-ghost"))
    with pytest.raises(FontMissing, match="unpack Debian's fonts-ghost"):
        face("ghost", 20)


def test_a_character_without_a_glyph_is_refused() -> None:
    """A box in place of a character would be a truth that nobody sees."""
    with pytest.raises(MissingGlyph, match="cannot draw"):
        Page(200, 100, font="sans").write(0, 0, "祭り")


def test_scattered_words_are_seen_only_when_scaled() -> None:
    """Dots are faint at full size, and ink when every fourth pixel is taken."""
    page = Page(800, 200, font="gothic")
    page.scatter(20, 20, "秘密の指示", 80, step=4)
    (run,) = page.runs
    assert run.hidden
    frame = run.frame
    full = page.image.crop(
        tuple(round(v) for v in (frame.left, frame.top, frame.right, frame.bottom))
    )
    scaled = full.resize((full.width // 4, full.height // 4), Image.Resampling.NEAREST)
    dark = [float((grey(one) < 128).mean()) for one in (full, scaled)]
    assert dark[0] < 0.03
    assert dark[1] > 8 * dark[0]

"""Truth moves with the pixels, whatever happens to a document on its way."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from kioku_scenes.documents import Degrade, DrawnDocument, degrade, missing_faces
from kioku_scenes.documents.document import Draft, finish
from kioku_scenes.documents.folder import write_documents
from kioku_scenes.documents.frame import Frame
from kioku_scenes.documents.homography import coefficients, project, projection
from kioku_scenes.documents.truth import EVENT

pytestmark = pytest.mark.skipif(
    bool(missing_faces()), reason=f"fonts are not unpacked: {missing_faces()}"
)
CORNERS = ((60, 60), (900, 80), (80, 1200), (880, 1180), (460, 640))


@pytest.fixture
def squares() -> DrawnDocument:
    """A page with a black square in each corner and in the middle, each an entry's day."""
    draft = Draft(date(2026, 5, 1))
    page = draft.page(1000, 1300)
    for number, (x, y) in enumerate(CORNERS):
        entry = draft.expect(EVENT, f"square {number}", date(2026, 5, 10 + number))
        page.write(x, y, entry("start title", "■"), 60)
    return finish("squares", "test", draft)


@pytest.mark.parametrize("how", list(Degrade))
def test_boxes_are_where_the_ink_is(squares: DrawnDocument, how: Degrade) -> None:
    """The dark pixels about a moved frame fill it, to three pixels."""
    view = degrade(squares, how)
    pixels = np.asarray(view.sheets[0].image.convert("L"), float)
    for run in view.sheets[0].runs:
        found, told = dark(pixels, run.frame), run.frame
        assert abs((found.left + found.right) - (told.left + told.right)) / 2 <= 3
        assert abs((found.top + found.bottom) - (told.top + told.bottom)) / 2 <= 3


def dark(pixels: np.ndarray, about: Frame) -> Frame:
    """The dark part of the picture within twenty pixels of a frame."""
    top, left = max(0, round(about.top) - 20), max(0, round(about.left) - 20)
    part = pixels[top : round(about.bottom) + 20, left : round(about.right) + 20]
    rows, columns = np.nonzero(part < (part.max() + part.min()) / 2)
    return Frame(
        left + columns.min(), top + rows.min(), left + columns.max() + 1, top + rows.max() + 1
    )


@pytest.mark.parametrize("how", list(Degrade))
def test_sights_move_as_runs_do(squares: DrawnDocument, how: Degrade) -> None:
    """What an entry was seen by is where its run is now."""
    view = degrade(squares, how)
    for entry, run in zip(squares.entries, view.sheets[0].runs, strict=True):
        (sight,) = entry.seen("start")
        moved = view.see(sight).frame
        assert (moved.left, moved.top) == pytest.approx((run.frame.left, run.frame.top))
        assert (moved.right, moved.bottom) == pytest.approx((run.frame.right, run.frame.bottom))


@pytest.mark.parametrize("how", list(Degrade))
def test_a_view_is_reproducible(squares: DrawnDocument, how: Degrade) -> None:
    """The same document and way give the same pixels."""
    first, second = (degrade(squares, how).sheets[0].image.tobytes() for _ in range(2))
    assert first == second


def test_turned_pages_come_back_upright(squares: DrawnDocument) -> None:
    """A quarter clockwise swaps the sides, and the upright view is the clean one."""
    view = degrade(squares, Degrade.TURNED_90)
    assert view.sheets[0].image.size == (1300, 1000)
    assert view.turned == 90
    assert view.upright().sheets[0].runs == degrade(squares, Degrade.CLEAN).sheets[0].runs
    first = squares.pages[0].runs[0].frame
    assert view.sheets[0].runs[0].frame.right == pytest.approx(1300 - first.top)
    assert view.sheets[0].runs[0].frame.top == pytest.approx(first.left)


def test_a_photo_is_darker_and_on_a_table(squares: DrawnDocument) -> None:
    """The picture is larger than the page and no longer white."""
    image = degrade(squares, Degrade.PHOTO).sheets[0].image
    assert image.size == (1120, 1456)
    assert np.percentile(np.asarray(image.convert("L")), 90) < 245


def test_a_projection_takes_corners_to_corners() -> None:
    """Forth by the matrix, back by its coefficients."""
    source, target = ((0, 0), (10, 0), (10, 20), (0, 20)), ((1, 2), (12, 1), (9, 22), (-1, 19))
    matrix = projection(source, target)
    for one, other in zip(source, target, strict=True):
        assert project(matrix, one) == pytest.approx(other)
    back = np.append(coefficients(matrix), 1.0).reshape(3, 3)
    assert project(back, (9, 22)) == pytest.approx((10, 20))


def test_a_folder_holds_pictures_and_truth(squares: DrawnDocument, tmp_path: Path) -> None:
    """A picture for each page, and a JSON whose boxes are those of the view."""
    (path,) = write_documents(tmp_path, [squares], Degrade.SCAN)
    told = json.loads((tmp_path / "squares.scan.json").read_text(encoding="utf-8"))
    assert told["files"] == [path.name]
    assert [entry["start"] for entry in told["entries"]] == [f"2026-05-{10 + n}" for n in range(5)]
    assert told["entries"][0]["sights"][0]["quote"] == "■"
    frame = degrade(squares, Degrade.SCAN).sheets[0].runs[0].frame
    assert told["runs"][0]["box"] == [
        round(value) for value in (frame.left, frame.top, frame.right, frame.bottom)
    ]

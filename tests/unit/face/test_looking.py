"""Promise: faces of every size are found once, wherever they lie, also in turned pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from kioku_face.packs.candidates import Candidates, joined, none_found, without_doubles
from kioku_face.packs.looking import Looking, LookingRules, pixels_of
from kioku_face.packs.turning import QUARTERS, turned_back
from kioku_face.packs.views import View, ViewRules, tile_views, whole_views

RULES = ViewRules()


def candidates(*rows: tuple[float, float, float, float, float]) -> Candidates:
    """Boxes (left, top, right, bottom) with their scores; the points lie in the middle."""
    table = np.asarray(rows, np.float32).reshape(-1, 5)
    middles = (table[:, :2] + table[:, 2:4]) / 2
    return Candidates(table[:, :4], table[:, 4], np.repeat(middles[:, None], 5, axis=1))


class Blobs:
    """A detector that finds white rectangles of a size it knows, as real ones do."""

    def __init__(self, least: int = 10, most: int = 320) -> None:
        self.least, self.most = least, most
        self.seen: list[tuple[int, int]] = []

    def candidates(self, view: np.ndarray, least_score: float) -> Candidates:
        self.seen.append((view.shape[1], view.shape[0]))
        rows, columns = np.nonzero(view[..., 0] > 200)
        if not len(rows):
            return none_found()
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        side = max(box[2] - box[0], box[3] - box[1])
        found = self.least <= side <= self.most
        return candidates((*box, 0.9)) if found and least_score <= 0.9 else none_found()


def drawn(width: int, height: int, box: tuple[int, int, int, int]) -> np.ndarray:
    """A black picture with one white box (left, top, right, bottom)."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = 255
    return pixels


def looking(detector: Blobs, **rules: object) -> Looking:
    rules = {"views": ViewRules(least_edge=1), **rules}  # nothing is enlarged
    return Looking(
        detector,
        least_score=0.5,
        upright_score=0.9,
        rules=LookingRules(**rules),  # type: ignore[arg-type]
    )


class TestViews:
    def test_small_pictures_are_looked_at_once_and_enlarged(self) -> None:
        views = list(whole_views(92, 112, RULES))

        assert [(view.size, view.scale) for view in views] == [((368, 448), 4.0)]
        assert not list(tile_views(92, 112, RULES))
        assert [view.size for view in whole_views(20, 10, RULES)] == [(80, 40)]
        assert next(whole_views(500, 375, RULES)).scale == 1

    def test_a_large_picture_is_looked_at_whole_and_small(self) -> None:
        assert [view.size for view in whole_views(4000, 3000, RULES)] == [(640, 480), (160, 120)]

    @pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000), (1281, 700), (9000, 300)])
    def test_every_small_square_lies_whole_in_a_tile(self, size: tuple[int, int]) -> None:
        tiles = list(tile_views(*size, RULES))
        side = RULES.overlap / tiles[0].scale - 2
        draw = np.random.default_rng(1)

        for _ in range(300):
            left, top = draw.uniform(0, 1, 2) * np.maximum(0, np.array(size) - side)
            right, bottom = min(size[0], left + side), min(size[1], top + side)
            assert any(
                tile.left <= left
                and tile.top <= top
                and tile.right >= right
                and tile.bottom >= bottom
                for tile in tiles
            )

    @pytest.mark.parametrize("size", [(4000, 3000), (16_000, 750), (1281, 1281)])
    def test_no_tile_is_larger_than_a_view(self, size: tuple[int, int]) -> None:
        assert all(max(tile.size) <= RULES.edge + 2 for tile in tile_views(*size, RULES))

    def test_a_view_is_averaged_not_sampled(self) -> None:
        stripes = np.zeros((64, 64, 3), np.uint8)
        stripes[:, ::2] = 200

        pixels = pixels_of(stripes, View(0, 0, 64, 64, 0.25))

        assert pixels.shape == (16, 16, 3)
        assert np.abs(pixels.astype(int) - 100).max() <= 1


class TestSizes:
    @pytest.mark.parametrize(
        "box",
        [
            (1000, 1000, 1700, 1700),  # at the size of the whole view
            (2001, 1503, 2041, 1543),  # tiny: 1 % of the picture's width
            (300, 100, 3300, 2900),  # fills it
            (3960, 2960, 4000, 3000),  # in the corner
        ],
    )
    def test_a_face_is_found_once_where_it_is(self, box: tuple[int, int, int, int]) -> None:
        found = looking(Blobs()).faces_of(drawn(4000, 3000, box))

        assert len(found) == 1
        assert np.abs(found.boxes[0] - box).max() <= 26  # one pixel of the smallest view

    def test_without_tiles_the_tiny_one_is_missed(self) -> None:
        picture = drawn(4000, 3000, (2001, 1503, 2041, 1543))

        assert not len(looking(Blobs(), views=ViewRules(fine=0)).faces_of(picture))

    def test_a_view_gives_the_sizes_it_is_there_for(self) -> None:
        view = View(100, 50, 300, 250, 0.5, least=10, most=40)

        own = candidates((0, 0, 9, 9, 0.9), (10, 10, 30, 30, 0.8), (0, 0, 50, 50, 0.9)).out_of(view)

        assert own.boxes.tolist() == [[120, 70, 160, 110]]
        assert own.points[0].tolist() == [[140, 90]] * 5


class TestDoubles:
    def test_of_those_that_overlap_the_surest_stays(self) -> None:
        found = candidates((0, 0, 10, 10, 0.6), (1, 1, 11, 11, 0.9), (40, 0, 50, 10, 0.7))

        kept = without_doubles(found, overlap=0.4, most=10)

        assert kept.scores.tolist() == pytest.approx([0.9, 0.7])
        assert kept.boxes[0].tolist() == [1, 1, 11, 11]

    def test_a_face_inside_another_one_stays(self) -> None:
        found = candidates((0, 0, 100, 100, 0.9), (40, 40, 60, 60, 0.8))

        assert len(without_doubles(found, overlap=0.4, most=10)) == 2

    def test_the_surest_are_kept_when_there_are_too_many(self) -> None:
        rows = [(20 * at, 0, 20 * at + 10, 10, 0.5 + at / 1000) for at in range(300)]

        kept = without_doubles(candidates(*rows), overlap=0.4, most=200)

        assert len(kept) == 200
        assert kept.scores.min() > 0.5 + 99 / 1000

    def test_nothing_stays_nothing(self) -> None:
        assert not len(without_doubles(none_found(), overlap=0.4, most=10))
        assert not len(joined([none_found(), none_found()]))


class TestTurned:
    @pytest.mark.parametrize("quarters", QUARTERS)
    def test_what_was_seen_turned_lies_where_it_is(self, quarters: int) -> None:
        box = (30, 5, 70, 25)
        picture = drawn(120, 80, box)

        seen = Blobs().candidates(np.rot90(picture, quarters), 0.5)

        assert turned_back(seen, quarters, 120, 80).boxes.tolist() == [list(box)]

    @pytest.mark.parametrize("quarters", QUARTERS)
    def test_a_head_on_its_side_is_found(self, quarters: int) -> None:
        """The detector knows wide boxes in the upper half only, as one knows upright heads."""

        class Upright(Blobs):
            def candidates(self, view: np.ndarray, least_score: float) -> Candidates:
                found = super().candidates(view, least_score)
                wide = found.boxes[:, 2] - found.boxes[:, 0] > found.boxes[:, 3] - found.boxes[:, 1]
                upper = found.boxes[:, 3] < view.shape[0] / 2
                return found.taken(wide & upper)

        upright = drawn(120, 80, (30, 5, 70, 25))
        turned = np.ascontiguousarray(np.rot90(upright, -quarters))

        found = looking(Upright()).faces_of(turned)

        assert len(found) == 1
        rows, columns = np.nonzero(turned[..., 0])
        assert found.boxes[0].tolist() == [
            columns.min(),
            rows.min(),
            columns.max() + 1,
            rows.max() + 1,
        ]
        assert not len(looking(Upright(), turned=False).faces_of(turned))

    def test_nobody_is_turned_where_somebody_was_found(self) -> None:
        detector = Blobs()

        looking(detector).faces_of(drawn(120, 80, (30, 5, 70, 25)))

        assert detector.seen == [(120, 80)]

    def test_who_is_taken_for_upright_with_doubt_is_looked_at_turned(self) -> None:
        """YuNet sees upside-down faces as upright ones, with points in the wrong places."""

        class Doubtful(Blobs):
            def candidates(self, view: np.ndarray, least_score: float) -> Candidates:
                found = super().candidates(view, least_score)
                upper = bool(len(found)) and found.boxes[0, 3] < view.shape[0] / 2
                return found if upper else candidates((50, 50, 70, 70, 0.8))

        picture = drawn(120, 80, (30, 55, 70, 75))  # in the lower half: the head is down

        assert looking(Doubtful()).faces_of(picture).boxes.tolist() == [[30, 55, 70, 75]]
        assert looking(Doubtful(), turned=False).faces_of(picture).scores[0] < 0.85

    def test_turned_pictures_ask_for_surer_faces(self) -> None:
        nothing: Callable[[Blobs], Looking] = lambda blobs: looking(blobs, turned_score=0.95)  # noqa: E731

        class Rotated(Blobs):
            def candidates(self, view: np.ndarray, least_score: float) -> Candidates:
                found = super().candidates(view, least_score)
                return found if view.shape[0] > view.shape[1] else none_found()

        picture = drawn(120, 80, (30, 5, 70, 25))
        assert len(looking(Rotated()).faces_of(picture)) == 1
        assert not len(nothing(Rotated()).faces_of(picture))

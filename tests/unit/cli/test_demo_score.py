"""The demonstration's figures mean what it says they mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from kioku_cli.demo.library import Drawn, draw_library
from kioku_cli.demo.score import good_names, mean, score
from kioku_scenes import split_of_seed


def drawn(name: str, *things: tuple[str, str]) -> Drawn:
    return Drawn(Path(name), "en", "ja", things)


LIBRARY = {
    one.path.name: one
    for one in (
        drawn("own.jpg", ("bird", "red"), ("tree", "green")),
        drawn("same.jpg", ("tree", "blue"), ("bird", "red")),
        drawn("kind.jpg", ("bird", "black")),
        drawn("other.jpg", ("car", "red")),
    )
}
OWN = LIBRARY["own.jpg"]


def test_recall_counts_only_the_caption_s_own_scene() -> None:
    """A look-alike in the first place is no recall@1."""
    judged = score(OWN, ["same.jpg", "own.jpg"], LIBRARY, 4)
    assert (0.0, 1.0) == (judged.recall_at_1, judged.recall_at_5)


def test_precision_counts_the_main_kind_and_its_colour() -> None:
    """Three of five show a bird, two a red one; photographs and other things never count."""
    names = ["own.jpg", "photo.jpg", "same.jpg", "kind.jpg", "other.jpg"]
    judged = score(OWN, names, LIBRARY, 10)
    assert (0.6, 0.6, 0.3) == (judged.kind.reached, judged.kind.possible, judged.kind.chance)
    both = judged.kind_and_colour
    assert (0.4, 0.4, 0.2) == (both.reached, both.possible, both.chance)


def test_a_colour_without_its_kind_is_no_hit() -> None:
    """A red car is no answer to a red bird."""
    assert {"own.jpg", "same.jpg"} == good_names(OWN, LIBRARY)


def test_an_empty_answer_scores_nothing() -> None:
    """No results, no credit."""
    judged = score(OWN, [], LIBRARY, 4)
    assert (0.0, 0.0) == (judged.recall_at_5, judged.kind.reached)


def test_the_mean_is_over_every_figure() -> None:
    """Two answers, one right: one half."""
    right, wrong = score(OWN, ["own.jpg"], LIBRARY, 4), score(OWN, ["other.jpg"], LIBRARY, 4)
    both = mean([right, wrong])
    assert 0.5 == both.recall_at_1
    assert both.kind.reached == pytest.approx(0.1)


def test_only_held_out_scenes_are_drawn(tmp_path: Path) -> None:
    """No model was trained on what the demonstration asks for; a second call draws nothing anew."""
    first = draw_library(tmp_path, 3, 7)
    seeds = [int(one.path.stem.removeprefix("scene-")) for one in first]
    assert {"held-out"} == {split_of_seed(seed) for seed in seeds}
    stamps = [one.path.stat().st_mtime_ns for one in first]
    again = draw_library(tmp_path, 3, 7)
    assert (first, stamps) == (again, [one.path.stat().st_mtime_ns for one in again])

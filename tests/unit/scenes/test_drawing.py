"""Scenes are reproducible pictures of what their captions say."""

import hashlib
from dataclasses import FrozenInstanceError

import pytest
from kioku_scenes import draw_scene
from kioku_scenes.kinds import KINDS
from kioku_scenes.kinds.kind import parse_strokes
from kioku_scenes.words import BACKDROPS, COLOURS

SEEDS = range(60)


def test_one_seed_gives_the_same_bytes() -> None:
    """Drawing a seed twice gives byte-identical pixels, captions and facts."""
    for seed in SEEDS:
        first, second = draw_scene(seed, 64), draw_scene(seed, 64)
        assert first.image.tobytes() == second.image.tobytes()
        assert (first.caption_en, first.caption_ja) == (second.caption_en, second.caption_ja)
        assert first.facts == second.facts


def test_seeds_give_different_pictures() -> None:
    """No two of sixty seeds draw the same picture."""
    digests = {hashlib.sha256(draw_scene(seed, 64).image.tobytes()).digest() for seed in SEEDS}
    assert len(digests) == len(SEEDS)


@pytest.mark.parametrize("size", [16, 96, 256])
def test_a_picture_is_square_rgb_of_the_asked_size(size: int) -> None:
    """The picture is RGB and as many pixels a side as asked."""
    image = draw_scene(3, size).image
    assert (image.mode, image.size) == ("RGB", (size, size))


def test_the_size_does_not_change_what_is_shown() -> None:
    """A seed says the same at every size."""
    assert draw_scene(12, 32).caption_en == draw_scene(12, 256).caption_en


def test_a_scene_cannot_be_changed() -> None:
    """Scene is frozen."""
    with pytest.raises(FrozenInstanceError):
        draw_scene(1, 16).seed = 2  # type: ignore[misc]


@pytest.mark.parametrize(("seed", "size"), [(-1, 64), (1, 15)])
def test_impossible_requests_are_refused(seed: int, size: int) -> None:
    """A negative seed and a size below 16 raise ValueError."""
    with pytest.raises(ValueError, match="seed"):
        draw_scene(seed, size)


def test_names_are_unique_in_both_languages() -> None:
    """No two kinds, colours or backdrops share a name, so captions are unambiguous."""
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 100
    assert len({kind.japanese for kind in KINDS}) == len(KINDS)
    for terms in (COLOURS, BACKDROPS):
        assert len({term.english for term in terms.values()}) == len(terms)
        assert len({term.japanese for term in terms.values()}) == len(terms)


def test_an_unknown_shape_letter_is_refused() -> None:
    """A drawing with a shape letter that does not exist raises KeyError."""
    with pytest.raises(KeyError):
        parse_strokes("z m 0 0 10 10")

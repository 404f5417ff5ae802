"""A hard negative is wrong about a scene in exactly one attribute."""

import random
from dataclasses import asdict

from kioku_scenes import draw_scene, hard_negatives
from kioku_scenes.layout import Layout
from kioku_scenes.negatives import alternatives

SEEDS = range(80)


def differences(first: Layout, second: Layout) -> set[str]:
    """The names of the attributes in which two layouts differ."""
    changed = {
        name
        for one, other in zip(first.things, second.things, strict=True)
        for name, value in asdict(one).items()
        if asdict(other)[name] != value
    }
    changed |= {"position"} if first.arrangement != second.arrangement else set()
    return changed | ({"backdrop"} if first.backdrop != second.backdrop else set())


def test_alternatives_differ_in_one_attribute() -> None:
    """Each alternative layout differs from the true one in the named attribute alone."""
    for seed in SEEDS:
        true = draw_scene(seed, 16).layout
        for attribute, others in alternatives(true, random.Random(seed)).items():
            assert all(differences(true, other) == {attribute} for other in others)
            changed = [
                sum(a != b for a, b in zip(true.things, other.things, strict=True))
                for other in others
            ]
            assert max(changed, default=0) <= 1


def test_the_true_caption_comes_first_and_all_four_differ() -> None:
    """In each language the first of four distinct captions is the scene's own."""
    for seed in SEEDS:
        scene = draw_scene(seed, 16)
        for choice in hard_negatives(scene):
            assert choice.captions_en[0] == scene.caption_en
            assert choice.captions_ja[0] == scene.caption_ja
            assert len(set(choice.captions_en)) == len(set(choice.captions_ja)) == 4


def test_every_attribute_is_asked_somewhere() -> None:
    """Kind, colour, size, texture, count, position and backdrop all occur."""
    asked = {choice.attribute for seed in SEEDS for choice in hard_negatives(draw_scene(seed, 16))}
    assert asked == {"kind", "colour", "size", "texture", "count", "position", "backdrop"}


def test_the_same_scene_gives_the_same_negatives() -> None:
    """Hard negatives depend on the scene's seed alone."""
    assert hard_negatives(draw_scene(7, 16)) == hard_negatives(draw_scene(7, 32))

"""Hard negatives: captions that are wrong about a scene in exactly one attribute."""

import random
from dataclasses import dataclass, replace

from kioku_scenes.caption import caption_english, caption_japanese, is_short
from kioku_scenes.kinds import KINDS
from kioku_scenes.layout import ARRANGEMENTS, UNSAID, Layout, Thing, is_drawable
from kioku_scenes.scene import Scene
from kioku_scenes.words import BACKDROPS, COLOURS, SIZES, TEXTURES

_WRONG = 3


@dataclass(frozen=True)
class FourWay:
    """Four captions in each language, the true one first, differing in one attribute."""

    attribute: str
    captions_en: tuple[str, str, str, str]
    captions_ja: tuple[str, str, str, str]


def hard_negatives(scene: Scene) -> tuple[FourWay, ...]:
    """One four-way choice for each attribute with at least three other drawable values.

    The wrong values are drawn by the scene's seed.  Attributes are named kind, colour,
    size, texture, count, position and backdrop; of two or three things one is chosen.
    """
    rng = random.Random(scene.seed)
    choices = []
    for attribute, others in alternatives(scene.layout, rng).items():
        if len(others) >= _WRONG:
            choices.append(_four_way(attribute, scene.layout, rng.sample(others, _WRONG)))
    return tuple(choices)


def _four_way(attribute: str, true: Layout, wrong: list[Layout]) -> FourWay:
    first, second, third = wrong
    layouts = (true, first, second, third)
    english = tuple(caption_english(layout) for layout in layouts)
    japanese = tuple(caption_japanese(layout) for layout in layouts)
    return FourWay(attribute, english, japanese)  # type: ignore[arg-type]


def alternatives(layout: Layout, rng: random.Random) -> dict[str, list[Layout]]:
    """For each attribute, the drawable layouts that differ from this one in it alone."""
    return {
        name: [other for other in others if is_usable(other)]
        for name, others in changes(layout, rng).items()
    }


def changes(layout: Layout, rng: random.Random) -> dict[str, list[Layout]]:
    """For each attribute, all layouts that differ from this one in it alone, usable or not.

    Of two or three things the generator chooses the one whose attributes change.
    """
    found: dict[str, list[Layout]] = {}
    index = rng.randrange(len(layout.things))
    for attribute, values in _thing_values(layout.things[index]).items():
        things = [replace(layout.things[index], **{attribute: value}) for value in values]  # type: ignore[arg-type]
        found[attribute] = [_with_thing(layout, index, thing) for thing in things]
    found["position"] = [replace(layout, arrangement=value) for value in ARRANGEMENTS[layout.form]]
    found["backdrop"] = [replace(layout, backdrop=value) for value in BACKDROPS]
    return {name: [other for other in others if other != layout] for name, others in found.items()}


def is_usable(layout: Layout) -> bool:
    """Whether the layout can be drawn and said in at most twenty words."""
    return is_drawable(layout) and is_short(layout)


def _thing_values(thing: Thing) -> dict[str, tuple[str, ...] | tuple[int, ...]]:
    """The values each stated attribute of a thing could have had instead."""
    values: dict[str, tuple[str, ...] | tuple[int, ...]] = {
        "kind": tuple(kind.name for kind in KINDS),
        "colour": tuple(COLOURS),
    }
    if thing.size != UNSAID:
        values["size"] = tuple(SIZES)
    if thing.count > 1:
        values["count"] = (2, 3, 4, 5)
    else:
        values["texture"] = (UNSAID, *TEXTURES)
    return values


def _with_thing(layout: Layout, index: int, thing: Thing) -> Layout:
    things = (*layout.things[:index], thing, *layout.things[index + 1 :])
    return replace(layout, things=things)

"""A scene: a picture, its two captions and the attributes both of them state."""

import random
from dataclasses import dataclass

from PIL import Image

from kioku_scenes.backdrop import paint_backdrop
from kioku_scenes.caption import caption_english, caption_japanese
from kioku_scenes.colour import paint
from kioku_scenes.geometry import Spot, place_things
from kioku_scenes.kinds import KIND_OF
from kioku_scenes.layout import Layout
from kioku_scenes.split import layout_of_seed
from kioku_scenes.tile import draw_tile

# Everything is drawn at twice the size and averaged down, for smooth edges.
_OVERSAMPLE = 2


@dataclass(frozen=True)
class Fact:
    """One attribute the captions state, such as ('first colour', 'red')."""

    attribute: str
    value: str


@dataclass(frozen=True)
class Scene:
    """A square RGB picture with captions of at most twenty words in two languages."""

    seed: int
    image: Image.Image
    caption_en: str
    caption_ja: str
    facts: tuple[Fact, ...]
    layout: Layout


def draw_scene(seed: int, size: int = 256) -> Scene:
    """The scene of a seed, `size` pixels a side; one seed always gives the same bytes.

    Raises ValueError for a negative seed or a size below 16.
    """
    if seed < 0 or size < 16:
        raise ValueError(f"seed {seed} must be 0 or more and size {size} at least 16")
    rng = random.Random(seed)
    layout = layout_of_seed(seed, rng)
    image = draw_layout(layout, rng, size)
    return Scene(
        seed, image, caption_english(layout), caption_japanese(layout), facts_of(layout), layout
    )


def draw_layout(layout: Layout, rng: random.Random, size: int) -> Image.Image:
    """An RGB picture of the layout, `size` pixels a side."""
    return draw_with_spots(layout, rng, size)[0]


def draw_with_spots(
    layout: Layout, rng: random.Random, size: int
) -> tuple[Image.Image, list[Spot]]:
    """The layout's picture as draw_layout gives it, and where each thing is in it."""
    canvas = paint_backdrop(layout.backdrop, size * _OVERSAMPLE, rng)
    paints = {thing.kind: paint(thing.colour, rng) for thing in layout.things}
    spots = place_things(layout, rng)
    for spot in spots:
        _stamp(canvas, spot, paints[spot.thing.kind], rng)
    return canvas.reduce(_OVERSAMPLE), spots


def _stamp(
    canvas: Image.Image, spot: Spot, colour: tuple[int, int, int], rng: random.Random
) -> None:
    # Texture never says which way a thing faces, so mirroring keeps the caption true.
    mirror, degrees = rng.random() < 0.5, rng.uniform(-8, 8)
    pixels = max(8, round(spot.side * canvas.width * 1.12))
    thing = spot.thing
    tile = draw_tile(
        KIND_OF[thing.kind], colour, thing.texture, pixels, mirror=mirror, turn=degrees
    )
    left = round(spot.x * canvas.width - pixels / 2)
    top = round(spot.y * canvas.width - pixels / 2)
    canvas.paste(tile, (left, top), tile)


_ORDINALS = ("first", "second", "third")


def facts_of(layout: Layout) -> tuple[Fact, ...]:
    """Every attribute the captions state, things first, then how they stand and where."""
    facts = []
    for ordinal, thing in zip(_ORDINALS, layout.things, strict=False):
        stated = {
            "kind": thing.kind,
            "colour": thing.colour,
            "size": thing.size,
            "texture": thing.texture,
            "count": str(thing.count),
        }
        facts += [Fact(f"{ordinal} {name}", value) for name, value in stated.items() if value]
    facts.append(Fact("position", layout.arrangement))
    facts.append(Fact("backdrop", layout.backdrop))
    return tuple(facts)

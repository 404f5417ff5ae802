"""Where each thing of a layout goes: centres and sizes as shares of the picture's side."""

import random
from dataclasses import dataclass

from kioku_scenes.layout import Layout, Thing

_SIDES = {"tiny": 0.18, "small": 0.27, "large": 0.40, "huge": 0.56}
_IN_GROUP = 0.18
_IN_TRIO = 0.29
_STEPS = {"row": (1.0, 0.0), "column": (0.0, 1.0), "rising": (1.0, -1.0), "falling": (1.0, 1.0)}
_AXES = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "above": (0.0, -1.0), "below": (0.0, 1.0)}
_THIRDS = (0.18, 0.5, 0.82)


@dataclass(frozen=True)
class Spot:
    """One drawn thing: its centre (x, y) and its side, all as shares of the picture."""

    thing: Thing
    x: float
    y: float
    side: float


def place_things(layout: Layout, rng: random.Random) -> list[Spot]:
    """One spot for each thing drawn; a thing of count n has n spots."""
    if layout.form == "alone":
        return [_place_alone(layout.things[0], layout.arrangement, rng)]
    if layout.form == "group":
        slide = rng.uniform(-0.22, 0.22), rng.uniform(-0.22, 0.22)
        return _line_up(layout.things[0], _STEPS[layout.arrangement], slide, rng)
    if layout.form == "trio":
        return _place_trio(layout, rng)
    return _place_pair(layout, rng)


def _side(thing: Thing, rng: random.Random) -> float:
    if thing.count > 1:
        return _IN_GROUP
    base = _SIDES[thing.size] if thing.size else rng.uniform(0.27, 0.40)
    return base * rng.uniform(0.95, 1.05)


def _place_alone(thing: Thing, place: str, rng: random.Random) -> Spot:
    side = _side(thing, rng)
    reach = 0.5 - side / 2
    x = 0.5 + reach * (("right" in place) - ("left" in place)) * rng.uniform(0.85, 1)
    y = 0.5 + reach * (("bottom" in place) - ("top" in place)) * rng.uniform(0.85, 1)
    return Spot(thing, x + rng.uniform(-0.02, 0.02), y + rng.uniform(-0.02, 0.02), side)


def _line_up(
    thing: Thing, step: tuple[float, float], slide: tuple[float, float], rng: random.Random
) -> list[Spot]:
    """Evenly spaced spots about the middle; `slide` moves them across the line's free axis."""
    gap = rng.uniform(0.185, 0.2) if thing.count > 3 else rng.uniform(0.2, 0.26)
    dx, dy = (0.0 if step[0] else slide[0]), (0.0 if step[1] else slide[1])
    offsets = [(index - (thing.count - 1) / 2) * gap for index in range(thing.count)]
    return [
        Spot(thing, 0.5 + dx + offset * step[0], 0.5 + dy + offset * step[1], _side(thing, rng))
        for offset in offsets
    ]


def _place_pair(layout: Layout, rng: random.Random) -> list[Spot]:
    axis = _AXES[layout.arrangement]
    sides = [_side(thing, rng) for thing in layout.things]
    spare = max(0.0, 1 - sum(sides))
    gap = spare * rng.uniform(0.1, 0.6)
    start = 0.5 - (sum(sides) + gap) / 2
    centres = (start + sides[0] / 2, 1 - start - sides[1] / 2)
    spots: list[Spot] = []
    for thing, side, centre in zip(layout.things, sides, centres, strict=True):
        spots += _stand(thing, side, centre, axis, rng)
    return spots


def _stand(
    thing: Thing, side: float, centre: float, axis: tuple[float, float], rng: random.Random
) -> list[Spot]:
    """Spots at `centre` along the axis (mirrored for right and below), lined up across it."""
    along = centre if sum(axis) < 0 else 1 - centre
    across = 0.5 + rng.uniform(-0.12, 0.12) * (thing.count == 1)
    if thing.count == 1:
        x, y = (along, across) if axis[0] else (across, along)
        return [Spot(thing, x, y, side)]
    shift = along - 0.5
    step = (0.0, 1.0) if axis[0] else (1.0, 0.0)
    return _line_up(thing, step, (shift, shift), rng)


def _place_trio(layout: Layout, rng: random.Random) -> list[Spot]:
    spots = []
    for thing, along in zip(layout.things, _THIRDS, strict=True):
        across = 0.5 + rng.uniform(-0.2, 0.2)
        x, y = (along, across) if layout.arrangement == "across" else (across, along)
        spots.append(Spot(thing, x, y, _IN_TRIO * rng.uniform(0.95, 1.05)))
    return spots

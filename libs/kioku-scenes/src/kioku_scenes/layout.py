"""What a scene shows, before it is drawn: things, how they stand, and the backdrop."""

import random
from dataclasses import dataclass
from typing import Literal

from kioku_scenes.kinds import KINDS
from kioku_scenes.words import BACKDROPS, COLOURS, LINES, ORDERS, PLACES, RELATIONS, SIZES, TEXTURES

Form = Literal["alone", "group", "pair", "trio"]

FORMS: tuple[Form, ...] = ("alone", "group", "pair", "pair", "pair", "trio")
ARRANGEMENTS: dict[Form, tuple[str, ...]] = {
    "alone": tuple(PLACES),
    "group": tuple(LINES),
    "pair": tuple(RELATIONS),
    "trio": tuple(ORDERS),
}
UNSAID = ""
_KIND_NAMES = tuple(kind.name for kind in KINDS)
# A thing must not vanish into what is behind it.
_CLASHES: dict[str, tuple[str, ...]] = {
    "dark grey": ("grey", "black"), "navy": ("blue", "black"), "grass": ("green",),
    "sand": ("brown", "yellow", "orange"), "snow": ("white",), "night": ("blue", "black"),
    "sky": ("grey", "white"), "sea": ("blue", "turquoise"), "sunset": ("orange", "red", "yellow"),
    "bricks": ("red", "brown"), "boards": ("brown", "orange"), "tiles": ("grey", "white"),
    "rain": ("grey",), "hills": ("green", "purple"), "cream": ("yellow", "white"),
    "pale pink": ("pink", "white"), "pale blue": ("turquoise", "white"),
    "mint": ("green", "white"), "lavender": ("purple", "white"), "confetti": ("white",),
}  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """One kind of thing in one colour; size and texture may be unsaid, count is 1 to 5."""

    kind: str
    colour: str
    size: str = UNSAID
    texture: str = UNSAID
    count: int = 1


@dataclass(frozen=True)
class Layout:
    """Everything a caption says of a scene, and nothing it does not say."""

    form: Form
    things: tuple[Thing, ...]
    arrangement: str
    backdrop: str


def is_drawable(layout: Layout) -> bool:
    """Whether the drawing can show each stated attribute well enough to be told apart."""
    things = layout.things
    kinds = {thing.kind for thing in things}
    clashes = _CLASHES[layout.backdrop]
    return (
        len(kinds) == len(things)
        and not any(thing.colour in clashes for thing in things)
        and all(_is_legible(thing, layout.form) for thing in things)
        and [thing.size for thing in things].count("huge") < 2
    )


def _is_legible(thing: Thing, form: Form) -> bool:
    """Things in fives or threes are too small for a texture, and share one size."""
    crowded = thing.count > 1 or form == "trio"
    if crowded:
        return thing.size == UNSAID and thing.texture == UNSAID
    return thing.texture == UNSAID or thing.size != "tiny"


def sample_layout(rng: random.Random) -> Layout:
    """Draw a layout at random; the same generator state gives the same layout."""
    while True:
        form = rng.choice(FORMS)
        layout = Layout(
            form=form,
            things=_sample_things(rng, form),
            arrangement=rng.choice(ARRANGEMENTS[form]),
            backdrop=rng.choice(tuple(BACKDROPS)),
        )
        if is_drawable(layout):
            return layout


def _sample_things(rng: random.Random, form: Form) -> tuple[Thing, ...]:
    if form == "alone":
        return (_sample_single(rng),)
    if form == "group":
        return (_sample_several(rng),)
    if form == "trio":
        return tuple(Thing(rng.choice(_KIND_NAMES), _colour(rng)) for _ in range(3))
    things = [_sample_single(rng), _sample_single(rng)]
    if rng.random() < 0.4:
        things[rng.randrange(2)] = _sample_several(rng)
    return tuple(things)


def _sample_single(rng: random.Random) -> Thing:
    size = rng.choice(tuple(SIZES)) if rng.random() < 0.5 else UNSAID
    texture = rng.choice(tuple(TEXTURES)) if rng.random() < 0.4 else UNSAID
    return Thing(rng.choice(_KIND_NAMES), _colour(rng), size, texture)


def _sample_several(rng: random.Random) -> Thing:
    return Thing(rng.choice(_KIND_NAMES), _colour(rng), count=rng.randint(2, 5))


def _colour(rng: random.Random) -> str:
    return rng.choice(tuple(COLOURS))

"""Colours of things and of the fixed tones inside a drawing, with a little variation."""

import random

Rgb = tuple[int, int, int]

_PAINTS: dict[str, Rgb] = {
    "red": (214, 32, 38), "orange": (245, 134, 24), "yellow": (250, 218, 40),
    "green": (40, 150, 60), "turquoise": (64, 204, 208), "blue": (36, 80, 200),
    "purple": (128, 48, 168), "pink": (246, 134, 184), "brown": (122, 76, 40),
    "black": (30, 30, 32), "white": (246, 246, 244), "grey": (140, 142, 146),
}  # fmt: skip
_TONES: dict[str, Rgb] = {
    "k": (20, 20, 24), "w": (250, 250, 250), "n": (112, 72, 40), "g": (60, 140, 60),
    "y": (250, 224, 90), "c": (190, 226, 240), "o": (240, 140, 40), "p": (246, 160, 180),
    "r": (206, 40, 44), "s": (240, 196, 160),
}  # fmt: skip
_SPREAD = 14


def paint(colour: str, rng: random.Random) -> Rgb:
    """A shade of the named colour, each channel within 14 of 255 of its usual value."""
    red, green, blue = (_clamp(v + rng.randint(-_SPREAD, _SPREAD)) for v in _PAINTS[colour])
    return red, green, blue


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """The colour `share` (0 to 1) of the way from first to second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def is_dark(colour: Rgb) -> bool:
    """Whether a black line on this colour could not be seen."""
    return sum(colour) < 200


def is_light(colour: Rgb) -> bool:
    """Whether a white mark on this colour could not be seen."""
    return sum(colour) > 480


def tone(letter: str, main: Rgb) -> Rgb:
    """The colour of a stroke's tone: 'm' main, 'd' darker, 'l' lighter, else a fixed one."""
    if letter == "m":
        return main
    if letter == "d":
        return mix(main, (255, 255, 255), 0.3) if is_dark(main) else mix(main, (0, 0, 0), 0.4)
    if letter == "l":
        return mix(main, (255, 255, 255), 0.5)
    return _TONES[letter]


def _clamp(value: int) -> int:
    return max(0, min(255, value))

"""Paints what is behind the things: plain colours, places, weather and floors."""

import random
from collections.abc import Callable

from PIL import Image, ImageDraw

from kioku_scenes.colour import Rgb, mix

Pencil = ImageDraw.ImageDraw
Painter = Callable[[Image.Image, random.Random], None]

_PLAIN: dict[str, Rgb] = {
    "cream": (250, 240, 208), "pale pink": (252, 214, 222), "pale blue": (204, 226, 250),
    "mint": (200, 240, 212), "lavender": (222, 208, 246), "dark grey": (78, 80, 84),
    "navy": (20, 30, 84),
}  # fmt: skip


def paint_backdrop(name: str, pixels: int, rng: random.Random) -> Image.Image:
    """A square RGB image of `pixels` a side.  Raises KeyError for an unknown name."""
    if name in _PLAIN:
        wobble = rng.uniform(-0.06, 0.06)
        ink = (255, 255, 255) if wobble > 0 else (0, 0, 0)
        return Image.new("RGB", (pixels, pixels), mix(_PLAIN[name], ink, abs(wobble)))
    image = Image.new("RGB", (pixels, pixels))
    _PAINTERS[name](image, rng)
    return image


def _fade(image: Image.Image, top: Rgb, bottom: Rgb) -> None:
    ramp = Image.linear_gradient("L").resize(image.size)
    image.paste(Image.composite(_flat(image, bottom), _flat(image, top), ramp))


def _flat(image: Image.Image, colour: Rgb) -> Image.Image:
    return Image.new("RGB", image.size, colour)


def _flecks(
    image: Image.Image, rng: random.Random, colours: list[Rgb], count: int, box: tuple[float, float]
) -> None:
    """Scatter small boxes; `box` is width and height as shares of the picture."""
    pencil, side = ImageDraw.Draw(image), image.width
    for _ in range(count):
        left, top = rng.random() * side, rng.random() * side
        fill = rng.choice(colours)
        pencil.rectangle((left, top, left + box[0] * side, top + box[1] * side), fill=fill)


def _grass(image: Image.Image, rng: random.Random) -> None:
    _fade(image, (150, 206, 96), (96, 170, 60))
    _flecks(image, rng, [(70, 140, 44), (180, 224, 120)], 60, (0.008, 0.05))


def _sand(image: Image.Image, rng: random.Random) -> None:
    _fade(image, (240, 218, 164), (224, 194, 132))
    _flecks(image, rng, [(206, 172, 110), (250, 236, 200)], 80, (0.012, 0.012))


def _snow(image: Image.Image, rng: random.Random) -> None:
    _fade(image, (186, 206, 226), (232, 240, 250))
    _flecks(image, rng, [(255, 255, 255)], 60, (0.025, 0.025))


def _night(image: Image.Image, rng: random.Random) -> None:
    _fade(image, (8, 8, 36), (36, 32, 84))
    _flecks(image, rng, [(255, 255, 220), (220, 220, 255)], 40, (0.016, 0.016))


def _sky(image: Image.Image, rng: random.Random) -> None:
    _fade(image, (120, 180, 240), (190, 220, 250))
    pencil, side = ImageDraw.Draw(image), image.width
    for _ in range(5):
        left, top = rng.uniform(-0.1, 0.8) * side, rng.uniform(0, 0.9) * side
        pencil.ellipse((left, top, left + side * 0.36, top + side * 0.12), fill=(244, 248, 252))


def _sea(image: Image.Image, rng: random.Random) -> None:
    _fade(image, (60, 150, 200), (24, 90, 160))
    pencil, side = ImageDraw.Draw(image), image.width
    for _ in range(30):
        left, top = rng.random() * side, rng.random() * side
        box = (left, top, left + side * 0.12, top + side * 0.05)
        pencil.arc(box, 200, 340, (190, 226, 246), max(1, side // 100))


def _sunset(image: Image.Image, rng: random.Random) -> None:
    _fade(image, (110, 60, 130), (255, 160, 70))
    pencil, side = ImageDraw.Draw(image), image.width
    left = rng.uniform(0.1, 0.6) * side
    pencil.ellipse((left, side * 0.7, left + side * 0.3, side), fill=(255, 220, 120))
    pencil.rectangle((0, side * 0.86, side, side), fill=(84, 40, 76))


def _bricks(image: Image.Image, rng: random.Random) -> None:
    image.paste((210, 196, 184), (0, 0, *image.size))
    pencil, side = ImageDraw.Draw(image), image.width
    for row in range(10):
        for column in range(-1, 6):
            left, top = (column + row % 2 * 0.5) * side / 5, row * side / 10
            fill = mix((176, 84, 62), (140, 60, 48), rng.random())
            pencil.rectangle((left, top, left + side * 0.185, top + side * 0.085), fill=fill)


def _boards(image: Image.Image, rng: random.Random) -> None:
    pencil, side = ImageDraw.Draw(image), image.width
    for row in range(6):
        fill = mix((196, 148, 96), (166, 118, 70), rng.random())
        pencil.rectangle((0, row * side / 6, side, (row + 1) * side / 6), fill=fill)
        pencil.line((0, row * side / 6, side, row * side / 6), (104, 70, 40), max(1, side // 80))


def _tiles(image: Image.Image, rng: random.Random) -> None:
    image.paste((226, 226, 222), (0, 0, *image.size))
    pencil, side = ImageDraw.Draw(image), image.width
    shade = mix((150, 160, 170), (130, 130, 130), rng.random())
    for row in range(8):
        for column in range(row % 2, 8, 2):
            left, top = column * side / 8, row * side / 8
            pencil.rectangle((left, top, left + side / 8, top + side / 8), fill=shade)


def _rain(image: Image.Image, rng: random.Random) -> None:
    _fade(image, (116, 126, 140), (160, 168, 178))
    pencil, side = ImageDraw.Draw(image), image.width
    for _ in range(60):
        left, top = rng.random() * side, rng.random() * side
        line = (left, top, left - side * 0.03, top + side * 0.09)
        pencil.line(line, (206, 222, 240), max(1, side // 120))


def _hills(image: Image.Image, rng: random.Random) -> None:
    _fade(image, (206, 228, 246), (236, 240, 236))
    pencil, side = ImageDraw.Draw(image), image.width
    for index in range(4):
        peak, height = (index / 3 + rng.uniform(-0.08, 0.08)) * side, rng.uniform(0.25, 0.5) * side
        shape = [(peak - 0.35 * side, side), (peak, height), (peak + 0.35 * side, side)]
        pencil.polygon(shape, fill=mix((112, 128, 156), (84, 110, 110), rng.random()))


def _confetti(image: Image.Image, rng: random.Random) -> None:
    image.paste((250, 250, 248), (0, 0, *image.size))
    bright: list[Rgb] = [(240, 90, 90), (90, 160, 240), (250, 200, 60), (110, 200, 120)]
    _flecks(image, rng, bright, 70, (0.03, 0.02))


_PAINTERS: dict[str, Painter] = {
    "grass": _grass, "sand": _sand, "snow": _snow, "night": _night, "sky": _sky, "sea": _sea,
    "sunset": _sunset, "bricks": _bricks, "boards": _boards, "tiles": _tiles, "rain": _rain,
    "hills": _hills, "confetti": _confetti,
}  # fmt: skip

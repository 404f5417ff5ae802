"""The patterns that fill a thing: stripes, spots and checks."""

from PIL import Image, ImageDraw

from kioku_scenes.colour import Rgb, is_light, mix

_MARKS_ACROSS = 5


def fill_texture(name: str, colour: Rgb, pixels: int) -> Image.Image:
    """A square RGB image of `pixels` a side, patterned in the colour and a second shade.

    Raises KeyError for an unknown texture name.
    """
    image = Image.new("RGB", (pixels, pixels), colour)
    second = mix(colour, (30, 30, 40), 0.65) if is_light(colour) else mix(colour, (255,) * 3, 0.8)
    _PAINTERS[name](ImageDraw.Draw(image), second, pixels)
    return image


def _stripes(draw: ImageDraw.ImageDraw, shade: Rgb, pixels: int) -> None:
    step = pixels / _MARKS_ACROSS
    for index in range(_MARKS_ACROSS + 1):
        top = (index + 0.25) * step
        draw.rectangle((0, top, pixels, top + step / 2), fill=shade)


def _spots(draw: ImageDraw.ImageDraw, shade: Rgb, pixels: int) -> None:
    step = pixels / _MARKS_ACROSS
    for row in range(_MARKS_ACROSS + 1):
        for column in range(-1, _MARKS_ACROSS + 1):
            left = (column + (row % 2) / 2) * step + step * 0.22
            top = row * step + step * 0.22
            draw.ellipse((left, top, left + step * 0.56, top + step * 0.56), fill=shade)


def _checks(draw: ImageDraw.ImageDraw, shade: Rgb, pixels: int) -> None:
    step = pixels / (_MARKS_ACROSS + 1)
    for row in range(_MARKS_ACROSS + 1):
        for column in range(row % 2, _MARKS_ACROSS + 1, 2):
            left, top = column * step, row * step
            draw.rectangle((left, top, left + step - 1, top + step - 1), fill=shade)


_PAINTERS = {"striped": _stripes, "spotted": _spots, "checked": _checks}

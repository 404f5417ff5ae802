"""Draws one thing on a transparent square tile."""

from dataclasses import dataclass

from PIL import Image, ImageDraw

from kioku_scenes.colour import Rgb, is_dark, mix, tone
from kioku_scenes.kinds import Kind, Stroke
from kioku_scenes.texture import fill_texture

_MARGIN = 0.08
_OUTLINE = 0.025


class Tile:
    """A square canvas of `pixels` a side on which strokes in percent are drawn."""

    def __init__(self, pixels: int, colour: Rgb, texture: str) -> None:
        self._inner = pixels * (1 - 2 * _MARGIN) / 100
        self._offset = pixels * _MARGIN
        self._colour = colour
        self._edge = (
            mix(colour, (255,) * 3, 0.45) if is_dark(colour) else mix(colour, (0,) * 3, 0.6)
        )
        self._width = max(1, round(pixels * _OUTLINE))
        self._fill = fill_texture(texture, colour, pixels) if texture else None
        self._image = Image.new("RGB", (pixels, pixels), colour)
        self._alpha = Image.new("L", (pixels, pixels), 0)

    def stroke(self, stroke: Stroke) -> None:
        """Draw one stroke; main-tone areas are outlined, and patterned if the tile is."""
        if stroke.shape == "line":
            self._line(stroke)
            return
        points = self._points(stroke.numbers)
        _draw(ImageDraw.Draw(self._alpha), stroke.shape, points, _MASK)
        edge = self._edge if stroke.tone in "mw" else None
        pencil = ImageDraw.Draw(self._image)
        if self._fill is not None and stroke.tone == "m":
            mask = Image.new("L", self._image.size, 0)
            _draw(ImageDraw.Draw(mask), stroke.shape, points, _MASK)
            self._image.paste(self._fill, mask=mask)
            _draw(pencil, stroke.shape, points, _Ink(None, edge, self._width))
        else:
            shade = tone(stroke.tone, self._colour)
            _draw(pencil, stroke.shape, points, _Ink(shade, edge, self._width))

    def finish(self, *, mirror: bool, degrees: float) -> Image.Image:
        """The RGBA tile, mirrored and turned."""
        image = self._image
        image.putalpha(self._alpha)
        if mirror:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return image.rotate(degrees, Image.Resampling.BILINEAR)

    def _line(self, stroke: Stroke) -> None:
        width = max(1, round(stroke.numbers[0] * self._inner))
        points = self._points(stroke.numbers[1:])
        ImageDraw.Draw(self._alpha).line(points, 255, width, joint="curve")
        pencil = ImageDraw.Draw(self._image)
        pencil.line(points, tone(stroke.tone, self._colour), width, joint="curve")

    def _points(self, numbers: tuple[float, ...]) -> list[tuple[float, float]]:
        flat = [self._offset + number * self._inner for number in numbers]
        return list(zip(flat[::2], flat[1::2], strict=True))


@dataclass(frozen=True)
class _Ink:
    """What a shape is filled and edged with; an edge is `width` pixels wide."""

    fill: Rgb | int | None
    edge: Rgb | None = None
    width: int = 1


_MASK = _Ink(255)


def _draw(
    pencil: ImageDraw.ImageDraw, shape: str, points: list[tuple[float, float]], ink: _Ink
) -> None:
    if shape == "oval":
        pencil.ellipse(points, ink.fill, ink.edge, ink.width)
    elif shape == "box":
        pencil.rectangle(points, ink.fill, ink.edge, ink.width)
    else:
        pencil.polygon(points, ink.fill)
        if ink.edge is not None:
            pencil.line([*points, points[0]], ink.edge, ink.width, joint="curve")


def draw_tile(
    kind: Kind, colour: Rgb, texture: str, pixels: int, *, mirror: bool = False, turn: float = 0.0
) -> Image.Image:
    """An RGBA image of `pixels` a side: the kind, mirrored or not, turned by some degrees."""
    tile = Tile(pixels, colour, texture)
    for stroke in kind.strokes:
        tile.stroke(stroke)
    return tile.finish(mirror=mirror, degrees=turn)

"""Promise: a decoded picture becomes what a person would see: upright, in shape, in sRGB.

The matrix and range are the stream's; where it names none, BT.709 for HD and BT.601 below, as
players do. HDR is brought down by a fixed curve; the picture is for recognition, not for grading.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, ColorTrc, Interpolation
from kioku_rt.images.scale import fit

from kioku_embedder.frames.hdr import HDR_CURVES, to_sdr

Pixels = npt.NDArray[np.uint8]
Turning = tuple[int, bool]
"""Quarter turns against the clock, and whether left and right change places before."""
_HD_WIDTH, _HD_HEIGHT = 1280, 576
# AVColorSpace -> swscale's matrix; anything else is guessed from the size.
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.SMPTE170M,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
_SMALL = 32
_STRANGE_ASPECT = 20


@dataclass(frozen=True)
class Shape:
    """What it takes to show a picture: its size when shown, and how it is turned.

    Args:
        width, height: after pixel aspect, before turning.
        turns: quarter turns against the clock.
        mirrored: whether left and right change places before it is turned.
    """

    width: int
    height: int
    turns: int
    mirrored: bool

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height as shown."""
        return (self.height, self.width) if self.turns % 2 else (self.width, self.height)


def shape_of(frame: VideoFrame, aspect: Fraction | None, turning: Turning) -> Shape:
    """How `frame` is to be shown; `aspect` is the width of its pixels by their height."""
    stretch = aspect or Fraction(1)
    if not Fraction(1, _STRANGE_ASPECT) <= stretch <= _STRANGE_ASPECT:
        stretch = Fraction(1)
    return Shape(max(1, round(frame.width * stretch)), frame.height, *turning)


def turning_of(frame: VideoFrame) -> Turning:
    """Quarter turns against the clock, and whether mirrored first, from the display matrix.

    The matrix is nine 16.16 numbers in rows (ISO/IEC 14496-12, track header): x' = ax + cy,
    y' = bx + dy, y downwards. Angles between are rounded to the nearest quarter.

    To be asked once a video: a frame whose side data were looked at lives until Python collects
    its cycles, and Python does not know how large a frame is.
    """
    side: Any = frame.side_data  # its own stubs take it for a plain mapping of names
    matrix = side.get("DISPLAYMATRIX")
    if matrix is None:
        return 0, False
    a, b, _, c, d = struct.unpack_from("=5i", bytes(matrix))
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    if abs(a) >= abs(b):
        return (0 if a >= 0 else 2), mirrored
    return (3 if b > 0 else 1), mirrored


def is_hdr(frame: VideoFrame) -> bool:
    """Whether brightness is coded by PQ or HLG."""
    return frame.color_trc in HDR_CURVES


def render(frame: VideoFrame, shape: Shape, long_edge: int) -> Pixels:
    """uint8 (height, width, 3), upright sRGB, no side longer than `long_edge`.

    Raises:
        av.FFmpegError, ValueError: the picture has a form that cannot be converted.
    """
    width, height = fit((shape.width, shape.height), long_edge)
    if is_hdr(frame):
        deep = _array(_converted(frame, width, height, "rgb48le"))
        pixels = to_sdr(deep, ColorTrc(frame.color_trc))
    elif _has_alpha(frame):
        pixels = _on_white(_array(_converted(frame, width, height, "rgba")))
    else:
        pixels = _array(_converted(frame, width, height, "rgb24"))
    if shape.mirrored:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(np.rot90(pixels, shape.turns))


def miniature(frame: VideoFrame) -> Pixels:
    """uint8 (32, 32, 3): what two pictures are compared by."""
    small: Pixels = _array(_converted(frame, _SMALL, _SMALL, "rgb24", Interpolation.FAST_BILINEAR))
    return small


def _converted(
    frame: VideoFrame, width: int, height: int, form: str, how: int = Interpolation.BICUBIC
) -> VideoFrame:
    full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
    return frame.reformat(
        width=width,
        height=height,
        format=form,
        interpolation=how | Interpolation.BITEXACT | Interpolation.ACCURATE_RND,
        src_colorspace=_matrix(frame),
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
    )


def _array(frame: VideoFrame) -> Any:
    """Its values, of the type that its format says."""
    return frame.to_ndarray()


def _matrix(frame: VideoFrame) -> Colorspace:
    high = frame.width >= _HD_WIDTH or frame.height > _HD_HEIGHT
    guess = Colorspace.ITU709 if high else Colorspace.ITU601
    return _MATRICES.get(frame.colorspace, guess)


def _has_alpha(frame: VideoFrame) -> bool:
    return any(component.is_alpha for component in frame.format.components)


def _on_white(rgba: Pixels) -> Pixels:
    alpha = rgba[..., 3:].astype(np.uint16)
    mixed = (rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)

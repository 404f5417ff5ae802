"""How much of a picture is read: what nobody will see is thrown away as early as possible.

A JPEG is decoded at 1/2, 1/4 or 1/8 of its size by libjpeg's own scaled inverse DCT; other formats
are averaged over squares of 2, 4 or 8 pixels after decoding. Both are exact low passes of whole
pixels, so a later resize sees what it would have seen, as long as enough is left for it: `SPARE`.
"""

from __future__ import annotations

from typing import Final

from kioku_rt.images.limits import ImageLimits

Size = tuple[int, int]

RULE: Final = "2"
"""Name of the rule below in the digest of a space: another rule, other vectors."""

SPARE: Final = 2.5
"""Sides of the picture that is kept, by the sides its reader needs. At 2 the cosine to the vector
of the fully decoded picture falls to 0.9999, at 2.5 it stays above (`bench/preprocessing.py`)."""

LEAST: Final = 512
"""Pixels that the short side keeps in any case: below them a model of a few pixels would see the
rounding, and little time is left to save."""

_FACTORS = (8, 4, 2)


def fit(size: Size, long_edge: int) -> Size:
    """`size` scaled so that its longer side is at most `long_edge`; no side ever becomes 0."""
    scale = long_edge / max(size)
    if scale >= 1:
        return size
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def factor(size: Size, limits: ImageLimits) -> int:
    """1, 2, 4 or 8: by how much a picture of `size` may be made smaller at once.

    Its short side keeps `SPARE` times what is needed, or its long side twice the long edge. What is
    not a whole number of squares would end in a fraction of a pixel: that is allowed only where a
    resize to the long edge follows, which can leave the fraction out (`extent`).
    """
    if limits.needed_side is None:
        return 1
    return next((by for by in _FACTORS if _allowed(size, by, limits)), 1)


def _allowed(size: Size, by: int, limits: ImageLimits) -> bool:
    short, long = min(size), max(size)
    enough = short >= by * max(LEAST, SPARE * (limits.needed_side or 1))
    whole = size[0] % by == 0 and size[1] % by == 0
    return short >= by and (
        (enough and (whole or long > by * limits.long_edge)) or long >= 2 * by * limits.long_edge
    )


def extent(declared: Size, size: Size) -> tuple[float, float, float, float]:
    """The part of a scaled picture of `size` that shows the whole of `declared`, and no padding."""
    by = max(1, round(declared[0] / size[0]), round(declared[1] / size[1]))
    return 0.0, 0.0, min(size[0], declared[0] / by), min(size[1], declared[1] / by)


def draft_of(size: Size, limits: ImageLimits) -> Size:
    """What a JPEG decoder is asked for at least; without a needed side, the long edge decides."""
    if limits.needed_side is None:
        return fit(size, limits.long_edge)
    by = factor(size, limits)
    return max(1, size[0] // by), max(1, size[1] // by)

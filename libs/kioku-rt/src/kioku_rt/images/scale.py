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

_FACTORS = (8, 4, 2)


def fit(size: Size, long_edge: int) -> Size:
    """`size` scaled so that its longer side is at most `long_edge`; no side ever becomes 0."""
    scale = long_edge / max(size)
    if scale >= 1:
        return size
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def factor(size: Size, limits: ImageLimits) -> int:
    """1, 2, 4 or 8: by how much a picture of `size` may be made smaller at once.

    Its short side keeps `SPARE` times what is needed, or its long side twice the long edge.
    """
    if limits.needed_side is None:
        return 1
    short, long = min(size), max(size)
    enough = SPARE * limits.needed_side
    for by in _FACTORS:
        if short >= by * enough or (long >= 2 * by * limits.long_edge and short >= by):
            return by
    return 1


def draft_of(size: Size, limits: ImageLimits) -> Size:
    """What a JPEG decoder is asked for at least; without a needed side, the long edge decides."""
    if limits.needed_side is None:
        return fit(size, limits.long_edge)
    by = factor(size, limits)
    return max(1, size[0] // by), max(1, size[1] // by)

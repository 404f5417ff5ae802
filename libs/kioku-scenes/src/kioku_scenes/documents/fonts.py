"""Fonts by family and style, found in folders; none is shipped.

Folders, in this order: those of `KIOKU_FONTS` (parted by the path separator), `.data/fonts` of the
working folder or one above it, and the system's. Debian's packages are named where one is missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from PIL import ImageFont

_SYSTEM = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_SUFFIXES = (".ttf", ".otf", ".ttc")
DEFAULT_STYLE = "Regular"

# What the designs call a face: family, style, and the package of Debian that has it.
FACES: dict[str, tuple[str, str, str]] = {
    "gothic": ("IPAGothic", "Regular", "fonts-ipafont-gothic"),
    "p-gothic": ("IPAPGothic", "Regular", "fonts-ipafont-gothic"),
    "mincho": ("IPAMincho", "Regular", "fonts-ipafont-mincho"),
    "p-mincho": ("IPAPMincho", "Regular", "fonts-ipafont-mincho"),
    "vl": ("VL Gothic", "regular", "fonts-vlgothic"),
    "vl-p": ("VL PGothic", "regular", "fonts-vlgothic"),
    "klee": ("Klee One", "Regular", "fonts-klee"),
    "klee-bold": ("Klee One", "SemiBold", "fonts-klee"),
    "cedar": ("MotoyaLCedar", "W3 mono", "fonts-motoya-l-cedar"),
    "mplus": ("M PLUS 1", "Regular", "fonts-mplus"),
    "mplus-light": ("M PLUS 1", "Light", "fonts-mplus"),
    "mplus-bold": ("M PLUS 1", "Bold", "fonts-mplus"),
    "mplus-black": ("M PLUS 1", "Black", "fonts-mplus"),
    "mplus2": ("M PLUS 2", "Regular", "fonts-mplus"),
    "mplus2-bold": ("M PLUS 2", "Bold", "fonts-mplus"),
    "sans": ("DejaVu Sans", "Book", "fonts-dejavu-core"),
    "sans-bold": ("DejaVu Sans", "Bold", "fonts-dejavu-core"),
    "serif": ("DejaVu Serif", "Book", "fonts-dejavu-core"),
    "serif-bold": ("DejaVu Serif", "Bold", "fonts-dejavu-core"),
    "mono": ("DejaVu Sans Mono", "Book", "fonts-dejavu-core"),
}


class FontMissing(LookupError):
    """No folder has the font that a document is drawn with."""


def face(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A face of `FACES` at a size in pixels.

    Raises:
        FontMissing: no folder has it; the message names the package that does.
        KeyError: there is no face of that name.
    """
    return _load(*FACES[name], size)


def missing_faces() -> list[str]:
    """Names of the faces that no folder has."""
    return [name for name, (family, style, _) in FACES.items() if (family, style) not in _index()]


@cache
def _load(family: str, style: str, package: str, size: int) -> ImageFont.FreeTypeFont:
    path = _index().get((family, style))
    if path is None:
        searched = ", ".join(str(one) for one in _folders()) or "no folder"
        raise FontMissing(
            f"the font {family!r} {style} is in none of: {searched}; "
            f"unpack Debian's {package} and name its folder in KIOKU_FONTS"
        )
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@cache
def vertical_face(name: str, size: int) -> ImageFont.FreeTypeFont:
    """The same face for writing from top to bottom: shaped, so that marks stand as they should.

    Raises:
        FontMissing: no folder has it.
    """
    family, style, package = FACES[name]
    _load(family, style, package, size)
    path = _index()[family, style]
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.RAQM)


@cache
def _index() -> dict[tuple[str, str], Path]:
    found: dict[tuple[str, str], Path] = {}
    for folder in _folders():
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in _SUFFIXES:
                family, style = ImageFont.truetype(path, 10).getname()
                found.setdefault((family or "", style or DEFAULT_STYLE), path)
    return found


def _folders() -> tuple[Path, ...]:
    return tuple(folder for folder in _candidates() if folder.is_dir())


def _candidates() -> Iterator[Path]:
    named = os.environ.get("KIOKU_FONTS", "")
    yield from (Path(one) for one in named.split(os.pathsep) if one)
    here = Path.cwd()
    yield from (folder / ".data" / "fonts" for folder in (here, *here.parents))
    yield from _SYSTEM

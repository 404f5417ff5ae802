"""How far apart the hashes of pictures are, by which `vlm` links almost the same ones.

    python -m bench.near_pictures

Distances in bits of 256 (`kioku_vlm.observing.picture_hash`): between a picture and other files of
it (JPEG of quality 30, half the size, a third of it as such a JPEG, brightness 20 % up, 64 colours,
1 % cropped from each side), between a page and a photograph of it, and between different pictures.
Pages are those of `$KIOKU_EVAL_DATA/vlm/rendered`, photographs 400 of `$KIOKU_EVAL_DATA/photos`;
what is not there is left out, and that is said.
"""

from __future__ import annotations

import io
import itertools
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from kioku_vlm.observing.picture_hash import difference_bits, hash_number, is_near
from PIL import Image, ImageEnhance

ROOT = Path(__file__).resolve().parents[1]
_EDGE = 256  # as the service decodes before it hashes


def main() -> None:
    """Print both tables."""
    folder = Path(os.environ.get("KIOKU_EVAL_DATA", ROOT.parent / "shared" / "data"))
    pages = _opened(sorted((folder / "vlm" / "rendered").glob("*.png")))
    photos = _opened(sorted((folder / "photos").rglob("*.jp*g"))[:400])
    if not pages and not photos:
        sys.exit("Nothing measured: KIOKU_EVAL_DATA names no folder with pictures in it.")
    for name, pictures in (("pages", pages), ("photos", photos)):
        if not pictures:
            print(f"skipped: there are no {name}")
            continue
        print(f"{len(pictures)} {name}")
        for variant, change in VARIANTS.items():
            pairs = [(_hash(one), _hash(change(one))) for one in pictures.values()]
            _show(variant, pairs)
        _show("different", list(itertools.combinations(map(_hash, pictures.values()), 2)))
    again = [
        (_hash(page), _hash(shot))
        for path, page in pages.items()
        for shot in _opened([path.with_suffix(".photo.jpg")]).values()
    ]
    _show("page and its photograph", again)


def _show(name: str, pairs: list[tuple[int, int]]) -> None:
    if not pairs:
        return
    row = np.array([(one ^ other).bit_count() for one, other in pairs])
    near = np.mean([is_near(*pair) for pair in pairs])
    p1, p50, p99 = np.percentile(row, (1, 50, 99))
    print(
        f"  {name:26} {len(row):7} pairs  least {row.min():3}  p1 {p1:5.1f}  median {p50:5.1f}"
        f"  p99 {p99:5.1f}  most {row.max():3}  linked {100 * near:6.2f} %"
    )


def _opened(paths: Iterable[Path]) -> dict[Path, Image.Image]:
    opened = {}
    for path in paths:
        if path.exists():
            with Image.open(path) as picture:
                opened[path] = picture.convert("RGB")
    return opened


def _hash(picture: Image.Image) -> int:
    small = picture.copy()
    small.thumbnail((_EDGE, _EDGE), Image.Resampling.LANCZOS)
    return hash_number(difference_bits(small)) or 0


def _jpeg(picture: Image.Image, quality: int = 30) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("RGB")


def _smaller(picture: Image.Image, by: int) -> Image.Image:
    return picture.resize((picture.width // by, picture.height // by), Image.Resampling.BICUBIC)


def _cropped(picture: Image.Image) -> Image.Image:
    wide, high = picture.width // 100, picture.height // 100
    return picture.crop((wide, high, picture.width - wide, picture.height - high))


VARIANTS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "JPEG of quality 30": _jpeg,
    "half as large": lambda picture: _smaller(picture, 2),
    "a third, JPEG 30": lambda picture: _jpeg(_smaller(picture, 3)),
    "20 % brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.2),
    "64 colours": lambda picture: picture.quantize(64).convert("RGB"),
    "1 % cropped": _cropped,
}


if __name__ == "__main__":
    main()

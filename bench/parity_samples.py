"""The pictures and texts on which an embedder and the reference must agree."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

SIZES = ((320, 240), (240, 320), (96, 97), (33, 200), (512, 40), (7, 5), (1, 1), (1000, 700))
_WORDS = "A Red cat SITS on the Blue mat, while 2 old Houses burn at night"


@dataclass(frozen=True)
class Sample:
    """A file as a client sends it, and the picture in it as Pillow alone reads it."""

    name: str
    data: bytes
    upright: Image.Image


def pictures() -> list[Sample]:
    """Every size and aspect, mode and orientation whose right pixels nobody disputes."""
    return [_sample(name, data) for name, data in _files()]


LARGE = ((2000, 1400), (3000, 2000), (1600, 2100), (4096, 1100))


def large_pictures(count: int = len(LARGE)) -> list[Sample]:
    """JPEGs that decoding makes smaller before the model's own resizing."""
    return [
        _sample(f"{w} x {h}", _saved(_drawn(w, h, w), "JPEG", quality=92)) for w, h in LARGE[:count]
    ]


def texts() -> list[str]:
    """Every length from none to 200 words, case, scripts and signs."""
    cycle = _WORDS.split() * 20
    lengths = [" ".join(cycle[:count]) for count in (*range(24), *range(24, 201, 8), 77, 200)]
    return [*lengths, *_oddities()]


def _files() -> Iterator[tuple[str, bytes]]:
    for number, (width, height) in enumerate(SIZES):
        drawn = _drawn(width, height, number)
        yield f"png {width} x {height}", _saved(drawn, "PNG")
        yield f"jpeg {width} x {height}", _saved(drawn, "JPEG", quality=90)
    for mode, change in _MODES.items():
        yield f"png mode {mode}", _saved(change(_drawn(300, 210, 50)), "PNG")
    yield "jpeg grey", _saved(_drawn(300, 210, 51).convert("L"), "JPEG", quality=90)
    yield "webp", _saved(_drawn(300, 210, 52), "WEBP", lossless=True)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        drawn = _drawn(280, 190, 53)
        yield f"exif {orientation}", _saved(drawn, "JPEG", quality=90, exif=exif)


_MODES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "L": lambda picture: picture.convert("L"),
    "1": lambda picture: picture.convert("1"),
    "P": lambda picture: picture.quantize(64),
    "RGBA, opaque": lambda picture: picture.convert("RGBA"),
}


def _oddities() -> list[str]:
    return [
        "夕暮れの海で犬が走る",
        "夕暮れの海で犬が走る。" * 30,
        "赤い猫 and a Blue dog",
        "😀 a smiling 👩‍👩‍👧‍👦 family 🇯🇵",
        "🙂" * 100,
        "ΟΔΟΣ ΑΘΗΝΑΣ",
        "İstanbul'da Çok GÜZEL",
        "ПРИВЕТ, мир",
        "Straße ẞ ÄÖÜ",
        'don\'t   stop: "quoted" (and) [bracketed] — a-b_c/d',
        "tabs\tand\nlines",
        "x",
        "!?",
        "0123456789" * 20,
        "</s> <eos> <pad> <|endoftext|>",
        "a\u0301 combining ﬁ ligature ① Ⅳ",
    ]


def _drawn(width: int, height: int, seed: int) -> Image.Image:
    """Patches, grain and a hard edge: a wrong filter or a shifted cut shows."""
    generator = np.random.default_rng(seed)
    patches = Image.fromarray(generator.integers(0, 256, (6, 8, 3), np.uint8))
    smooth = np.asarray(patches.resize((width, height), Image.Resampling.BICUBIC), np.float32)
    grain = generator.normal(0, 40, (height, width, 3))
    picture = np.clip(smooth + grain, 0, 255).astype(np.uint8)
    picture[height // 3 : height // 2, :: max(width // 9, 1)] = (255, 0, 64)
    return Image.fromarray(picture)


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def _sample(name: str, data: bytes) -> Sample:
    with Image.open(io.BytesIO(data)) as opened:
        return Sample(name, data, ImageOps.exif_transpose(opened).convert("RGB"))

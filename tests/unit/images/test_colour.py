"""Whatever its colour model, a picture ends as sRGB on white."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from kioku_rt.images import decode
from PIL import Image, ImageCms

Scene = Callable[..., Image.Image]
Encode = Callable[..., bytes]

RED, WHITE = [255, 0, 0], [255, 255, 255]


def cosine(left: np.ndarray, right: np.ndarray) -> float:
    """Cosine of two pictures as vectors around their mean grey."""
    a, b = (x.astype(float).ravel() - 128 for x in (left, right))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def pixels(data: bytes) -> np.ndarray:
    """The decoded picture."""
    return decode(data).pixels


@pytest.mark.parametrize("kind", ["image/jpeg", "image/tiff"])
def test_cmyk_without_a_profile(scene: Scene, encode: Encode, kind: str) -> None:
    """Four inks, also Adobe's inverted ones in JPEG, become the colours they print."""
    data = encode(scene().convert("CMYK"), kind)
    assert cosine(np.asarray(scene()), pixels(data)) > 0.98


def test_ycck_jpeg(scene: Scene, encode: Encode) -> None:
    """A CMYK JPEG that says it is YCCK by its Adobe marker is a picture, not noise."""
    data = bytearray(encode(scene().convert("CMYK"), "image/jpeg"))
    marker = data.find(b"Adobe\x00")
    if marker >= 0:
        data[marker + 11] = 2  # transform: YCCK
    assert (64, 96, 3) == pixels(bytes(data)).shape


def swapped_profile() -> bytes:
    """sRGB with the red and the green column exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    for at in range(132, 132 + 12 * count, 12):
        name = bytes(profile[at : at + 4])
        if name in {b"rXYZ", b"gXYZ"}:
            profile[at : at + 4] = b"gXYZ" if name == b"rXYZ" else b"rXYZ"
        if name == b"desc":
            text = int.from_bytes(profile[at + 4 : at + 8], "big")
            size = int.from_bytes(profile[at + 8 : at + 12], "big")
            changed = bytes(profile[text : text + size]).replace(b"\x00s\x00R", b"\x00x\x00R")
            profile[text : text + size] = changed
    return bytes(profile)


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "image/webp", "image/tiff"])
def test_an_embedded_profile_is_honoured(encode: Encode, kind: str) -> None:
    """In a profile that calls green red, a red picture is green."""
    red = Image.new("RGB", (16, 16), (255, 0, 0))
    seen = pixels(encode(red, kind, icc_profile=swapped_profile()))[8, 8].tolist()
    assert seen[1] > 200 > 60 > seen[0]


def test_an_srgb_profile_changes_nothing(scene: Scene, encode: Encode) -> None:
    """The profile most cameras embed is the one we convert to."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert (np.asarray(scene()) == pixels(encode(scene(), icc_profile=profile))).all()


@pytest.mark.parametrize(
    "profile", [b"x", b"\x00" * 500_000, swapped_profile()[:300], b"acsp" * 5_000_000]
)
def test_an_invalid_profile_is_ignored(scene: Scene, encode: Encode, profile: bytes) -> None:
    """A broken, cut or absurdly large profile does not cost the photo."""
    data = encode(scene(), "image/tiff", icc_profile=profile)
    if len(data) <= 16 * 2**20:
        assert (np.asarray(scene()) == pixels(data)).all()


def test_a_profile_of_another_colour_model_is_ignored(scene: Scene, encode: Encode) -> None:
    """An RGB profile on a grey picture says nothing."""
    grey = scene().convert("L")
    data = encode(grey, icc_profile=swapped_profile())
    assert (np.asarray(grey.convert("RGB")) == pixels(data)).all()


def test_lab(scene: Scene, encode: Encode) -> None:
    """Lightness and two opponent colours become what they were."""
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(scene(), srgb, lab, outputMode="LAB")
    assert converted is not None
    assert cosine(np.asarray(scene()), pixels(encode(converted, "image/tiff"))) > 0.99


@pytest.mark.parametrize("mode", ["1", "L", "P", "YCbCr", "RGB"])
def test_other_modes_of_tiff(scene: Scene, encode: Encode, mode: str) -> None:
    """Bits, greys, palettes and luma come out as Pillow shows them."""
    picture = scene().convert(mode)
    difference = np.abs(
        np.asarray(picture.convert("RGB"), dtype=int) - pixels(encode(picture, "image/tiff"))
    )
    assert difference.max() <= 3


def test_transparency_is_white_paper(encode: Encode) -> None:
    """What alpha hides is white, not the stray colour below it; half red is pink."""
    picture = Image.new("RGBA", (3, 1), (255, 0, 0, 255))
    picture.putpixel((1, 0), (255, 0, 0, 0))
    picture.putpixel((2, 0), (255, 0, 0, 128))
    assert [RED, WHITE, [255, 127, 127]] == pixels(encode(picture))[0].tolist()


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("kind", ["image/png", "image/webp", "image/tiff", "image/avif"])
def test_fully_transparent_is_uniform(encode: Encode, mode: str, kind: str) -> None:
    """A picture that shows nothing is a white one, whatever lies below."""
    noise = np.random.default_rng(1).integers(0, 255, (32, 32, len(mode)), dtype=np.uint8)
    noise[..., -1] = 0
    data = encode(Image.fromarray(noise, mode=mode), kind)
    assert [255] == np.unique(pixels(data)).tolist()


def test_palette_transparency(encode: Encode) -> None:
    """A transparent palette entry is white; its neighbour keeps its colour."""
    picture = Image.new("P", (2, 1))
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.putpixel((1, 0), 1)
    for kind in ("image/png", "image/gif"):
        assert [RED, WHITE] == pixels(encode(picture, kind, transparency=1))[0].tolist()


@pytest.mark.parametrize(("mode", "hidden"), [("L", 7), ("RGB", (7, 7, 7)), ("1", 0)])
def test_one_transparent_colour_of_png(encode: Encode, mode: str, hidden: object) -> None:
    """PNG's tRNS hides one value in pictures without alpha."""
    picture = Image.new(mode, (2, 1), hidden)  # type: ignore[arg-type]
    picture.putpixel((1, 0), 255 if mode != "RGB" else (255, 0, 0))
    first, second = pixels(encode(picture, transparency=hidden))[0].tolist()
    assert (WHITE, RED if mode == "RGB" else WHITE) == (first, second)


def test_edges_of_alpha_do_not_bleed(encode: Encode) -> None:
    """Made smaller, a transparent half of stray black leaves no dark seam."""
    picture = Image.new("RGBA", (4_000, 100), (0, 0, 0, 0))
    picture.paste((255, 255, 255, 255), (0, 0, 2_001, 100))
    assert 255 == pixels(encode(picture)).min()


def test_animations_give_their_first_frame(encode: Encode) -> None:
    """GIF, PNG, WebP, AVIF and TIFF of many frames are their first."""
    frames = [Image.new("RGB", (64, 64), shade) for shade in ((250, 0, 0), (0, 0, 250))]
    for kind in ("image/gif", "image/png", "image/webp", "image/avif", "image/tiff"):
        seen = pixels(encode(frames[0], kind, save_all=True, append_images=frames[1:]))[32, 32]
        assert (True, True) == (seen[0] > 230, seen[2] < 20), kind


def test_no_file_named_by_a_picture_is_opened(encode: Encode, tmp_path: Path) -> None:
    """A PNG text chunk that names a file (the shape of CVE-2022-44268) is only text."""
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415

    secret = tmp_path / "secret"
    secret.write_text("never read")
    before = secret.stat().st_atime_ns
    info = PngInfo()
    info.add_text("profile", str(secret))
    assert RED == pixels(encode(Image.new("RGB", (1, 1), (255, 0, 0)), pnginfo=info))[0, 0].tolist()
    assert before == secret.stat().st_atime_ns

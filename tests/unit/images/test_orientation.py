"""A camera's word on which way is up is obeyed, once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from kioku_rt.images import decode
from PIL import Image

Scene = Callable[..., Image.Image]
Encode = Callable[..., bytes]

# how a camera that is held in each way stores an upright scene (the inverse of EXIF 2.32, 4.6.4)
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
LIMITS = {
    "image/jpeg": 0.5,
    "image/png": 0.0,
    "image/webp": 1.6,
    "image/tiff": 0.0,
    "image/avif": 3.0,
    "image/heif": 3.0,
}


def stored(scene: Image.Image, orientation: int) -> Image.Image:
    """The pixels a camera writes with `orientation`."""
    method = STORED[orientation]
    return scene if method is None else scene.transpose(method)


def exif(value: object) -> bytes:
    """EXIF data with nothing but an orientation."""
    tags = Image.Exif()
    tags[0x0112] = value
    return tags.tobytes()


def difference(expected: Image.Image, pixels: np.ndarray) -> float:
    """Mean absolute difference of two pictures of the same size."""
    wanted = np.asarray(expected, dtype=np.int16)
    assert wanted.shape == pixels.shape
    return float(np.abs(wanted - pixels).mean())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", sorted(LIMITS))
def test_eight_orientations_give_one_upright_picture(
    scene: Scene, encode: Encode, kind: str, orientation: int
) -> None:
    """Whichever way the camera was held, in whichever format, the model sees the same picture."""
    upright = scene(128, 64)
    data = encode(stored(upright, orientation), kind, exif=exif(orientation))
    decoded = decode(data)
    assert (128, 64) == decoded.original_size
    held_upright = decode(encode(upright, kind, exif=exif(1))).pixels
    assert difference(Image.fromarray(held_upright), decoded.pixels) <= LIMITS[kind]
    assert difference(upright, decoded.pixels) <= 3.0


@pytest.mark.parametrize("orientation", [0, 9, 255, 65_535])
def test_senseless_orientations_mean_as_it_is(
    scene: Scene, encode: Encode, orientation: int
) -> None:
    """A number that EXIF does not define turns nothing."""
    data = encode(scene(), "image/png", exif=exif(orientation))
    assert 0.0 == difference(scene(), decode(data).pixels)


def test_orientation_in_xmp_alone_is_obeyed(scene: Scene, encode: Encode) -> None:
    """Editors that write XMP only are heard."""
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    data = encode(stored(scene(), 6), "image/jpeg", xmp=xmp)
    assert difference(scene(), decode(data).pixels) <= 2.0


@pytest.mark.parametrize("broken", [b"Exif\x00\x00", b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b"no"])
def test_broken_exif_is_no_reason_to_refuse(scene: Scene, encode: Encode, broken: bytes) -> None:
    """A photo with damaged tags is still a photo."""
    data = encode(scene(), "image/jpeg", exif=broken)
    assert difference(scene(), decode(data).pixels) <= 2.0


def test_large_pictures_are_turned_after_they_are_made_smaller(
    scene: Scene, encode: Encode
) -> None:
    """The draft decoder of JPEG and the rotation agree about width and height."""
    data = encode(stored(scene(3_000, 1_500), 6), "image/jpeg", exif=exif(6))
    decoded = decode(data)
    assert (3_000, 1_500) == decoded.original_size
    assert (512, 1_024, 3) == decoded.pixels.shape
    small = scene(3_000, 1_500).resize((1_024, 512), Image.Resampling.LANCZOS)
    assert difference(small, decoded.pixels) <= 1.5


def test_exif_that_makes_its_reader_fail_means_as_it_is(
    scene: Scene, encode: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the reader of tags raises, the photo is shown."""

    def fail(_: Image.Image) -> Image.Exif:
        raise ZeroDivisionError

    monkeypatch.setattr(Image.Image, "getexif", fail)
    assert difference(scene(), decode(encode(scene())).pixels) == 0.0

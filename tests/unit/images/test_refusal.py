"""Damage gets a reason from the catalogue, and nothing of the decoder's words gets out."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kioku_rt.errors import InvalidInput
from kioku_rt.images import decode, decoder
from kioku_rt.images.refusal import refusal_of
from kioku_rt.reasons import CATALOGUE, Reason
from PIL import Image, UnidentifiedImageError

Scene = Callable[..., Image.Image]
Encode = Callable[..., bytes]
DAMAGE = {Reason.IMAGE_TRUNCATED, Reason.IMAGE_UNSUPPORTED_FORMAT}


def outcome(data: bytes) -> Reason | None:
    """The reason for which `data` is refused, None when it is read."""
    try:
        decode(data)
    except InvalidInput as refused:
        return refused.reason
    return None


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"\xff\xd8\xff",
        b"hello, world\n",
        zlib.compress(b"pixels" * 99),
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='http://127.0.0.1/'/></svg>",
        b"%PDF-1.7\n1 0 obj",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2",
        b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm",
        b"#EXTM3U\nhttp://127.0.0.1/segment",
        b"8BPS\x00\x01",
        b"\x00\x00\x01\x00\x01\x00",
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_no_accepted_picture_is_unsupported(data: bytes) -> None:
    """Stubs, texts, archives, SVG, PDF, EPS, videos, playlists, PSD and icons."""
    assert Reason.IMAGE_UNSUPPORTED_FORMAT == outcome(data)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_half_a_picture_is_refused(
    scene: Scene, encode: Encode, media_type: str, share: float
) -> None:
    """A file that ends early is damaged; what is left of it is not shown as if it were whole."""
    data = encode(scene(600, 400), media_type)
    assert outcome(data[: int(len(data) * share)]) in DAMAGE


def test_a_jpeg_without_its_end_is_refused(scene: Scene, encode: Encode) -> None:
    """The last two bytes count."""
    assert Reason.IMAGE_TRUNCATED == outcome(encode(scene(), "image/jpeg")[:-2])


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(at=st.integers(0, 10_000), byte=st.integers(0, 255), count=st.integers(1, 8))
def test_any_mutation_is_read_or_refused(
    scene: Scene, encode: Encode, at: int, byte: int, count: int
) -> None:
    """Whatever byte is changed in whatever format, there is a picture or a reason."""
    for kind in ("image/jpeg", "image/png", "image/gif", "image/tiff", "image/webp", "image/bmp"):
        data = bytearray(encode(scene(40, 30), kind))
        place = at % len(data)
        data[place : place + count] = bytes([byte]) * count
        assert outcome(bytes(data)) in {None, *(r for r in Reason if r.startswith("IMAGE_"))}


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (UnidentifiedImageError("<_io.BytesIO object at 0x7f>"), Reason.IMAGE_UNSUPPORTED_FORMAT),
        (Image.DecompressionBombError("huge"), Reason.IMAGE_TOO_MANY_PIXELS),
        (Image.DecompressionBombWarning("big"), Reason.IMAGE_TOO_MANY_PIXELS),
        (OSError("/etc/passwd"), Reason.IMAGE_TRUNCATED),
        (SyntaxError("broken PNG file"), Reason.IMAGE_TRUNCATED),
        (EOFError(), Reason.IMAGE_TRUNCATED),
        (struct.error("unpack requires"), Reason.IMAGE_TRUNCATED),
        (zlib.error("Error -3"), Reason.IMAGE_TRUNCATED),
        (ValueError("Decompressed data too large"), Reason.IMAGE_TRUNCATED),
        (RuntimeError("Failed to decode frame 0"), Reason.IMAGE_TRUNCATED),
        (KeyError("MPO"), Reason.IMAGE_DECODER_FAILED),
        (TypeError("0x7f"), Reason.IMAGE_DECODER_FAILED),
        (MemoryError(), Reason.IMAGE_DECODER_FAILED),
        (RecursionError(), Reason.IMAGE_TRUNCATED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_each_exception_has_one_reason(
    monkeypatch: pytest.MonkeyPatch, scene: Scene, encode: Encode, raised: Exception, reason: Reason
) -> None:
    """Whatever a decoder raises, its sender reads the catalogue's sentence and no more."""

    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(decoder, "_render", fail)
    with pytest.raises(InvalidInput) as refused:
        decode(encode(scene()))
    assert (reason, CATALOGUE[reason].meaning) == (refused.value.reason, refused.value.message)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_refusal_is_kept_as_it_is() -> None:
    """A reason that was already found is not overwritten."""
    refusal = InvalidInput(Reason.IMAGE_ZERO_SIZE)
    assert refusal is refusal_of(refusal)


def test_pillow_never_guesses_missing_data() -> None:
    """The switch that would show half a photo as a whole one stays off."""
    from PIL import ImageFile  # noqa: PLC0415

    assert not ImageFile.LOAD_TRUNCATED_IMAGES

"""What bytes are is told by their first bytes alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kioku_rt.images import IMAGE_TYPES, SNIFF_BYTES, is_video, sniff
from PIL import Image

Scene = Callable[..., Image.Image]
Encode = Callable[..., bytes]


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    """An ISO base media file type box."""
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body


def test_every_accepted_format_is_told_by_its_head(
    scene: Scene, encode: Encode, media_type: str
) -> None:
    """The first 64 bytes of a real file name its type."""
    assert media_type == sniff(encode(scene(), media_type)[:SNIFF_BYTES])


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (ftyp(b"avif", b"mif1"), "image/avif"),
        (ftyp(b"avis", b"msf1"), "image/avif"),
        (ftyp(b"mif1", b"avif", b"miaf"), "image/avif"),
        (ftyp(b"mif1", b"heic"), "image/heif"),
        (ftyp(b"heic", b"mif1"), "image/heif"),
        (ftyp(b"isom", b"iso2", b"avc1"), "video/mp4"),
        (ftyp(b"qt  "), "video/quicktime"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska", "video/x-matroska"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "video/x-msvideo"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
        ((b"G" + bytes(187)) * 5, "video/mp2t"),
        (bytes(4) + (b"G" + bytes(191)) * 5, "video/mp2t"),
        ((b"G" + bytes(187)) * 4, None),
        (b"GG", None),
        (b"MM\x00+\x00\x08\x00\x00", "image/tiff"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"%PDF-1.7", None),
        (b"%!PS-Adobe-3.0 EPSF-3.0", None),
        (b"PK\x03\x04", None),
        (b"\xff\xd8", None),
        (b"", None),
    ],
)
def test_heads(head: bytes, expected: str | None) -> None:
    """Brands decide among ISO files; documents, archives and stubs are nothing we know."""
    assert expected == sniff(head)


def test_images_and_videos_do_not_overlap() -> None:
    """A type is an accepted picture or a video, never both."""
    assert [] == [media_type for media_type in IMAGE_TYPES if is_video(media_type)]
    assert is_video("video/mp4")
    assert not is_video(None)

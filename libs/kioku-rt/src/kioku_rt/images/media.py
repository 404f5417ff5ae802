"""What bytes are, told by their first bytes alone and never by a name or a declared type."""

from __future__ import annotations

from typing import Final

SNIFF_BYTES: Final = 64
"""As many leading bytes as `sniff` needs for a picture, and for most videos."""
_PACKET: Final = 188
_SYNC: Final = 0x47

PILLOW_FORMATS: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
    "image/heif": "HEIF",
}
"""The accepted pictures: media type -> the one Pillow plugin that may open it."""

IMAGE_TYPES: Final = frozenset(PILLOW_FORMATS)

_PREFIXES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"BM", "image/bmp"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)
_VIDEO_BRANDS: Final = {b"qt  ": "video/quicktime"}


def sniff(head: bytes) -> str | None:
    """Media type of the file that starts with `head`, or None when it is none we know.

    Args:
        head: the first bytes of the file; 64 are enough for pictures, 1,000 for every video; fewer
            know less.

    Returns:
        One of `IMAGE_TYPES`, `video/mp4`, `video/quicktime`, `video/webm`, `video/x-matroska`,
        `video/x-msvideo`, `video/mp2t`, or None (text, SVG, PDF, PostScript, archives, others).
    """
    for prefix, media_type in _PREFIXES:
        if head.startswith(prefix):
            return media_type
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video/webm" if b"webm" in head[:SNIFF_BYTES] else "video/x-matroska"
    if head[4:8] == b"ftyp":
        return _base_media(head)
    return "video/mp2t" if _is_transport_stream(head) else None


def _is_transport_stream(head: bytes) -> bool:
    """Whether packets of 188 bytes (ISO/IEC 13818-1), or of 192 with a time code, follow."""
    for first, step in ((0, _PACKET), (4, _PACKET + 4)):
        marks = head[first : first + 4 * step + 1 : step]
        if len(marks) == 5 and set(marks) == {_SYNC}:  # five in a row are no chance
            return True
    return False


def is_video(media_type: str | None) -> bool:
    """Whether `media_type`, as `sniff` gave it, is a video."""
    return media_type is not None and media_type.startswith("video/")


def _base_media(head: bytes) -> str:
    """Tells the ISO base media files apart by major and compatible brands (ISO/IEC 14496-12)."""
    length = min(int.from_bytes(head[:4], "big"), SNIFF_BYTES)
    major = head[8:12]
    brands = {major, *(head[i : i + 4] for i in range(16, length, 4))}
    if major in _AVIF_BRANDS or (major in {b"mif1", b"msf1", b"miaf"} and brands & _AVIF_BRANDS):
        return "image/avif"
    if major in _HEIF_BRANDS:
        return "image/heif"
    return _VIDEO_BRANDS.get(major, "video/mp4")

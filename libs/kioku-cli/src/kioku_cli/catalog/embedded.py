"""Words that lie inside a picture's file: EXIF, IPTC and XMP, as far as they describe it.

Only the header is read; no pixel is decoded.
"""

from __future__ import annotations

import html
import re
import struct
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image, ImageFile, IptcImagePlugin

from kioku_cli.catalog.entry import Entry, Source, entry_of

_EXIF = {0x010E: "description"}
_WINDOWS = {0x9C9B: "title", 0x9C9C: "comment", 0x9C9E: "keywords", 0x9C9F: "subject"}
_IPTC = {(2, 5): "title", (2, 25): "keywords", (2, 120): "caption"}
_XMP = ("dc:subject", "dc:title", "dc:description")
_XMP_BYTES = 2**20
# What Pillow raises for a header that lies about itself.
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    struct.error,
    Image.DecompressionBombError,
)


def embedded_entry(path: Path) -> Entry:
    """What the file itself says; nothing where its header is broken."""
    fields: dict[str, list[str]] = {}
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            for name, text in (*_exif(image), *_iptc(image), *_xmp(image)):
                fields.setdefault(name, []).append(text)
    except _BROKEN:
        return Entry(Source.METADATA)
    return entry_of(Source.METADATA, fields)


def _exif(image: Image.Image) -> Iterable[tuple[str, str]]:
    tags = image.getexif()
    for number, name in _EXIF.items():
        if isinstance(text := tags.get(number), str):
            yield name, _clean(text)
    for number, name in _WINDOWS.items():
        if isinstance(raw := tags.get(number), bytes):
            yield name, _clean(raw.decode("utf-16-le", "ignore"))


def _iptc(image: Image.Image) -> Iterable[tuple[str, str]]:
    if not isinstance(image, ImageFile.ImageFile):
        return
    found: dict[tuple[int, int], Any] = IptcImagePlugin.getiptcinfo(image) or {}
    for number, name in _IPTC.items():
        values = found.get(number, [])
        for raw in values if isinstance(values, list) else [values]:
            yield name, _clean(raw.decode("utf-8", "ignore"))


def _xmp(image: Image.Image) -> Iterable[tuple[str, str]]:
    """Texts of three elements, found as text: nothing of the packet is parsed or expanded."""
    raw = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    packet = raw.decode("utf-8", "ignore") if isinstance(raw, bytes) else str(raw)
    for name in _XMP:
        for element in re.findall(rf"<{name}[ >].*?</{name}>", packet[:_XMP_BYTES], re.DOTALL):
            for text in re.findall(r"<rdf:li[^>]*>([^<]*)</rdf:li>", element):
                yield name, _clean(html.unescape(text))


def _clean(text: str) -> str:
    return text.replace("\x00", " ").strip()

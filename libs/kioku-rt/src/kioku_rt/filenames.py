"""Promise: of a file name only what a person meant by it; counters, dates and codes are left out.

`red-summer_dress02.JPG` gives `red`, `summer`, `dress`; `IMG_1234.jpg`, a UUID or a digest give
nothing.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

# What cameras, phones and messengers begin their names with; the digits behind it are a counter.
_NAMES = """
img image images pic picture photo foto dsc dscn dscf dcim dscim pxl mvi mov vid video gopr gp gh gx
dji imag mg cimg sam pano burst screenshot screen scan scanned whatsapp signal telegram untitled
unnamed copy fullsizerender wp hdr 写真 画像 動画 無題 名称未設定 スクリーンショット コピー
"""
_DEVICES = frozenset(_NAMES.split())
_UUID = re.compile(r"(?i)\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?")
_HEX = re.compile(r"(?i)(?=[0-9a-f]*\d)[0-9a-f]{7,}")
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")
_CHUNK = re.compile(r"[^\W_]+")
_PARTS = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\u3005\u30fc]+|\d+|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+"
)
_MOST_ALTERNATIONS = 2
_MOST_DIGITS = 4


def filename_words(filename: str) -> tuple[str, ...]:
    """The words of a file's name in their order, as they are written there; often none.

    Args:
        filename: with or without folders before it and an extension behind it.
    """
    stem = unicodedata.normalize("NFKC", re.split(r"[/\\]", filename)[-1])
    stem = _UUID.sub(" ", _EXTENSION.sub("", stem))
    chunks = [chunk for chunk in _CHUNK.findall(stem) if not _HEX.fullmatch(chunk)]
    parts = [_parts(chunk) for chunk in chunks]
    counted = any(part.casefold() in _DEVICES for found in parts for part in found)
    return tuple(part for found in parts for part in found if _says_something(part, counted))


def _parts(chunk: str) -> list[str]:
    """Words and numbers of a run without separators; none for a code such as `u1f553`."""
    parts = _PARTS.findall(chunk)
    changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(parts))
    if changes > _MOST_ALTERNATIONS:
        return []
    if changes and max(len(part) for part in parts if not part.isdigit()) == 1:
        return []  # `P1010001`, `a9`
    return parts


def _says_something(part: str, counted: bool) -> bool:
    if part.isdigit():
        return not counted and len(part) <= _MOST_DIGITS and not (part[0] == "0" and len(part) > 1)
    return part.casefold() not in _DEVICES

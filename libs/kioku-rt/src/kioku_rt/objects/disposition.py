"""The Content-Disposition of a download: always an attachment, its name safe in any header."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

_LONGEST = 120


def attachment(filename: str) -> str:
    """`attachment` with `filename` in both forms of RFC 6266, section 4.3 (RFC 8187 for UTF-8).

    Path parts, control characters and quotes are dropped; an empty name becomes `download`.
    """
    base = filename.replace("\\", "/").rsplit("/", 1)[-1]
    # format characters (category Cf) would let a name read backwards: "gpj.exe"
    visible = "".join(c for c in base if not unicodedata.category(c).startswith("C"))
    name = visible.strip(" .")[:_LONGEST] or "download"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = "".join("_" if c in '"\\%;' else c for c in plain).strip(" .") or "download"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

"""The day a picture was taken, as its camera wrote it (EXIF)."""

from __future__ import annotations

import io
from datetime import date, datetime

from PIL import ExifTags, Image

# Formats whose header Pillow reads by itself, without a decoder of somebody else's.
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
_TAKEN = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTime)
_EARLIEST = date(1980, 1, 1)


def taken_day(data: bytes) -> date | None:
    """The day, or None where nothing sound says one. Only the header is read."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            exif = picture.getexif()
            told = {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
    except Exception:  # noqa: BLE001 - whatever a broken header raises means: nothing is told
        return None
    for tag in _TAKEN:
        day = _day(told.get(tag))
        if day is not None:
            return day
    return None


def _day(told: object) -> date | None:
    """A camera whose clock was never set says 1980 or earlier, or zeros."""
    try:
        day = datetime.strptime(str(told)[:10], "%Y:%m:%d").date()  # noqa: DTZ007 - local, as told
    except ValueError:
        return None
    return day if day > _EARLIEST else None

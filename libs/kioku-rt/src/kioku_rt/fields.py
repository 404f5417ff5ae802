"""Promise: a request field that leaves here is inside its documented range, or it was refused.

What every service's requests have; each takes the value and the field's path and raises
InvalidInput with a stable reason.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

MAX_PAGE = 1000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SECOND = -62_135_596_800  # year 1
_LAST_SECOND = 253_402_300_799  # year 9999
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


def canonical_uuid(value: str, field: str) -> UUID:
    """The id, if it is a canonical lower-case UUID; ID_MALFORMED otherwise."""
    if not _UUID.fullmatch(value):
        raise InvalidInput(Reason.ID_MALFORMED, field=field)
    return UUID(value)


def page_size(value: int, *, default: int, field: str = "page_size") -> int:
    """Rows of a list's page: 0 means the default, more than 1000 means 1000."""
    if value < 0:
        raise InvalidInput(Reason.FIELD_INVALID, "The page size is negative.", field=field)
    return min(value or default, MAX_PAGE)


def checked_time(seconds: int, nanos: int, field: str) -> datetime:
    """The moment of a protobuf Timestamp, cut to microseconds; years 1 to 9999."""
    if not (_FIRST_SECOND <= seconds <= _LAST_SECOND and 0 <= nanos <= 999_999_999):
        raise InvalidInput(Reason.TIME_OUT_OF_RANGE, field=field)
    return _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)

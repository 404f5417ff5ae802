"""What a number can be in a date."""

from __future__ import annotations

import calendar

_LEAP = 2000


def is_month(value: int) -> bool:
    """1 to 12."""
    return 1 <= value <= 12


def is_day(value: int) -> bool:
    """1 to 31."""
    return 1 <= value <= 31


def is_day_of(month: int, day: int) -> bool:
    """Whether some year has it."""
    return is_month(month) and 1 <= day <= calendar.monthrange(_LEAP, month)[1]


def is_year(value: int) -> bool:
    """Four digits that a document may name."""
    return 1000 <= value <= 2999


def full_year(value: int) -> int:
    """Of two digits: 00 to 68 are 2000 to 2068, as POSIX has it."""
    return value + (2000 if value <= 68 else 1900)

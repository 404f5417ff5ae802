"""Wordings of days and times of day, so that what is written and what is true are one value."""

from __future__ import annotations

from datetime import date, datetime, timedelta

WEEKDAYS = "月火水木金土日"
_KANJI = "〇一二三四五六七八九"
_REIWA = 2018
SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONG = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def weekday(day: date) -> str:
    """`土`."""
    return WEEKDAYS[day.weekday()]


def short_weekday(day: date) -> str:
    """`Sat`."""
    return SHORT[day.weekday()]


def long_weekday(day: date) -> str:
    """`Saturday`."""
    return LONG[day.weekday()]


def month_name(day: date) -> str:
    """`May`."""
    return MONTHS[day.month - 1]


def kanji(number: int) -> str:
    """A number up to 99 in Japanese: `三十一`."""
    tens, ones = divmod(number, 10)
    head = ("" if tens == 1 else _KANJI[tens]) + "十" if tens else ""
    return head + (_KANJI[ones] if ones or not tens else "")


def reiwa(day: date) -> int:
    """The year of the era 令和."""
    return day.year - _REIWA


def japanese(day: date, brackets: str = "()") -> str:
    """`5月30日(土)`."""
    return f"{day.month}月{day.day}日{brackets[0]}{weekday(day)}{brackets[1]}"


def era(day: date) -> str:
    """`令和8年5月30日`."""
    return f"令和{reiwa(day)}年{day.month}月{day.day}日"


def era_kanji(day: date) -> str:
    """`令和八年五月三十日`."""
    return f"令和{kanji(reiwa(day))}年{kanji(day.month)}月{kanji(day.day)}日"


def slashed(day: date) -> str:
    """`5/30`."""
    return f"{day.month}/{day.day}"


def full_width(text: str) -> str:
    """Digits and colons in full width: `１０：００`."""
    return text.translate(
        {ord(a): ord(b) for a, b in zip("0123456789:", "０１２３４５６７８９：", strict=True)}
    )


def clock(moment: datetime) -> str:
    """`9:30`."""
    return f"{moment.hour}:{moment.minute:02d}"


def clock_ja(moment: datetime) -> str:
    """`9時30分`, `10時`."""
    return f"{moment.hour}時" + (f"{moment.minute}分" if moment.minute else "")


def half_day_ja(moment: datetime) -> str:
    """`午後1時30分`."""
    hour = moment.hour - 12 if moment.hour > 12 else moment.hour
    minutes = f"{moment.minute}分" if moment.minute else ""
    return f"{'午前' if moment.hour < 12 else '午後'}{hour}時{minutes}"


def clock_en(moment: datetime, am: str = "AM", pm: str = "PM", gap: str = " ") -> str:
    """`6:30 PM`, `7 PM`."""
    hour = (moment.hour - 1) % 12 + 1
    minutes = f":{moment.minute:02d}" if moment.minute else ""
    return f"{hour}{minutes}{gap}{am if moment.hour < 12 else pm}"


def ordinal(number: int) -> str:
    """`1st`, `22nd`, `13th`."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A local moment; hours from 24 on are of the next day."""
    return datetime(day.year, day.month, day.day) + timedelta(hours=hour, minutes=minute)  # noqa: DTZ001


def next_weekday(day: date, wanted: int) -> date:
    """The first day from `day` on that is a Monday (0) … Sunday (6)."""
    return day + timedelta(days=(wanted - day.weekday()) % 7)


def nth_weekday(year: int, month: int, wanted: int, nth: int) -> date:
    """The n-th Monday (0) … Sunday (6) of a month."""
    return next_weekday(date(year, month, 1), wanted) + timedelta(weeks=nth - 1)

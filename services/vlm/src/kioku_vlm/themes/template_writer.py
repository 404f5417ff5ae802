"""Words for a theme without a model: fixed sentences that read well, in Japanese and English.

Implements `Writer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kioku_vlm.themes.lexicon import JAPANESE
from kioku_vlm.themes.theme import ThemeFacts, Wording

_ALSO = 2
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_NUMBERS = ("", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


class TemplateWriter:
    """Fills fixed sentences."""

    model_version = ""

    async def write(self, facts: ThemeFacts, language: str) -> Wording:
        """Word a theme; never fails."""
        return japanese(facts) if language == JAPANESE else english(facts)


def japanese(facts: ThemeFacts) -> Wording:
    """「2024年4月の桜」 and its sentence."""
    month = _month_ja(facts)
    title = "の".join(part for part in (month, facts.name or "思い出") if part)
    taken = f"{_days_ja(facts)}に撮影した" if facts.first else ""
    what = f"{facts.name}の写真" if facts.name else "写真"
    count = f"{facts.pictures}枚" if facts.pictures > 1 else ""
    also = "と".join(facts.also[:_ALSO])
    end = f"で、{also}も写っています。" if also else "です。"
    return Wording(title, f"{taken}{what}{count}{end}")


def english(facts: ThemeFacts) -> Wording:
    """`Cherry blossoms, April 2024` and its sentence."""
    month = _month_en(facts)
    name = facts.name[:1].upper() + facts.name[1:] if facts.name else "Memories"
    title = ", ".join(part for part in (name, month) if part)
    phrases = facts.phrases or (facts.name, *facts.also)
    what = f" of {phrases[0]}" if facts.name else ""
    also = _joined(phrases[1 : 1 + _ALSO]) if facts.name else ""
    some = "" if not also else f", with {also}" if facts.pictures == 1 else f", some with {also}"
    return Wording(title, f"{_count_en(facts.pictures)}{what}{_days_en(facts)}{some}.")


def month_of(facts: ThemeFacts) -> tuple[int, int] | None:
    """Year and month, if all pictures with a date were taken in one."""
    if facts.first is None or facts.last is None:
        return None
    first, last = facts.first, facts.last
    return (first.year, first.month) if first.replace(day=1) == last.replace(day=1) else None


def english_month(month: int) -> str:
    """Its name."""
    return _MONTHS[month - 1]


def _month_ja(facts: ThemeFacts) -> str:
    month = month_of(facts)
    if month:
        return f"{month[0]}年{month[1]}月"
    if facts.first and facts.last:
        first, last = facts.first.year, facts.last.year
        return f"{first}年" if first == last else f"{first}年〜{last}年"
    return ""


def _month_en(facts: ThemeFacts) -> str:
    month = month_of(facts)
    if month:
        return f"{english_month(month[1])} {month[0]}"
    if facts.first and facts.last:
        first, last = facts.first.year, facts.last.year
        return f"{first}" if first == last else f"{first}–{last}"
    return ""


def _days_ja(facts: ThemeFacts) -> str:
    first, last = facts.first, facts.last
    if first is None or last is None:
        return ""
    whole = f"{first.year}年{first.month}月{first.day}日"
    if first == last:
        return whole
    if first.year != last.year:
        return f"{whole}から{last.year}年{last.month}月{last.day}日"
    if first.month != last.month:
        return f"{whole}から{last.month}月{last.day}日"
    return f"{whole}から{last.day}日"


def _days_en(facts: ThemeFacts) -> str:
    first, last = facts.first, facts.last
    if first is None or last is None:
        return ""
    if first == last:
        return f" taken on {_day_en(first)}"
    return f" taken between {_day_en(first)} and {_day_en(last)}"


def _day_en(day: date) -> str:
    return f"{day.day} {english_month(day.month)} {day.year}"


def _count_en(pictures: int) -> str:
    if pictures == 1:
        return "A picture"
    number = _NUMBERS[pictures] if pictures < len(_NUMBERS) else str(pictures)
    return f"{number} pictures"


def _joined(phrases: Sequence[str]) -> str:
    return " and ".join(phrases)

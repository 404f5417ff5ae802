"""Numbers written with Japanese characters and in English words."""

from __future__ import annotations

_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "元": 1, "○": 0, "正": 1}
_TENS = {"十": 10, "百": 100, "千": 1000}
_ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
_TEENS = "sixteen seventeen eighteen nineteen"
_DECADES = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty"}
_DECADES |= {70: "seventy", 80: "eighty", 90: "ninety"}
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_ORDINALS += " thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
NUMERALS = "〇一二三四五六七八九十百千零元廿"
"""Characters of which Japanese numbers are made."""


def kanji_number(text: str) -> int | None:
    """Value of a number in Japanese characters (二〇二六, 二十六); None where it is none."""
    text = text.replace("廿", "二十")
    if not text or any(c not in _DIGITS and c not in _TENS for c in text):
        return None
    if not any(c in _TENS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text)) if len(text) <= 4 else None
    return _named(text)


def _named(text: str) -> int:
    total, waiting = 0, 0
    for character in text:
        if character in _TENS:
            total += (waiting or 1) * _TENS[character]
            waiting = 0
        else:
            waiting = _DIGITS[character]
    return total + waiting


def english_cardinals() -> dict[str, int]:
    """Words of 1 to 99, with a space or a hyphen."""
    words = dict(zip((_ONES + " " + _TEENS).split(), range(1, 20), strict=True))
    ones = list(words.items())[:9]
    for value, decade in _DECADES.items():
        words[decade] = value
        for one, unit in ones:
            words[f"{decade} {one}"] = words[f"{decade}-{one}"] = value + unit
    return words | {f"{zero} {one}": unit for zero in ("zero", "oh") for one, unit in ones}


def english_ordinals() -> dict[str, int]:
    """Words of the days of a month, first to thirty-first."""
    words = dict(zip(_ORDINALS.split(), range(1, 20), strict=True))
    words |= {"twentieth": 20, "thirtieth": 30}
    for one, unit in list(words.items())[:9]:
        words[f"twenty {one}"] = words[f"twenty-{one}"] = 20 + unit
    return words | {"thirty first": 31, "thirty-first": 31}

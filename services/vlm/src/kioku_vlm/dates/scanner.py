"""From a folded text to lexical parts, one pass from left to right."""

from __future__ import annotations

import re
from collections.abc import Callable

from kioku_vlm.dates.folding import is_cjk
from kioku_vlm.dates.lexicon import Entry
from kioku_vlm.dates.lexicon_en import ENGLISH
from kioku_vlm.dates.lexicon_ja import ERA_LETTERS, JAPANESE, WEEKDAY_CHARACTERS
from kioku_vlm.dates.numerals import NUMERALS, kanji_number
from kioku_vlm.dates.opaque import opaque_end
from kioku_vlm.dates.tokens import Kind, Token

_SYMBOLS = {
    "\n": Kind.NEWLINE, "/": Kind.SLASH, ".": Kind.DOT, "-": Kind.DASH, "~": Kind.WAVE,
    "・": Kind.MIDDOT, ",": Kind.COMMA, "、": Kind.COMMA, ":": Kind.COLON, "&": Kind.AND,
    "→": Kind.WAVE, "+": Kind.AND,
}  # fmt: skip
_SYMBOLS |= dict.fromkeys("([【〔<「", Kind.OPEN) | dict.fromkeys(")]】〕>」", Kind.CLOSE)
_REST = r"(?:曜日?)?(?:[・,、/]?(?:祝日?|振替?休?日?|振休|休日?|祭日?)){0,2}"
_BRACKETED = re.compile(
    rf"[(\[【〔<「]([月火水木金土日]){_REST}(?:[)\]】〕>」]|(?![^\s\d・,、~-]))"
)
_HALF_BRACKET = re.compile(rf"([火水木金土日月]){_REST}[)\]】〕>](?!\w)")
_MARK = re.compile(r"[(\[【〔<](?:[^\s\d()\[\]]|祝日?|振休|休日?|振替休日)[)\]】〕>]")
_NUMERAL = re.compile(f"[{NUMERALS}]{{1,8}}")
_COUNTED = "年月日時分週ヶカかケヵ箇個営点半"
_WHILES = ("一時雨", "一時雪", "一時曇", "一時晴", "一時く", "一時間", "一時的")
_NUMBER = re.compile(r"\d{1,400}")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)(?![a-z])")
_LETTERS = re.compile(r"[a-z]{1,400}")
_KATAKANA = re.compile(r"[ァ-ヺー]{1,400}")


def scan(text: str) -> list[Token]:
    """All lexical parts of a folded text in their order, an END behind them."""
    tokens: list[Token] = []
    at, gap = 0, False
    while at < len(text):
        if text[at] == " ":
            at, gap = at + 1, True
            continue
        token = _next(text, at, tokens)
        tokens.append(token if not gap else _gapped(token))
        at, gap = token.end, False
    tokens.append(Token(Kind.END, len(text), len(text)))
    return tokens


def _gapped(token: Token) -> Token:
    return Token(token.kind, token.start, token.end, token.text, token.value, token.cue, gap=True)


def _next(text: str, at: int, before: list[Token]) -> Token:
    end = opaque_end(text, at)
    if end > at:
        return Token(Kind.OPAQUE, at, end, text[at:end])
    for read in _READERS:
        token = read(text, at, before)
        if token is not None:
            return token
    kind = _SYMBOLS.get(text[at], Kind.WORD)
    return Token(kind, at, at + 1, text[at])


def _weekday(text: str, at: int, before: list[Token]) -> Token | None:
    if text[at] in WEEKDAY_CHARACTERS:
        after_day = before and before[-1].kind in (Kind.DAY, Kind.NUMBER)
        found = _HALF_BRACKET.match(text, at) if after_day else None
    else:
        found = _BRACKETED.match(text, at) if text[at] in "([【〔<「" else None
    if found is None:
        return None
    value = WEEKDAY_CHARACTERS[found[1]]
    return Token(Kind.WEEKDAY, at, found.end(), found[0], value)


def _mark(text: str, at: int, before: list[Token]) -> Token | None:
    if text[at] not in "([【〔<" or not before:
        return None
    if before[-1].kind not in (Kind.DAY, Kind.NUMBER, Kind.ORDINAL, Kind.WEEKDAY):
        return None
    found = _MARK.match(text, at)
    return Token(Kind.MARK, at, found.end(), found[0]) if found else None


def _number(text: str, at: int, _before: list[Token]) -> Token | None:
    if not text[at].isdigit():
        return None
    found = _NUMBER.match(text, at)
    if found is None:
        return None
    suffix = _ORDINAL.match(text, found.end())
    kind, end = (Kind.ORDINAL, suffix.end()) if suffix else (Kind.NUMBER, found.end())
    value = int(found[0]) if len(found[0]) <= 8 else -1
    return Token(kind, at, end, found[0], value)


def _kanji_number(text: str, at: int, before: list[Token]) -> Token | None:
    found = _NUMERAL.match(text, at) if text[at] in NUMERALS else None
    if found is None:
        return None
    after = text[found.end() : found.end() + 1]
    nth = bool(before) and before[-1].kind is Kind.NTH
    dated = bool(before) and before[-1].kind is Kind.ERA
    hour = after == "時" and bool(before) and before[-1].kind is Kind.MERIDIEM
    value = kanji_number(found[0])
    counted = after != "" and after in _COUNTED
    if value is None or not (counted or nth or dated) or _is_name(text, at, hour=hour):
        return None
    return Token(Kind.NUMBER, at, found.end(), found[0], value)


def _is_name(text: str, at: int, *, hour: bool) -> bool:
    """四日市 is a town; 一時 is a while, but behind 午後 an hour."""
    entry = JAPANESE.match(text, at)
    if entry is None or entry.kind is not Kind.OPAQUE:
        return False
    return not hour or entry.words != "一時" or text[at : at + 3] in _WHILES


def _era_letter(text: str, at: int, _before: list[Token]) -> Token | None:
    first = ERA_LETTERS.get(text[at])
    joined = at and text[at - 1].isascii() and text[at - 1].isalnum()
    if first is None or joined:
        return None
    after = at + 2 if text[at + 1 : at + 2] == "." else at + 1
    if not text[after : after + 1].isdigit():
        return None
    return Token(Kind.ERA_LETTER, at, after, text[at:after], first)


def _english(text: str, at: int, _before: list[Token]) -> Token | None:
    if not "a" <= text[at] <= "z":
        return None
    entry = ENGLISH.match(text, at)
    if entry is not None:
        return _of(entry, at)
    found = _LETTERS.match(text, at)
    return Token(Kind.WORD, at, found.end(), found[0]) if found else None


def _japanese(text: str, at: int, _before: list[Token]) -> Token | None:
    if not is_cjk(text[at]):
        return None
    entry = JAPANESE.match(text, at)
    if entry is not None:
        return _of(entry, at)
    found = _KATAKANA.match(text, at)
    return Token(Kind.WORD, at, found.end(), found[0]) if found else None


def _of(entry: Entry, at: int) -> Token:
    end = at + len(entry.words)
    return Token(entry.kind, at, end, entry.words, entry.value, entry.cue)


_READERS: tuple[Callable[[str, int, list[Token]], Token | None], ...] = (
    _weekday,
    _mark,
    _number,
    _kanji_number,
    _era_letter,
    _english,
    _japanese,
)

"""Confusions that Tesseract is known for, mended where what stands around them proves it.

Each rule changes characters one for one, so that the boxes stay where they are.
"""

from __future__ import annotations

import re
from dataclasses import replace

from kioku_vlm.page import Line

# What was read, by the pattern it stands in; group 1 is what becomes of it.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # Between two times, days or numbers a wave dash is read as a syllable.
    (re.compile(r"(?<=[\d時分日月年）)])\s?([てーー一])\s?(?=\d|午前|午後|正午)"), "〜"),
    (re.compile(r"令([利知相])(?=[\s\d元一二三四五六七八九十])"), "和"),
    (re.compile(r"(?<=[日\d][(（])([AaB8Hh目])(?=[)）])"), "日"),
    (re.compile(r"(?<=[日\d][(（])([±士])(?=[・)）])"), "土"),
    (re.compile(r"(?<=[日\d][(（])([本])(?=[・)）])"), "木"),
    (re.compile(r"(?<=[日\d][(（])([全])(?=[・)）])"), "金"),
    (re.compile(r"(?<=\d)([Oo〇])(?=[:：\d])"), "0"),
    (re.compile(r"(?<=[:：])([Oo〇])(?=\d)"), "0"),
    (re.compile(r"(?<=\d)([Il|])(?=[:：\d月日時分])"), "1"),
    (re.compile(r"([連])(?=動会)"), "運"),
    (re.compile(r"([夕])(?=[ァ-ヶー])"), "タ"),
    (re.compile(r"(?<=[ァ-ヶ])([一])(?=[ァ-ヶー\s]|$)"), "ー"),
)


def repaired(line: Line) -> Line:
    """The line with what is certain put right; its length and boxes are the same."""
    text = line.text
    for pattern, right in _RULES:
        text = _replaced(text, pattern, right)
    return line if text == line.text else replace(line, text=text)


def _replaced(text: str, pattern: re.Pattern[str], right: str) -> str:
    characters = list(text)
    for match in pattern.finditer(text):
        characters[match.start(1)] = right
    return "".join(characters)

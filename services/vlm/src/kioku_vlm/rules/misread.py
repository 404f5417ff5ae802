"""Signs of days and times that readers of print take for others, put right for the rules alone.

Characters are replaced one for one, so that each still stands where it was read, and evidence
quotes what was read. A sign is replaced only where no other reading is a day or a time: between or
behind two clocks, behind a month and its day. `lost_waves` finds where a wave
dash was not read at all.
"""

from __future__ import annotations

import re

from kioku_vlm.dates.folding import is_cjk

_CLOCK = r"(?:[01]?\d|2\d)[:：][0-5]\d"
_WEEKDAYS = "月火水木金土日"
# What was read, and what it is; the first group is replaced.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # No hour has three digits: a rule of the table stands before it.
    (re.compile(r"(?<!\d)([1-9|])(?=[12]\d[:：][0-5]\d(?!\d))"), " "),
    (re.compile(r"(?<!\d)(?:[01]?\d|2\d)([i;!])(?=[0-5]\d(?!\w|\d))"), ":"),
    # A wave dash between two clocks, or at the end of a cell with one of them.
    (re.compile(rf"{_CLOCK}\s?([<＜て一ー])\s?(?={_CLOCK})"), "~"),
    (re.compile(rf"^\s*{_CLOCK}\s?([て一ー<])\s*$"), "~"),
    (re.compile(rf"^\s*([て一ー<])\s?(?={_CLOCK}\s*$)"), "~"),
    (re.compile(r"\d\s?月\s?\d{1,2}\s?([晶曰目昌甘旧])(?=\s*(?:[(（]|$))"), "日"),
    (re.compile(rf"\d\s?月\s?\d{{1,2}}\s?([^\s\d日])(?=[(（][{_WEEKDAYS}][)）])"), "日"),
    (re.compile(r"正(年)(?=まで|から|より|に|開|集|、|~|〜|$)"), "午"),
    # A dash within the number of a phone.
    (re.compile(r"(?<!\d)0\d{1,4}[-ー]\d{1,4}([~〜])(?=\d{4}(?!\d))"), "-"),
    (re.compile(r"(\\)(?=\s?\d)"), "¥"),
)
_MOMENT = re.compile(
    rf"(?P<clock>{_CLOCK}|\d{{1,2}}時(?:\d\d分|半)?)|"
    rf"(?P<day>\d{{1,2}}月\d{{1,2}}日(?:\([{_WEEKDAYS}]\))?|"
    rf"\d{{1,2}}/\d{{1,2}}\([{_WEEKDAYS}]\))|(?P<month>\d{{1,2}}月(?!\d{{1,2}}日))"
)
_UNOPENED = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}}[./月]\d{{1,2}}日?)\s?(?=[^\s\d()~、。・,{_WEEKDAYS}]\))"
)


def mended(text: str) -> str:
    """The text with such signs put right; as long as it was."""
    for pattern, right in _RULES:
        characters = list(text)
        for match in pattern.finditer(text):
            characters[match.start(1)] = right
        text = "".join(characters)
    return text


def lost_waves(text: str) -> tuple[int, ...]:
    """Where in a folded text two ends of a range stand side by side, nothing between them.

    The ends are two clocks, two days or two months, the later one behind; three are a list. Latin
    script is left alone: it writes lists without a sign.
    """
    if not any(map(is_cjk, text)):
        return ()
    pairs = (run for run in _runs(text) if len(run) == 2)
    return tuple(two.start() for one, two in pairs if _numbers(one) < _numbers(two))


def lost_brackets(text: str) -> tuple[int, ...]:
    """Where the bracket before a day's weekday was lost: 8.8中); a weekday itself needs none."""
    return tuple(match.end("day") for match in _UNOPENED.finditer(text))


def _runs(text: str) -> list[list[re.Match[str]]]:
    """Clocks, days or months that stand side by side."""
    runs: list[list[re.Match[str]]] = []
    for one in _MOMENT.finditer(text):
        last = runs[-1][-1] if runs else None
        beside = last is not None and not text[last.end() : one.start()].strip()
        if last is not None and beside and last.lastgroup == one.lastgroup:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _numbers(match: re.Match[str]) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"\d+", match[0]))

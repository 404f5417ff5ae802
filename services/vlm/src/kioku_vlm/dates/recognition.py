"""Which words are dates, times and recurrences: rules by the kind of their first token."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kioku_vlm.dates.clock_rules import times
from kioku_vlm.dates.continuing import continued, leading_days
from kioku_vlm.dates.english_days import english_day
from kioku_vlm.dates.japanese_days import japanese_day
from kioku_vlm.dates.numeric_days import numeric_after_weekday, numeric_day
from kioku_vlm.dates.recurrence_rules import recurring
from kioku_vlm.dates.relative_days import relative_day
from kioku_vlm.dates.shape import Found, Shape
from kioku_vlm.dates.tokens import Cursor, Kind, Token

Rule = Callable[[Cursor], Shape | None]

_RULES: dict[Kind, tuple[Rule, ...]] = {
    Kind.NUMBER: (
        times, recurring, relative_day, leading_days, japanese_day, numeric_day, english_day,
    ),
    Kind.NUMBER_WORD: (times, relative_day, english_day),
    Kind.ORDINAL: (recurring, leading_days, english_day),
    Kind.ORDINAL_WORD: (recurring, leading_days, english_day),
    Kind.LAST: (recurring, english_day, relative_day),
    Kind.THE: (recurring, english_day),
    Kind.NTH: (recurring, japanese_day),
    Kind.ERA: (japanese_day, numeric_day),
    Kind.ERA_LETTER: (japanese_day, numeric_day),
    Kind.LUNAR: (japanese_day,),
    Kind.RELATIVE_YEAR: (japanese_day,),
    Kind.RELATIVE_MONTH: (japanese_day,),
    Kind.MONTH_NAME: (english_day,),
    Kind.PART: (english_day,),
    Kind.WEEKDAY: (numeric_after_weekday, english_day, recurring, relative_day),
    Kind.WEEKDAYS: (recurring,),
    Kind.DAY_KIND: (recurring,),
    Kind.EVERY: (recurring,),
    Kind.ALTERNATE: (recurring,),
    Kind.RELATIVE_DAY: (relative_day,),
    Kind.FOLLOWING_DAY: (times, relative_day),
    Kind.WEEK: (relative_day,),
    Kind.WEEKEND: (relative_day,),
    Kind.NEXT: (relative_day,),
    Kind.THIS: (relative_day,),
    Kind.NOW: (relative_day,),
    Kind.AGO: (relative_day,),
    Kind.WITHIN: (relative_day,),
    Kind.OF: (relative_day,),
    Kind.FROM: (times,),
    Kind.WAVE: (times,),
    Kind.ABOUT: (times,),
    Kind.MERIDIEM: (times,),
    Kind.NOON: (times,),
    Kind.HALF: (times,),
    Kind.PAST: (times,),
    Kind.TO_HOUR: (times,),
}  # fmt: skip


def recognise(tokens: Sequence[Token], *, japanese: bool) -> list[Found]:
    """What the words say, in their order, none within another.

    Every rule reads a bounded number of tokens ahead or steps over what it read, so that the
    whole takes time linear in the number of tokens.
    """
    cursor = Cursor(tokens, japanese=japanese)
    found: list[Found] = []
    at = 0
    while tokens[at].kind is not Kind.END:
        first = _at(cursor, at)
        if first is None:
            at += 1
            continue
        found.extend(continued(cursor, first))
        at = max(cursor.at, first.end)
    return found


def _at(cursor: Cursor, at: int) -> Found | None:
    for rule in _RULES.get(cursor.tokens[at].kind, ()):
        cursor.at = at
        shape = rule(cursor)
        if shape is not None and cursor.at > at:
            return Found(at, cursor.at, shape)
    return None

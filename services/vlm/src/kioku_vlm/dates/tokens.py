"""Lexical parts of a text, and a place to read them from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from kioku_vlm.dates.moment import Cue


class Kind(Enum):
    """What a lexical part is."""

    NUMBER = auto()
    NUMBER_WORD = auto()  # three, 数
    ORDINAL = auto()  # 3rd
    ORDINAL_WORD = auto()  # third
    NTH = auto()  # 第
    YEAR = auto()  # 年
    FISCAL = auto()  # 年度
    MONTH = auto()  # 月
    DAY = auto()  # 日
    DAY_OF_MANY = auto()  # 日目
    HOUR = auto()  # 時
    MINUTE = auto()
    SECOND = auto()
    HALF = auto()  # 半
    ERA = auto()
    ERA_LETTER = auto()
    MONTH_NAME = auto()
    WEEKDAY = auto()
    WEEKDAYS = auto()  # Mondays: every one of them
    DAY_KIND = auto()  # 平日, weekdays: BYDAY in `text`
    MARK = auto()  # (祝), or a weekday that could not be read
    RELATIVE_DAY = auto()
    FOLLOWING_DAY = auto()  # 翌日: counted from the day named before
    WEEK = auto()  # 来週, next week
    WEEKEND = auto()
    RELATIVE_MONTH = auto()
    RELATIVE_YEAR = auto()
    NEXT = auto()
    THIS = auto()
    LAST = auto()
    UNIT = auto()  # value: see `Unit`
    SPACE_OF_TIME = auto()  # 日間
    AFTER = auto()
    AGO = auto()
    AHEAD = auto()  # 先
    WITHIN = auto()  # in (two weeks)
    NOW = auto()  # 今から, from now
    EVERY = auto()
    ALTERNATE = auto()  # 隔, every other
    APART = auto()  # (3週間)ごと
    EXCEPT = auto()
    RESTS = auto()  # は休み
    HOLIDAY = auto()
    PART = auto()  # 上旬, mid-
    LUNAR = auto()
    MERIDIEM = auto()  # value: see `Meridiem`
    NOON = auto()
    O_CLOCK = auto()
    PAST = auto()  # half past
    TO_HOUR = auto()  # quarter to
    ABOUT = auto()
    FROM = auto()
    TILL = auto()
    ON = auto()  # words after which a bare pair of numbers is a date
    OF = auto()  # の, of
    THE = auto()
    AND = auto()
    CUE = auto()
    SALUTATION = auto()
    NEVER = auto()  # words that make a number beside them no date
    SLASH = auto()
    DOT = auto()
    DASH = auto()
    WAVE = auto()
    MIDDOT = auto()
    COMMA = auto()
    COLON = auto()
    OPEN = auto()
    CLOSE = auto()
    NEWLINE = auto()
    OPAQUE = auto()  # phones, prices, addresses: never looked into
    WORD = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One lexical part.

    Attributes:
        kind: what it is.
        start: its first character in the folded text.
        end: the one after its last.
        text: its characters.
        value: what it stands for.
        cue: for words that say what a moment is.
        gap: whether a space stands before it.
    """

    kind: Kind
    start: int
    end: int
    text: str = ""
    value: int = 0
    cue: Cue = Cue.NONE
    gap: bool = False


class Cursor:
    """A place in a sequence of tokens that rules read from and step forward.

    A rule that finds nothing may leave it anywhere: whoever tries rules puts it back.
    """

    def __init__(self, tokens: Sequence[Token], *, japanese: bool = False) -> None:
        self.tokens = tokens
        self.japanese = japanese
        """The text is Japanese: month before day, two digits before them a year."""
        self.at = 0

    def look(self, ahead: int = 0) -> Token:
        """The token `ahead` of the place; beyond either end, one of kind END."""
        at = self.at + ahead
        return self.tokens[at] if 0 <= at < len(self.tokens) else self.tokens[-1]

    def sees(self, *kinds: Kind) -> bool:
        """Whether the next tokens are of these kinds, in this order."""
        return all(self.look(ahead).kind is kind for ahead, kind in enumerate(kinds))

    def take(self, *kinds: Kind) -> Token | None:
        """The next token if it is of one of the kinds; the place moves behind it."""
        token = self.look()
        if token.kind not in kinds:
            return None
        self.at += 1
        return token

    def take_tight(self, *kinds: Kind) -> Token | None:
        """The same, with no space before it."""
        return None if self.look().gap else self.take(*kinds)

"""English words of dates, times and what happens then."""

from __future__ import annotations

from kioku_vlm.dates.lexicon import Entry, Lexicon, Meridiem, Unit, cues, entries, plain
from kioku_vlm.dates.moment import Cue
from kioku_vlm.dates.numerals import english_cardinals, english_ordinals
from kioku_vlm.dates.tokens import Kind

_MONTHS = "january february march april may june july august september october november december"
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_MONTH_NAMES = {name: n for n, name in enumerate(_MONTHS.split(), 1)}
_MONTH_NAMES |= {name[:3]: n for name, n in _MONTH_NAMES.items()} | {"sept": 9}
_WEEKDAYS = {name: n for n, name in enumerate(_DAYS.split())}
_WEEKDAYS |= {name[:3]: n for name, n in _WEEKDAYS.items()}
_WEEKDAYS |= {"tues": 1, "weds": 2, "thur": 3, "thurs": 3}
_RELATIVE_DAYS = {
    "today": 0, "tonight": 0, "tonite": 0, "this day": 0, "the day": 0, "tomorrow": 1, "tmrw": 1,
    "tmr": 1, "tomorow": 1, "the next day": 1, "next day": 1, "the following day": 1,
    "the day after tomorrow": 2, "day after tomorrow": 2, "the day after tmrw": 2,
    "day after tmrw": 2, "yesterday": -1, "the day before yesterday": -2,
    "day before yesterday": -2, "past day": -1, "last day": -1, "the last day": -1,
    "previous day": -1, "the previous day": -1, "current day": 0,
}  # fmt: skip
_WEEKS = {"next week": 1, "this week": 0, "last week": -1, "the following week": 1}
_WEEKS |= {"coming week": 1, "previous week": -1, "current week": 0, "the week": 0}
_RELATIVE_MONTHS = {"next month": 1, "this month": 0, "last month": -1, "previous month": -1}
_RELATIVE_MONTHS |= {"the month": 0, "current month": 0, "following month": 1, "coming month": 1}
_RELATIVE_YEARS = {"next year": 1, "this year": 0, "last year": -1, "previous year": -1}
_UNITS = {"day": 1, "days": 1, "week": 2, "weeks": 2, "month": 3, "months": 3, "year": 4}
_UNITS |= {"years": 4, "fortnight": 2, "business day": 5, "business days": 5, "working days": 5}
_PARTS = {"early": 1, "mid": 2, "mid-": 2, "middle of": 2, "the middle of": 2, "late": 3}
_PARTS |= {"end of": 4, "the end of": 4, "beginning of": 1, "the beginning of": 1, "start of": 1}
_MERIDIEMS = {
    "am": Meridiem.AM, "a.m.": Meridiem.AM, "a.m": Meridiem.AM, "a m": Meridiem.AM,
    "ampm": Meridiem.AM, "a. m.": Meridiem.AM, "pm": Meridiem.PM, "p.m.": Meridiem.PM,
    "p.m": Meridiem.PM, "p m": Meridiem.PM, "p. m.": Meridiem.PM,
    "in the morning": Meridiem.MORNING, "in the afternoon": Meridiem.PM,
    "in the evening": Meridiem.PM, "at night": Meridiem.NIGHT, "in the night": Meridiem.PM,
    "afternoon": Meridiem.PM, "evening": Meridiem.PM, "morning": Meridiem.MORNING,
}  # fmt: skip
_DAILY = "every day|each day|daily|everyday|every morning|every night|every evening|mornings"
_DAILY += "|each morning|each night|nightly|every afternoon"
_TIME = [
    *entries(Kind.MONTH_NAME, _MONTH_NAMES),
    *entries(Kind.WEEKDAY, _WEEKDAYS),
    *entries(Kind.WEEKDAYS, {f"{name}s": n for name, n in _WEEKDAYS.items() if len(name) > 5}),
    *plain(Kind.DAY_KIND, "weekdays|every weekday", 0b0011111),
    *plain(Kind.DAY_KIND, "weekends", 0b1100000),
    *entries(Kind.DAY_KIND, {"mon-fri": 0b0011111, "monday to friday": 0b0011111}),
    *entries(Kind.DAY_KIND, {"monday-friday": 0b0011111, "mon - fri": 0b0011111}),
    *entries(Kind.DAY_KIND, {"monday through friday": 0b0011111, "every weekend": 0b1100000}),
    *entries(Kind.RELATIVE_DAY, _RELATIVE_DAYS),
    *entries(Kind.FOLLOWING_DAY, {"the day after": 1, "the day before": -1, "same day": 0}),
    *entries(Kind.WEEK, _WEEKS),
    *plain(Kind.WEEKEND, "this weekend|the weekend|weekend", 0),
    *plain(Kind.WEEKEND, "next weekend", 1),
    *plain(Kind.WEEKEND, "last weekend", -1),
    *entries(Kind.RELATIVE_MONTH, _RELATIVE_MONTHS),
    *entries(Kind.RELATIVE_YEAR, _RELATIVE_YEARS),
    *plain(Kind.NEXT, "next|the next|upcoming", 1),
    *plain(Kind.THIS, "this|coming|this coming|the coming|current", 0),
    *plain(Kind.LAST, "last|past|previous|this past", -1),
    *entries(Kind.PART, _PARTS),
    *plain(Kind.HOLIDAY, "holidays|public holidays|bank holidays|national holidays|holiday"),
]  # fmt: skip
_STRETCHES = [
    *entries(Kind.UNIT, _UNITS),
    *plain(Kind.NUMBER_WORD, "a|an", 1),
    *plain(Kind.NUMBER_WORD, "a few|few|several", 3),
    *plain(Kind.NUMBER_WORD, "a couple of|a couple|couple of", 2),
    *plain(Kind.AFTER, "later|after|from|hence|after|from now|from today"),
    *plain(Kind.AGO, "ago|before|earlier|back"),
    *plain(Kind.WITHIN, "in|within"),
    *plain(Kind.NOW, "now"),
    *entries(Kind.NUMBER_WORD, english_cardinals()),
    *plain(Kind.NUMBER_WORD, "two thousand|two thousand and", 2000),
    *entries(Kind.ORDINAL_WORD, english_ordinals()),
    Entry("last", Kind.LAST, -1),
    *plain(Kind.EVERY, _DAILY, Unit.DAYS),
    *plain(Kind.EVERY, "weekly|every week|each week", Unit.WEEKS),
    *plain(Kind.EVERY,
        "monthly|every month|each month|of the month|of every month|of each month"
    , Unit.MONTHS),
    *plain(Kind.EVERY, "yearly|annually|annual|every year|each year", Unit.YEARS),
    *plain(Kind.EVERY, "every|each"),
    *plain(Kind.ALTERNATE, "biweekly|bi-weekly|fortnightly", Unit.WEEKS),
    *plain(Kind.ALTERNATE, "every other|every second|alternate|alternating"),
    *plain(Kind.EXCEPT, "except|excluding|except on|except for|not on|excl"),
    *plain(Kind.RESTS,
        "no class|no classes|no session|no sessions|no meeting|no meetings|no school"
    ),
]  # fmt: skip
_CLOCKS = [
    *entries(Kind.MERIDIEM, _MERIDIEMS),
    *plain(Kind.NOON, "noon|midday|mid day|noonish|12 noon|mid-day", 720),
    *plain(Kind.NOON, "midnight|mid night|mid-night", 0),
    *plain(Kind.O_CLOCK, "o'clock|oclock|o clock|sharp"),
    *plain(Kind.HALF, "half past|half-past", 30),
    *plain(Kind.PAST, "quarter past|a quarter past|quarter after", 15),
    *plain(Kind.PAST, "past|mins past|minutes past"),
    *plain(Kind.TO_HOUR, "quarter to|a quarter to|quarter of", 15),
    *plain(Kind.HOUR, "h|hrs|hr"),
    *plain(Kind.ABOUT, "about|around|circa|approximately|ish|-ish"),
]
_JOINTS = [
    *plain(Kind.FROM, "from|between"),
    *plain(Kind.TILL, "to|until|till|through|thru|'til|til"),
    *plain(Kind.ON, "on|at|starting|beginning|dated|date"),
    *plain(Kind.OF, "of|of the"),
    *plain(Kind.THE, "the"),
    *plain(Kind.AND, "and|&|or"),
]
_CUES = [
    *cues(Cue.DOORS, "open|doors|doors open|door opens|doors at|doors open at"),
    *cues(Cue.START,
        "starts|start|begins|starting|show|showtime|show starts|kick-off|kickoff|kicks off|"
        "starts at|start time|commences|opens|departs"
    ),
    *cues(Cue.END,
        "ends|end|finish|finishes|closes|ends at|finishes at|concludes|end time|arrives"
    ),
    *cues(Cue.RECEPTION, "check-in|check in|registration|sign-in|registration opens"),
    *cues(Cue.GATHERING, "meet|meet at|assemble|gather|meeting time|meet up"),
    *cues(Cue.LAST_ENTRY, "last entry|last admission|last orders|last call"),
    *cues(Cue.DEADLINE,
        "deadline|due|due by|rsvp|rsvp by|by|no later than|apply by|register by|reply by|"
        "return by|submit by|closing date|entries close|applications close|sign up by|before"
    ),
    *cues(Cue.CLOSED, "closed|closed on|no school|holiday closure|will be closed|office closed"),
    *cues(Cue.ISSUED, "issued|published|date of issue|issue date|posted|posted on|posted:|sent"),
    *cues(Cue.RELEASED,
        "on sale|release|released|releases|out now|available from|on sale from|launches|"
        "tickets on sale"
    ),
]  # fmt: skip
_SALUTATIONS = plain(Kind.SALUTATION, "dear|to whom it may concern|to all parents|to all residents")
_NEVER = [
    *plain(Kind.NEVER,
        "version|release v|score|ratio|model|chapter|figure|fig|section|room|lot|grade|build|"
        "size"
    ),
    *plain(Kind.OPAQUE, "may be|may not|may have|may also|may use|may contain|may include|may i"),
    *plain(Kind.OPAQUE,
        "second hand|second-hand|first aid|first class|first come|first served|first floor|"
        "second floor|third floor|first time|second time|third party|first name|last name|"
        "at first|24/7"
    ),
    *plain(Kind.OPAQUE,
        "one day|some day|every one|sunday school|sun hat|sun cream|sunscreen|good morning|"
        "good evening|one of|day care"
    ),
]  # fmt: skip

ENGLISH = Lexicon(
    [*_NEVER, *_CUES, *_TIME, *_CLOCKS, *_STRETCHES, *_JOINTS, *_SALUTATIONS], letters=True
)

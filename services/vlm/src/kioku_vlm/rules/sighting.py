"""Moments where they stand in a document, and what the words around make of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from kioku_vlm.dates.moment import Cue, Moment
from kioku_vlm.rules.labels import Label, Role, labels_in
from kioku_vlm.rules.strip import CELL_BREAK, Strip
from kioku_vlm.rules.traits import Trait, traits_of

Find = Callable[[str], tuple[Moment, ...]]
"""The moments of a text, in its order."""


class Nature(StrEnum):
    """What a moment is to the document."""

    EVENT = "EVENT"
    DEADLINE = "DEADLINE"
    CLOSED = "CLOSED"
    NOTICE = "NOTICE"
    ISSUED = "ISSUED"
    CLOCK = "CLOCK"
    """A time of day without a day."""
    ASIDE = "ASIDE"
    """A day on which nothing is announced: a spare day, last year's, a birthday."""


@dataclass(frozen=True)
class Sighting:
    """A moment in a strip.

    Attributes:
        strip: where it stands.
        moment: spans count in the strip's text.
        nature: what it is to the document.
        label: the label that it is the value of.
    """

    strip: Strip
    moment: Moment
    nature: Nature
    label: Label | None = None

    @property
    def span(self) -> tuple[int, int]:
        """In the strip's text."""
        return self.moment.span


_BY_CUE = {
    Cue.DEADLINE: Nature.DEADLINE,
    Cue.CLOSED: Nature.CLOSED,
    Cue.ISSUED: Nature.ISSUED,
    Cue.RELEASED: Nature.NOTICE,
}
_BY_ROLE = {
    Role.DEADLINE: Nature.DEADLINE,
    Role.CLOSED: Nature.CLOSED,
    Role.ISSUED: Nature.ISSUED,
    Role.SPARE: Nature.ASIDE,
}
# What the finder of moments gives a word for a time of day by itself.
_WORD = 0.5
_DEADLINE_AFTER = re.compile(
    r"^\s*(?:\([^)]*\)\s*)?(?:\d{1,2}[:時]\d{0,2}分?\s*)?(?:必着|消印|締切|締め切り|〆切|"
    r"しめきり|厳守|が?(?:期限|締切)|"
    r"まで(?:に|の?(?:申|お申|提出|返信|回答|応募|予約|ご|お))|までとさせ)|^\s*(?:deadline|is "
    r"the deadline)", re.I
)  # fmt: skip
_DEADLINE_BEFORE = re.compile(
    r"(?:締切|締め切り|〆切|しめきり|期限)(?:は|日は|:|\s)*$|\b(?:by|before|no later than|not "
    r"later than|until|due|due on|due by|"
    r"deadline(?: is)?:?|closes?(?: on)?|close on|closing|ends on)\s*(?:the\s)?$", re.I
)  # fmt: skip
_ASKS = re.compile(
    r"申し?込|提出|返信|回答|応募|予約|納入|振込|支払|お知らせください|ご連絡|出欠|エントリー|"
    r"募集|登録|返却|持参|記入|"
    r"\b(?:rsvp|repl(?:y|ies)|register|registration|sign[ -]?up|apply|applications?|submit|"
    r"submissions?|return|book|bookings?|"
    r"entries|entry|enter|pay|payments?|order|orders|confirm|respond|let (?:me|us|them) know|"
    r"nominations?|forms?|due|"
    r"deadline|purchase|tickets?)\b", re.I
)  # fmt: skip
_ASIDE_AFTER = re.compile(
    r"^[\s(]*(?:から.{2,24}(?:に|へ)(?:変更|延期|移動|振り?替え)|に?順延|へ?順延|に延期|現在|生まれ|生\b|創業|設立|創立|以来|改訂|改定|付け|"
    r"時点|撮影|作成|更新|"
    r"予備日|を予備日|(?:より|から)(?:は)?(?:通常|平常|再開))"
)
_ASIDE_BEFORE = re.compile(
    r"(?:順延|予備日|延期|雨天|荒天|前回|昨年|去年|昨年度|創業|創立|設立|生年月日|撮影日?|"
    r"購入日?|発券日?|注文日?|"
    r"製造(?:日|年月日)?|お届け(?:日時?)?|配達日時?|発送日?|受診日|採血日|印刷|"
    r"更新日?|有効期限|賞味期限|消費期限|"
    r"rain date|postponed|originally|purchased|ordered|booked on|last year|since|est\.?|"
    r"established|founded|copyright|©|"
    r"\(c\)|born|"
    r"updated|revised|version|valid (?:until|thru|through)|expires?|exp\.?|best before|"
    r"photo(?:graphed)?)[^。.]{0,12}$", re.I
)  # fmt: skip
_NOTICE = re.compile(
    r"発売|販売開始|申込開始|受付開始|募集開始|予約開始|配信開始|公開|リリース|から受付|"
    r"より受付|締結|発表|"
    r"on sale|(?:registration|bookings?|applications?|box office|entries) opens?|released?\b|"
    r"available from", re.I
)  # fmt: skip
_MOVED_AFTER = re.compile(
    r"\s*(?:に|へ)(?:日程を?)?(?:変更|延期|移動|振り?替え|繰り?下げ|繰り?上げ)"
)
# Counted from a day that is told elsewhere: the day before the visit, not before today.
_COUNTED = re.compile(r"(?:前々?日|当日|翌日|\d+日前)")
_OFF = re.compile(r"中止(?:に|と|します|いたし|致し|です|となり|しました)")
_IF = re.compile(r"雨|荒天|悪天|場合|台風|警報|(?:とき|時)は")
# A road that is closed to cars is open to what happens there.
_PASSAGE = re.compile(r"closed to (?:cars|traffic|vehicles)|通行止|歩行者天国", re.IGNORECASE)
_CLOSED = re.compile(
    r"休館|休診|休業|休園|休校|(?<![春夏秋冬昼])休み|定休|臨時休|\bclosed\b|\bno school\b", re.I
)
# (8月はお休み) behind a range: it is that month that rests, not the range.
_RESTS_WITHIN = re.compile(
    r"^\s*\([^)]{0,12}(?:\d{1,2}[月日]|曜日?|祝日?|盆|年末年始)[^)]{0,4}(?:休み|休講|休館|除く)"
)


def sightings_of(strip: Strip, find: Find) -> tuple[Sighting, ...]:
    """All moments of a strip, each with what it is."""
    labels = labels_in(strip.text)
    found = [
        moment
        for moment in _within_cells(strip, find)
        if not _only_a_word(moment) and not _in_label(moment, labels)
    ]
    return tuple(_sighting(strip, moment, labels) for moment in found)


def _within_cells(strip: Strip, find: Find) -> tuple[Moment, ...]:
    """Moments of a strip; a range of times that runs into the next cell is none."""
    found = find(strip.text)
    ends = [end for _, _, end in strip.cells[:-1]] if strip.lines == 1 else []
    spans = [clock.span for moment in found for clock in moment.clocks]
    if any(start < end < stop for start, stop in spans for end in ends):
        return find(strip.text.replace(CELL_BREAK, "¦ "))
    return found


def _in_label(moment: Moment, labels: tuple[Label, ...]) -> bool:
    """Whether a label's number and words were taken for a day: 「1 日 時」."""
    return any(label.start < moment.span[1] and moment.span[0] < label.end for label in labels)


def _only_a_word(moment: Moment) -> bool:
    """Words that say a time only in passing: an annual fair, Midnight Strings."""
    vague = moment.start is None and not re.search(r"[\d一二三四五六七八九十]", moment.raw)
    return vague and ("YEARLY" in moment.rrule or (not moment.rrule and moment.confidence <= _WORD))


def _sighting(strip: Strip, moment: Moment, labels: tuple[Label, ...]) -> Sighting:
    moment = _moved(strip, moment)
    label = _label_before(labels, moment.span[0])
    return Sighting(strip, moment, _nature(strip, moment, label), label)


def _moved(strip: Strip, moment: Moment) -> Moment:
    """Of "from the 2nd to the 9th" in a notice of a change only the second day."""
    if moment.end is None or not _MOVED_AFTER.match(strip.text[moment.span[1] :]):
        return moment
    return replace(moment, start=moment.end, end=None)


def _label_before(labels: tuple[Label, ...], position: int) -> Label | None:
    before = [label for label in labels if label.end <= position + 1]
    return before[-1] if before else None


def _nature(strip: Strip, moment: Moment, label: Label | None) -> Nature:
    if moment.start is None and not moment.rrule:
        return Nature.CLOCK
    before, after = _around(strip, moment)
    if _in_passing(moment, before, after):
        return Nature.ASIDE
    role = label.role if label else None
    if role in (Role.CONTACT, Role.ACCESS) or _standing(strip, moment):
        return Nature.ASIDE
    if role in _BY_ROLE:
        return _BY_ROLE[role]
    column = Role(strip.roles[at]) if (at := strip.cell_at(moment.span[0])) in strip.roles else None
    if column in _BY_ROLE:
        return _BY_ROLE[column]
    return _by_words(moment, before, after, role)


def _in_passing(moment: Moment, before: str, after: str) -> bool:
    """Whether the words around say that nothing happens on that day."""
    off = _OFF.search(after) and not _IF.search(before + after)
    around = _ASIDE_BEFORE.search(before) or _ASIDE_AFTER.match(after)
    return bool(around or off or _COUNTED.match(moment.raw))


def _standing(strip: Strip, moment: Moment) -> bool:
    """Every day or every weekday in passing, or when a telephone is answered."""
    if not moment.rrule or moment.start is not None:
        return False
    daily = "DAILY" in moment.rrule or moment.rrule.count(",") >= 4
    return (daily and not moment.clocks) or Trait.PHONE in traits_of(strip.text)


def _by_words(moment: Moment, before: str, after: str, role: Role | None) -> Nature:
    if moment.end is not None and _RESTS_WITHIN.match(after):
        return Nature.EVENT
    if role is Role.WHEN and not _DEADLINE_AFTER.match(after):
        return Nature.EVENT
    if _NOTICE.search(before[-14:]) or _NOTICE.search(after[:14]):
        return Nature.NOTICE
    printed = moment.cue is Cue.ISSUED and "再発行" in after
    if moment.cue in _BY_CUE and not printed and not _PASSAGE.search(before):
        return _BY_CUE[moment.cue]
    if _due(before, after, role):
        return Nature.DEADLINE
    closed = _CLOSED.search(before[-10:]) or _CLOSED.search(after[:12])
    return Nature.CLOSED if closed else Nature.EVENT


def _due(before: str, after: str, role: Role | None) -> bool:
    """Whether something is asked for by that day."""
    asked = _ASKS.search(before + after) or role is Role.APPLY
    until = _DEADLINE_BEFORE.search(before) or after.startswith("まで")
    return bool(_DEADLINE_AFTER.match(after) or (asked and until))


def _around(strip: Strip, moment: Moment) -> tuple[str, str]:
    """The words of the same sentence before and behind a moment."""
    start, end = moment.span
    before = re.split(r"。|[.!?]\s|※", strip.text[:start])[-1]
    return before, re.split(r"。|[.!?](?:\s|$)|※", strip.text[end:])[0]

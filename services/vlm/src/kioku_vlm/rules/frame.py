"""What holds for a whole document: its own date, its year, its language, who wrote it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kioku_vlm.dates.moment import Anchor, Moment
from kioku_vlm.rules.labels import Role, labels_in, value_of
from kioku_vlm.rules.passage import EMPTY, Passage
from kioku_vlm.rules.strip import Strip
from kioku_vlm.rules.traits import Trait, traits_of
from kioku_vlm.schedule_facts import Circumstances

_ERAS = {"令和": 2018, "平成": 1988}
_FISCAL = re.compile(r"(?:(20\d\d)|(令和|平成)\s?(\d{1,2}|元))\s?年度")
_YEAR = re.compile(r"(?<![\d.])(20[0-4]\d)(?![\d円])(?:\s?年(?!度))?")
_ERA_YEAR = re.compile(r"(令和|平成)\s?(\d{1,2}|元)\s?年(?!度)")
_NUMERIC = re.compile(r"(?<![\d/.])(\d{1,2})([/.])(\d{1,2})\2(?:20)?\d\d(?![\d/])")
_BRITISH = re.compile(
    r"£|\b[A-Z]{1,2}\d[\dA-Z]? \d[A-Z]{2}\b|\b(?:colour|centre|organis|theatre)\w*", re.I
)
_AMERICAN = re.compile(r"\(\d{3}\)\s?\d{3}-\d{4}|,\s?[A-Z]{2} \d{5}\b")
_ISSUED = re.compile(r"\s*\(?(?:発行|付け|issued?\b|sent\b|posted\b)", re.IGNORECASE)
_KANA = re.compile(r"[ぁ-んァ-ヶ一-龠]")


@dataclass(frozen=True)
class Frame:
    """The document as a whole.

    Attributes:
        language: `ja`, `en` or empty.
        anchor: what its dates are resolved by.
        issued: the strip that holds its own date, or None.
        organisation: who wrote it; empty where nobody is named.
    """

    language: str
    anchor: Anchor
    issued: Strip | None = None
    organisation: Passage = EMPTY


Dates = Callable[[str, Anchor, str], tuple[Moment, ...]]


def frame_of(
    strips: Sequence[Strip], body: float, language: str, circumstances: Circumstances, find: Dates
) -> Frame:
    """The frame of a document's strips; `find` is the finder of moments."""
    text = "\n".join(strip.text for strip in strips)
    language = language or language_of(text)
    anchor = Anchor(
        today=circumstances.today,
        taken=circumstances.taken,
        locale=circumstances.locale,
        day_first=_day_first(text),
        year=_year(strips, body),
    )
    issued, day = _issued(strips, body, lambda words: find(words, anchor, language))
    return Frame(language, replace(anchor, issued=day), issued, _organisation(strips))


def language_of(text: str) -> str:
    """By its letters; empty where there are none."""
    letters = sum(letter.isalpha() for letter in text)
    if not letters:
        return ""
    return "ja" if len(_KANA.findall(text)) > 0.15 * letters else "en"


def _year(strips: Sequence[Strip], body: float) -> int | None:
    """The year of a heading, else of most of the full dates; a 年度 is the year of its April."""
    for strip in strips:
        fiscal = _FISCAL.search(strip.text)
        if fiscal:
            return int(fiscal[1]) if fiscal[1] else _ERAS[fiscal[2]] + _number(fiscal[3])
    weights: Counter[int] = Counter()
    for strip in strips:
        weight = 2 if body and strip.size > 1.15 * body else 1
        for year in _years(strip.text):
            weights[year] += weight
    return weights.most_common(1)[0][0] if weights else None


def _years(text: str) -> list[int]:
    plain = [int(year) for year in _YEAR.findall(text)]
    return plain + [_ERAS[era] + _number(number) for era, number in _ERA_YEAR.findall(text)]


def _number(digits: str) -> int:
    return 1 if digits == "元" else int(digits)


def _day_first(text: str) -> bool | None:
    """What numbers above 12, and else currency, telephone numbers and spelling, say of 03/04."""
    pairs = [(int(one[1]), int(one[3])) for one in _NUMERIC.finditer(text)]
    if any(first > 12 >= second for first, second in pairs):
        return True
    if any(second > 12 >= first for first, second in pairs):
        return False
    british, american = bool(_BRITISH.search(text)), bool(_AMERICAN.search(text))
    return british if british != american else None


def _issued(
    strips: Sequence[Strip], body: float, find: Callable[[str], tuple[Moment, ...]]
) -> tuple[Strip | None, date | None]:
    """The strip with the document's own date: labelled, or a lone small day at the top.

    A lone day is only taken where the document has other days.
    """
    days = [(strip, [one for one in find(strip.text) if one.start]) for strip in strips]
    for strip, moments in days:
        for label in labels_in(strip.text):
            if label.role is Role.ISSUED and moments:
                return strip, moments[0].start
        if moments and _ISSUED.match(strip.text[moments[0].span[1] :]):
            return strip, moments[0].start
    others = sum(len(moments) for _, moments in days)
    margin = max((strip.place.right for strip in strips), default=0.0)
    for at, (strip, moments) in enumerate(days[:5]):
        if moments and _in_column(strip, days):
            continue
        if moments and _alone_on_top(strip, moments[0], body, at, margin):
            cell = strip.cells[strip.cell_at(moments[0].span[0])][0].place
            flush = cell.left > 0.5 * margin and cell.right > 0.85 * margin
            if flush or others > 1:
                return strip, moments[0].start
    return None, None


def _in_column(strip: Strip, days: Sequence[tuple[Strip, Sequence[Moment]]]) -> bool:
    """Whether the day is one of a list's: words beside it, and days under it likewise."""
    rows = [
        other
        for other, moments in days
        if len(moments) == 1 and len(other.cells) == len(strip.cells) > 1
    ]
    left = strip.cells[-1][0].place.left
    return sum(abs(row.cells[-1][0].place.left - left) < strip.size for row in rows) >= 3


def _alone_on_top(strip: Strip, moment: Moment, body: float, at: int, margin: float) -> bool:
    """A day alone in its cell in small letters in the first lines, to the right or before all."""
    segment, left, right = strip.cells[strip.cell_at(moment.span[0])]
    rest = strip.text[left : moment.span[0]] + strip.text[moment.span[1] : right]
    for clock in moment.clocks:
        rest = rest.replace(clock.raw, "")
    bare = sum(letter.isalnum() for letter in rest) <= (2 if not moment.clocks else 6)
    if labels_in(strip.text):
        return False
    bare = bare or bool(traits_of(rest.strip()) & {Trait.ORGANISATION, Trait.PERSON})
    small = segment.size <= 1.15 * body and strip.lines == 1
    aside = segment.place.left > 0.3 * margin or (at == 0 and len(strip.cells) == 1)
    return bare and small and aside and strip.place.top < 0.25 and not moment.rrule


def _organisation(strips: Sequence[Strip]) -> Passage:
    """Who wrote it: labelled 主催, or an organisation's name by itself."""
    for strip in strips:
        labels = labels_in(strip.text)
        for at, label in enumerate(labels):
            if label.words in ("主催", "organiser", "organizer", "hosted by"):
                return value_of(strip.passage, labels, at)
    for strip in strips:
        for segment, _, _ in strip.cells:
            traits = traits_of(segment.text)
            if Trait.ORGANISATION in traits and not traits & {Trait.SENTENCE, Trait.GREETING}:
                return segment.passage
    return EMPTY

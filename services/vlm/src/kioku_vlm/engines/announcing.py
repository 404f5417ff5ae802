"""Promise: of what a model claims, only what the page, the calendar and the rules bear out is sure.

A claim is never thrown away because it cannot be borne out: it is flagged, at most 0.3 sure, and
`notifiable` says no.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kioku_vlm.dates.moment import Cue, Moment
from kioku_vlm.engines import agreement
from kioku_vlm.engines.agreement import RULES_DISAGREE, SUSPECT_TEXT, UNGROUNDED
from kioku_vlm.engines.dating import DatedText
from kioku_vlm.engines.fields import Ground
from kioku_vlm.engines.occasion import Occasion
from kioku_vlm.engines.text_index import fold
from kioku_vlm.engines.words import Claim
from kioku_vlm.schedule_facts import Circumstances, Entry, Kind, Schedule, Value

NO_EVENT = "NO_EVENT"
ISSUE_DATE = "ISSUE_DATE"
_MOST_DAYS = 12
_KINDS = {Cue.DEADLINE: Kind.DEADLINE, Cue.CLOSED: Kind.CLOSED, Cue.RELEASED: Kind.NOTICE}


def notifiable(entry: Entry) -> bool:
    """Whether an entry may be told to somebody before a person has looked at it."""
    against = {UNGROUNDED, SUSPECT_TEXT, ISSUE_DATE}
    told = (entry.title, entry.start)
    flags = {flag for value in told if value for flag in value.flags} | set(entry.flags)
    return not flags & against


@dataclass(frozen=True)
class Announcing:
    """What is known when a model's claims are weighed.

    Attributes:
        ground: the document as evidence.
        dated: its moments.
        rules: what the rules read.
        circumstances: what is known beside the picture.
    """

    ground: Ground
    dated: DatedText
    rules: Schedule
    circumstances: Circumstances

    def schedule(self, claims: Sequence[Claim]) -> Schedule:
        """All claims as entries; the earliest evidence first, each once."""
        entries = [entry for claim in claims for entry in self._entries(claim)]
        entries.sort(key=_order)
        once = {_identity(entry): entry for entry in reversed(entries)}
        kept = tuple(entry for entry in entries if once[_identity(entry)] is entry)
        return Schedule(kept, self.rules.language, "" if kept else NO_EVENT)

    def _entries(self, claim: Claim) -> Iterator[Entry]:
        if claim.date is None:
            yield self._entry(claim, None)
            return
        found = self.ground.find(claim.date)
        moments = self.dated.moments_of(claim.date, found)
        days = [one for one in moments if one.start is not None or one.rrule]
        if not days:
            yield self._entry(claim, None)
        for moment in days[:_MOST_DAYS]:
            yield self._entry(claim, moment)

    def _entry(self, claim: Claim, moment: Moment | None) -> Entry:
        title, place = self.ground.value(claim.title), self.ground.value(claim.place)
        occasion = Occasion.of(claim, moment, self.ground, self.dated, self.circumstances.today)
        other = agreement.counterpart(occasion.start, title, self.rules)
        start = _agreed_day(occasion.start, other)
        title = _agreed(title, other.title if other else None)
        place = _agreed(place, other.place if other else None)
        notes = tuple(value for note in claim.notes if (value := self.ground.value(note)))
        zone, zone_by = (other.zone, other.zone_by) if other else ("", "")
        return Entry(
            _kind(claim, moment),
            title=title,
            start=start,
            end=occasion.end,
            zone=zone or self.circumstances.zone,
            zone_by=zone_by or ("request" if self.circumstances.zone else ""),
            clocks=occasion.clocks,
            rrule=occasion.rrule,
            exdates=occasion.exdates,
            place=place,
            notes=notes,
            confidence=agreement.of_entry(title, start, place),
            flags=_flags(title, start, moment),
        )


def _kind(claim: Claim, moment: Moment | None) -> Kind:
    """What the words beside a day say goes before what a model says."""
    return _KINDS.get(moment.cue, claim.kind) if moment else claim.kind


def _flags(title: Value | None, start: Value | None, moment: Moment | None) -> tuple[str, ...]:
    told = [flag for value in (title, start) if value for flag in value.flags]
    flags = [flag for flag in (UNGROUNDED, SUSPECT_TEXT, RULES_DISAGREE) if flag in told]
    if moment is not None and moment.cue is Cue.ISSUED:
        flags.append(ISSUE_DATE)
    return tuple(flags)


def _agreed(value: Value | None, other: Value | None) -> Value | None:
    """With the rules as a witness, where they read the same; they may miss what a model sees."""
    if value is None or not value.evidence or not agreement.same_words(value, other):
        return value
    return replace(value, confidence=round(agreement.supported(value.confidence), 3))


def _agreed_day(start: Value | None, other: Entry | None) -> Value | None:
    """Rules that read another day from the same words speak against it."""
    if start is None or not start.evidence or other is None or other.start is None:
        return start
    if start.value[:10] == other.start.value[:10]:
        return replace(start, confidence=round(agreement.supported(start.confidence), 3))
    flags = (*start.flags, RULES_DISAGREE)
    sure = agreement.weighed(start.confidence, (RULES_DISAGREE,), grounded=True)
    alternatives = dict.fromkeys((*start.alternatives, other.start.value))
    return replace(start, confidence=sure, flags=flags, alternatives=tuple(alternatives))


def _order(entry: Entry) -> tuple[int, float, float]:
    found = [one for value in (entry.start, entry.title) if value for one in value.evidence]
    places = [(one.page, one.box.top, one.box.left) for one in found]
    return min(places, default=(10**6, 0.0, 0.0))


def _identity(entry: Entry) -> tuple[str, str, str]:
    title = fold(entry.title.value) if entry.title else ""
    return (title, entry.start.value if entry.start else "", str(entry.kind))

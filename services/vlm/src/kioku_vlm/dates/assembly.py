"""The last step: drafts become moments whose spans refer to the text as it was given."""

from __future__ import annotations

from collections.abc import Sequence

from kioku_vlm.dates.clock_attachment import Attached
from kioku_vlm.dates.draft import Draft, Timed
from kioku_vlm.dates.folding import Folded
from kioku_vlm.dates.moment import Clock, Moment
from kioku_vlm.dates.tokens import Token

_RECURRENCE_CONFIDENCE = 0.9
_BARE_TIME_CONFIDENCE = 0.5


def assembled(
    text: str, folded: Folded, tokens: Sequence[Token], drafts: Sequence[Draft], attached: Attached
) -> tuple[Moment, ...]:
    """Moments in the order of the text."""
    for draft, timed in attached.pairs:
        draft.clocks.append(clock_of(text, folded, tokens, timed))
    moments = [_moment(text, folded, tokens, draft) for draft in drafts]
    moments += [_bare(clock_of(text, folded, tokens, timed)) for timed in attached.alone]
    return tuple(sorted(moments, key=lambda moment: moment.span))


def clock_of(text: str, folded: Folded, tokens: Sequence[Token], timed: Timed) -> Clock:
    """A time of day with its words."""
    span = _span(folded, tokens, timed.found.begin, timed.found.end)
    times = timed.times
    return Clock(times.minutes, text[slice(*span)], span, timed.cue, times.until, times.approximate)


def _span(folded: Folded, tokens: Sequence[Token], begin: int, end: int) -> tuple[int, int]:
    return folded.span(tokens[begin].start, tokens[end - 1].end)


def _bare(clock: Clock) -> Moment:
    return Moment(
        clock.span, clock.raw, clocks=(clock,), cue=clock.cue, confidence=_BARE_TIME_CONFIDENCE
    )


def _moment(text: str, folded: Folded, tokens: Sequence[Token], draft: Draft) -> Moment:
    span = _span(folded, tokens, draft.begin, draft.end)
    clocks = tuple(draft.clocks)
    if draft.recurring is not None:
        return Moment(
            span, text[slice(*span)], draft.started, None, clocks, _rrule(draft), draft.exdates,
            draft.cue, "explicit", (), draft.recurring.flags, _RECURRENCE_CONFIDENCE,
        )  # fmt: skip
    assert draft.days is not None  # noqa: S101 - a draft has one or the other
    first = draft.days.first
    return Moment(
        span, text[slice(*span)], first.day, draft.days.last, clocks, "", (), draft.cue,
        first.by, first.others, first.flags, round(first.confidence, 3),
    )  # fmt: skip


def _rrule(draft: Draft) -> str:
    rule = draft.recurring.rrule if draft.recurring else ""
    return f"{rule};UNTIL={draft.until:%Y%m%d}" if draft.until else rule

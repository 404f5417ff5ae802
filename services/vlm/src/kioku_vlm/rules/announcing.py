"""From a read document to what it announces, by rules alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from kioku_vlm import dates
from kioku_vlm.dates.moment import Anchor, Moment
from kioku_vlm.page import Document
from kioku_vlm.rules.abstaining import flag_of, kept
from kioku_vlm.rules.entry import entry_of
from kioku_vlm.rules.frame import Frame, frame_of, language_of
from kioku_vlm.rules.hypothesis import hypotheses
from kioku_vlm.rules.labels import Role
from kioku_vlm.rules.layout import Layout, layout_of
from kioku_vlm.rules.locating import Whole
from kioku_vlm.rules.merging import merged
from kioku_vlm.rules.piece import pieces_of
from kioku_vlm.rules.placing import Spot, places_in
from kioku_vlm.rules.reading import Hypothesis, Reading
from kioku_vlm.rules.recurring import season_of
from kioku_vlm.rules.retrospect import without_past
from kioku_vlm.rules.rows import completed
from kioku_vlm.rules.scoping import scope
from kioku_vlm.rules.sighting import Nature, sightings_of
from kioku_vlm.rules.suspicion import suspicions_of
from kioku_vlm.schedule_facts import Circumstances, Entry, Schedule

NO_EVENT = "NO_EVENT"


def announce(document: Document, circumstances: Circumstances) -> Schedule:
    """What a document announces.

    Args:
        document: its pages as they were read; hidden lines are no evidence.
        circumstances: what is known beside the picture.

    Returns:
        entries with evidence for every field, or why there is none.
    """
    suspicions = suspicions_of(document)
    flag = flag_of(document)
    if flag:
        return Schedule((), document.language, flag, suspicions)
    language = document.language or language_of(_text(document))
    layout = layout_of(document, lambda words: _dated(words, circumstances, language))
    frame = frame_of(layout.strips, layout.body, language, circumstances, dates.find_moments)
    entries = _entries(layout, frame, circumstances)
    return Schedule(entries, frame.language, "" if entries else NO_EVENT, suspicions)


def _text(document: Document) -> str:
    return "\n".join(line.text for page in document.pages for line in page.lines)


def _dated(words: str, circumstances: Circumstances, language: str) -> bool:
    moments = _found(words, Anchor(circumstances.today, locale=circumstances.locale), language)
    return any(moment.start is not None for moment in moments)


@lru_cache(maxsize=2048)
def _found(words: str, anchor: Anchor, language: str) -> tuple[Moment, ...]:
    return dates.find_moments(words, anchor, language)


def _entries(layout: Layout, frame: Frame, circumstances: Circumstances) -> tuple[Entry, ...]:
    reading = _reading(layout, frame)
    found, season = season_of(
        kept(hypotheses(reading), reading),
        lambda text: _found(text, frame.anchor, frame.language),
    )
    scope(found, reading)  # what is no entry of its own parts nothing
    whole = Whole(reading, frame, circumstances, _shared_place(found, reading))
    entries = [entry_of(one, whole, season) for one in found]
    return tuple(merged([entry for entry in entries if entry is not None]))


def _reading(layout: Layout, frame: Frame) -> Reading:
    sightings = {
        strip.order: sightings_of(strip, lambda text: _found(text, frame.anchor, frame.language))
        for strip in layout.strips
    }
    if frame.issued is not None:
        sightings[frame.issued.order] = tuple(
            replace(one, nature=Nature.ISSUED) for one in sightings[frame.issued.order]
        )
    sightings = completed(
        layout, sightings, lambda text: _found(text, frame.anchor, frame.language)
    )
    today = frame.anchor.issued or frame.anchor.taken or frame.anchor.today
    sightings = without_past(layout.strips, sightings, today)
    pieces = {strip.order: pieces_of(strip, sightings[strip.order]) for strip in layout.strips}
    return Reading(layout.strips, sightings, pieces, layout.body)


def _shared_place(found: Sequence[Hypothesis], reading: Reading) -> Spot | None:
    """The only labelled place of a document that several things happen at."""
    spots = [
        replace(spot, score=0.6)
        for strip in reading.strips
        for spot in places_in(strip, reading.pieces[strip.order])
        if spot.by == "label"
        and not any(one.order == strip.order for one in found)
        and Role.PLACE.value not in strip.roles.values()
    ]
    return spots[0] if len(spots) == 1 else None

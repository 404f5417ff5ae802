"""Which of a document's places something happens at: the nearest likely one in its scope."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kioku_vlm.rules import confidence
from kioku_vlm.rules.frame import Frame
from kioku_vlm.rules.piece import Piece
from kioku_vlm.rules.placing import Spot, above_address, places_in, with_room
from kioku_vlm.rules.reading import Hypothesis, Reading
from kioku_vlm.schedule_facts import Circumstances, Value

_DEFAULT_PLACE = 0.25


@dataclass(frozen=True)
class Whole:
    """The document around a hypothesis.

    Attributes:
        reading: its strips and what is in them.
        frame: its own date, language, writer.
        circumstances: what is known beside it.
        shared: a place that is said for all that happens, or None.
    """

    reading: Reading
    frame: Frame
    circumstances: Circumstances
    shared: Spot | None = None


def spot_of(one: Hypothesis, whole: Whole) -> Spot | None:
    """The likeliest place: what stands nearer wins among equals."""
    found: list[tuple[float, Spot]] = []
    for distance, order in enumerate(one.strips):
        pieces = [p for p in whole.reading.pieces[order] if not _is_name(p, one)]
        if order != one.order and _of_another_day(order, one, whole):
            continue
        spots = [
            with_room(spot, whole.reading.strips, order)
            for spot in places_in(whole.reading.strips[order], pieces)
        ]
        above = _above(order, one, whole)
        found += [(s.score - 0.01 * min(distance, 20), s) for s in (*spots, *above)]
    found += _day_heading(one, whole)
    if found:
        best = max(found, key=lambda pair: pair[0])[1]
        if best.score >= 0.6 or whole.shared is None:
            return best
    return whole.shared


def _of_another_day(order: int, one: Hypothesis, whole: Whole) -> bool:
    """Whether a strip is about a day on which nothing is announced, and which is not this one."""
    days = [other.moment.start for other in whole.reading.sightings[order] if other.moment.start]
    return bool(days) and one.sighting.moment.start not in days


def _day_heading(one: Hypothesis, whole: Whole) -> list[tuple[float, Spot]]:
    """The place beside the day that heads the rows of a programme."""
    if one.sighting.span != (0, 0):
        return []
    for order in range(one.order - 1, -1, -1):
        days = [other.moment.start for other in whole.reading.sightings[order]]
        if one.sighting.moment.start in days and not any(
            other.span == (0, 0) for other in whole.reading.sightings[order]
        ):
            spots = places_in(whole.reading.strips[order], whole.reading.pieces[order])
            return [(0.9 * spot.score, spot) for spot in spots]
    return []


def _above(order: int, one: Hypothesis, whole: Whole) -> list[Spot]:
    """The place whose address a strip holds, where the line above names it."""
    reading = whole.reading
    pieces = [p for p in reading.pieces.get(order - 1, ()) if not _is_name(p, one)]
    spot = above_address(reading.strips, order, pieces)
    return [spot] if spot else []


def _is_name(piece: Piece, one: Hypothesis) -> bool:
    if one.name is None:
        return False
    name = {glyph for glyph in one.name.passage.glyphs if glyph}
    return bool(name.intersection(glyph for glyph in piece.passage.glyphs if glyph))


def place_value(spot: Spot | None, whole: Whole) -> Value | None:
    """A place as it is told, by the name that the circumstances give it; None: not told."""
    if spot is None and whole.frame.organisation.text and whole.frame.language == "ja":
        spot = Spot(whole.frame.organisation, _DEFAULT_PLACE, "organisation")
    found = spot_value(spot, "place")
    if found is None:
        return None
    meant = whole.circumstances.aliases.get(found.value)
    return replace(found, value=meant, resolved_by="alias") if meant else found


def spot_value(spot: Spot | None, field: str) -> Value | None:
    """A place or an address with its evidence; `field` says which."""
    if spot is None or not spot.passage.text:
        return None
    written = spot.passage.written()
    raw = Value(written, written, confidence.of_spot(spot), spot.by, spot.passage.evidence())
    return confidence.calibrated(field, raw)

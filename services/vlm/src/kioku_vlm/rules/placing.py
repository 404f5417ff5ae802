"""Where something happens: labelled, by the form of its words, or said in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kioku_vlm.rules.labels import Role
from kioku_vlm.rules.naming_words import HAPPENING
from kioku_vlm.rules.passage import Passage, joined
from kioku_vlm.rules.piece import Piece
from kioku_vlm.rules.place_words import (
    GATHERING,
    ONLINE,
    PROSE_ENGLISH,
    PROSE_JAPANESE,
    ends_as_place,
    has_place,
)
from kioku_vlm.rules.strip import Strip
from kioku_vlm.rules.traits import ADDRESS, Trait, traits_of

# Says which of several, not where.
_WHICH = re.compile(r"(?:[東西南北AB]|第?\d{1,2}|午[前後]|本)?会場")
_AT = re.compile(r"^(?:@\s?|at\s+(?:the\s)?|於\s*|in\s+the\s)", re.IGNORECASE)
_NOT_PLACES = frozenset({Trait.PRICE, Trait.PHONE, Trait.GREETING, Trait.NUMBER, Trait.ASKING})
_TRAIL = re.compile(
    r"(?:\s*\([^()]*(?:徒歩|下車|から|より|すぐ|車で)[^()]*\)$)|(?:\s*[\(（]?\s*(?:です|にて|で|に集合|集合|※.*))+$|[、,。.]+$"
)


@dataclass(frozen=True)
class Spot:
    """A place or an address that something may happen at; `score` from 0 to 1."""

    passage: Passage
    score: float
    by: str


def places_in(strip: Strip, pieces: Sequence[Piece]) -> tuple[Spot, ...]:
    """Candidates of one strip, the likeliest first."""
    found = [spot for piece in pieces if (spot := _of_piece(piece)) is not None]
    if not found or strip.lines > 1 or Trait.SENTENCE in traits_of(strip.text):
        found += _said(strip.passage)
    return tuple(sorted(found, key=lambda spot: -spot.score))


def addresses_in(pieces: Iterable[Piece]) -> tuple[Spot, ...]:
    """Postal addresses among the pieces; one in a place's label counts as well."""
    found = []
    for piece in pieces:
        match = ADDRESS.search(piece.text)
        if match and piece.role in (None, Role.ADDRESS, Role.PLACE, Role.ACCESS):
            passage = piece.passage
            start = _address_start(passage.text)
            score = 0.9 if piece.role is Role.ADDRESS else 0.7
            found.append(Spot(_clean(passage.part(start, len(passage.text))), score, "address"))
    return tuple(found)


def above_address(strips: Sequence[Strip], order: int, pieces: Sequence[Piece]) -> Spot | None:
    """The line right above an address, which a place's name is likely to be, whatever it says.

    Args:
        strips: of the document.
        order: of the strip that begins with the address.
        pieces: of the strip above.
    """
    address = strips[order]
    match = ADDRESS.search(address.text)
    if match is None or match.start() > 2 or order == 0 or len(pieces) != 1:
        return None
    above, piece = strips[order - 1], pieces[0]
    near = above.page == address.page and address.place.top - above.place.bottom < 1.3 * above.size
    plain = not traits_of(piece.text) - {Trait.ORGANISATION, Trait.CONDITION}
    if near and plain and piece.role is None and piece.text.strip() == above.text.strip():
        return Spot(_named(piece.passage), 0.7, "above-address")
    return None


def _address_start(text: str) -> int:
    """Behind the name that an address follows in the same piece."""
    match = ADDRESS.search(text)
    lead = text[: match.start()] if match else ""
    return match.start() if match and (lead.endswith(("(", " ", ",")) or has_place(lead)) else 0


def _of_piece(piece: Piece) -> Spot | None:
    traits, text = traits_of(piece.text), piece.text
    if piece.role is Role.PLACE:
        return Spot(_named(piece.passage), 0.95, "label")
    if piece.role not in (None, Role.TIME, Role.WHEN) or traits & _NOT_PLACES:
        return None
    at = _AT.match(text)
    if at and len(text) < 60 and Trait.LINK not in traits:
        return Spot(_named(piece.passage.part(at.end(), len(text))), 0.85, "at")
    return _by_words(piece)


def _by_words(piece: Piece) -> Spot | None:
    """A place by its own words, in front of an address or alone."""
    traits, text = traits_of(piece.text), piece.text
    if ONLINE.search(text) and len(text) < 30:
        return Spot(piece.passage, 0.6, "online")
    if Trait.SENTENCE in traits or Trait.ORGANISATION in traits or not has_place(text):
        return None
    if Trait.ADDRESS in traits:
        return _before_address(piece)
    house = _before_name(piece)
    if house is not None:
        return Spot(house, 0.7, "words")
    if _WHICH.fullmatch(text.strip()):
        return Spot(piece.passage, 0.4, "words")
    return Spot(_named(piece.passage), 0.75 if ends_as_place(text) else 0.5, "words")


def _before_name(piece: Piece) -> Passage | None:
    """The house in front of what it shows: 「町立美術館 春の特別展」."""
    head, _, tail = piece.text.strip().partition(" ")
    if not (tail and ends_as_place(head) and HAPPENING.search(tail)):
        return None
    start = piece.text.index(head)
    return piece.passage.part(start, start + len(head))


def with_room(spot: Spot, strips: Sequence[Strip], order: int) -> Spot:
    """A place with the hall or room that stands alone in the line under it.

    Args:
        spot: a place by its words that fills its line.
        strips: of the document.
        order: of its strip.
    """
    here = strips[order]
    if spot.by != "words" or spot.passage.text != here.text or order + 1 >= len(strips):
        return spot
    below = strips[order + 1]
    near = 0 <= below.place.top - here.place.bottom < 0.9 * here.size and below.page == here.page
    flush = abs(below.place.left - here.place.left) < 0.5 * here.size
    room = len(below.cells) == 1 and ends_as_place(below.text) and not traits_of(below.text)
    if not (near and flush and room):
        return spot
    return Spot(joined([spot.passage, below.passage], " "), spot.score, spot.by)


def _before_address(piece: Piece) -> Spot | None:
    """The name in front of an address: 「市民会館(本町1-2-3)」."""
    start = _address_start(piece.text)
    head = piece.passage.part(0, start)
    text = head.text.rstrip(" (,")
    return Spot(head.part(0, len(text)), 0.75, "words") if has_place(text) else None


def _said(passage: Passage) -> list[Spot]:
    found = []
    for form, score in ((PROSE_JAPANESE, 0.7), (GATHERING, 0.65), (PROSE_ENGLISH, 0.55)):
        for match in form.finditer(passage.text):
            part = _after_particle(passage.part(match.start("place"), match.end("place")))
            named = has_place(part.text)
            if not named and match[0].lower().startswith("to "):
                continue
            better = 0.2 if named else 0.0
            if (
                len(part.text) >= 2
                and part.text not in ("現地", "各自")
                and not re.search(
                    r"\b(?:January|February|March|April|May|June|July|"
                    r"August|September|October|November|December|Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)",
                    part.text,
                )
            ):
                found.append(Spot(_clean(part), score + better, "sentence"))
    return found


def _after_particle(part: Passage) -> Passage:
    """Without what leads to the place: 「15時から本社」 -> 「本社」."""
    lead = re.match(r"(?:に|で|は|を|から|より)(?=[^ぁ-ん])", part.text)
    part = part.part(lead.end() if lead else 0, len(part.text))
    leads = re.finditer(
        r"(?:から|より|まで|[^ぁ-ん](?:は|を|に|、))(?=[^ぁ-ん])|\d(?:時|分|日)\)?(?:に|、)?",
        part.text,
    )
    last = max((match.end() for match in leads), default=0)
    return part.part(last, len(part.text))


def _named(passage: Passage) -> Passage:
    """A place without the address behind it and without what is said of it."""
    passage = _clean(passage)
    match = ADDRESS.search(passage.text)
    if match and match.start() >= 3:
        head = passage.text[: match.start()].rstrip(" (,:、")
        if has_place(head) or match.start() > 6:
            return passage.part(0, len(head))
    return passage


def _clean(passage: Passage) -> Passage:
    text = _TRAIL.sub("", passage.text)
    if text.endswith(")") and "(" not in text:
        text = text[:-1]
    return passage.part(0, len(text))

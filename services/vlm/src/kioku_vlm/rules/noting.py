"""What else is told of an entry: what to bring, what it costs, whom to ask."""

from __future__ import annotations

from collections.abc import Iterable

from kioku_vlm.rules.labels import Role
from kioku_vlm.rules.passage import Passage
from kioku_vlm.rules.piece import Piece
from kioku_vlm.rules.traits import Trait, traits_of
from kioku_vlm.schedule_facts import Value

_NOTED = {
    Role.BRING, Role.PRICE, Role.CONTACT, Role.AUDIENCE, Role.CAPACITY, Role.APPLY, Role.PEOPLE,
    Role.ACCESS, Role.OTHER, Role.SPARE,
}  # fmt: skip
_FORMS = ((Trait.PRICE, Role.PRICE), (Trait.PHONE, Role.CONTACT), (Trait.LINK, Role.CONTACT))
_LONGEST = 200


def notes_in(pieces: Iterable[Piece]) -> tuple[Value, ...]:
    """Labelled remarks, and prices and contacts by their form; `resolved_by` says of what sort."""
    found: dict[tuple[str, str], Value] = {}
    for piece in pieces:
        sort = _sort(piece)
        if sort is not None and len(piece.text.strip()) > 1:
            value = _value(piece.passage, sort, 0.9 if piece.role else 0.7)
            found.setdefault((sort.value, value.value), value)
    return tuple(found.values())


def _sort(piece: Piece) -> Role | None:
    if piece.role in _NOTED:
        return piece.role
    if piece.role is not None:
        return None
    traits = traits_of(piece.text)
    sort = next((role for trait, role in _FORMS if trait in traits), None)
    return sort or (Role.OTHER if piece.remark and Trait.ASKING in traits else None)


def _value(passage: Passage, sort: Role, sure: float) -> Value:
    written = passage.written()[:_LONGEST]
    confidence = sure * (0.5 + 0.5 * passage.confidence())
    return Value(written, written, confidence, sort.value, passage.evidence())

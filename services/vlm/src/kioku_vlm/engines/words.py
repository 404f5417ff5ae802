"""What a model said, by name: words it says it copied, and where it says they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kioku_vlm.schedule_facts import Kind


@dataclass(frozen=True)
class Words:
    """A string, and the number of the line that is said to hold it; 0: none."""

    text: str
    line: int = 0


@dataclass(frozen=True)
class Claim:
    """One entry as the model has it; None: it found nothing there."""

    kind: Kind
    title: Words | None = None
    date: Words | None = None
    time: Words | None = None
    place: Words | None = None
    notes: tuple[Words, ...] = ()


def claims_of(answer: Any) -> tuple[Claim, ...]:
    """Every entry of a checked answer that says anything.

    Args:
        answer: as `prompts/schedule/schema.json` has it.
    """
    claims = (_claim(entry) for entry in answer["entries"])
    return tuple(one for one in claims if one.title or one.date or one.time)


def _claim(entry: Any) -> Claim:
    notes = (_words(note) for note in entry["notes"])
    return Claim(
        Kind(entry["kind"]),
        _words(entry["title"]),
        _words(entry["date"]),
        _words(entry["time"]),
        _words(entry["place"]),
        tuple(one for one in notes if one is not None),
    )


def _words(value: Any) -> Words | None:
    if value is None or not value["text"].strip():
        return None
    return Words(value["text"], value["line"])

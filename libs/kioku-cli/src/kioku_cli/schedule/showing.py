"""What pictures announce, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kioku.vlm.v1 import observation_pb2 as pb
from rich.table import Table

from kioku_cli.schedule.asking import Announcement
from kioku_cli.schedule.fields import doubts_of, fields_of, kind_of, when_of
from kioku_cli.screen import add_row, err, out
from kioku_cli.session import as_dict

_MOST_WORDS = 60


def show(found: Sequence[Announcement]) -> None:
    """A table for each picture: entries with their fields, how sure, and where it was read."""
    for one in found:
        out.print(_headline(one), markup=False, soft_wrap=True)
        if one.entries:
            out.print(_table(one.entries))
        for suspicion in one.suspicions:
            text = f"  {suspicion.reason}, not obeyed: {_words(suspicion.evidence.quote)}"
            err.print(text, markup=False, style="yellow", soft_wrap=True)


def _headline(one: Announcement) -> str:
    name = _words(one.source.name)
    if one.failure is not None:
        return f"{name}: could not be read: {one.failure.message} ({one.failure.reason})"
    if not one.ready:
        return f"{name}: is still being read, as observation {one.observation_id}"
    if not one.entries:
        return f"{name}: announces nothing ({one.abstained or 'dismissed'})"
    return f"{name}: observation {one.observation_id}"


def _table(entries: Sequence[pb.Entry]) -> Table:
    table = Table("sure", "what", "value", "as written", "page", "by", "look at it", box=None)
    for entry in entries:
        add_row(table, f"{entry.confidence:.2f}", kind_of(entry), when_of(entry), "", "", "",
                " ".join(doubts_of(entry)))  # fmt: skip
        for name, value in fields_of(entry):
            add_row(table, f"{value.confidence:.2f}", f"  {name}", *_cells(value))
    return table


def _cells(value: pb.FieldValue) -> tuple[str, str, str, str, str]:
    """Value, words, pages, rule, other values."""
    pages = ",".join(dict.fromkeys(str(one.page) for one in value.evidence)) or "-"
    others = f"or {' or '.join(value.alternatives)}" if value.alternatives else ""
    words = _words(value.raw) or "-"
    return _words(value.value), words, pages, value.resolved_by, others


def _words(text: str) -> str:
    line = " ".join(text.split())
    plain = "".join(letter if letter.isprintable() else "�" for letter in line)
    return plain if len(plain) <= _MOST_WORDS else plain[: _MOST_WORDS - 1] + "…"


def document(found: Sequence[Announcement]) -> dict[str, Any]:
    """For `--json`: entries as REST gives them."""
    return {"schedules": [_one(each) for each in found]}


def _one(one: Announcement) -> dict[str, Any]:
    return {
        "source": one.source.name,
        "status": one.status,
        "observation_id": one.observation_id,
        "language": one.language,
        "abstained": one.abstained,
        "events": [as_dict(entry) for entry in one.entries],
        "suspicions": [as_dict(suspicion) for suspicion in one.suspicions],
        "failure": None if one.failure is None else as_dict(one.failure),
    }

"""How much of what a sheet announces was found."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from kioku_vlm.rules import announce
from kioku_vlm.schedule_facts import Circumstances, Entry, Value

from tests.unit.vlm.rules.paper import Sheet, Wanted

# A place that only the letter's head gives is a guess that no sheet asks for.
_GUESS = 0.3


@dataclass
class Score:
    """Entries that were wanted and found, and how many of the found are right in each field."""

    wanted: int = 0
    found: int = 0
    days: int = 0
    titles: int = 0
    starts: int = 0
    ends: int = 0
    places: int = 0
    whole: int = 0

    @property
    def day_f1(self) -> float:
        """Of kind and day, over wanted and found."""
        return 2 * self.days / max(1, self.wanted + self.found)


def score(sheets: Iterable[Sheet]) -> Score:
    """The score of all sheets together."""
    total = Score()
    for sheet in sheets:
        found = list(announce(sheet.document, Circumstances(sheet.today)).entries)
        total.wanted += len(sheet.wanted)
        total.found += len(found)
        for wanted in sheet.wanted:
            _count(wanted, found, total)
    return total


def _count(wanted: Wanted, found: list[Entry], total: Score) -> None:
    same = [entry for entry in found if _day(entry, wanted)]
    if not same:
        return
    entry = max(same, key=lambda one: likeness(_text(one.title), wanted.title))
    found.remove(entry)
    right = (
        likeness(_text(entry.title), wanted.title) >= 0.8,
        _text(entry.start) == wanted.start,
        _text(entry.end) == wanted.end,
        _plain(_place(entry)) == _plain(wanted.place),
    )
    total.days += 1
    total.titles += right[0]
    total.starts += right[1]
    total.ends += right[2]
    total.places += right[3]
    total.whole += all(right)


def _day(entry: Entry, wanted: Wanted) -> bool:
    return entry.kind.value == wanted.kind and _text(entry.start)[:10] == wanted.start[:10]


def _place(entry: Entry) -> str:
    return _text(entry.place) if entry.place and entry.place.confidence > _GUESS else ""


def likeness(one: str, other: str) -> float:
    """Of two names, 0 to 1, whatever their width, case and spaces."""
    return SequenceMatcher(None, _plain(one), _plain(other), autojunk=False).ratio()


def _text(value: Value | None) -> str:
    return value.value if value else ""


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace(" ", "")


def main() -> None:
    """Print the scores of all sheets that are written here, set by set."""
    from tests.unit.vlm.rules import aside, more_sheets, odd_sheets, sheets, wordings  # noqa: PLC0415

    known = (*sheets.SHEETS, *more_sheets.MORE, *odd_sheets.ODD, *wordings.WORDINGS)
    print("known", score(known))
    print("aside", score(aside.ASIDE))


if __name__ == "__main__":
    main()

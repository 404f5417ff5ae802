"""How many dates the grammar reads as the specifications of Microsoft Recognizers-Text have them.

`KIOKU_EVAL_DATA=… python -m bench.date_grammar [--misses]`

Data: `$KIOKU_EVAL_DATA/vlm/recognizers_text/{Japanese,English}` (MIT). Where it is absent the
bench says so and ends.

Protocol. Every case of a file counts, whatever `NotSupported` it carries (those marks tell of the
ports of that library). A case is right *exactly* if the grammar finds one moment in its input and
the moment's first day is the expected `FutureResolution`; *future or past* if it is that or the
`PastResolution`; a case that expects nothing is right if nothing is found. The anchor is the
case's reference day as `today`; no locale is named. *In scope* leaves out, by rule and not by case:

- expectations that no calendar has (2016-11-31, 0001-01-01);
- bare numbers and pairs joined by a dot or dash with nothing that says date ("27", "4-22");
- 日目, which on a flyer is the so manieth day of an event;
- durations that the specification reads as a single day (明日から3週間 is a range here).

Halves: a case is of the first half if the SHA-256 of its input is even. The rules were written
while looking at the first half only.

Beside it, dateparser where it is installed (`pip install dateparser`), by `search_dates` with
`PREFER_DATES_FROM=future`, counted in the same way.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kioku_vlm.dates import Anchor, Moment, find_clocks, find_moments

_OUT = re.compile(r"日目|から[一二三\d]+(?:日間|週間)")
_BARE = re.compile(r"(?:the \d+|\d+|\d{1,2}[-.]\d{1,2}(?:-\d\d)?)")
_Answer = tuple[date, ...]


@dataclass(frozen=True)
class Case:
    """One input and what is expected of it: days, or nothing."""

    text: str
    today: date
    words: str
    timex: str
    future: tuple[str, ...]
    past: tuple[str, ...]

    @property
    def first_half(self) -> bool:
        """Of the half that the rules were written with."""
        return int(hashlib.sha256(self.text.encode()).hexdigest(), 16) % 2 == 0

    @property
    def in_scope(self) -> bool:
        """By the rules of the protocol."""
        possible = all(_is_date(value) for value in (*self.future, *_full_dates(self.timex)))
        bare = _BARE.fullmatch(self.words) is not None
        return possible and not bare and _OUT.search(self.words) is None


@dataclass
class Tally:
    """Of one table row."""

    cases: int = 0
    exact: int = 0
    either: int = 0

    def add(self, *, exact: bool, either: bool) -> None:
        """Count a case."""
        self.cases += 1
        self.exact += exact
        self.either += either

    def __str__(self) -> str:
        share = 100 / max(1, self.cases)
        return (
            f"exact {self.exact:>3}/{self.cases:<3} ({self.exact * share:4.1f} %)   "
            f"future or past {self.either:>3}/{self.cases:<3} ({self.either * share:4.1f} %)"
        )


def cases(path: Path) -> Iterator[Case]:
    """Those of one file."""
    for raw in json.loads(path.read_text(encoding="utf-8-sig")):
        results = raw["Results"]
        value: dict[str, Any] = (results[0].get("Value") or {}) if results else {}
        context = (raw.get("Context") or {}).get("ReferenceDateTime", "2016-11-07T00:00:00")
        yield Case(
            raw["Input"],
            datetime.fromisoformat(context[:10]).date(),
            results[0]["Text"] if results else "",
            value.get("Timex") or "",
            _values(value.get("FutureResolution")),
            _values(value.get("PastResolution")),
        )


def _values(resolution: dict[str, str] | None) -> tuple[str, ...]:
    return tuple((resolution or {}).values())


def _full_dates(timex: str) -> tuple[str, ...]:
    return (timex,) if re.fullmatch(r"\d{4}-\d\d-\d\d", timex) else ()


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value[:10]) != date(1, 1, 1)
    except ValueError:
        return False


def read_days(case: Case) -> tuple[str, ...]:
    """First days of what the grammar finds; one of them is expected."""
    moments = [one for one in find_moments(case.text, Anchor(case.today)) if one.start]
    return tuple(str(one.start) for one in moments if one.end is None)


def read_periods(case: Case) -> tuple[str, ...]:
    """First and last day of the range found (the files' ends of days are the day itself)."""
    moments = [one for one in find_moments(case.text, Anchor(case.today)) if one.end]
    return tuple(str(day) for one in moments for day in (one.start, one.end))


def read_times(case: Case) -> tuple[str, ...]:
    """Times of day."""
    return tuple(_clock(one.minutes) for one in find_clocks(case.text) if one.until is None)


def read_time_ranges(case: Case) -> tuple[str, ...]:
    """Beginning and end of a range of times."""
    clocks = [one for one in find_clocks(case.text) if one.until is not None]
    return tuple(_clock(end) for one in clocks for end in (one.minutes, one.until or 0))


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}:00"


def dateparser_days(case: Case) -> tuple[str, ...]:
    """What dateparser finds in the input."""
    search_dates = importlib.import_module("dateparser.search").search_dates
    japanese = any(ord(character) > 0x3000 for character in case.text)
    settings = {
        "PREFER_DATES_FROM": "future",
        "RELATIVE_BASE": datetime.combine(case.today, datetime.min.time()),
    }
    found = search_dates(case.text, languages=["ja" if japanese else "en"], settings=settings)
    return tuple(str(moment.date()) for _, moment in found or ())


Reader = Callable[[Case], tuple[str, ...]]


def judged(case: Case, answer: tuple[str, ...], *, cut: int) -> tuple[bool, bool]:
    """Whether an answer is the expected one exactly, and in the future or past reading."""
    future = tuple(value[:cut] for value in case.future)
    past = tuple(value[:cut] for value in case.past)
    exact = tuple(value[:cut] for value in answer) == future
    return exact, exact or tuple(value[:cut] for value in answer) == past


def table(name: str, path: Path, reader: Reader, *, cut: int, misses: bool) -> None:
    """Print the rows of one file."""
    rows = {"all": Tally(), "in scope": Tally(), "in scope, first half": Tally()}
    rows["in scope, held-out half"] = Tally()
    started = time.perf_counter()
    for case in cases(path):
        exact, either = judged(case, reader(case), cut=cut)
        wanted = ["all"]
        if case.in_scope or cut < 10:
            half = "first" if case.first_half else "held-out"
            wanted += ["in scope", f"in scope, {half} half"]
        for row in wanted:
            rows[row].add(exact=exact, either=either)
        if misses and not either and case.first_half:
            print(f"    {case.text!r} {case.today}: wanted {case.future}, got {reader(case)}")
    took = time.perf_counter() - started
    print(f"{name}  ({1000 * took / max(1, rows['all'].cases):.2f} ms a case)")
    for row, tally in rows.items():
        print(f"  {row:<24} {tally}")


def recurrences(name: str, path: Path, *, misses: bool) -> None:
    """Print how many sets are found as a recurrence of the expected frequency."""
    tallies = {True: Tally(), False: Tally()}
    for raw in json.loads(path.read_text(encoding="utf-8-sig")):
        timex = (raw["Results"][0].get("Value") or {}).get("Timex", "") if raw["Results"] else ""
        case = Case(raw["Input"], date(2017, 9, 27), "", "", (), ())
        found = [one for one in find_moments(case.text, Anchor(case.today)) if one.rrule]
        right = len(found) == 1 and _agrees(found[0], timex)
        tallies[case.first_half].add(exact=right, either=right)
        if misses and not right and case.first_half:
            print(f"    {case.text!r}: wanted {timex}, got {[one.rrule for one in found]}")
    for first, tally in tallies.items():
        half = "first half" if first else "held-out half"
        print(f"{name}, {half}: {tally.exact}/{tally.cases}")


def _agrees(moment: Moment, timex: str) -> bool:
    """The frequency, weekday and time of a set in TIMEX3."""
    parts = dict(part.split("=") for part in moment.rrule.split(";"))
    clock = re.search(r"T(\d\d)(?::(\d\d))?", timex)
    if clock:
        wanted = int(clock[1]) * 60 + int(clock[2] or 0)
        if [one.minutes for one in moment.clocks] != [wanted]:
            return False
    weekday = re.search(r"WXX-(\d)", timex)
    if weekday:
        codes = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
        return parts.get("BYDAY") == codes[int(weekday[1]) - 1]
    period = re.fullmatch(r"P(\d+)([DWMY])", timex)
    if period:
        every = int(parts.get("INTERVAL", "1"))
        return parts["FREQ"][0] == period[2] and every == int(period[1])
    day = re.match(r"XXXX-(\d\d)-(\d\d)", timex)
    if day:
        told = parts.get("BYMONTH"), parts.get("BYMONTHDAY")
        return told == (str(int(day[1])), str(int(day[2])))
    return parts["FREQ"] == "DAILY"


def rendered(folder: Path) -> None:
    """Days and times of the drawn documents, from their text as it was drawn (no reading)."""
    days = times = events = named = 0
    for path in sorted(folder.glob("*.json")):
        drawn = json.loads(path.read_text())
        text = "\n".join(run["text"] for run in drawn["runs"])
        anchor = Anchor(date.fromisoformat(drawn["reference_date"]))
        moments = find_moments(text, anchor)
        named += sum(one.start is not None for one in moments)
        for event in drawn["events"]:
            start = datetime.fromisoformat(event["start"])
            events += 1
            recurs = event["rrule"] is not None
            found = [
                one for one in moments
                if start.date() == one.start or (recurs and one.rrule and one.start is None)
            ]  # fmt: skip
            days += bool(found)
            minutes = start.hour * 60 + start.minute
            times += event["all_day"] or any(
                clock.minutes == minutes for one in found for clock in one.clocks
            )
    print(f"drawn documents: {days}/{events} days, {times}/{events} times; {named} days found")


def speed() -> None:
    """Print how long 100 kB of a schedule take, and ten times less."""
    for kilobytes in (10, 100):
        row = "6月{}日({}) 10:30〜12:00 参観・懇談会（受付 10:00）\n"
        rows = [row.format(1 + n % 30, "月火水木金土日"[n % 7]) for n in range(14 * kilobytes)]
        text = "令和8年6月の予定\n" + "".join(rows)
        started = time.perf_counter()
        found = find_moments(text, Anchor(date(2026, 5, 8)))
        took = time.perf_counter() - started
        size = len(text.encode()) // 1000
        print(f"{size} kB, {len(found)} moments: {took:.2f} s")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="print misses of the first half")
    misses = parser.parse_args().misses
    folder = os.environ.get("KIOKU_EVAL_DATA")
    root = Path(folder or ".") / "vlm" / "recognizers_text"
    if not folder or not root.is_dir():
        print("KIOKU_EVAL_DATA names no folder with vlm/recognizers_text: nothing was measured.")
        return
    for language in ("Japanese", "English"):
        path = root / language
        table(f"{language} DateParser", path / "DateParser.json", read_days, cut=10, misses=misses)
        _peer(language, path)
        table(f"{language} TimeParser", path / "TimeParser.json", read_times, cut=5, misses=misses)
        name = "TimePeriodParser"
        table(f"{language} {name}", path / f"{name}.json", read_time_ranges, cut=5, misses=misses)
        recurrences(f"{language} SetParser", path / "SetParser.json", misses=misses)
    rendered(root.parent / "rendered")
    speed()


def _peer(language: str, path: Path) -> None:
    if importlib.util.find_spec("dateparser") is None:
        print("  (dateparser is not installed: no row of it)")
        return
    file = path / "DateParser.json"
    table(f"{language} DateParser, dateparser", file, dateparser_days, cut=10, misses=False)


if __name__ == "__main__":
    main()

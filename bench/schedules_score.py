"""Counts over documents: fields right, calibration, evidence, entries that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from kioku_vlm.schedule_facts import Entry, Value

from bench.schedules_match import (
    days_of,
    hours_of,
    pairs_of,
    same_days,
    same_note,
    same_recurrence,
    same_text,
)
from bench.schedules_truth import Truth, clock_of, is_grounded

FIELDS = ("date", "time", "title", "place", "clocks", "recurrence", "notes")
EXACT = ("date", "time", "title", "place", "clocks", "recurrence")
"""Fields of the all-fields-exact rate, beside the kind; notes are free text and left out."""
_BINS = 10
_SURE = 0.8


@dataclass
class Tally:
    """Values of one field: in the truth, found, and right."""

    expected: int = 0
    found: int = 0
    right: int = 0

    @property
    def precision(self) -> float:
        """Right of found; 1 where nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Right of expected; 1 where nothing was."""
        return self.right / self.expected if self.expected else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        total = self.expected + self.found
        return 2 * self.right / total if total else 1.0


@dataclass
class Score:
    """Counts over the documents that were judged so far."""

    fields: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in FIELDS})
    by_document: dict[str, list[float]] = field(
        default_factory=lambda: {name: [] for name in FIELDS}
    )
    """F1 of each document that has the field or is said to: a long table counts once."""
    documents: int = 0
    eventless: int = 0
    false_entries: int = 0
    """Found in documents that announce nothing."""
    expected: int = 0
    found: int = 0
    paired: int = 0
    right_kind: int = 0
    exact: int = 0
    grounded: list[bool] = field(default_factory=list)
    confidences: list[tuple[float, bool]] = field(default_factory=list)
    sure_wrong_dates: int = 0
    """Wrong days that are given with a confidence of 0.8 and more."""

    def add(self, truths: Sequence[Truth], found: Sequence[Entry]) -> list[str]:
        """Judge one document; what is wrong with it, in words."""
        before = {name: replace(tally) for name, tally in self.fields.items()}
        self.documents += 1
        self.expected, self.found = self.expected + len(truths), self.found + len(found)
        if not truths:
            self.eventless, self.false_entries = self.eventless + 1, self.false_entries + len(found)
        pairs = pairs_of(truths, found)
        faults: list[str] = []
        for row, column in pairs:
            faults += self._pair(truths[row], found[column])
        rows, columns = {row for row, _ in pairs}, {column for _, column in pairs}
        faults += [self._missed(one) for row, one in enumerate(truths) if row not in rows]
        faults += [self._invented(one) for at, one in enumerate(found) if at not in columns]
        self._close(before)
        return faults

    def macro_f1(self, name: str) -> float:
        """Mean over documents of a field's F1; 1 where no document has it."""
        values = self.by_document[name]
        return sum(values) / len(values) if values else 1.0

    def calibration_error(self) -> float:
        """Expected calibration error of the fields' confidences, ten bins of equal width.

        Guo and others, On Calibration of Modern Neural Networks, 2017, equation 3.
        """
        if not self.confidences:
            return 0.0
        sure = np.array([confidence for confidence, _ in self.confidences])
        right = np.array([right for _, right in self.confidences], float)
        bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
        gaps = [
            abs(float(sure[bins == at].mean() - right[bins == at].mean())) * int((bins == at).sum())
            for at in range(_BINS)
            if (bins == at).any()
        ]
        return sum(gaps) / len(sure)

    def _close(self, before: dict[str, Tally]) -> None:
        for name, tally in self.fields.items():
            old = before[name]
            mine = Tally(
                tally.expected - old.expected, tally.found - old.found, tally.right - old.right
            )
            if mine.expected or mine.found:
                self.by_document[name].append(mine.f1)

    def _pair(self, truth: Truth, found: Entry) -> list[str]:
        self.paired += 1
        verdicts = dict(_verdicts(truth, found))
        for name, (expected, given, right) in verdicts.items():
            tally = self.fields[name]
            tally.expected, tally.found = tally.expected + expected, tally.found + given
            tally.right += right
        wrong = [name for name, counts in verdicts.items() if len(set(counts)) > 1]
        same_kind = truth.entry.kind == found.kind
        self.right_kind += same_kind
        self.exact += same_kind and not set(wrong) & set(EXACT)
        self._evidence(truth.entry, found)
        self._confidence(found, {name: name not in wrong for name in FIELDS})
        return [_fault(name, truth.entry, found) for name in wrong] + (
            [] if same_kind else [f"kind {found.kind} is {truth.entry.kind}: {_name(truth.entry)}"]
        )

    def _missed(self, truth: Truth) -> str:
        for name, count in _counts(truth.entry).items():
            self.fields[name].expected += 0 if name in truth.implied else count
        return f"missed: {_name(truth.entry)}"

    def _invented(self, found: Entry) -> str:
        for name, count in _counts(found).items():
            self.fields[name].found += count
        self._confidence(found, dict.fromkeys(FIELDS, False))
        return f"invented: {_name(found)}"

    def _evidence(self, expected: Entry, found: Entry) -> None:
        for name in ("title", "start", "place"):
            mine, theirs = getattr(expected, name), getattr(found, name)
            if mine and theirs:
                told = is_grounded(mine, theirs)
                self.grounded += [] if told is None else [told]

    def _confidence(self, found: Entry, right: dict[str, bool]) -> None:
        judged = (
            (found.title, right["title"]),
            (found.start, right["date"]),
            (found.place, right["place"]),
            (found.rrule, right["recurrence"]),
        )
        self.confidences += [(value.confidence, truth) for value, truth in judged if value]
        if found.start and not right["date"] and found.start.confidence >= _SURE:
            self.sure_wrong_dates += 1


def _verdicts(truth: Truth, found: Entry) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """For each field: how many values are expected, found and right."""
    expected = truth.entry
    yield "date", _one(days_of(expected), days_of(found), right=same_days(truth, found))
    mine, theirs = hours_of(expected), hours_of(found)
    yield "time", _one(any(mine), any(theirs), right=any(mine) and mine == theirs)
    yield "title", _one(expected.title, found.title, right=same_text(expected.title, found.title))
    place = _one(expected.place, found.place, right=same_text(expected.place, found.place))
    yield (
        "place",
        (0, 0, 0) if "place" in truth.implied and place in {(1, 0, 0), (1, 1, 1)} else place,
    )
    shared = [
        role
        for role, value in expected.clocks.items()
        if clock_of(value) == clock_of(found.clocks.get(role))
    ]
    # A meeting hour that is the start's again says nothing new, and nothing wrong.
    told = [
        role
        for role, value in found.clocks.items()
        if role in expected.clocks or clock_of(value) != clock_of(found.start)
    ]
    yield "clocks", (len(expected.clocks), len(told), len(shared))
    yield "recurrence", _one(expected.rrule, found.rrule, right=same_recurrence(truth, found))
    yield "notes", (len(expected.notes), len(found.notes), _same_notes(expected.notes, found.notes))


def _one(expected: object, found: object, *, right: bool) -> tuple[int, int, int]:
    return int(bool(expected)), int(bool(found)), int(right)


def _same_notes(expected: Sequence[Value], found: Sequence[Value]) -> int:
    """How many expected notes have one among those found that no other has taken."""
    left, right = list(found), 0
    for note in expected:
        match = next((one for one in left if same_note(note, one)), None)
        if match is not None:
            left.remove(match)
            right += 1
    return right


def _counts(entry: Entry) -> dict[str, int]:
    return {
        "date": int(days_of(entry) is not None),
        "time": int(any(hours_of(entry))),
        "title": int(entry.title is not None),
        "place": int(entry.place is not None),
        "clocks": len(entry.clocks),
        "recurrence": int(entry.rrule is not None),
        "notes": len(entry.notes),
    }


def _name(entry: Entry) -> str:
    title = entry.title.value if entry.title else "(no title)"
    return f"{title} @ {entry.start.value if entry.start else '(no start)'} [{entry.kind}]"


def _fault(name: str, expected: Entry, found: Entry) -> str:
    return f"{name}: {_shown(name, found)} is {_shown(name, expected)} of {_name(expected)}"


def _shown(name: str, entry: Entry) -> str:
    if name in {"date", "time"}:
        both = (entry.start, entry.end)
        return " - ".join(value.value if value else "nothing" for value in both)
    if name == "clocks":
        return str({str(role): clock_of(value) for role, value in entry.clocks.items()})
    if name == "notes":
        return str([note.value for note in entry.notes])
    if name == "recurrence" and entry.rrule:
        return f"{entry.rrule.value} without {[day.value for day in entry.exdates]}"
    value = {"title": entry.title, "place": entry.place, "recurrence": entry.rrule}[name]
    return repr(value.value) if value else "nothing"

"""How sure a value must be called: fits the table that `kioku_vlm.rules.confidence` reads.

`python -m bench.schedule_calibration [--write]`

Development documents, clean and as photos, are read by OCR and by the rules, whose confidences are
taken as they are without the table. Every second design (in the order of their names) is one half,
the others the other; each half is judged by the table of the other, so that no design does both.
For each field, values are put into bins of equal numbers by confidence; the share of right ones in
each bin, drawn towards the share of all by as many values as `_PRIOR`, is made to rise with the
confidence (isotonic regression by SciPy: Barlow and others, Statistical Inference under Order
Restrictions, 1972). A title, day or place is right where `bench.schedules` says so. `--write`
writes `rules/calibration.json` from both halves; do it only where the error of both falls.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from unittest.mock import patch

import numpy as np
from kioku_scenes.documents import Degrade, Half, designs
from kioku_vlm.page import Document
from kioku_vlm.rules import announce, confidence
from kioku_vlm.schedule_facts import Entry
from scipy.optimize import isotonic_regression

from bench.schedules_cases import Case, drawn_cases
from bench.schedules_readers import open_reader
from bench.schedules_score import Score

_BINS, _PRIOR = 4, 4
_JUDGED = {"title": "title", "start": "date", "place": "place"}
_VIEWS = (Degrade.CLEAN, Degrade.PHOTO)
Read = tuple[Case, Document]
Points = list[list[float]]


@dataclass
class ByField(Score):
    """A score that keeps the confidences of each field by themselves."""

    sure: dict[str, list[tuple[float, bool]]] = field(
        default_factory=lambda: {name: [] for name in _JUDGED}
    )

    def _confidence(self, found: Entry, right: dict[str, bool]) -> None:
        for name, judged in _JUDGED.items():
            value = getattr(found, name)
            if value is not None and value.evidence:
                self.sure[name].append((value.confidence, right[judged]))
        super()._confidence(found, right)


def main() -> None:
    """Fit, judge by halves, and write where asked."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help="rules/calibration.json")
    asked = options.parse_args()
    table = calibrate(list(_read()))
    if asked.write:
        target = Path(str(files("kioku_vlm.rules").joinpath("calibration.json")))
        target.write_text(json.dumps({"fields": table}, indent=1) + "\n", encoding="utf-8")


def calibrate(read: Iterable[Read]) -> dict[str, Points]:
    """The table of all documents; prints the error of each half by the table of the other."""
    halves = _halves(read)
    raw = [scored(half, {}) for half in halves]
    tables = [fitted(score.sure) for score in raw]
    _tell(raw[1], scored(halves[1], tables[0]), "second half by the first")
    _tell(raw[0], scored(halves[0], tables[1]), "first half by the second")
    return fitted({name: raw[0].sure[name] + raw[1].sure[name] for name in _JUDGED})


def _tell(before: ByField, after: ByField, title: str) -> None:
    print(f"\n{title}\n\n| field | values | ECE before | ECE after |\n|---|---|---|---|")
    for name in _JUDGED:
        errors = [_error(score.sure[name]) for score in (before, after)]
        print(f"| {name} | {len(before.sure[name])} | {errors[0]:.3f} | {errors[1]:.3f} |")
    print(
        f"| all, with recurrences | {len(before.confidences)} "
        f"| {before.calibration_error():.3f} | {after.calibration_error():.3f} |"
    )
    print(f"wrong days told surely: {before.sure_wrong_dates}, then {after.sure_wrong_dates}")


def scored(read: Iterable[Read], table: Mapping[str, Points]) -> ByField:
    """What the rules say of documents with a table."""
    score = ByField()
    with patch.object(confidence, "_table", lambda: table):
        for case, document in read:
            score.add(case.truths, announce(document, case.circumstances).entries)
    return score


def fitted(sure: Mapping[str, list[tuple[float, bool]]]) -> dict[str, Points]:
    """For each field, confidences and what to say instead, both rising."""
    return {name: _points(values) for name, values in sure.items() if len(values) >= 2 * _BINS}


def _points(values: list[tuple[float, bool]]) -> Points:
    ordered = np.array(sorted(values), float)
    bins = np.array_split(ordered, _BINS)
    whole = ordered[:, 1].mean()
    shares = [(one[:, 1].sum() + _PRIOR * whole) / (len(one) + _PRIOR) for one in bins]
    rising = isotonic_regression(shares, weights=[len(one) for one in bins]).x
    raws = [round(float(one[:, 0].mean()), 3) for one in bins]
    points = dict(zip(raws, (round(float(one), 3) for one in rising), strict=True))
    return [[0.0, 0.0], *([raw, said] for raw, said in points.items())]


def _error(values: list[tuple[float, bool]]) -> float:
    score = Score()
    score.confidences = values
    return score.calibration_error()


def _halves(read: Iterable[Read]) -> tuple[list[Read], list[Read]]:
    names = sorted(design.name for design in designs(Half.DEVELOPMENT))
    halves: tuple[list[Read], list[Read]] = [], []
    for case, document in read:
        halves[names.index(case.name.rpartition("-")[0]) % 2].append((case, document))
    return halves


def _read() -> Iterator[Read]:
    with open_reader("tesseract") as read:
        for view in _VIEWS:
            for case in drawn_cases(Half.DEVELOPMENT, view):
                yield case, read(case)


if __name__ == "__main__":
    main()

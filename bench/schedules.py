"""How well schedules are read: found entries against what documents announce.

`python -m bench.schedules --set development [--view clean] [--reader perfect]
 [--extractor kioku_vlm.rules:announce] [--json FILE] [--details] [--only NAME]`

Sets: `development` and `held-out` (drawn by `kioku_scenes.documents`, fonts by `KIOKU_FONTS`), and
`rendered` (`$KIOKU_EVAL_DATA/vlm/rendered`). Of `held-out` only totals are printed unless
`--details` is given: who writes rules does not look at its documents one by one.

Protocol. Found and expected entries are paired by the assignment of greatest likeness (day, hour,
title, place). A date is right where first and last day are, a time where the clocks of start and
end are, a title or a place at a similarity of 0.85 and more (NFKC, case folded, no spaces), a
recurrence where it gives the same days, a further clock where its role and time are. Values of
entries without a partner count against precision or recall. All fields exact: kind, date, time,
title, place, clocks and recurrence of one entry. Evidence: of title, start and place that both
have, the share whose box overlaps that of the words by half (IoU). F1 by
document: its mean over documents, so that one table of sixty rows counts once. The perfect reader
knows what was drawn; its seconds are those of the extractor alone.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from kioku_scenes.documents import Degrade, Half
from kioku_vlm.page import Document
from kioku_vlm.schedule_facts import Circumstances, Schedule

from bench.schedules_cases import Case, DataMissing, drawn_cases, rendered_cases
from bench.schedules_readers import open_reader
from bench.schedules_score import FIELDS, Score

Extractor = Callable[[Document, Circumstances], Schedule]
RULES = "kioku_vlm.rules:announce"


def main() -> None:
    """Judge a set and print the table."""
    asked = _asked()
    extract: Extractor = _named(asked.extractor)
    score, seconds, pages = Score(), [0.0, 0.0], 0
    try:
        with open_reader(asked.reader) as read:
            for case in _cases(asked.set, Degrade(asked.view), asked.only):
                began = time.perf_counter()
                document = read(case)
                between = time.perf_counter()
                schedule = extract(document, case.circumstances)
                seconds = [seconds[0] + between - began, seconds[1] + time.perf_counter() - between]
                pages += len(case.files)
                _tell(case.name, score.add(case.truths, schedule.entries), silent=_is_silent(asked))
    except DataMissing as missing:
        print(f"skipped: {missing}")
        sys.exit(0)
    report = report_of(score, pages=pages, reading=seconds[0], extracting=seconds[1])
    print(_table(score, report, f"{asked.set}, {asked.view}, {asked.reader}, {asked.extractor}"))
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=2, ensure_ascii=False), encoding="utf-8")


def report_of(score: Score, *, pages: int, reading: float, extracting: float) -> dict[str, object]:
    """The figures as plain values."""
    fields = {
        name: asdict(one) | {"precision": one.precision, "recall": one.recall, "f1": one.f1}
        for name, one in score.fields.items()
    }
    return {
        "fields": fields,
        "documents": score.documents,
        "entries_expected": score.expected,
        "entries_found": score.found,
        "entries_paired": score.paired,
        "all_fields_exact": score.exact / score.expected if score.expected else 1.0,
        "kind_accuracy": score.right_kind / score.paired if score.paired else 1.0,
        "evidence_iou": sum(score.grounded) / len(score.grounded) if score.grounded else None,
        "documents_without_entries": score.eventless,
        "false_entries_on_them": score.false_entries,
        "sure_wrong_dates": score.sure_wrong_dates,
        "ece": score.calibration_error(),
        "pages": pages,
        "seconds_a_page_reading": reading / max(pages, 1),
        "seconds_a_page_extracting": extracting / max(pages, 1),
    }


def _asked() -> argparse.Namespace:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--set", choices=[*Half, "rendered"], default=Half.DEVELOPMENT)
    options.add_argument("--view", choices=[*Degrade], default=Degrade.CLEAN)
    options.add_argument("--extractor", default=RULES, help="module:function")
    options.add_argument("--reader", default="perfect", help="perfect, tesseract, module:factory")
    options.add_argument("--only", default="", help="documents whose name has these letters")
    options.add_argument("--json", type=Path)
    options.add_argument("--details", action="store_true", help="each fault, of held-out too")
    return options.parse_args()


def _named(path: str) -> Extractor:
    module, _, name = path.partition(":")
    found: Extractor = getattr(importlib.import_module(module), name)
    return found


def _cases(name: str, how: Degrade, only: str) -> Iterator[Case]:
    if name != "rendered":
        return drawn_cases(Half(name), how, only)
    return (case for case in rendered_cases(how) if only in case.name)


def _is_silent(asked: argparse.Namespace) -> bool:
    """Whether single documents are not told of."""
    return bool(asked.set == Half.HELD_OUT and not asked.details)


def _tell(name: str, faults: list[str], *, silent: bool) -> None:
    if faults and not silent:
        print(name, *faults, sep="\n  ")


def _table(score: Score, report: dict[str, object], title: str) -> str:
    rows = [
        f"\n{title}",
        "",
        "| field | precision | recall | F1 | F1 by document | expected |",
        "|---|---|---|---|---|---|",
    ]
    for name in FIELDS:
        one = score.fields[name]
        rows.append(
            f"| {name} | {one.precision:.3f} | {one.recall:.3f} | {one.f1:.3f} "
            f"| {score.macro_f1(name):.3f} | {one.expected} |"
        )
    rows += [
        "",
        *(f"{name}: {_shown(value)}" for name, value in report.items() if name != "fields"),
    ]
    return "\n".join(rows)


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()

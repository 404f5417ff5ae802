"""The evaluator gives full marks for the truth, and the right marks for what is wrong."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from kioku_scenes.documents import Degrade, Half, degrade, missing_faces
from kioku_scenes.documents.document import Draft, finish
from kioku_vlm.page import Box, Document, Page, PageFlag
from kioku_vlm.schedule_facts import ClockRole, Entry, Evidence, Kind, Value

from bench.schedules_cases import DATA, DataMissing, drawn_cases, rendered_cases
from bench.schedules_match import occurrences, pairs_of, same_note, same_recurrence
from bench.schedules_readers import line_of, open_reader, read_perfectly
from bench.schedules_score import FIELDS, Score
from bench.schedules_truth import Truth

fonts = pytest.mark.skipif(
    bool(missing_faces()), reason=f"fonts are not unpacked: {missing_faces()}"
)


def value(text: str, confidence: float = 0.9, box: Box | None = None) -> Value:
    seen = (Evidence(1, box, text),) if box else ()
    return Value(text, text, confidence, evidence=seen)


FAIR = Entry(
    Kind.EVENT, title=value("Plant Sale", box=Box(0.1, 0.1, 0.4, 0.1)),
    start=value("2026-05-09T09:00"), end=value("2026-05-09T13:30"),
    clocks={ClockRole.DOORS: value("2026-05-09T08:45")},
    place=value("Oak Hill gym"), notes=(value("cash only"),),
)  # fmt: skip
CLASS = Entry(
    Kind.EVENT, title=value("Yoga"), start=value("2026-04-11T10:00"),
    rrule=value("FREQ=MONTHLY;BYDAY=2SA,4SA;UNTIL=20260630"), exdates=(value("2026-05-09"),),
)  # fmt: skip


def judged(found: Iterable[Entry], *truths: Entry) -> Score:
    score = Score()
    score.add([Truth(one) for one in truths], list(found))
    return score


@fonts
@pytest.mark.parametrize("half", list(Half))
@pytest.mark.parametrize("how", [Degrade.CLEAN, Degrade.TURNED_90])
def test_the_truth_itself_has_full_marks(half: Half, how: Degrade) -> None:
    """Every drawn document's own entries score one in every field, with their boxes."""
    score = Score()
    for case in drawn_cases(half, how):
        assert score.add(case.truths, [truth.entry for truth in case.truths]) == []
    assert score.exact == score.expected > 200
    assert all(score.fields[name].f1 == 1.0 for name in FIELDS)
    assert all(score.grounded)
    assert (score.false_entries, score.sure_wrong_dates, score.calibration_error()) == (0, 0, 0.0)


def test_nothing_found_is_nothing_recalled() -> None:
    """No entry: precision is not hurt, recall is nothing."""
    score = judged([], FAIR)
    assert (score.fields["date"].precision, score.fields["date"].recall) == (1.0, 0.0)
    assert score.fields["clocks"].expected == 1
    assert score.exact == 0


def test_each_field_is_judged_by_itself() -> None:
    """A wrong hour leaves the day right, a slightly other title is the same."""
    found = replace(FAIR, start=value("2026-05-09T10:00"), title=value("PLANT SALE!"))
    score = judged([found], FAIR)
    assert [name for name in FIELDS if score.fields[name].right == 0] == ["time", "recurrence"]
    assert score.exact == 0


def test_a_last_day_that_is_missing_is_a_wrong_date() -> None:
    """Both ends of a range belong to its date."""
    camp = replace(FAIR, start=value("2026-08-03"), end=value("2026-08-05"))
    score = judged([replace(camp, end=None)], camp)
    assert score.fields["date"].right == 0
    assert score.sure_wrong_dates == 1


def test_entries_without_a_partner_count_against_precision() -> None:
    """An invented entry adds found values that are not right."""
    other = replace(FAIR, title=value("Jumble"), start=value("2026-11-01"), end=None, place=None)
    score = judged([FAIR, other], FAIR)
    assert score.fields["title"].precision == 0.5
    assert score.fields["title"].recall == 1.0
    assert (score.expected, score.found, score.paired) == (1, 2, 1)


def test_entries_where_there_are_none_are_false() -> None:
    """A receipt that gives an event."""
    score = judged([FAIR])
    assert (score.eventless, score.false_entries) == (1, 1)


def test_pairs_are_the_best_in_all() -> None:
    """Rows of a table find each other whatever their order; what shares nothing stays alone."""
    rows = [
        replace(FAIR, title=value(name), start=value(f"2026-05-{day:02d}"))
        for day, name in enumerate(("A-a", "B-b", "C-c"), 1)
    ]
    assert pairs_of([Truth(one) for one in rows], rows[::-1]) == [(0, 2), (1, 1), (2, 0)]
    stranger = Entry(Kind.EVENT, title=value("zzz"), start=value("2030-01-01"))
    assert pairs_of([Truth(rows[0])], [stranger]) == []


def test_recurrences_are_the_same_where_their_days_are() -> None:
    """Other words of a rule, an UNTIL as a moment; not without the day that is left out."""
    days = ("04-11", "04-25", "05-23", "06-13", "06-27")
    assert occurrences(CLASS) == {date.fromisoformat(f"2026-{day}") for day in days}
    same = replace(CLASS, rrule=value("FREQ=MONTHLY;UNTIL=20260630T145959Z;BYDAY=4SA,2SA"))
    assert same_recurrence(Truth(CLASS), same)
    assert not same_recurrence(Truth(CLASS), replace(CLASS, exdates=()))
    assert not same_recurrence(Truth(CLASS), replace(CLASS, rrule=value("FREQ=SOMETIMES")))


def test_a_recurrence_without_a_first_day_may_start_on_any_of_its_days() -> None:
    """Nobody told when it starts."""
    rule = value("FREQ=WEEKLY;BYDAY=TH")
    weekly = Entry(Kind.CLOSED, title=value("closed"), start=value("2026-07-02"), rrule=rule)
    later = replace(weekly, start=value("2026-07-16"))
    score = Score()
    assert score.add([Truth(weekly, frozenset({"start"}))], [later]) == []
    assert judged([later], weekly).fields["date"].right == 0


def test_an_implied_place_may_be_left_out_but_not_be_wrong() -> None:
    """The heading's place is no fault either way."""
    truth = Truth(FAIR, frozenset({"place"}))
    counts = []
    for place in (None, value("Oak Hill gym"), value("elsewhere")):
        score = Score()
        score.add([truth], [replace(FAIR, place=place)])
        counts.append((score.fields["place"].expected, score.fields["place"].found, score.exact))
    assert counts == [(0, 0, 1), (0, 0, 1), (1, 1, 0)]


def test_a_meeting_hour_that_is_the_start_again_is_no_fault() -> None:
    """Gathering at nine for what starts at nine; at eight it would be a clock too many."""
    clocks = FAIR.clocks | {ClockRole.GATHERING: value("2026-05-09T09:00")}
    assert judged([replace(FAIR, clocks=clocks)], FAIR).exact == 1
    clocks = FAIR.clocks | {ClockRole.GATHERING: value("2026-05-09T08:00")}
    assert judged([replace(FAIR, clocks=clocks)], FAIR).fields["clocks"].precision == 0.5


def test_notes_may_end_elsewhere() -> None:
    """A note within a somewhat longer one is found; a scrap of it is not."""
    assert same_note(value("弁当、水筒、雨具"), value("持ち物：弁当、水筒、雨具"))
    assert not same_note(value("弁当、水筒、雨具"), value("雨"))


def test_calibration_error_is_the_gap_of_each_bin() -> None:
    """Four values at 0.9 of which one is right, and one at 0.05 that is wrong."""
    score = Score()
    score.confidences = [(0.9, True), (0.9, False), (0.9, False), (0.9, False), (0.05, False)]
    assert score.calibration_error() == pytest.approx((4 * (0.9 - 0.25) + 0.05) / 5)


def test_evidence_elsewhere_is_not_grounded() -> None:
    """Right words of a wrong place on the page."""
    moved = replace(FAIR, title=value("Plant Sale", box=Box(0.6, 0.8, 0.3, 0.1)))
    assert judged([moved], FAIR).grounded == [False]
    assert judged([FAIR], FAIR).grounded == [True]


def test_a_long_table_counts_once_by_document() -> None:
    """Ten wrong rows of one document weigh as much as one right entry of another."""
    rows = [replace(FAIR, start=value(f"2026-05-{day:02d}"), end=None) for day in range(1, 11)]
    score = judged([replace(row, title=value("x")) for row in rows], *rows)
    score.add([Truth(FAIR)], [FAIR])
    assert score.fields["title"].f1 == pytest.approx(1 / 11)
    assert score.macro_f1("title") == 0.5


@fonts
def test_the_perfect_reader_has_a_box_for_each_character() -> None:
    """Text is as drawn with one space for each gap; boxes are parts of the page."""
    draft = Draft(date(2026, 5, 1))
    page = draft.page(400, 200)
    page.write(40, 60, "日時　　5/3 (日)", 20)
    line = line_of(page.runs[0], 400, 200)
    assert line.text == "日時 5/3 (日)"
    assert len(line.boxes) == len(line.text)
    assert line.boxes[0].left == pytest.approx(0.1)
    assert line.boxes[2].width == pytest.approx(2 * 20 / 400)
    assert [a.right for a in line.boxes[:-1]] == pytest.approx([b.left for b in line.boxes[1:]])


@fonts
def test_the_perfect_reader_parts_what_hardly_anybody_sees() -> None:
    """Hidden runs are no lines, and an empty page is said to be blank."""
    draft = Draft(date(2026, 5, 1), "en")
    page = draft.page(400, 200, font="sans")
    page.write(10, 10, "plain", 20)
    page.write(10, 60, "pale", 20, ink=(250, 250, 250), hidden=True)
    draft.page(400, 200)
    one, two = read_perfectly(degrade(finish("two", "test", draft), Degrade.CLEAN)).pages
    assert [line.text for line in one.lines] == ["plain"]
    assert [line.text for line in one.hidden] == ["pale"]
    assert one.flags == (PageFlag.HIDDEN_TEXT,)
    assert two.flags == (PageFlag.BLANK, PageFlag.NO_TEXT)


class ByteCounter:
    """A reader that says of a file how many bytes it has."""

    async def read(self, data: bytes) -> Document:
        return Document((Page(1, len(data), 1, ()),), "en")


@asynccontextmanager
async def open_counter() -> AsyncIterator[ByteCounter]:
    """One, until the block ends."""
    yield ByteCounter()


@fonts
def test_a_reader_by_name_reads_each_page_of_a_document() -> None:
    """Pages are files of their own, numbered on."""
    case = next(drawn_cases(Half.DEVELOPMENT, Degrade.PHOTO, "camp-two-pages-0"))
    with open_reader(f"{__name__}:open_counter") as read:
        document = read(case)
    assert [(page.number, page.width) for page in document.pages] == [
        (1, len(case.files[0])),
        (2, len(case.files[1])),
    ]
    assert document.language == "en"
    assert all(file.startswith(b"\xff\xd8\xff") for file in case.files)


def test_absent_data_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """No evaluation data: an error that names the setting."""
    monkeypatch.delenv(DATA, raising=False)
    with pytest.raises(DataMissing, match=DATA):
        next(rendered_cases(Degrade.CLEAN))


@fonts
@pytest.mark.parametrize(("extra", "told"), [((), False), (("--details",), True)])
def test_held_out_documents_are_told_of_only_when_asked(
    tmp_path: Path, extra: tuple[str, ...], told: bool
) -> None:
    """Totals as a file; faults of a held-out document's entries with `--details` alone."""
    (tmp_path / "silence.py").write_text(
        "from kioku_vlm.schedule_facts import Schedule\n"
        "def announce(document, circumstances):\n    return Schedule(())\n"
    )
    out = tmp_path / "out.json"
    asked = ["--set", "held-out", "--only", "memo", "--json", str(out), *extra]
    ran = subprocess.run(
        [sys.executable, "-m", "bench.schedules", "--extractor", "silence:announce", *asked],
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), "."))},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    figures = json.loads(out.read_text())
    counts = [figures[name] for name in ("documents", "entries_expected", "entries_found")]
    assert counts == [2, 6, 0]
    assert ("missed: " in ran.stdout) == told

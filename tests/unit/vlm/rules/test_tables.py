"""A table of n rows announces n things."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from kioku_vlm.page import Document
from kioku_vlm.rules import announce
from kioku_vlm.schedule_facts import Circumstances

from tests.unit.vlm.rules.paper import line, paper

_NAMES = ("遠足", "運動会", "避難訓練", "身体測定", "音楽会", "保護者会", "始業式", "読み聞かせ")
_ENGLISH = ("Sports day", "Book fair", "Choir concert", "Swimming", "Open evening", "Fire drill")
_WEEK = "月火水木金土日"
Row = tuple[date, str]

rows = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from(_NAMES)), min_size=3, max_size=9,
    unique_by=lambda row: row[0],
)  # fmt: skip
FIRST = date(2026, 4, 1)


def table(days: list[Row], *, headed: bool, step: int, shift: int) -> Document:
    lines = [line(80, 60, 36, "今後の予定")]
    if headed:
        lines += [line(80 + shift, 150, 24, "日付"), line(400, 150, 24, "行事")]
    for at, (day, name) in enumerate(days):
        words = f"{day.month}月{day.day}日({_WEEK[day.weekday()]})"
        y = 200 + step * at
        lines += [line(80 + shift, y, 24, words), line(400, y, 24, name)]
    return paper(*lines)


@given(rows, st.booleans(), st.integers(36, 80), st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_n_rows_in_n_entries_out(
    drawn: list[tuple[int, str]], headed: bool, step: int, shift: int
) -> None:
    days = [(FIRST + timedelta(after), name) for after, name in sorted(drawn)]
    found = announce(
        table(days, headed=headed, step=step, shift=shift), Circumstances(FIRST)
    ).entries

    told = [
        (entry.start.value, entry.title.value) for entry in found if entry.start and entry.title
    ]
    assert told == [(day.isoformat(), name) for day, name in days]


@given(st.lists(st.tuples(st.integers(0, 200), st.sampled_from(_ENGLISH)), min_size=3, max_size=8,
                unique_by=lambda row: row[0]))  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_n_english_lines_in_n_entries_out(drawn: list[tuple[int, str]]) -> None:
    days = [(FIRST + timedelta(after), name) for after, name in sorted(drawn)]
    lines = [line(80, 60, 36, "Dates for your diary")]
    for at, (day, name) in enumerate(days):
        lines.append(line(80, 160 + 44 * at, 24, f"{day:%A} {day.day} {day:%B} - {name}"))

    found = announce(paper(*lines, language="en"), Circumstances(FIRST)).entries

    told = [
        (entry.start.value, entry.title.value) for entry in found if entry.start and entry.title
    ]
    assert told == [(day.isoformat(), name) for day, name in days]

"""What is over, moved, counted from another day or told in two lines, on papers of the everyday."""

from __future__ import annotations

from datetime import date

import pytest
from kioku_vlm.rules import announce
from kioku_vlm.schedule_facts import Circumstances, Entry

from tests.unit.vlm.rules.paper import line, paper

TODAY = date(2026, 6, 5)


def entries(*texts: str) -> tuple[Entry, ...]:
    """What lines under each other announce; the first is the heading."""
    head, *rest = texts
    lines = [line(80, 60 + 90 * at, 30, text) for at, text in enumerate(rest, 1)]
    return announce(paper(line(80, 60, 52, head), *lines), Circumstances(TODAY)).entries


def days(*texts: str) -> list[str]:
    return [entry.start.value for entry in entries(*texts) if entry.start]


@pytest.mark.parametrize(
    "texts",
    [
        ("こども会だより", "5月17日(日)、海岸で潮干狩りを行いました。"),
        ("第3回 理事会 議事録", "日時 令和8年5月20日 午後7時", "場所 第一集会所"),
        ("会社概要", "1987年10月1日 新工場が完成"),
        ("保証書", "お買い上げ日 2026年5月3日"),
        ("ごまどうふ", "製造日 2026.06.04"),
        ("料金表", "駐車場 1日500円"),
        ("スタッフ募集", "週2日から働けます"),
    ],
    ids=lambda texts: texts[0],
)
def test_what_is_over_or_no_day_of_the_calendar_announces_nothing(texts: tuple[str, ...]) -> None:
    assert days(*texts) == []


def test_a_past_day_stays_where_something_is_announced_beside_it() -> None:
    found = days("市民便り", "5月17日に役員会を開きました。", "7月12日(日)10:00 七夕まつり(集会所)")

    assert found == ["2026-07-12T10:00"]


def test_a_moved_day_is_the_new_one() -> None:
    found = entries(
        "授業参観の日程変更について", "6月9日(火)から6月16日(火)に変更します。", "時間 13:40から"
    )

    assert [entry.start.value for entry in found if entry.start] == ["2026-06-16T13:40"]
    assert [entry.title.value for entry in found if entry.title] == ["授業参観"]


def test_a_deadline_that_is_counted_from_the_appointment_is_no_entry() -> None:
    found = days("次回ご予約", "6月20日(土) 9:30", "変更は前日の18時までにご連絡ください。")

    assert found == ["2026-06-20T09:30"]


def test_a_range_in_two_lines_is_one_entry() -> None:
    found = entries("断水のお知らせ", "6月22日(月) 午後10時から", "6月23日(火) 午前5時まで")

    assert [(one.start and one.start.value, one.end and one.end.value) for one in found] == [
        ("2026-06-22T22:00", "2026-06-23T05:00")
    ]


def test_each_session_of_a_day_is_an_entry() -> None:
    found = days("「雨の停留所」", "7月4日(土) 14:00/18:30", "7月5日(日) 13:00")

    assert found == ["2026-07-04T14:00", "2026-07-04T18:30", "2026-07-05T13:00"]


def test_three_days_that_do_not_all_follow_each_other_are_three_entries() -> None:
    found = days("胃がん検診", "実施日 8月24日(月)、25日(火)、27日(木)")

    assert found == ["2026-08-24", "2026-08-25", "2026-08-27"]


def test_a_label_of_a_deed_and_its_sort_is_a_label() -> None:
    found = entries("予防接種", "接種日時 7月11日(土) 9時15分", "接種会場 健康センター 1階")

    assert [entry.place.value for entry in found if entry.place] == ["健康センター 1階"]


def test_a_name_beats_a_larger_call() -> None:
    document = paper(
        line(80, 60, 110, "来て!見て!"), line(80, 260, 56, "みなと産業まつり"),
        line(80, 400, 60, "7月12日(日) 10:00"), line(80, 560, 30, "みなと公園"),
    )  # fmt: skip

    found = announce(document, Circumstances(TODAY)).entries

    assert [entry.title.value for entry in found if entry.title] == ["みなと産業まつり"]


def test_the_first_day_of_a_weekly_thing_without_a_beginning_is_not_sure() -> None:
    found = entries("ごみ収集", "毎週火曜日")

    assert [entry.start.confidence < 0.8 for entry in found if entry.start] == [True]

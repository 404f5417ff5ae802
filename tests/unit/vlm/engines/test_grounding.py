"""A string counts as read only where it stands on the page, digit for digit."""

from __future__ import annotations

import pytest
from kioku_vlm.engines.grounding import find
from kioku_vlm.engines.text_index import TextIndex, fold
from kioku_vlm.engines.words import Words

from tests.unit.vlm.engines.drawn_pages import document

PAGE = document(
    "第３回　夏まつりのお知らせ",
    "日時 5月30日(土) 10:00〜15:00",
    "場所 中央公民館 大ホール",
    "雨天時 5月31日(日) 10:00〜15:00",
    "お問い合わせ 03-1234-5678",
)
INDEX = TextIndex(PAGE)


def _quote(text: str, line: int = 0) -> str | None:
    found = find(Words(text, line), INDEX)
    return None if found is None else INDEX.text[found.start : found.end]


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("夏まつりのお知らせ", "夏まつりのお知らせ"),
        ("第3回夏まつり", "第３回　夏まつり"),
        ("中央公民館大ホール", "中央公民館 大ホール"),
        ("10:00～15:00", "10:00〜15:00"),
        ("お知らせ日時", "お知らせ\n日時"),
    ],
)
def test_width_blanks_waves_and_breaks_make_no_difference(said: str, stands: str) -> None:
    found = find(Words(said), INDEX)
    assert found is not None
    assert found.exact
    assert _quote(said) == stands


@pytest.mark.parametrize("said", ["夏まつりのお知らサ", "中央公民飽 大ホール"])
def test_a_letter_misread_by_one_of_the_two_is_found_and_is_not_exact(said: str) -> None:
    found = find(Words(said), INDEX)
    assert found is not None
    assert 0.78 <= found.likeness < 1


@pytest.mark.parametrize(
    "said",
    [
        "5月29日(土)",
        "10:00〜16:00",
        "第4回 夏まつりのお知らせ",
        "第三回 夏まつりのお知らせ",
        "03-1234-5679",
        "冬のコンサート",
        "Central Park",
        "館長",
        "",
        "   ",
    ],
)
def test_another_number_or_other_words_stand_nowhere(said: str) -> None:
    assert find(Words(said), INDEX) is None


def test_the_line_that_is_named_decides_between_several_places_and_nothing_else() -> None:
    assert find(Words("10:00〜15:00"), INDEX) != find(Words("10:00〜15:00", 4), INDEX)
    assert INDEX.evidence(*_span("10:00〜15:00", 4))[0].box.top == pytest.approx(0.02 + 3 * 0.06)
    assert _quote("夏まつり", 5) == "夏まつり"
    assert _quote("夏まつり", 999) == "夏まつり"


def _span(text: str, line: int) -> tuple[int, int]:
    found = find(Words(text, line), INDEX)
    assert found is not None
    return found.start, found.end


def test_evidence_has_the_boxes_of_its_characters_one_for_each_line() -> None:
    (where,) = INDEX.evidence(*_span("中央公民館", 0))
    assert where.quote == "中央公民館"
    assert where.page == 1
    assert where.box.left == pytest.approx(0.1 + 3 * 0.02)
    assert where.box.width == pytest.approx(5 * 0.02)
    two = INDEX.evidence(*_span("お知らせ日時", 0))
    assert [one.quote for one in two] == ["お知らせ", "日時"]


def test_hidden_lines_are_no_evidence() -> None:
    page = document("夏まつり", hidden=("秘密の集会 5月1日",))
    assert find(Words("秘密の集会"), TextIndex(page)) is None
    assert find(Words("秘密の集会"), TextIndex(page, hidden=True)) is not None


def test_a_page_without_lines_holds_nothing() -> None:
    assert find(Words("夏まつり"), TextIndex(document())) is None


def test_folding_is_per_character_so_that_boxes_stay_exact() -> None:
    assert fold("ＡＢＣ ①　〜—") == "abc1~-"
    assert fold("㍻") == "平成"
    assert fold("a\u200bb\u202ec") == "abc"

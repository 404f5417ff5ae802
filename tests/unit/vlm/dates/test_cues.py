"""What the words beside a day make of it."""

from datetime import date

import pytest
from kioku_vlm.dates import Anchor, Cue, find_moments

TODAY = date(2026, 5, 8)


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("6月30日(火)17時必着", Cue.DEADLINE),
        ("申込締切：6月30日(火)", Cue.DEADLINE),
        ("申込締切\n6月30日(火)", Cue.DEADLINE),
        ("6月30日(火)までに提出", Cue.DEADLINE),
        ("RSVP by June 1", Cue.DEADLINE),
        ("Deadline: 1 June", Cue.DEADLINE),
        ("6月30日(火)は休館日", Cue.CLOSED),
        ("Closed on 30 June", Cue.CLOSED),
        ("6月30日(火)発売", Cue.RELEASED),
        ("Tickets on sale 1 June", Cue.RELEASED),
        ("申込開始 6/30(火) 9:00〜", Cue.START),
        ("令和8年4月10日 発行", Cue.ISSUED),
        ("発行日：令和8年4月10日", Cue.ISSUED),
        ("令和8年5月8日\n保護者 各位\nさくら市立第一小学校", Cue.ISSUED),
        ("6月30日(火) 開場18:00 開演19:00", Cue.NONE),
        ("6月30日(火) 夏まつり", Cue.NONE),
    ],
)
def test_a_day_has_the_cue_of_its_words(text, cue):
    """Before it, behind it, or on the line above."""
    (found,) = find_moments(text, Anchor(TODAY))

    assert found.cue is cue


def test_each_day_of_a_document_has_its_own():
    """A festival, its substitute day and the deadline of its stalls."""
    text = (
        "さくら夏まつり\n令和8年7月25日(土)\n午後5時〜午後9時\n雨天の場合は26日(日)に順延\n"
        "出店申込　6月30日(火)17時必着\n主催：さくら市商工会　TEL 0123-45-6789"
    )

    festival, substitute, deadline = find_moments(text, Anchor(date(2026, 6, 1)))

    assert (festival.start, festival.cue, festival.resolved_by) == (date(2026, 7, 25), "", "era")
    assert [(one.minutes, one.until) for one in festival.clocks] == [(1020, 1260)]
    assert (substitute.start, substitute.clocks) == (date(2026, 7, 26), ())
    assert (deadline.start, deadline.cue) == (date(2026, 6, 30), Cue.DEADLINE)
    assert [one.minutes for one in deadline.clocks] == [1020]

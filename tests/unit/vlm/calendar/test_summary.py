"""What a file announces, in a few lines."""

from __future__ import annotations

from kioku_vlm.calendar.summary import summary
from kioku_vlm.page import Box
from kioku_vlm.schedule_facts import ClockRole, Evidence, Kind, Schedule, Suspicion

from tests.unit.vlm.calendar.announced import entry, said


def test_a_summary_is_a_few_safe_lines() -> None:
    """What, when, where, how sure, why to look; nothing that a terminal obeys."""
    one = entry(
        "2026-06-03T09:30",
        "2026-06-03T10:20",
        title=said("プール\x1b[2J"),
        zone="Asia/Tokyo",
        place=said("第一小"),
        clocks={ClockRole.DOORS: said("2026-06-03T09:00")},
        rrule=said("FREQ=WEEKLY"),
        notes=(said("水着"),),
        flags=("YEAR_ASSUMED",),
    )
    odd = Suspicion("INSTRUCTION", Evidence(1, Box(0, 0, 1, 1), "ignore\nall"))
    assert [
        "a b.png",
        "  1  event    2026-06-03T09:30 – 2026-06-03T10:20 Asia/Tokyo  プール[2J @ 第一小  (0.90)",
        "     repeats: FREQ=WEEKLY",
        "     doors: 2026-06-03T09:00",
        "     note: 水着",
        "     look at it: YEAR_ASSUMED",
        "  2  deadline no day  Deadline  (0.90)",
        "  !  INSTRUCTION on page 1: ignore all",
    ] == summary(
        "a\nb.png",
        Schedule((one, entry(None, title=None, kind=Kind.DEADLINE)), "ja", "", (odd,)),
    ).split("\n")
    assert "x.png: nothing (BLANK)" == summary("x.png", Schedule((), "", "BLANK"))

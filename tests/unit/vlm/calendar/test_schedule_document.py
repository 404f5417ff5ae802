"""A schedule as JSON has the names and values of the contract."""

from __future__ import annotations

import json
from dataclasses import replace

from google.protobuf.json_format import ParseDict
from kioku.vlm.v1 import observation_pb2 as pb
from kioku_vlm.calendar.schedule_document import entry_document, json_text, schedule_document
from kioku_vlm.page import Box
from kioku_vlm.schedule_facts import ClockRole, Evidence, Kind, Schedule, Suspicion

from tests.unit.vlm.calendar.announced import entry, said


def test_the_contract_s_message_takes_it() -> None:
    """Field by field, so that one decoder reads both."""
    one = entry(
        "2026-05-29",
        "2026-05-30",
        kind=Kind.DEADLINE,
        zone="Asia/Tokyo",
        zone_by="place",
        clocks={ClockRole.DOORS: said("2026-05-29T18:00", "開場18時")},
        rrule=said("FREQ=WEEKLY"),
        exdates=(said("2026-06-05"),),
        place=said("中央公園"),
        address=said("1-2-3"),
        notes=(said("雨天順延"), said("無料")),
        flags=("NO_TITLE",),
    )
    message = ParseDict(entry_document(one), pb.Entry())
    assert pb.ENTRY_KIND_DEADLINE == message.kind
    assert ("2026-05-29", "2026-05-30") == (message.start.value, message.end.value)
    assert ("Asia/Tokyo", "place") == (message.zone, message.zone_by)
    assert pb.CLOCK_ROLE_DOORS == message.clocks[0].role
    assert "開場18時" == message.clocks[0].time.raw
    assert ("FREQ=WEEKLY", "2026-06-05") == (message.rrule.value, message.exdates[0].value)
    assert ["雨天順延", "無料"] == [note.value for note in message.notes]
    assert ["NO_TITLE"] == list(message.flags)
    evidence = message.title.evidence[0]
    assert (1, "Summer fair") == (evidence.page, evidence.quote)
    assert [0.1, 0.2, 0.3, 0.05] == [
        round(side, 4)
        for side in (evidence.box.left, evidence.box.top, evidence.box.width, evidence.box.height)
    ]


def test_what_was_not_read_is_null() -> None:
    """And why there is nothing is told."""
    bare = entry_document(replace(entry(None), title=None))
    assert [None] * 5 == [bare[name] for name in ("title", "start", "end", "rrule", "place")]
    suspicion = Suspicion("INSTRUCTION", Evidence(2, Box(0, 0, 1, 0.1), "ignore all"))
    document = schedule_document(Schedule((), "en", "NO_EVENT", (suspicion,)))
    assert ("en", "NO_EVENT", []) == (
        document["language"],
        document["abstained"],
        document["events"],
    )
    message = ParseDict(document["suspicions"][0], pb.Suspicion())
    assert ("INSTRUCTION", 2, "ignore all") == (
        message.reason,
        message.evidence.page,
        message.evidence.quote,
    )


def test_the_text_is_json_whatever_the_words() -> None:
    """Half a surrogate pair, control characters, line separators."""
    one = entry(None, title=said('日\ud800\x00\u2028"</script>'))
    text = json_text(schedule_document(Schedule((one,))))
    read = json.loads(text.encode("utf-8"))
    assert '日\ufffd\x00\u2028"</script>' == read["events"][0]["title"]["value"]
    assert text.endswith("}\n")

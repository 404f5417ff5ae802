"""Headers carry any text on one line of ASCII, and only what belongs to the event."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from kioku_rt.events.headers import event_id, header_text, passed_on, plain_text


@given(st.text(max_size=400))
def test_any_text_survives_but_for_its_white_space(text):
    """One line of printable ASCII that reads back as the same words."""
    carried = header_text(text)
    assert carried.isascii()
    assert carried.isprintable()
    assert " ".join(text.split()) == plain_text(carried)


def test_plain_text_stays_readable():
    """Nothing is encoded that need not be."""
    assert "The image ends early: 3 of 9 rows." == header_text("The image ends early: 3 of 9 rows.")


def test_our_headers_are_not_passed_on():
    """The trace stays with the event; ids and verdicts do not."""
    headers = {"traceparent": "t", "Nats-Msg-Id": "x", "Kioku-Reason": "INTERNAL"}
    assert {"traceparent": "t"} == passed_on(headers)


def test_the_event_s_id_wins_over_the_message_s():
    """A copy has a message id of its own and keeps the event's."""
    assert "e" == event_id({"Nats-Msg-Id": "m", "Kioku-Event-Id": "e"}, "KIOKU", 5)
    assert "m" == event_id({"Nats-Msg-Id": "m"}, "KIOKU", 5)
    assert "KIOKU-5" == event_id({}, "KIOKU", 5)

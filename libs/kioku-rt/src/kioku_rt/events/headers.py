"""The headers of events and letters, and what may travel in them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote

MESSAGE_ID = "Nats-Msg-Id"  # the event log stores one id once
EVENT_ID = "Kioku-Event-Id"  # the event's id where the message needs one of its own
ONLY_FOR = "Kioku-Only-For"  # the one consumer a copy is meant for
REASON = "Kioku-Reason"
MESSAGE = "Kioku-Message"
CONSUMER = "Kioku-Consumer"
ATTEMPTS = "Kioku-Attempts"
_OURS = ("Kioku-", "Nats-")
_TEXT_CHARACTERS = 400
_PLAIN = " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"


def event_id(headers: Mapping[str, str], stream: str, sequence: int) -> str:
    """The id of the event in a message; its place for one published without an id."""
    return headers.get(EVENT_ID) or headers.get(MESSAGE_ID) or f"{stream}-{sequence}"


def header_text(text: str) -> str:
    """One line of ASCII that a header can carry: whatever is not plain is percent-encoded."""
    return quote(" ".join(text.split())[:_TEXT_CHARACTERS], safe=_PLAIN)


def plain_text(header: str) -> str:
    """The text that `header_text` was given, on one line."""
    return unquote(header)


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """The publisher's own headers: without ours and the server's."""
    return {name: value for name, value in headers.items() if not name.startswith(_OURS)}

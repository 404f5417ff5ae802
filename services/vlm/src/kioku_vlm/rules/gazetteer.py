"""Names of places and the zones they lie in; a name that many places share is not among them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from zoneinfo import available_timezones

from kioku_vlm.rules.traits import ADDRESS
from kioku_vlm.rules.words import lexicon

_POSTCODE_UK = re.compile(r"\b[A-Z]{1,2}\d[\dA-Z]? \d[A-Z]{2}\b")
_STATE = re.compile(r",\s?([A-Z]{2,3})(?=\s\d{4,5}\b|\s*$|[\s,.)])")
_PHONE_JAPAN = re.compile(r"〒\s?\d{3}|(?<!\d)0\d{1,3}-\d{2,4}-\d{4}(?!\d)")


def zone_of(text: str) -> str:
    """The IANA zone of the places that an address or a place's name tells; empty: none, or two.

    Args:
        text: a place, an address, or both; folded.
    """
    zones = {zone for words, zone in _names() if _has(text.lower(), words)}
    zones |= {zone for state in _STATE.findall(text) if (zone := _states().get(state))}
    if _POSTCODE_UK.search(text):
        zones.add("Europe/London")
    if re.search(r"[ぁ-んァ-ヶ一-龠]", text) and (
        ADDRESS.search(text) or _PHONE_JAPAN.search(text)
    ):
        zones.add("Asia/Tokyo")
    return zones.pop() if len(zones) == 1 else ""


def zone_by(asked: str, texts: Sequence[str]) -> tuple[str, str]:
    """The caller's zone, else that of the first text that names one, and who named it.

    Args:
        asked: the caller's zone for this picture; empty or unknown: the texts decide.
        texts: the address, the place, the whole page; folded.
    """
    if asked and known(asked):
        return asked, "request"
    zone = next((zone for text in texts if (zone := zone_of(text))), "")
    return zone, "place" if zone else ""


def known(zone: str) -> bool:
    """Whether the zone exists."""
    return zone in available_timezones()


def _has(text: str, word: str) -> bool:
    if not word.isascii():
        return word in text
    return bool(re.search(rf"\b{re.escape(word)}\b", text))


@cache
def _names() -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, zone) for zone, names in lexicon("zones")["cities"].items() for name in names
    )


@cache
def _states() -> dict[str, str]:
    """Zones by the letters of a state or province behind a comma."""
    return {state: zone for zone, states in lexicon("zones")["states"].items() for state in states}

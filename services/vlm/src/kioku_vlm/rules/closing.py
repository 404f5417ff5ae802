"""What closures and things that are due are called, where no row or sentence names them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kioku_vlm.rules.naming import Name
from kioku_vlm.rules.passage import Passage
from kioku_vlm.rules.reading import Reading

_CLOSURE = re.compile(
    r"[一-龠々]{0,4}(?:休館|休診|休業|休園|休校|休講|閉館|閉鎖)日?|(?<![春夏秋冬昼])(?:お|定)?休み|[定店]休日?"
    r"|\b(?:closed|closure|no school)\b",
    re.IGNORECASE,
)
# 蔵書点検のため休館: what is done then says more than that it is closed.
_REASON = re.compile(r"(?P<reason>[一-龠々ァ-ヶー]{2,12})(?:の(?:ため|為)|につき|により)、?\s?$")
# More letters than the bare word: 夏季休診 says more than 休診.
_TELLING = 4
_REQUEST = re.compile(
    r"\b(?:rsvp|repl(?:y|ies)|register|registration|sign[ -]?up|apply|applications?|"
    r"submissions?|submit|"
    r"book(?:ings?)?|entries|orders?|let (?:me|us) know|tickets?|nominations?)\b|"
    r"(?:参加|出店|受講|利用)?(?:お?申し?込み?|応募|予約|提出|回答|返信|エントリー)",
    re.IGNORECASE,
)


def closure(passage: Passage, before: Iterable[int], reading: Reading) -> Name | None:
    """The word for a closure: a telling one beside the day, else a heading's, else any.

    Args:
        passage: the strip of the day.
        before: orders of the strips above.
        reading: the document.
    """
    here = _word(passage)
    if here is not None and len(here.passage.text) >= _TELLING and not here.passage.text.isascii():
        return here
    for order in before:
        above = _word(reading.strips[order].passage)
        if above is not None and reading.strips[order].size > 1.12 * reading.body:
            return above
    return here


def closes(name: Name) -> bool:
    """Whether a heading says that something is closed: GYM CLOSED, 臨時休館."""
    match = _CLOSURE.search(name.passage.text)
    return match is not None and match.end() >= len(name.passage.text) - 2


def shuts(passage: Passage) -> bool:
    """Whether words say that something is closed."""
    return bool(_CLOSURE.search(passage.text))


def request(passage: Passage) -> Name | None:
    """The word for what is asked: RSVP, 申込."""
    match = _REQUEST.search(passage.text)
    return Name(passage.part(*match.span()), 0.4, "words") if match else None


def _word(passage: Passage) -> Name | None:
    match = _CLOSURE.search(passage.text)
    if match is None:
        return None
    reason = _REASON.search(passage.text[: match.start()])
    span = reason.span("reason") if reason else match.span()
    return Name(passage.part(*span), 0.6, "words")

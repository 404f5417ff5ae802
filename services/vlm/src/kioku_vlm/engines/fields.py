"""Words that a model says it copied, as values with the places where they really stand."""

from __future__ import annotations

from collections.abc import Sequence

from kioku_vlm.engines.agreement import SUSPECT_TEXT, UNGROUNDED, of_words, weighed
from kioku_vlm.engines.grounding import Found, find
from kioku_vlm.engines.second_look import GONE_SCALED
from kioku_vlm.engines.text_index import TextIndex
from kioku_vlm.engines.words import Words
from kioku_vlm.page import Box, Document
from kioku_vlm.schedule_facts import Evidence, Suspicion, Value

HIDDEN_TEXT = "HIDDEN_TEXT"
_ON_IT = 0.3


class Ground:
    """A document as evidence.

    Args:
        document: its hidden lines are no evidence, but are known.
        suspicions: words on it that look meant for a machine.

    Attributes:
        index: of its visible words.
    """

    def __init__(self, document: Document, suspicions: Sequence[Suspicion]) -> None:
        self.index = TextIndex(document)
        self._hidden = TextIndex(document, hidden=True)
        self._suspicions = tuple(suspicions)

    def find(self, words: Words) -> Found | None:
        """Where words stand; None: nowhere that anybody sees."""
        return find(words, self.index)

    def value(self, words: Words | None) -> Value | None:
        """Words as a value: as the model wrote them, with what stands on the page."""
        if words is None:
            return None
        found = self.find(words)
        flags = self.flags(words, found)
        sure = weighed(of_words(found, self.index), flags, grounded=found is not None)
        return Value(
            words.text,
            self.quote(words, found),
            sure,
            resolved_by="model",
            evidence=self.evidence(found),
            flags=flags,
        )

    def flags(self, words: Words, found: Found | None) -> tuple[str, ...]:
        """What speaks against words."""
        if found is not None:
            suspect = any(self._suspect(one) for one in self.evidence(found))
            return (SUSPECT_TEXT,) if suspect else ()
        hidden = find(Words(words.text), self._hidden) is not None
        return (UNGROUNDED, HIDDEN_TEXT) if hidden else (UNGROUNDED,)

    def evidence(self, found: Found | None) -> tuple[Evidence, ...]:
        """Where words were found."""
        return () if found is None else self.index.evidence(found.start, found.end)

    def quote(self, words: Words, found: Found | None) -> str:
        """The page's own letters, the model's where there are none."""
        return " ".join(one.quote for one in self.evidence(found)) or words.text

    def _suspect(self, evidence: Evidence) -> bool:
        return any(
            one.reason != GONE_SCALED  # a model that does not see words makes nothing of them
            and one.evidence.page == evidence.page
            and _shared(one.evidence.box, evidence.box) >= _ON_IT
            for one in self._suspicions
        )


def _shared(box: Box, other: Box) -> float:
    """The part of a box that another covers, of whichever is covered more."""
    width = min(box.right, other.right) - max(box.left, other.left)
    height = min(box.bottom, other.bottom) - max(box.top, other.top)
    least = min(box.area, other.area)
    return max(0.0, width) * max(0.0, height) / least if least else 0.0

"""Promise: whoever describes people may fail or lie; that costs descriptions, never a reading.

What is kept of somebody is a box and what is to be seen there, never who it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING

import structlog
from kioku_rt.errors import KiokuError

from kioku_vlm.engines.ports import Describer, SeenPerson
from kioku_vlm.page import Box

if TYPE_CHECKING:
    from kioku_vlm.observing.ports import Picture
    from kioku_vlm.page import Document

log = structlog.get_logger(__name__)
MOST_PEOPLE = 50
MOST_TEXT = 300
_QUARTER = 90
# PostgreSQL stores no NUL, and UTF-8 has no half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Describing:
    """Asks who describes people.

    Args:
        describer: None: nobody does.
        language: of descriptions, `ja` or `en`.
    """

    def __init__(self, describer: Describer | None, language: str) -> None:
        self._describer = describer
        self._language = language

    async def people(
        self, pictures: Sequence[Picture], document: Document
    ) -> tuple[SeenPerson, ...] | None:
        """Whom it sees, in boxes of the picture before its page was turned; none where nobody
        describes.

        Returns:
            None: it failed, so that nothing is known; what an earlier reading saw still holds.
        """
        if self._describer is None:
            return ()
        try:
            seen = await self._describer.describe(pictures, document, self._language)
        except KiokuError as error:
            log.warning("people.not_described", reason=error.reason)
            return None
        return sound_people(seen, {page.number: page.turned for page in document.pages})


def sound_people(seen: Sequence[SeenPerson], turned: dict[int, int]) -> tuple[SeenPerson, ...]:
    """Those whose boxes lie on a page and who are described, as rows can hold them.

    Args:
        turned: degrees clockwise by which each page was turned to be read.
    """
    placed = (_placed(person, turned.get(person.page, 0)) for person in seen[:MOST_PEOPLE])
    return tuple(one for one in placed if one is not None and one.description)


def _placed(person: SeenPerson, turned: int) -> SeenPerson | None:
    box = _on_page(person.box)
    if box is None or person.page < 1:
        return None
    sure = person.confidence if isfinite(person.confidence) else 0.0
    return replace(
        person,
        box=turned_back(box, turned),
        description=_UNSTORABLE.sub("", person.description).strip()[:MOST_TEXT],
        confidence=min(1.0, max(0.0, sure)),
    )


def _on_page(box: Box) -> Box | None:
    """The part of it that lies on the page; None: nothing does."""
    if not all(map(isfinite, (box.left, box.top, box.width, box.height))):
        return None
    left, top = max(0.0, box.left), max(0.0, box.top)
    width, height = min(1.0, box.right) - left, min(1.0, box.bottom) - top
    return Box(left, top, width, height) if width > 0 and height > 0 else None


def turned_back(box: Box, turned: int) -> Box:
    """Where a box of a page that was turned `turned` degrees clockwise is in the picture itself,
    which is how `face` sees it."""
    for _ in range(turned // _QUARTER % 4):
        box = Box(box.top, 1.0 - box.right, box.height, box.width)
    return box

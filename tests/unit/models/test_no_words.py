"""An embedder with a picture-only model refuses words before they cost anything."""

from __future__ import annotations

from typing import Any, cast

import pytest
from kioku_embedder.embedding import Embedder
from kioku_embedder.waiting import Priority
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import CATALOGUE, Code, Reason
from kioku_rt.space import Space

SPACE = Space("drawn-visual", "r", 5, "p", "float32")


class Seen:
    """Remembers the reasons that metrics were told."""

    def __init__(self) -> None:
        self.reasons: list[Reason | None] = []

    def decoded(self, *_: object) -> None:
        raise AssertionError("nothing is decoded")

    def answered(self, _tower: object, reason: Reason | None) -> None:
        self.reasons.append(reason)


async def test_a_text_is_refused_and_counted() -> None:
    """TEXT_NOT_SUPPORTED, without touching the engine's queue: there is none here."""
    seen = Seen()
    embedder = Embedder(
        SPACE, cast(Any, None), cast(Any, None), decoders=1, observer=cast(Any, seen), words=False
    )
    with pytest.raises(KiokuError) as refused:
        await embedder.text("a cat", space_id="", priority=Priority.INTERACTIVE)
    assert (Reason.TEXT_NOT_SUPPORTED, [Reason.TEXT_NOT_SUPPORTED]) == (
        refused.value.reason,
        seen.reasons,
    )
    assert Code.FAILED_PRECONDITION is CATALOGUE[Reason.TEXT_NOT_SUPPORTED].code

"""Who is told of every answer of a model: seconds, tokens, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Protocol

from kioku_rt.errors import KiokuError

from kioku_vlm.engines.question import Reply

ANSWERED = "answered"


class Observer(Protocol):
    """Metrics, as far as models are concerned."""

    def answered(self, task: str, outcome: str, seconds: float, tokens: int) -> None:
        """Once for each question, its second try included; `outcome`: `answered` or a reason."""
        ...


@contextmanager
def watched(observer: Observer, task: str) -> Iterator[Callable[[Reply], None]]:
    """Tells of what happens inside; the block hands over the reply it got."""
    begun = monotonic()
    replies: list[Reply] = []
    outcome = ANSWERED
    try:
        yield replies.append
    except KiokuError as error:
        outcome = str(error.reason)
        raise
    finally:
        if replies or outcome != ANSWERED:
            tokens = sum(reply.tokens for reply in replies)
            observer.answered(task, outcome, monotonic() - begun, tokens)

"""How a model fails: it is not there, or it is there and what it says is of no use.

Tree::

    DependencyDown
      ModelDown            MODEL_UNAVAILABLE; the picture waits, or rules read it
    KiokuError
      AnswerUnusable       MODEL_OUTPUT_INVALID; another attempt may bring the same
        AnswerTruncated    it did not end within the limit
    EngineUnusable         at the start: for the operator, in one sentence
"""

from __future__ import annotations

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Reason

NAME = "vision-language model"


class ModelDown(DependencyDown):
    """No answer: dead, late, overloaded, refusing us, or no server of this kind at all.

    Args:
        message: one sentence.
        reason: MODEL_UNAVAILABLE, or EXTERNAL_AI_REFUSED.
        retry_after: seconds.
    """

    def __init__(
        self,
        message: str = "The model does not answer; try again in a moment.",
        *,
        reason: Reason = Reason.MODEL_UNAVAILABLE,
        retry_after: float | None = 5.0,
    ) -> None:
        super().__init__(NAME, reason=reason, message=message, retry_after=retry_after)


class AnswerUnusable(KiokuError):
    """An answer that is not what was asked for.

    Args:
        message: one sentence; never what the model said.
    """

    def __init__(self, message: str) -> None:
        super().__init__(Reason.MODEL_OUTPUT_INVALID, message)


class AnswerTruncated(AnswerUnusable):
    """The answer was cut at the limit, and again with a higher one."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The model's answer did not end within {limit} tokens.")


class EngineUnusable(Exception):
    """The engine must not or cannot be used as it is set; the text says why."""

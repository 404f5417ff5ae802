"""Promise: a model's words come in the form that was asked for; are they true, asks the caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kioku_vlm.engines.breaker import Breaker
from kioku_vlm.engines.checking import answered
from kioku_vlm.engines.failure import AnswerUnusable
from kioku_vlm.engines.observer import Observer, watched
from kioku_vlm.engines.question import Model, Question

TASK = "words"


class ModelWriter:
    """See `ports.Writer`.

    Args:
        model: who writes.
        breaker: of the model.
        most_tokens: of an answer.
        observer: told of every answer.
    """

    def __init__(
        self, model: Model, breaker: Breaker, *, most_tokens: int, observer: Observer
    ) -> None:
        self._model = model
        self._breaker = breaker
        self._most_tokens = most_tokens
        self._observer = observer

    @property
    def model_version(self) -> str:
        """See the port."""
        return self._model.version

    async def write(self, prompt: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        """See the port."""
        return await self._breaker.run(lambda: self._written(prompt, schema))

    async def _written(self, prompt: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        question = Question(prompt, schema, self._most_tokens)
        with watched(self._observer, TASK) as heard:
            answer, reply = await answered(self._model, question)
            heard(reply)
        if not isinstance(answer, dict):
            raise AnswerUnusable("The model's answer is no object.")
        return answer

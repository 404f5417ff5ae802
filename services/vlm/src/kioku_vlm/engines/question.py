"""One question to a model: pictures, words and the form of the answer; and what came back.

A reply is text from a stranger until `checking` has read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Size = tuple[int, int]
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """What a model is asked.

    Attributes:
        text: the prompt; pictures stand before it.
        schema: JSON Schema of the answer, bounded in every direction.
        most_tokens: of the answer.
        views: pictures, uint8 (height, width, 3), upright, sRGB, of the sizes that
            `Model.sizes` gave.
    """

    text: str
    schema: Schema
    most_tokens: int
    views: tuple[Pixels, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Reply:
    """What a model said.

    Attributes:
        text: one JSON document, as it claims.
        whole: it ended by itself; False: it was cut at the limit.
        tokens: of the reply; 0: not told.
        seconds: from the question to the last of it.
    """

    text: str
    whole: bool
    tokens: int = 0
    seconds: float = 0.0


class Model(Protocol):
    """A model that looks at pictures and answers in JSON."""

    @property
    def version(self) -> str:
        """Name and digest or server, such as `qwen2.5-vl-3b@3f1c…`."""
        ...

    def sizes(self, width: int, height: int) -> tuple[Size, ...]:
        """At which sizes it sees a picture of so many pixels; the first is what it has to be sent.

        Args:
            width: pixels of the upright picture.
            height: likewise.
        """
        ...

    async def ask(self, question: Question) -> Reply:
        """One answer.

        Raises:
            ModelDown: nobody answers now.
            AnswerUnusable: an answer that is none, or none to this question.
            KiokuError: OVERLOADED: it has as much in hand as it may.
        """
        ...

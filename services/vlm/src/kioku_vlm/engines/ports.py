"""What the service needs of models beside `observing.ports.Extractor`: descriptions and words.

Rules, a local model and a server's model stand behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kioku_vlm.page import Box, Document

if TYPE_CHECKING:  # those ports name a writer of these
    from kioku_vlm.observing.ports import Picture


@dataclass(frozen=True)
class SeenPerson:
    """Somebody on a picture: never who it is, only what is to be seen.

    Attributes:
        page: from 1.
        box: in parts of the page.
        description: one sentence.
        confidence: 0 to 1.
        flags: `QUOTES_PICTURE`: words of the picture were cut from the description.
    """

    page: int
    box: Box
    description: str
    confidence: float
    flags: tuple[str, ...] = ()


class Describer(Protocol):
    """Describes people."""

    @property
    def model_version(self) -> str:
        """Name and version."""
        ...

    @property
    def prompt_version(self) -> str:
        """Of what the model is told."""
        ...

    async def describe(
        self, pictures: Sequence[Picture], document: Document, language: str
    ) -> tuple[SeenPerson, ...]:
        """People on the pictures.

        Args:
            language: of the descriptions, `ja` or `en`.

        Raises:
            ModelDown: MODEL_UNAVAILABLE; the picture is as good as it was.
            AnswerUnusable: MODEL_OUTPUT_INVALID; not by this model.
            KiokuError: OVERLOADED; later.
            InvalidInput: IMAGE_*.
        """
        ...


class Writer(Protocol):
    """Writes words in a given form; sees no picture."""

    @property
    def model_version(self) -> str:
        """Name and version."""
        ...

    async def write(self, prompt: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        """An object that the schema allows, cleaned of what cannot be seen or stored.

        Raises:
            ModelDown: MODEL_UNAVAILABLE.
            AnswerUnusable: MODEL_OUTPUT_INVALID.
        """
        ...

"""What reads pages and says what they announce, as the pipeline needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kioku_vlm.page import Document
from kioku_vlm.schedule_facts import Circumstances, Schedule

if TYPE_CHECKING:
    from kioku_vlm.engines.ports import Describer, Writer


@dataclass(frozen=True)
class Picture:
    """A file that is to be read: its bytes, and its media type where that is known."""

    data: bytes
    content_type: str = ""


class Reader(Protocol):
    """Reads pages.

    Attributes:
        version: name and version, such as `tesseract@5.5`.
    """

    @property
    def version(self) -> str:
        """Name and version."""

    async def read(self, data: bytes, content_type: str = "") -> Document:
        """The pages of a picture or file.

        Raises:
            InvalidInput: IMAGE_*: it cannot be read, whoever tries.
            KiokuError: OVERLOADED, MODEL_UNAVAILABLE: not now.
        """


class Extractor(Protocol):
    """Says what a document announces.

    Attributes:
        model_version: name and version, such as `kioku-rules@1`.
        prompt_version, schema_version: of what the model is told; empty: there is none.
    """

    @property
    def model_version(self) -> str:
        """Name and version."""

    @property
    def prompt_version(self) -> str:
        """Version of the prompt."""

    @property
    def schema_version(self) -> str:
        """Version of the schema of answers."""

    async def extract(
        self, pictures: Sequence[Picture], document: Document, circumstances: Circumstances
    ) -> Schedule:
        """What the pages announce.

        Raises:
            KiokuError: MODEL_UNAVAILABLE, OVERLOADED: not now; MODEL_OUTPUT_INVALID: not by this
                model.
        """


class Hasher(Protocol):
    """Says what a picture looks like."""

    async def hash_of(self, data: bytes) -> int | None:
        """A perceptual hash of 256 bits; None: it is no picture, or one without structure.

        Raises:
            DependencyDown: no decoder can be had.
        """


@dataclass(frozen=True)
class Engines:
    """As `main` opened them; `writer` words themes, `describer` people; None: no model does."""

    reader: Reader
    extractor: Extractor
    hasher: Hasher
    writer: Writer | None = None
    describer: Describer | None = None

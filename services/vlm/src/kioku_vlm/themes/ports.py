"""What suggesting themes asks of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting

from kioku_vlm.schedule_facts import Entry
from kioku_vlm.themes.theme import AssetFacts, Look, Neighbour, ThemeFacts, Wording


class Library(Protocol):
    """The owner's assets."""

    async def facts(self, owner: str, asset_id: UUID) -> AssetFacts:
        """What is known of an asset.

        Raises:
            KiokuError: ASSET_NOT_FOUND, ASSET_NOT_UPLOADED.
            DependencyDown: it does not answer.
        """

    async def read(self, owner: str, facts: AssetFacts) -> bytes:
        """The picture's file, small enough for the embedder.

        Raises:
            KiokuError: ASSET_NOT_READY (a video without frames yet), OBJECT_MISSING, and IMAGE_*.
            DependencyDown: the library or its store does not answer.
        """

    async def sample(self, owner: str, most: int) -> Sequence[AssetFacts]:
        """Some finished pictures of the owner, spread over the newest ones."""


class Labels(Protocol):
    """The model that looks at pictures."""

    async def look(self, picture: bytes) -> Look:
        """What it sees.

        Raises:
            InvalidInput: an IMAGE_* reason.
            KiokuError: TEXT_NOT_SUPPORTED or LABELS_UNSUPPORTED: the model has no words.
            DependencyDown: it does not answer.
        """


class Neighbours(Protocol):
    """The owner's pictures that look alike."""

    async def of_asset(self, owner: str, asset_id: UUID, most: int) -> Sequence[Neighbour]:
        """Neighbours of an asset, nearest first; itself not among them."""

    async def of_look(self, owner: str, look: Look, most: int) -> Sequence[Neighbour]:
        """Neighbours of what was seen, nearest first."""


class Schedules(Protocol):
    """What was read from assets."""

    async def entries(
        self, acting: Acting, asset_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[Entry]]:
        """Entries by asset as they hold; assets of which nothing was read are not in it."""


class Journal(Protocol):
    """The audit."""

    async def asked(
        self, acting: Acting, request_id: str, pictures: int, *, themes: int, reason: str
    ) -> None:
        """Write down that themes were suggested, or with a reason why not."""


class Writer(Protocol):
    """Finds words for a theme."""

    @property
    def model_version(self) -> str:
        """The model that is asked; empty: none."""

    async def write(self, facts: ThemeFacts, language: str) -> Wording:
        """Word a theme in `ja` or `en`.

        Raises:
            KiokuError: whatever kept the model from answering.
        """


class TextModel(Protocol):
    """A local language model that answers in JSON."""

    @property
    def model_version(self) -> str:
        """Its name and revision."""

    async def write(self, prompt: str, schema: Mapping[str, object]) -> Mapping[str, object]:
        """Its answer; that it follows the schema is not relied upon.

        Raises:
            KiokuError: it does not answer, or the policy refuses its address.
        """

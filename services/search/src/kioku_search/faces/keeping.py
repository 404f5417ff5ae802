"""Promise: of what `face` says the newest holds, and a face that was erased stays away.

Everything here may come twice, late and in any order: links and people carry versions, and an
erased face leaves a tombstone that every later write runs into.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kioku_search.faces.face import Access, ConsentChange, Erased, Link, Matchable


class KeepingStore(Protocol):
    """The changes, each one transaction with its audit and the labels that follow from it."""

    async def link(self, access: Access, links: Sequence[Link]) -> int:
        """Whose faces these are; how many were news."""

    async def set_people(self, access: Access, people: Sequence[Matchable]) -> int:
        """Who may be matched, and that `consent_sequence` was heard of; how many were news."""

    async def erase(self, access: Access, person_id: UUID | None, faces: Sequence[UUID]) -> Erased:
        """Remove vectors and links of these faces and of the person's."""

    async def scrubbed(self, ticket: int) -> datetime | None:
        """When the files were rewritten after that erasure; None: not yet."""


class ConsentStore(Protocol):
    """The event of `face`, for a search that was away when it was called."""

    async def change(self, change: ConsentChange) -> bool:
        """Do what it says, once; False if this event had its effect before."""

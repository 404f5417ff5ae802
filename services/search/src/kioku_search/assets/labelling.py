"""Promise: what an owner says anew of an asset is what the next search goes by."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

from kioku_search.assets.asset import Asset
from kioku_search.assets.uploads import not_found

TAGS = "tags"
ALBUMS = "albums"
TAKEN_TIME = "taken_time"
FIELDS = (TAGS, ALBUMS, TAKEN_TIME)
_EVERY = "*"


@dataclass(frozen=True)
class Change:
    """New values of the fields that are named; the others stay."""

    fields: frozenset[str]
    tags: tuple[str, ...] = ()
    albums: tuple[str, ...] = ()
    taken_at: datetime | None = None

    def of(self, asset: Asset) -> Asset:
        """The asset as it is to be."""
        return replace(
            asset,
            tags=self.tags if TAGS in self.fields else asset.tags,
            albums=self.albums if ALBUMS in self.fields else asset.albums,
            taken_at=self.taken_at if TAKEN_TIME in self.fields else asset.taken_at,
        )


class LabelStore(Protocol):
    """The transaction of a change."""

    async def change(self, acting: Acting, asset_id: UUID, change: Change) -> Asset | None:
        """Change the asset and its vectors' rows, and order a vector of its new tags.

        Returns the asset afterwards; None if there is no such asset.
        """


class Labelling:
    """UpdateAsset."""

    def __init__(self, store: LabelStore) -> None:
        self._store = store

    async def change(self, acting: Acting, asset_id: UUID, change: Change) -> Asset:
        """The asset after the change.  Raises KiokuError ASSET_NOT_FOUND."""
        asset = await self._store.change(acting, asset_id, change)
        if asset is None:
            raise not_found()
        return asset


def checked_mask(paths: Iterable[str], given: Collection[str]) -> frozenset[str]:
    """The fields that an update mask names (AIP-134).

    Args:
        paths: of the mask; none: the fields that are `given`; `*` alone: every field.

    Raises:
        InvalidInput: FIELD_INVALID for a path that cannot be set, FIELD_MISSING where nothing is
            to be changed.
    """
    named = frozenset(paths)
    if named == {_EVERY}:
        return frozenset(FIELDS)
    unknown = sorted(named.difference(FIELDS))
    if unknown:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"The mask names a field that cannot be set; there are: {', '.join(FIELDS)}.",
            field="update_mask",
            metadata={"path": unknown[0][:128]},
        )
    if not named and not given:
        raise InvalidInput(
            Reason.FIELD_MISSING, "Nothing is to be changed; name a field.", field="update_mask"
        )
    return named or frozenset(given)

"""Promise: an asset is processed exactly once its bytes are what was announced, and never before.

Create hands out a signed URL for `incoming/<asset_id>`. Complete checks what lies there, copies it
to a key that nobody can write to, and only then, in one transaction, makes the asset PROCESSING and
orders its work. Every step may be repeated, run twice at once, or end in a crash:

====================================  ==========================================================
crash after                           what the next call (or the job) finds
====================================  ==========================================================
the checks                            UPLOADING: everything is done again
the copy                              UPLOADING: the same key gets the same bytes again
the transaction                       PROCESSING: `incoming/` is cleared, the asset is the answer
====================================  ==========================================================
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.images.media import sniff
from kioku_rt.objects.port import ObjectStore
from kioku_rt.reasons import Reason

from kioku_search.assets.admission import UploadRules
from kioku_search.assets.asset import Asset, AssetState, Failure, Kind, incoming_key, original_key

# Once more when the object moved under our hands: another call may have completed it.
_COMPLETION_TRIES = 2


@dataclass(frozen=True)
class NewUpload:
    """What a caller announces, each field checked on its own."""

    request_id: UUID | None
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    tags: tuple[str, ...]
    taken_at: datetime | None

    @property
    def digest(self) -> bytes:
        """The same for the same announcement: tells a repeated call from a reused request id."""
        taken = self.taken_at.isoformat() if self.taken_at else ""
        facts = [self.filename, self.content_type, self.size_bytes, self.sha256, self.tags, taken]
        return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).digest()


@dataclass(frozen=True)
class Ticket:
    """Where to PUT the bytes; no URL when they are there already."""

    asset: Asset
    url: str = ""
    headers: Mapping[str, str] | None = None
    expire_time: datetime | None = None


class UploadStore(Protocol):
    """The transactions of an upload."""

    async def create(
        self, acting: Acting, new: NewUpload, kind: Kind, patience: timedelta
    ) -> Asset:
        """The new asset, or the one that this request id made before, its patience renewed.

        Raises:
            KiokuError: ASSET_ID_REUSED.
        """

    async def find(self, acting: Acting, asset_id: UUID, action: str) -> Asset | None:
        """The asset, unless it is another owner's, being deleted, or not there."""

    async def complete(
        self, acting: Acting, asset_id: UUID, *, key: str, sha256: str, content_type: str
    ) -> Asset | None:
        """PROCESSING with its stage and event, if it still was UPLOADING; the asset as it is."""

    async def refuse(self, acting: Acting, asset_id: UUID, failure: Failure) -> None:
        """FAILED, if it still was UPLOADING."""


class Uploads:
    """CreateUpload and CompleteUpload."""

    def __init__(self, store: UploadStore, objects: ObjectStore, rules: UploadRules) -> None:
        self._store = store
        self._objects = objects
        self._rules = rules

    async def create(self, acting: Acting, new: NewUpload) -> Ticket:
        """Register an asset and sign the URL for its bytes.

        Raises:
            InvalidInput: a field is outside what this deployment accepts.
            KiokuError: ASSET_ID_REUSED.
            DependencyDown: the database does not answer.
        """
        kind = self._rules.kind(new.content_type)
        self._rules.check_size(new.size_bytes, kind)
        asset = await self._store.create(acting, new, kind, self._rules.patience)
        if asset.state is not AssetState.UPLOADING:
            return Ticket(asset)
        signed = await self._objects.sign_put(
            incoming_key(asset.asset_id), content_type=asset.content_type, size=asset.size_bytes
        )
        return Ticket(asset, signed.url, signed.headers, signed.expire_time)

    async def complete(self, acting: Acting, asset_id: UUID) -> Asset:
        """Check the stored bytes and start processing.

        Raises:
            KiokuError: ASSET_NOT_FOUND, ASSET_NOT_UPLOADED, UPLOAD_EXPIRED, UPLOAD_SIZE_MISMATCH,
                UPLOAD_HASH_MISMATCH.
            InvalidInput: the bytes are of no accepted type; the asset is FAILED with that reason.
            DependencyDown: the database or the object store does not answer.
        """
        for last in range(1, _COMPLETION_TRIES + 1):
            asset = await self._found(acting, asset_id)
            if asset.state is not AssetState.UPLOADING:
                return self._completed_before(asset)
            try:
                return await self._take_in(acting, asset)
            except KiokuError as error:
                # Gone, or replaced: another call completed it, or the client PUTs once more.
                moved = error.reason in (Reason.OBJECT_MISSING, Reason.CHECKSUM_MISMATCH)
                if not moved or last == _COMPLETION_TRIES:
                    raise _not_uploaded() if moved else error from error
        raise _not_uploaded()

    async def _take_in(self, acting: Acting, asset: Asset) -> Asset:
        source = incoming_key(asset.asset_id)
        found = await self._objects.digest(source)
        _check_announced("size", Reason.UPLOAD_SIZE_MISMATCH, asset.size_bytes, found.size)
        if asset.announced_sha256:
            announced = asset.announced_sha256
            _check_announced("hash", Reason.UPLOAD_HASH_MISMATCH, announced, found.sha256)
        content_type = await self._told_by_bytes(acting, asset, found.head)
        key = original_key(asset.owner, asset.asset_id, found.sha256)
        if not await self._copied_before(asset, key):
            await self._objects.copy(source, key, etag=found.etag)
        # The bytes under incoming/ stay until no signed URL can write there: see Leftovers.
        done = await self._store.complete(
            acting, asset.asset_id, key=key, sha256=found.sha256, content_type=content_type
        )
        if done is None:  # deleted meanwhile: its purge may have run before our copy
            await self._objects.delete([key])
            raise not_found()
        return done

    async def _copied_before(self, asset: Asset, key: str) -> bool:
        """Whether a call before this one, whose time ran out, copied the same bytes.

        Asked for videos only: they alone take so long, and the question costs a picture time.
        """
        return asset.kind is Kind.VIDEO and await self._objects.head(key) is not None

    async def _told_by_bytes(self, acting: Acting, asset: Asset, head: bytes) -> str:
        media_type = sniff(head)
        failure = self._rules.refusal(asset, media_type)
        if failure is None:
            assert media_type is not None  # noqa: S101 - otherwise there is a refusal
            return media_type
        await self._store.refuse(acting, asset.asset_id, failure)
        await self._objects.delete([incoming_key(asset.asset_id)])
        raise InvalidInput(failure.reason, failure.message)

    def _completed_before(self, asset: Asset) -> Asset:
        if asset.state is AssetState.FAILED and not asset.stored and asset.failure is not None:
            raise KiokuError(asset.failure.reason, asset.failure.message)
        return asset

    async def _found(self, acting: Acting, asset_id: UUID) -> Asset:
        asset = await self._store.find(acting, asset_id, "asset.complete_upload")
        if asset is None:
            raise not_found()
        return asset


def not_found() -> KiokuError:
    """What an unknown asset, a deleted one and another owner's all look like."""
    return KiokuError(Reason.ASSET_NOT_FOUND)


def _not_uploaded() -> KiokuError:
    return KiokuError(
        Reason.ASSET_NOT_UPLOADED, "The asset's bytes have not arrived; PUT them to its URL first."
    )


def _check_announced(what: str, reason: Reason, announced: object, found: object) -> None:
    if announced != found:
        raise KiokuError(
            reason,
            f"The stored {what} is {found}, announced was {announced}; upload the bytes again.",
            metadata={"announced": str(announced), "stored": str(found)},
        )

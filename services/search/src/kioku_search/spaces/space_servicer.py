"""SpaceService over gRPC: decode, call, encode; every rule lives in the use cases."""

from __future__ import annotations

from typing import Any

import grpc
from kioku.common.v1 import space_pb2
from kioku.search.v1 import space_service_pb2 as messages
from kioku.search.v1.space_service_pb2_grpc import SpaceServiceServicer
from kioku_rt.auth import require_scope
from kioku_rt.auth.principal import acceptable_subject
from kioku_rt.errors import InvalidInput
from kioku_rt.fields import MAX_PAGE, canonical_uuid, page_size
from kioku_rt.reasons import Reason
from kioku_rt.text import clean_text

from kioku_search.embedder_client import space_of
from kioku_search.spaces.backfill import Backfills
from kioku_search.spaces.comparison import (
    MAX_K,
    MAX_LABELLED,
    MAX_SAMPLES,
    Comparisons,
    Labelled,
    Wish,
)
from kioku_search.spaces.space_life import SpaceLife
from kioku_search.spaces.space_message import (
    backfill_message,
    comparison_message,
    failure_message,
    status_message,
    window_of,
)

SCOPE = "spaces.admin"
NAME = "kioku.search.v1.SpaceService"
Context = grpc.aio.ServicerContext[Any, Any]


class SpaceServicer(SpaceServiceServicer):
    """The rpcs of SpaceService; each is for services with the scope `spaces.admin`."""

    def __init__(self, life: SpaceLife, backfills: Backfills, comparisons: Comparisons) -> None:
        self._life = life
        self._backfills = backfills
        self._comparisons = comparisons

    async def ListSpaces(  # noqa: N802 - named by the contract
        self, _request: messages.ListSpacesRequest, _context: Context
    ) -> messages.ListSpacesResponse:
        """Give every space."""
        require_scope(SCOPE)
        spaces = [status_message(one) for one in await self._life.all()]
        return messages.ListSpacesResponse(spaces=spaces)

    async def GetSpace(  # noqa: N802
        self, request: messages.GetSpaceRequest, _context: Context
    ) -> messages.GetSpaceResponse:
        """Give one space."""
        require_scope(SCOPE)
        found = await self._life.get(request.space_id)
        return messages.GetSpaceResponse(space=status_message(found))

    async def RegisterSpace(  # noqa: N802
        self, request: messages.RegisterSpaceRequest, _context: Context
    ) -> messages.RegisterSpaceResponse:
        """Make a space known."""
        actor = require_scope(SCOPE).subject
        space = space_of(request.space) if request.HasField("space") else None
        found = await self._life.register(space, request.space_id, actor)
        return messages.RegisterSpaceResponse(space=status_message(found))

    async def StartBackfill(  # noqa: N802
        self, request: messages.StartBackfillRequest, _context: Context
    ) -> messages.StartBackfillResponse:
        """Begin to fill a space."""
        actor = require_scope(SCOPE).subject
        window = window_of(request.window) if request.HasField("window") else None
        job = await self._backfills.start(
            request.space_id, request.rate_per_minute, window, actor=actor
        )
        return messages.StartBackfillResponse(backfill=backfill_message(job))

    async def PauseBackfill(  # noqa: N802
        self, request: messages.PauseBackfillRequest, _context: Context
    ) -> messages.PauseBackfillResponse:
        """Order nothing more."""
        actor = require_scope(SCOPE).subject
        job = await self._backfills.pause(request.space_id, actor=actor)
        return messages.PauseBackfillResponse(backfill=backfill_message(job))

    async def ResumeBackfill(  # noqa: N802
        self, request: messages.ResumeBackfillRequest, _context: Context
    ) -> messages.ResumeBackfillResponse:
        """Go on."""
        actor = require_scope(SCOPE).subject
        job = await self._backfills.resume(request.space_id, actor=actor)
        return messages.ResumeBackfillResponse(backfill=backfill_message(job))

    async def RetryBackfill(  # noqa: N802
        self, request: messages.RetryBackfillRequest, _context: Context
    ) -> messages.RetryBackfillResponse:
        """Order failures again."""
        actor = require_scope(SCOPE).subject
        job, retried = await self._backfills.retry(request.space_id, actor=actor)
        return messages.RetryBackfillResponse(backfill=backfill_message(job), retried=retried)

    async def GetBackfill(  # noqa: N802
        self, request: messages.GetBackfillRequest, _context: Context
    ) -> messages.GetBackfillResponse:
        """Say how far a back-fill is."""
        require_scope(SCOPE)
        job = await self._backfills.get(request.space_id)
        return messages.GetBackfillResponse(backfill=backfill_message(job))

    async def ListBackfillFailures(  # noqa: N802
        self, request: messages.ListBackfillFailuresRequest, _context: Context
    ) -> messages.ListBackfillFailuresResponse:
        """Give a page of failures."""
        require_scope(SCOPE)
        size = page_size(request.page_size, default=100)
        page = await self._backfills.failures(request.space_id, size, request.page_token)
        return messages.ListBackfillFailuresResponse(
            failures=[failure_message(one) for one in page.failures],
            next_page_token=page.next_page_token,
        )

    async def CompareSpaces(  # noqa: N802
        self, request: messages.CompareSpacesRequest, _context: Context
    ) -> messages.CompareSpacesResponse:
        """Compare the answers of two spaces."""
        actor = require_scope(SCOPE)
        found = await self._comparisons.compare(_wish(request), actor=actor)
        return comparison_message(found)

    async def SetCanary(  # noqa: N802
        self, request: messages.SetCanaryRequest, _context: Context
    ) -> messages.SetCanaryResponse:
        """Serve a share of the owners."""
        actor = require_scope(SCOPE).subject
        found = await self._life.set_canary(
            request.space_id,
            request.percent,
            accept_failures=request.accept_failures,
            actor=actor,
        )
        return messages.SetCanaryResponse(space=status_message(found))

    async def PromoteSpace(  # noqa: N802
        self, request: messages.PromoteSpaceRequest, _context: Context
    ) -> messages.PromoteSpaceResponse:
        """Serve every owner."""
        actor = require_scope(SCOPE).subject
        found, before = await self._life.promote(
            request.space_id, accept_failures=request.accept_failures, actor=actor
        )
        return messages.PromoteSpaceResponse(space=status_message(found), previous_space_id=before)

    async def RollbackSpace(  # noqa: N802
        self, request: messages.RollbackSpaceRequest, _context: Context
    ) -> messages.RollbackSpaceResponse:
        """Go back to the space before."""
        actor = require_scope(SCOPE).subject
        kind = space_pb2.SpaceKind.Name(request.kind or space_pb2.SPACE_KIND_IMAGE)
        found, before = await self._life.roll_back(
            kind.removeprefix("SPACE_KIND_"), force=request.force, actor=actor
        )
        return messages.RollbackSpaceResponse(space=status_message(found), previous_space_id=before)

    async def RetireSpace(  # noqa: N802
        self, request: messages.RetireSpaceRequest, _context: Context
    ) -> messages.RetireSpaceResponse:
        """Drop a space's vectors."""
        actor = require_scope(SCOPE).subject
        found = await self._life.retire(request.space_id, force=request.force, actor=actor)
        return messages.RetireSpaceResponse(space=status_message(found))


def _wish(request: messages.CompareSpacesRequest) -> Wish:
    if len(request.labelled_queries) > MAX_LABELLED:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"There are more than {MAX_LABELLED} labelled queries.",
            field="labelled_queries",
        )
    return Wish(
        space_id=request.space_id,
        base_id=request.base_space_id,
        k=_number(request.k, 20, MAX_K, "k"),
        samples=_number(request.sample_size, 100, MAX_SAMPLES, "sample_size"),
        owner=_owner(request.owner, "owner") if request.owner else "",
        labelled=[_labelled(one) for one in request.labelled_queries],
    )


def _labelled(one: messages.LabelledQuery) -> Labelled:
    field = "labelled_queries"
    asked = one.WhichOneof("query")
    if asked is None:
        raise InvalidInput(
            Reason.ONEOF_NOT_EXACTLY_ONE, "Set exactly one of text and asset_id.", field=field
        )
    relevant = frozenset(canonical_uuid(asset_id, field) for asset_id in one.relevant_asset_ids)
    if not 0 < len(relevant) <= MAX_PAGE:
        raise InvalidInput(
            Reason.FIELD_INVALID, f"1 to {MAX_PAGE} assets can be relevant.", field=field
        )
    return Labelled(
        owner=_owner(one.owner, field),
        text=clean_text(one.text) if asked == "text" else "",
        asset_id=canonical_uuid(one.asset_id, field) if asked == "asset_id" else None,
        relevant=relevant,
    )


def _owner(owner: str, field: str) -> str:
    if not acceptable_subject(owner):
        raise InvalidInput(Reason.FIELD_INVALID, "That is no owner's name.", field=field)
    return owner


def _number(value: int, default: int, most: int, field: str) -> int:
    if not 0 <= value <= most:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{field} is {value}; it must be between 1 and {most}.",
            field=field,
            metadata={"limit": str(most)},
        )
    return value or default

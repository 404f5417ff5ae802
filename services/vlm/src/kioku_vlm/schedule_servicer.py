"""ScheduleService over gRPC: decode, call, encode; every rule lives in the use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc
from google.api.httpbody_pb2 import HttpBody
from kioku.vlm.v1 import schedule_service_pb2 as messages
from kioku.vlm.v1.schedule_service_pb2_grpc import ScheduleServiceServicer
from kioku_rt.auth import Acting, acting_owner
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.fields import canonical_uuid, checked_time, page_size
from kioku_rt.reasons import Reason

from kioku_vlm.asking.asking import Asking
from kioku_vlm.correcting.correcting import Correcting
from kioku_vlm.entry_message import entry_message
from kioku_vlm.exporting.exporting import Exporting
from kioku_vlm.library.library import Library
from kioku_vlm.linking.linking import Linking
from kioku_vlm.metrics import ANSWERS
from kioku_vlm.notifying.told_again import ToldAgain
from kioku_vlm.observation_message import (
    delivery_message,
    extract_message,
    link_message,
    observation_message,
)
from kioku_vlm.observing.observation import Observation
from kioku_vlm.people.asked import Members
from kioku_vlm.schedule_request import (
    changes_of,
    days_of,
    links_of,
    restored_of,
    wait_of,
    wanted_of,
    wish_of,
    zone_of,
)

SCOPE = "vlm.act"
NAME = "kioku.vlm.v1.ScheduleService"
CALENDAR = "text/calendar; charset=utf-8"
_DEFAULT_PAGE = 100
Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True)
class UseCases:
    """What the rpcs call; `told` None: there is no webhook."""

    asking: Asking
    library: Library
    correcting: Correcting
    linking: Linking
    exporting: Exporting
    members: Members
    told: ToldAgain | None = None


class ScheduleServicer(ScheduleServiceServicer):
    """The rpcs of ScheduleService."""

    def __init__(self, use: UseCases) -> None:
        self._use = use

    async def ExtractSchedule(  # noqa: N802 - named by the contract
        self, request: messages.ExtractScheduleRequest, _context: Context
    ) -> messages.ExtractScheduleResponse:
        """Say what a picture announces."""
        acting, wish, seconds = _acting(request), wish_of(request), wait_of(request)
        found = await self._extract(acting, request, wish, seconds)
        answer = extract_message(found, await self._members(acting, found))
        ANSWERS.labels(answer.status).inc()
        return answer

    async def _extract(
        self, acting: Acting, request: messages.ExtractScheduleRequest, wish: Any, seconds: float
    ) -> Observation:
        if request.asset_id:
            asset_id = canonical_uuid(request.asset_id, "asset_id")
            return await self._use.asking.of_asset(acting, asset_id, wish, seconds)
        if request.image:
            return await self._use.asking.of_bytes(acting, request.image, wish, seconds)
        raise InvalidInput(Reason.ONEOF_NOT_EXACTLY_ONE, "Set exactly one of asset_id and image.")

    async def ReanalyseAsset(  # noqa: N802
        self, request: messages.ReanalyseAssetRequest, _context: Context
    ) -> messages.ReanalyseAssetResponse:
        """Have an asset read again."""
        asset_id = canonical_uuid(request.asset_id, "asset_id")
        found = await self._use.asking.again(_acting(request), asset_id, wish_of(request))
        return messages.ReanalyseAssetResponse(observation=observation_message(found))

    async def GetObservation(  # noqa: N802
        self, request: messages.GetObservationRequest, _context: Context
    ) -> messages.GetObservationResponse:
        """Give one observation."""
        acting = _acting(request)
        found = await self._use.library.get(acting, _observation_id(request))
        members = await self._members(acting, found)
        return messages.GetObservationResponse(observation=observation_message(found, members))

    async def WatchObservation(  # noqa: N802
        self, request: messages.WatchObservationRequest, _context: Context
    ) -> AsyncIterator[messages.WatchObservationResponse]:
        """Stream the observation now and after each change."""
        watched = self._use.library.watch(_acting(request), _observation_id(request))
        async with aclosing(watched) as changes:
            async for found in changes:
                yield messages.WatchObservationResponse(observation=observation_message(found))

    async def ListObservations(  # noqa: N802
        self, request: messages.ListObservationsRequest, _context: Context
    ) -> messages.ListObservationsResponse:
        """Give a page of observations."""
        page = await self._use.library.page(
            _acting(request), wanted_of(request), _size(request), request.page_token
        )
        return messages.ListObservationsResponse(
            observations=[observation_message(one) for one in page.observations],
            next_page_token=page.next_page_token,
        )

    async def ListEntries(  # noqa: N802
        self, request: messages.ListEntriesRequest, _context: Context
    ) -> messages.ListEntriesResponse:
        """Give a page of entries."""
        page = await self._use.library.entries(
            _acting(request), days_of(request), _size(request), request.page_token
        )
        return messages.ListEntriesResponse(
            entries=[entry_message(one) for one in page.entries],
            next_page_token=page.next_page_token,
        )

    async def UpdateEntry(  # noqa: N802
        self, request: messages.UpdateEntryRequest, _context: Context
    ) -> messages.UpdateEntryResponse:
        """Correct an entry."""
        entry = request.entry
        holds = await self._use.correcting.correct(
            _acting(request),
            canonical_uuid(entry.observation_id, "entry.observation_id"),
            canonical_uuid(entry.entry_id, "entry.entry_id"),
            changes_of(request),
            entry.version,
        )
        return messages.UpdateEntryResponse(entry=entry_message(holds))

    async def RestoreEntry(  # noqa: N802
        self, request: messages.RestoreEntryRequest, _context: Context
    ) -> messages.RestoreEntryResponse:
        """Take corrections back."""
        entry_id = canonical_uuid(request.entry_id, "entry_id")
        holds = await self._use.correcting.restore(
            _acting(request), _observation_id(request), entry_id, restored_of(request)
        )
        return messages.RestoreEntryResponse(entry=entry_message(holds))

    async def ExportCalendar(  # noqa: N802
        self, request: messages.ExportCalendarRequest, _context: Context
    ) -> messages.ExportCalendarResponse:
        """Give entries as an iCalendar object."""
        observation_id = _observation_id(request) if request.observation_id else None
        since = None
        if request.HasField("changed_since"):
            stamp = request.changed_since
            since = checked_time(stamp.seconds, stamp.nanos, "changed_since")
        data = await self._use.exporting.calendar(
            _acting(request), observation_id, zone_of(request), since
        )
        return messages.ExportCalendarResponse(calendar=HttpBody(content_type=CALENDAR, data=data))

    async def LinkObservation(  # noqa: N802
        self, request: messages.LinkObservationRequest, _context: Context
    ) -> messages.LinkObservationResponse:
        """Link to a document of the app."""
        entry_id = canonical_uuid(request.entry_id, "entry_id") if request.entry_id else None
        link = await self._use.linking.link(
            _acting(request), _observation_id(request), entry_id, request.document_path
        )
        return messages.LinkObservationResponse(link=link_message(link))

    async def UnlinkObservation(  # noqa: N802
        self, request: messages.UnlinkObservationRequest, _context: Context
    ) -> messages.UnlinkObservationResponse:
        """Remove a link."""
        link_id = canonical_uuid(request.link_id, "link_id")
        await self._use.linking.unlink(_acting(request), _observation_id(request), link_id)
        return messages.UnlinkObservationResponse()

    async def ListLinks(  # noqa: N802
        self, request: messages.ListLinksRequest, _context: Context
    ) -> messages.ListLinksResponse:
        """Give a page of links."""
        page = await self._use.linking.page(
            _acting(request), links_of(request), _size(request), request.page_token
        )
        return messages.ListLinksResponse(
            links=[link_message(link) for link in page.links],
            next_page_token=page.next_page_token,
        )

    async def ListDeliveries(  # noqa: N802
        self, request: messages.ListDeliveriesRequest, _context: Context
    ) -> messages.ListDeliveriesResponse:
        """Give a page of webhook calls."""
        page = await self._told.page(
            _acting(request), _observation_id(request), _size(request), request.page_token
        )
        return messages.ListDeliveriesResponse(
            deliveries=[delivery_message(row) for row in page.deliveries],
            next_page_token=page.next_page_token,
        )

    async def RedeliverObservation(  # noqa: N802
        self, request: messages.RedeliverObservationRequest, _context: Context
    ) -> messages.RedeliverObservationResponse:
        """Have the app told again."""
        row = await self._told.again(_acting(request), _observation_id(request))
        return messages.RedeliverObservationResponse(delivery=delivery_message(row))

    @property
    def _told(self) -> ToldAgain:
        if self._use.told is None:
            raise KiokuError(Reason.METHOD_UNKNOWN)
        return self._use.told

    async def _members(self, acting: Acting, found: Observation) -> Any:
        return await self._use.members.of(acting.owner, found)


def _acting(request: Any) -> Acting:
    return acting_owner(request.owner, SCOPE)


def _observation_id(request: Any) -> UUID:
    return canonical_uuid(request.observation_id, "observation_id")


def _size(request: Any) -> int:
    return page_size(request.page_size, default=_DEFAULT_PAGE)

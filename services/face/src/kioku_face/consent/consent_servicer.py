"""ConsentService over gRPC: decode, call, encode; every rule lives in the use cases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import grpc
from kioku.face.v1 import consent_service_pb2 as messages
from kioku.face.v1.consent_service_pb2_grpc import ConsentServiceServicer
from kioku_rt.errors import InvalidInput
from kioku_rt.fields import canonical_uuid, checked_time, page_size
from kioku_rt.reasons import Reason
from kioku_rt.telemetry.tracing import current_trace_id
from kioku_rt.text import clean_text

from kioku_face.consent.authority import caller
from kioku_face.consent.consent import MAX_PURPOSE, MAX_TEXT_VERSION
from kioku_face.consent.consent_message import consent_message, erasure_message, export_message
from kioku_face.consent.export import Export
from kioku_face.consent.forgetting import Forgetting
from kioku_face.consent.granting import Grant, Granting

NAME = "kioku.face.v1.ConsentService"
Context = grpc.aio.ServicerContext[Any, Any]


class ConsentServicer(ConsentServiceServicer):
    """The rpcs of ConsentService: for people themselves, their owners, and `consent.admin`."""

    def __init__(self, granting: Granting, forgetting: Forgetting, export: Export) -> None:
        self._granting = granting
        self._forgetting = forgetting
        self._export = export

    async def GrantConsent(  # noqa: N802 - named by the contract
        self, request: messages.GrantConsentRequest, _context: Context
    ) -> messages.GrantConsentResponse:
        """Record that a person agreed."""
        principal = caller()
        person_id = canonical_uuid(request.person_id, "person_id")
        text = clean_text(request.text_version, field="text_version", limit=MAX_TEXT_VERSION)
        grant = Grant(text, _ahead(request), current_trace_id())
        consent = await self._granting.grant(principal, person_id, grant)
        return messages.GrantConsentResponse(consent=consent_message(consent))

    async def WithdrawConsent(  # noqa: N802
        self, request: messages.WithdrawConsentRequest, _context: Context
    ) -> messages.WithdrawConsentResponse:
        """Record that a person took it back, and erase."""
        principal = caller()
        person_id = canonical_uuid(request.person_id, "person_id")
        purpose = (
            clean_text(request.purpose, field="purpose", limit=MAX_PURPOSE)
            if request.purpose
            else ""
        )
        done = await self._forgetting.withdraw(principal, person_id, purpose, current_trace_id())
        return messages.WithdrawConsentResponse(
            consent=consent_message(done.consent), erasure=erasure_message(done.erasure)
        )

    async def ListConsents(  # noqa: N802
        self, request: messages.ListConsentsRequest, _context: Context
    ) -> messages.ListConsentsResponse:
        """Give a page of a person's history."""
        principal = caller()
        page = await self._granting.history(
            principal,
            canonical_uuid(request.person_id, "person_id"),
            page_size(request.page_size, default=100),
            request.page_token,
        )
        return messages.ListConsentsResponse(
            consents=[consent_message(one) for one in page.consents],
            next_page_token=page.next_page_token,
        )

    async def GetErasure(  # noqa: N802
        self, request: messages.GetErasureRequest, _context: Context
    ) -> messages.GetErasureResponse:
        """Say how far an erasure is."""
        principal = caller()
        erasure_id = canonical_uuid(request.erasure_id, "erasure_id")
        found = await self._forgetting.erasure(principal, erasure_id, current_trace_id())
        return messages.GetErasureResponse(erasure=erasure_message(found))

    async def ExportPerson(  # noqa: N802
        self, request: messages.ExportPersonRequest, _context: Context
    ) -> messages.ExportPersonResponse:
        """Give everything that is held of a person."""
        principal = caller()
        person_id = canonical_uuid(request.person_id, "person_id")
        held = await self._export.held(principal, person_id, current_trace_id())
        return export_message(held)


def _ahead(request: messages.GrantConsentRequest) -> datetime | None:
    """When the consent ends by itself; TIME_OUT_OF_RANGE for a moment that is over."""
    if not request.HasField("expire_time"):
        return None
    stamp = request.expire_time
    end = checked_time(stamp.seconds, stamp.nanos, "expire_time")
    if end <= datetime.now(UTC):
        raise InvalidInput(
            Reason.TIME_OUT_OF_RANGE, "The consent would have ended already.", field="expire_time"
        )
    return end

"""AuditService over gRPC: decode, call, encode."""

from __future__ import annotations

import re
from typing import Any

import grpc
from kioku.face.v1 import audit_service_pb2 as messages
from kioku.face.v1.audit_service_pb2_grpc import AuditServiceServicer
from kioku_rt.auth import require_scope
from kioku_rt.db.seal import Noted
from kioku_rt.errors import InvalidInput
from kioku_rt.fields import page_size
from kioku_rt.reasons import Reason

from kioku_face.audit.auditing import PAGE, Auditing
from kioku_face.audit.entry import Wanted
from kioku_face.audit.entry_message import entry_message
from kioku_face.face_message import timestamp

SCOPE = "audit.read"
NAME = "kioku.face.v1.AuditService"
MAX_TEXT = 255
Context = grpc.aio.ServicerContext[Any, Any]
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class AuditServicer(AuditServiceServicer):
    """The rpcs of AuditService; each is for services with the scope `audit.read`."""

    def __init__(self, auditing: Auditing) -> None:
        self._auditing = auditing

    async def ListAuditEntries(  # noqa: N802 - named by the contract
        self, request: messages.ListAuditEntriesRequest, _context: Context
    ) -> messages.ListAuditEntriesResponse:
        """Give a page of the audit."""
        principal = require_scope(SCOPE)
        page = await self._auditing.page(
            principal,
            Wanted(
                subject=_text(request.subject, "subject"),
                actor=_text(request.actor, "actor"),
                action=_text(request.action, "action"),
            ),
            page_size(request.page_size, default=PAGE),
            request.page_token,
        )
        return messages.ListAuditEntriesResponse(
            entries=[entry_message(one) for one in page.entries],
            next_page_token=page.next_page_token,
        )

    async def VerifyAudit(  # noqa: N802
        self, request: messages.VerifyAuditRequest, _context: Context
    ) -> messages.VerifyAuditResponse:
        """Say whether the chain holds."""
        principal = require_scope(SCOPE)
        found = await self._auditing.verify(principal, _noted(request))
        return messages.VerifyAuditResponse(
            intact=found.intact,
            sealed=found.sealed,
            unsealed=found.unsealed,
            broken_seal=found.broken_seal,
            seal_time=timestamp(found.sealed_at),
            last_seal=found.last.seal_id if found.last else 0,
            last_digest=found.last.digest.hex() if found.last else "",
        )


def _text(value: str, field: str) -> str:
    if len(value) > MAX_TEXT or "\x00" in value:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{field} may have at most {MAX_TEXT} characters, none of them NUL.",
            field=field,
            metadata={"limit": str(MAX_TEXT)},
        )
    return value


def _noted(request: messages.VerifyAuditRequest) -> Noted | None:
    if not request.noted_seal and not request.noted_digest:
        return None
    if request.noted_seal < 1 or not _DIGEST.fullmatch(request.noted_digest):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "A noted seal is a number from 1 on and its digest, 64 lower-case hex digits.",
            field="noted_seal",
        )
    return Noted(request.noted_seal, bytes.fromhex(request.noted_digest))

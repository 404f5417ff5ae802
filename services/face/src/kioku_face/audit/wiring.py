"""What `main` wires for the audit: its service. The job is `kioku_rt.db.seal_job`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku.face.v1.audit_service_pb2_grpc import add_AuditServiceServicer_to_server
from kioku_rt.db import AuditSeals
from kioku_rt.rpc import Registration

from kioku_face.audit import audit_servicer
from kioku_face.audit.auditing import Auditing
from kioku_face.audit.entry_store import EntryStore
from kioku_face.database import SCHEMA

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.page_token import PageTokens


def audit_registration(
    worker: asyncpg.Pool, sealer: asyncpg.Pool, tokens: PageTokens
) -> Registration:
    """AuditService.

    Args:
        worker: of the role `face_worker`.
        sealer: of the role `face_sealer`; a few connections, the job takes one of them.
    """
    auditing = Auditing(EntryStore(worker), AuditSeals(sealer, SCHEMA), tokens)
    return Registration(
        audit_servicer.NAME,
        add_AuditServiceServicer_to_server,
        audit_servicer.AuditServicer(auditing),
    )

"""Rows of the audit as the messages of `kioku.face.v1`."""

from __future__ import annotations

from kioku.face.v1 import consent_service_pb2

from kioku_face.audit.entry import Entry
from kioku_face.face_message import timestamp


def entry_message(entry: Entry) -> consent_service_pb2.AuditEntry:
    """A row of the audit as a message."""
    return consent_service_pb2.AuditEntry(
        entry_id=entry.entry_id,
        actor=entry.actor,
        action=entry.action,
        subject=entry.subject,
        outcome=entry.outcome,
        reason=entry.reason,
        purpose=entry.purpose,
        request_id=entry.request_id,
        create_time=timestamp(entry.at),
    )

"""The audit over gRPC: who may, pages, filters, the chain; and that reading it is in it."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from kioku.face.v1 import audit_service_pb2 as pb
from kioku_face.audit.auditing import Auditing
from kioku_face.audit.entry import Wanted
from kioku_face.audit.entry_store import EntryStore
from kioku_face.database import SCHEMA
from kioku_rt.auth import Principal
from kioku_rt.db import AuditSeals, acquire, audit
from kioku_rt.db.verify_command import verify_command
from kioku_rt.page_token import PageTokens

from tests.integration.search.test_rpcs import refused


async def write(library, number, **changes):
    """Rows as the service writes them."""
    row = {"actor": "ann", "action": "face.list", "subject": "s", "outcome": "ok", **changes}
    async with acquire(library.worker) as connection:
        for n in range(number):
            details = {"purpose": f"p{n}", "request_id": f"r{n}"}
            await audit(connection, schema=SCHEMA, **row, details=details)


async def pages(stub, size, **wanted):
    """Every page's entries."""
    token, found = "", []
    while True:
        answer = await stub.ListAuditEntries(
            pb.ListAuditEntriesRequest(page_size=size, page_token=token, **wanted)
        )
        found.append(list(answer.entries))
        token = answer.next_page_token
        if not token:
            return found


async def test_entries_in_pages_the_newest_first(library, service):
    """Each once, also while rows are added; with purpose and request."""
    await write(library, 5)
    found = await pages(service.audit(), 2, action="face.list")
    assert [2, 2, 1] == [len(page) for page in found]
    entries = [one for page in found for one in page]
    assert ["p4", "p3", "p2", "p1", "p0"] == [one.purpose for one in entries]
    assert ["r4", "ann", "face.list", "s", "ok", ""] == [
        getattr(entries[0], name)
        for name in ("request_id", "actor", "action", "subject", "outcome", "reason")
    ]
    assert entries[0].create_time.seconds > 0
    assert 3 == len(await library.audit("audit.list"))


async def test_filters(library, service):
    """By subject, actor and action, together or alone."""
    await write(library, 2)
    await write(library, 3, actor="ben", subject="t")
    await write(library, 1, actor="ben", action="face.match")
    for wanted, number in (
        ({"subject": "t"}, 3),
        ({"actor": "ben"}, 4),
        ({"actor": "ben", "action": "face.match"}, 1),
        ({"subject": "s", "actor": "ann", "action": "face.list"}, 2),
        ({"subject": "nobody"}, 0),
    ):
        (page,) = await pages(service.audit(), 100, **wanted)
        assert number == len(page)


async def test_a_page_belongs_to_its_question(library, service):
    """A token of another filter, or one that was changed, is refused."""
    await write(library, 3)
    stub = service.audit()
    first = await stub.ListAuditEntries(pb.ListAuditEntriesRequest(page_size=1, actor="ann"))
    for token, wanted in (
        (first.next_page_token, {"actor": "ben"}),
        (first.next_page_token[:-1], {"actor": "ann"}),
        ("x", {}),
    ):
        request = pb.ListAuditEntriesRequest(page_token=token, **wanted)
        assert ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID") == await refused(
            stub.ListAuditEntries(request)
        )


BAD = [
    pb.ListAuditEntriesRequest(page_size=-1),
    pb.ListAuditEntriesRequest(actor="x" * 256),
    pb.ListAuditEntriesRequest(subject="a\0"),
    pb.VerifyAuditRequest(noted_seal=-1, noted_digest="0" * 64),
    pb.VerifyAuditRequest(noted_seal=1),
    pb.VerifyAuditRequest(noted_seal=1, noted_digest="0" * 63 + "G"),
    pb.VerifyAuditRequest(noted_digest="0" * 64),
]


async def test_bad_requests(service):
    """Refused with the field."""
    stub = service.audit()
    for request in BAD:
        listing = isinstance(request, pb.ListAuditEntriesRequest)
        call = stub.ListAuditEntries(request) if listing else stub.VerifyAudit(request)
        assert ("INVALID_ARGUMENT", "FIELD_INVALID") == await refused(call)


async def test_only_services_with_the_scope(service):
    """Users, whoever they are, and other services read nothing."""
    stub = service.audit("other", "face.act", "consent.admin")
    for call in (
        stub.ListAuditEntries(pb.ListAuditEntriesRequest()),
        stub.VerifyAudit(pb.VerifyAuditRequest()),
    ):
        assert ("PERMISSION_DENIED", "SCOPE_MISSING") == await refused(call)


async def test_the_chain_is_verified(library, service):
    """Counts, the last seal to be noted, and who verified; then a forged row breaks it."""
    await write(library, 4)
    await AuditSeals(library.sealer, SCHEMA).seal()
    stub = service.audit()
    found = await stub.VerifyAudit(pb.VerifyAuditRequest())
    assert (True, 4, 1, 0, 1) == (
        found.intact,
        found.sealed,
        found.unsealed,
        found.broken_seal,
        found.last_seal,
    )
    assert found.seal_time.seconds > 0
    assert ["auditor"] == [row["actor"] for row in await library.audit("audit.verify")]
    noted = pb.VerifyAuditRequest(noted_seal=1, noted_digest=found.last_digest)
    assert (await stub.VerifyAudit(noted)).intact
    other = pb.VerifyAuditRequest(noted_seal=1, noted_digest="0" * 64)
    assert 1 == (await stub.VerifyAudit(other)).broken_seal
    async with acquire(library.owner) as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("UPDATE face.audit_logs SET actor = 'eve' WHERE id = 2")
    found = await stub.VerifyAudit(pb.VerifyAuditRequest())
    assert (False, 1) == (found.intact, found.broken_seal)


async def test_without_a_note_nothing_is_read(library):
    """Reading that cannot be audited gives nothing."""
    await write(library, 1)
    await library.owner.execute("REVOKE INSERT ON face.audit_logs FROM face_worker")
    seals = AuditSeals(library.sealer, SCHEMA)
    auditing = Auditing(EntryStore(library.worker), seals, PageTokens(b"s" * 16))
    auditor = Principal("auditor", True, frozenset({"audit.read"}), "t")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await auditing.page(auditor, Wanted(), 10, "")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await auditing.verify(auditor, None)


FORBIDDEN = [
    "SELECT * FROM face.audit_logs",
    "SELECT * FROM face.audit_seals",
    "SELECT * FROM face.faces",
    "SELECT * FROM face.people",
    "SELECT * FROM face.outbox",
    "INSERT INTO face.audit_logs (actor, action, subject, outcome) VALUES ('', '', '', '')",
    "DELETE FROM face.audit_seals",
    "SELECT face.add_audit_seal(9, 9)",
]


async def test_the_sealer_can_only_seal(library):
    """Its role reads no row and changes none."""
    for statement in FORBIDDEN:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await library.sealer.execute(statement)


async def test_callers_and_workers_do_not_seal(library):
    """Who writes the audit does not seal it."""
    for pool in (library.api, library.worker):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute("SELECT * FROM face.seal_audit()")


async def test_an_operator_verifies(library, postgres_server, capsys):
    """From the command line: the exit code says it too."""
    await write(library, 2)
    await AuditSeals(library.sealer, SCHEMA).seal()
    dsn = postgres_server.dsn(library.dsn.rsplit("/", 1)[1], "face_sealer")

    async def verified(*arguments):
        return await asyncio.to_thread(verify_command, dsn, SCHEMA, arguments)

    assert 0 == await verified()
    told = capsys.readouterr().out
    assert "The audit of face holds: 2 rows are sealed, 0 wait; last seal 1:" in told
    assert 0 == await verified(told.split()[-1])
    assert 1 == await verified("1:" + "0" * 64)
    assert "is broken at seal 1" in capsys.readouterr().out
    assert 2 == await verified("1:xyz")

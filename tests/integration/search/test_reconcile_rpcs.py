"""ReconcileService over the wire: for services with the scope alone, in bounds, and measured."""

from __future__ import annotations

import grpc
import pytest
from kioku.assets.v1 import asset_pb2
from kioku.search.v1 import reconcile_service_pb2 as pb
from kioku_rt.objects import MemoryObjectStore
from kioku_rt.reasons import Reason
from kioku_rt.rpc import error_of
from kioku_search.metrics import FINDINGS

from tests.integration.search.rig import space, unit

SCOPES = {"service": True, "scopes": ("reconcile.admin",)}


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in call:
            pass
    return error_of(caught.value)


@pytest.fixture
def objects():
    return MemoryObjectStore()


def _of(part, space_id):
    """Whether it is about no other space: events of other tests may have made some meanwhile."""
    return {part.coverage.space_id, part.finding.space_id} <= {"", space_id}


async def test_a_report_and_a_repair(db, start_service, objects):
    """Parts stream in order; the gauge shows what was found; a repair says what it did."""
    await db.register(space())
    lost = await db.indexed("ann", space(), unit("x"))
    await db.owner.execute("DELETE FROM search.assets WHERE asset_id = $1", lost)
    async with start_service(objects, repair_seconds=3600) as service:
        stub = service.reconcile("ops", **SCOPES)
        told = [part async for part in stub.GetReport(pb.GetReportRequest(objects=True))]
        told = [part for part in told if _of(part, space().space_id)]
        kinds = [part.WhichOneof("part") for part in told]
        assert ["coverage"] * 2 + ["finding"] * 5 + ["progress"] + ["finding"] * 2 == kinds
        orphan = next(p.finding for p in told if p.finding.kind == pb.FINDING_KIND_ORPHAN_VECTOR)
        assert (1, "ann", str(lost)) == (
            orphan.count,
            orphan.samples[0].owner,
            orphan.samples[0].asset_id,
        )
        assert asset_pb2.ASSET_KIND_VIDEO in {p.coverage.kind for p in told}
        gauge = FINDINGS.labels("ORPHAN_VECTOR", space().space_id, "")
        assert 1 == gauge._value.get()
        request = pb.RepairRequest(objects=True, remove_orphans=True)
        done = [part.mended async for part in stub.Repair(request) if part.HasField("mended")]
        assert [3, 4, 1, 2, 5, 6] == [one.kind for one in done]
        left = next(one for one in done if one.kind == pb.FINDING_KIND_ORPHAN_VECTOR)
        assert (1, 0, "the others are too young") == (left.found, left.mended, left.left)


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("GetReport", pb.GetReportRequest(samples=-1), "samples"),
        ("GetReport", pb.GetReportRequest(samples=1001), "samples"),
        ("Repair", pb.RepairRequest(grace_seconds=-1), "grace_seconds"),
        ("Repair", pb.RepairRequest(grace_seconds=3599), "grace_seconds"),
        ("Repair", pb.RepairRequest(grace_seconds=2**62), "grace_seconds"),
    ],
)
async def test_values_outside_their_range(start_service, objects, method, request_, field):
    """FIELD_INVALID names the field and its limits, before anything is done."""
    async with start_service(objects) as service:
        stub = service.reconcile("ops", **SCOPES)
        error = await refused(getattr(stub, method)(request_))
    assert (Reason.FIELD_INVALID, field) == (error.reason, error.field)
    assert {field, "least", "most"} == set(error.metadata)


@pytest.mark.parametrize("claims", [{}, {"service": True, "scopes": ("search.act",)}])
async def test_it_is_for_operators_alone(start_service, objects, claims):
    """A user, and a service without the scope, learn nothing."""
    async with start_service(objects) as service:
        stub = service.reconcile("ann", **claims)
        for call in (stub.GetReport(pb.GetReportRequest()), stub.Repair(pb.RepairRequest())):
            assert Reason.SCOPE_MISSING is (await refused(call)).reason


async def test_a_store_that_is_down(start_service, objects):
    """What rows tell comes first; then the dependency is named."""
    objects.down = True
    async with start_service(objects) as service:
        stub = service.reconcile("ops", **SCOPES)
        call = stub.GetReport(pb.GetReportRequest(objects=True))
        assert Reason.DEPENDENCY_UNAVAILABLE is (await refused(call)).reason
        told = [p async for p in stub.GetReport(pb.GetReportRequest())]
        assert {"finding", "coverage"} >= {part.WhichOneof("part") for part in told}

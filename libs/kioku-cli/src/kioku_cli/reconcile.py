"""What ReconcileService says, gathered: the calls behind `kioku reconcile`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kioku.search.v1 import reconcile_service_pb2 as messages
from kioku.search.v1.reconcile_service_pb2_grpc import ReconcileServiceStub
from kioku_rt.auth import DevIssuer
from kioku_rt.rpc import channel

from kioku_cli.data import DataFolder
from kioku_cli.launch import running

if TYPE_CHECKING:
    from kioku.search.v1.reconcile_service_pb2_grpc import ReconcileServiceAsyncStub

SCOPE = "reconcile.admin"
_SUBJECT = "kioku-cli"
_LONGEST_SECONDS = 3600.0
Progress = Callable[[int], None]


@dataclass
class Report:
    """A whole report, in the order in which it came."""

    coverage: list[messages.SpaceCoverage] = field(default_factory=list)
    findings: list[messages.Finding] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        """How many things are not as they should be."""
        return sum(one.count for one in self.findings)


@asynccontextmanager
async def _stub(data: DataFolder) -> AsyncIterator[ReconcileServiceAsyncStub]:
    """The service of a running stack, for an operator.  Raises NotRunning."""
    state = running(data)
    token = DevIssuer(data.issuer).mint(_SUBJECT, service=True, scopes=(SCOPE,))
    wire = channel(state.endpoints["grpc"], token=lambda: token, default_timeout=_LONGEST_SECONDS)
    async with wire:
        stub: ReconcileServiceAsyncStub = ReconcileServiceStub(wire)
        yield stub


async def report(data: DataFolder, *, objects: bool, samples: int, progress: Progress) -> Report:
    """Compare; `progress` hears of objects listed.  Raises NotRunning, AioRpcError."""
    told = Report()
    request = messages.GetReportRequest(objects=objects, samples=samples)
    async with _stub(data) as stub:
        async for part in stub.GetReport(request):
            match part.WhichOneof("part"):
                case "coverage":
                    told.coverage.append(part.coverage)
                case "finding":
                    told.findings.append(part.finding)
                case "progress":
                    progress(part.progress.objects)
    return told


async def repair(
    data: DataFolder, request: messages.RepairRequest, progress: Progress
) -> list[messages.Mended]:
    """Mend, and what became of each kind of finding.  Raises NotRunning, AioRpcError."""
    done = []
    async with _stub(data) as stub:
        async for part in stub.Repair(request):
            if part.WhichOneof("part") == "mended":
                done.append(part.mended)
            else:
                progress(part.progress.objects)
    return done

"""ReconcileService over gRPC: decode, call, encode; every rule lives in the use case."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import grpc
from kioku.assets.v1 import asset_pb2
from kioku.common.v1 import space_pb2
from kioku.search.v1 import reconcile_service_pb2 as messages
from kioku.search.v1.reconcile_service_pb2_grpc import ReconcileServiceServicer
from kioku_rt.auth import require_scope
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

from kioku_search.assets.asset_message import kind_number
from kioku_search.metrics import found
from kioku_search.reconciling.finding import Coverage, Finding, Mended, ObjectProgress, Sample
from kioku_search.reconciling.reconciliation import Reconciliation, Repairs

SCOPE = "reconcile.admin"
NAME = "kioku.search.v1.ReconcileService"
STREAMS = frozenset({"GetReport", "Repair"})
_SAMPLES, _MOST_SAMPLES = 20, 1000
_DAY, _LEAST_GRACE, _MOST_GRACE = 86_400, 3_600, 366 * 86_400
Context = grpc.aio.ServicerContext[Any, Any]


class ReconcileServicer(ReconcileServiceServicer):
    """The rpcs of ReconcileService."""

    def __init__(self, reconciliation: Reconciliation) -> None:
        self._reconciliation = reconciliation

    async def GetReport(  # noqa: N802 - named by the contract
        self, request: messages.GetReportRequest, _context: Context
    ) -> AsyncIterator[messages.GetReportResponse]:
        """Compare, and change nothing."""
        principal = require_scope(SCOPE)
        parts = self._reconciliation.report(
            principal, objects=request.objects, samples=_samples(request.samples)
        )
        async with aclosing(parts):
            async for part in parts:
                if isinstance(part, Finding):
                    found(part)
                yield _report_part(part)

    async def Repair(  # noqa: N802
        self, request: messages.RepairRequest, _context: Context
    ) -> AsyncIterator[messages.RepairResponse]:
        """Mend what can be mended."""
        principal = require_scope(SCOPE)
        grace = _grace(request.grace_seconds)
        repairs = Repairs(request.objects, request.remove_orphans, grace)
        async with aclosing(self._reconciliation.repair(principal, repairs)) as parts:
            async for part in parts:
                yield _repair_part(part)


def _samples(number: int) -> int:
    if not 0 <= number <= _MOST_SAMPLES:
        raise _outside("samples", number, 0, _MOST_SAMPLES)
    return number or _SAMPLES


def _grace(seconds: int) -> timedelta:
    if seconds and not _LEAST_GRACE <= seconds <= _MOST_GRACE:
        raise _outside("grace_seconds", seconds, _LEAST_GRACE, _MOST_GRACE)
    return timedelta(seconds=seconds or _DAY)


def _outside(field: str, value: int, least: int, most: int) -> InvalidInput:
    return InvalidInput(
        Reason.FIELD_INVALID,
        f"{field} is {value}; it must be between {least} and {most}.",
        field=field,
        metadata={field: str(value), "least": str(least), "most": str(most)},
    )


def _report_part(part: Coverage | Finding | ObjectProgress) -> messages.GetReportResponse:
    match part:
        case Coverage():
            return messages.GetReportResponse(coverage=_coverage(part))
        case Finding():
            return messages.GetReportResponse(finding=_finding(part))
        case ObjectProgress():
            return messages.GetReportResponse(progress=_progress(part))


def _repair_part(part: Mended | ObjectProgress) -> messages.RepairResponse:
    if isinstance(part, ObjectProgress):
        return messages.RepairResponse(progress=_progress(part))
    mended = messages.Mended(
        kind=messages.FindingKind.Value("FINDING_KIND_" + part.kind),
        found=part.found,
        mended=part.mended,
        left=part.left,
    )
    return messages.RepairResponse(mended=mended)


def _coverage(one: Coverage) -> messages.SpaceCoverage:
    return messages.SpaceCoverage(
        space_id=one.space_id,
        space_kind=space_pb2.SpaceKind.Value("SPACE_KIND_" + one.space_kind),
        state=one.state,
        kind=kind_number(one.kind),
        expected=one.expected,
        present=one.present,
    )


def _finding(one: Finding) -> messages.Finding:
    no_kind = asset_pb2.ASSET_KIND_UNSPECIFIED
    return messages.Finding(
        kind=messages.FindingKind.Value("FINDING_KIND_" + one.kind),
        space_id=one.space_id,
        asset_kind=kind_number(one.asset_kind) if one.asset_kind else no_kind,
        count=one.count,
        samples=[_sample(sample) for sample in one.samples],
    )


def _sample(one: Sample) -> messages.Sample:
    return messages.Sample(
        owner=one.owner,
        asset_id=one.asset_id,
        frame_no=one.frame_no,
        object_key=one.object_key,
        detail=one.detail,
    )


def _progress(one: ObjectProgress) -> messages.ObjectProgress:
    return messages.ObjectProgress(objects=one.objects, last_key=one.last_key)

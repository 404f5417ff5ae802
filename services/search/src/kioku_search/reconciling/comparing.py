"""Wires the comparison of what should be with what is: its rpcs, and its job for the gauges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from kioku.search.v1.reconcile_service_pb2_grpc import add_ReconcileServiceServicer_to_server
from kioku_rt.job import Job
from kioku_rt.rpc import Registration

from kioku_search.metrics import found
from kioku_search.reconciling import reconcile_servicer
from kioku_search.reconciling.claim_store import ClaimStore
from kioku_search.reconciling.finding import Finding
from kioku_search.reconciling.reconciliation import Reconciliation
from kioku_search.reconciling.reconciliation_store import ReconciliationStore

if TYPE_CHECKING:
    from datetime import timedelta

    import asyncpg
    from kioku_rt.objects import ObjectStore

    from kioku_search.reconciling.reconciliation import Orders


@dataclass(frozen=True)
class Comparing:
    """What `main` registers and runs."""

    reconciliation: Reconciliation

    @classmethod
    def over(
        cls, worker: asyncpg.Pool, objects: ObjectStore, orders: Orders, grace: timedelta
    ) -> Self:
        """Put the use case between the servers and its callers."""
        store, claims = ReconciliationStore(worker), ClaimStore(worker)
        return cls(Reconciliation(store, claims, objects, orders, grace))

    def registration(self) -> Registration:
        """ReconcileService; its streams last as long as tables and buckets are."""
        return Registration(
            reconcile_servicer.NAME,
            add_ReconcileServiceServicer_to_server,
            reconcile_servicer.ReconcileServicer(self.reconciliation),
            long_lived=reconcile_servicer.STREAMS,
        )

    def job(self, seconds: float) -> Job:
        """Keeps the gauges fresh."""
        return Job("compare", seconds, self._show)

    async def _show(self) -> None:
        async for part in self.reconciliation.compare(samples=0):
            if isinstance(part, Finding):
                found(part)

"""Each call leaves one span, one log line and one observation, whatever way it ended."""

from __future__ import annotations

import asyncio
import hashlib
import time
from functools import cache

import grpc
import structlog
from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from prometheus_client import Counter, Gauge, Histogram

from kioku_rt.auth.principal import Principal
from kioku_rt.rpc.arrival import Arrival
from kioku_rt.telemetry.metrics import FAST_BUCKETS
from kioku_rt.telemetry.tracing import extract, tracer

_SECONDS = Histogram(
    "kioku_rpc_server_seconds",
    "Time to serve an rpc.",
    ["method", "code"],
    buckets=FAST_BUCKETS,
)
_REFUSALS = Counter("kioku_rpc_server_failures_total", "Failed rpcs.", ["method", "reason"])
_IN_FLIGHT = Gauge("kioku_rpc_server_in_flight", "Rpcs at work.")
_seconds = cache(_SECONDS.labels)  # looking a child up costs more than observing
_SERVER_FAULTS = frozenset(
    (
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    )
)  # OpenTelemetry's semantic conventions: these mark a server span as failed
_log = structlog.get_logger("kioku_rt.rpc")


class CallRecord:
    """What is known of one call while it runs.

    Args:
        method: the full path, for example `/kioku.search.v1.SearchService/Search`.
        arrival: what it brought: the caller's trace and name.
        quiet: no log line (health probes).
    """

    def __init__(self, method: str, arrival: Arrival, *, quiet: bool = False) -> None:
        self.code = grpc.StatusCode.OK
        self.reason = ""
        self._method = method
        self._arrival = arrival
        self._quiet = quiet
        self._started = time.perf_counter()
        self._seconds = 0.0
        self.span: Span = tracer.start_span(method[1:], extract(arrival.trace), SpanKind.SERVER)

    def __enter__(self) -> CallRecord:
        _IN_FLIGHT.inc()
        self._attached = context.attach(trace.set_span_in_context(self.span))
        return self

    def __exit__(self, *_: object) -> None:
        self._seconds = time.perf_counter() - self._started
        _IN_FLIGHT.dec()
        # After the answer is on its way: writing a line can cost more than a small rpc.
        asyncio.get_running_loop().call_soon(self._publish)
        context.detach(self._attached)

    def failed(self, code: grpc.StatusCode, reason: str) -> None:
        """Note how the call ends."""
        self.code = code
        self.reason = reason

    def _publish(self) -> None:
        _seconds(self._method, self.code.name).observe(self._seconds)
        if self.reason:
            _REFUSALS.labels(self._method, self.reason).inc()
        if not self._quiet:
            self._write_line()
        self._end_span()

    def _write_line(self) -> None:
        _log.info(
            "rpc",
            method=self._method,
            code=self.code.name,
            reason=self.reason,
            ms=round(self._seconds * 1000, 2),
            caller=_pseudonym(self._arrival.principal),
            **self._named(),
        )

    def _named(self) -> dict[str, str]:
        request_id = self._arrival.request_id
        return {"request_id": request_id} if request_id else {}

    def _end_span(self) -> None:
        if self.span.is_recording():
            self.span.set_attribute("rpc.system", "grpc")
            self.span.set_attribute("rpc.grpc.status_code", self.code.value[0])
            if self.reason:
                self.span.set_attribute("kioku.reason", self.reason)
            if self._arrival.request_id:
                self.span.set_attribute("kioku.request_id", self._arrival.request_id)
            if self.code in _SERVER_FAULTS:
                self.span.set_status(Status(StatusCode.ERROR))
        self.span.end()


def _pseudonym(principal: Principal | None) -> str:
    """Name services as they are, users by a digest: a subject is personal data."""
    if principal is None:
        return ""
    if principal.service:
        return principal.subject
    return hashlib.sha256(principal.subject.encode()).hexdigest()[:16]

"""Spans reach a collector over OTLP."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

PROGRAM = """
import sys
from kioku_rt.telemetry import configure, shutdown, span
configure("demo", otlp_endpoint=sys.argv[1], json_logs=True)
with span("outer"), span("inner", attributes={"n": 1}):
    pass
shutdown()
"""


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.spans: list[Any] = []

    async def Export(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the contract's name
        """Take spans in."""
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return trace_service_pb2.ExportTraceServiceResponse()


async def test_spans_arrive_at_the_collector() -> None:
    """What is buffered is sent before the process ends."""
    server = grpc.aio.server()
    collector = Collector()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(  # type: ignore[no-untyped-call]
        collector, server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, f"127.0.0.1:{port}"
    )
    code = await asyncio.wait_for(process.wait(), 30)
    await server.stop(0)
    inner, outer = sorted(collector.spans, key=lambda span: str(span.name))
    assert (0, "inner", "outer") == (code, inner.name, outer.name)
    assert inner.parent_span_id == outer.span_id

"""A server's life: health, ports, traces, and a drain that loses no call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from kioku.embedder.v1 import embedder_service_pb2
from kioku_rt.reasons import Reason
from kioku_rt.rpc import Registration, RpcServer, ServerConfig, channel, error_of
from kioku_rt.telemetry.tracing import configure_tracing
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

SERVICE = "kioku.test.v1.DoorService"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
Wait = Callable[[Callable[[], bool]], Awaitable[None]]


async def health_of(door: Any, name: str) -> int:
    stub = health_pb2_grpc.HealthStub(door.channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=2)
    return int(answer.status)


@pytest.mark.parametrize("name", ["", SERVICE])
async def test_health_knows_the_server_and_each_service(open_door: Any, name: str) -> None:
    """The overall name and each service's own follow `set_serving`."""
    async with open_door() as door:
        serving = await health_of(door, name)
        await door.server.set_serving(False)
        assert [serving, await health_of(door, name)] == [SERVING, NOT_SERVING]


async def test_health_does_not_know_strangers(open_door: Any) -> None:
    """The health of a service that is not here is NOT_FOUND."""
    async with open_door() as door:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await health_of(door, "no.such.Service")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_started_server_is_not_serving_yet() -> None:
    """Nobody is sent to a server before its owner says so."""
    server = RpcServer(ServerConfig(), [], verifier=None)  # type: ignore[arg-type]
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as wire:
        stub = health_pb2_grpc.HealthStub(wire)
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=2)
    await server.drain()
    assert answer.status == NOT_SERVING


async def test_a_second_server_on_the_port_fails(open_door: Any) -> None:
    """Two processes never share a port without a word."""
    async with open_door() as door:
        second = RpcServer(ServerConfig(port=door.port), [], verifier=None)  # type: ignore[arg-type]
        with pytest.raises(OSError, match="cannot listen"):
            await second.start()
        await second.drain()


async def test_a_rule_for_a_method_that_is_not_there_is_refused() -> None:
    """A misspelt public or long-lived method is found at start."""
    assert embedder_service_pb2.DESCRIPTOR.services_by_name
    registration = Registration(
        "kioku.embedder.v1.EmbedderService",
        lambda *_: None,
        None,
        public_methods=frozenset(("ListModel",)),
    )
    with pytest.raises(ValueError, match="no method ListModel"):
        RpcServer(ServerConfig(), [registration], verifier=None)  # type: ignore[arg-type]


async def test_calls_at_work_finish_during_a_drain(open_door: Any, wait_until: Wait) -> None:
    """A drain waits for the calls inside, and takes no new ones."""
    async with open_door(grace=5.0) as door:
        inside = asyncio.create_task(door.answers("Ask", door.Ask(do="wait")))
        await door.servicer.started.wait()
        draining = asyncio.create_task(door.server.drain())
        await asyncio.sleep(0.1)
        refused = await door.failure("Ask", timeout=2)
        door.servicer.release.set()
        (reply,) = await inside
        await asyncio.wait_for(draining, 2)
    assert (reply.text, refused.code()) == ("finished", grpc.StatusCode.UNAVAILABLE)


async def test_a_call_that_outlasts_the_grace_is_cancelled(
    open_door: Any, wait_until: Wait
) -> None:
    """A drain ends, whatever a handler does."""
    async with open_door(grace=0.2) as door:
        inside = asyncio.create_task(door.failure("Ask", door.Ask(do="sleep"), timeout=None))
        await door.servicer.started.wait()
        started = time.monotonic()
        await door.server.drain()
        assert time.monotonic() - started < 2
        failure = await inside
        await wait_until(lambda: door.servicer.cancelled == ["sleep"])
    assert failure.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_health_watch_does_not_hold_up_a_drain(open_door: Any) -> None:
    """A watcher hears NOT_SERVING and is let go at once, not when the grace ends."""
    async with open_door(grace=10.0) as door:
        stub = health_pb2_grpc.HealthStub(door.channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest())
        heard = [(await watch.read()).status]
        started = time.monotonic()
        await door.server.drain()
        seconds = time.monotonic() - started
        heard.append((await watch.read()).status)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await watch.read()
    assert heard == [SERVING, NOT_SERVING]
    assert (caught.value.code(), seconds < 2) == (grpc.StatusCode.UNAVAILABLE, True)


async def test_a_long_lived_stream_is_ended_by_a_drain(open_door: Any) -> None:
    """Such a stream has no deadline of ours; a drain ends it with a reason to call again."""
    async with open_door(grace=10.0, default_deadline=0.1, max_deadline=0.1) as door:
        watching = asyncio.create_task(door.failure("Watch", door.Ask(do="sleep"), timeout=None))
        await door.servicer.started.wait()
        await asyncio.sleep(0.3)
        alive = not watching.done()
        started = time.monotonic()
        await door.server.drain()
        error = error_of(await watching)
    assert error is not None
    assert (
        alive,
        error.reason,
        door.servicer.cancelled,
    ) == (True, Reason.DEPENDENCY_UNAVAILABLE, ["sleep"])
    assert time.monotonic() - started < 2


async def test_long_lived_streams_leave_room_for_work(open_door: Any, wait_until: Wait) -> None:
    """Watchers have a limit of their own and never crowd out short calls."""
    async with open_door(max_concurrent_rpcs=1, max_long_lived=2) as door:
        watchers = [
            asyncio.create_task(door.answers("Watch", door.Ask(do="wait"))) for _ in range(2)
        ]
        await asyncio.sleep(0.1)
        shed = error_of(await door.failure("Watch"))
        (reply,) = await door.answers("Ask")
        door.servicer.release.set()
        await asyncio.gather(*watchers)
    assert shed is not None
    assert (shed.reason, reply.text) == (Reason.OVERLOADED, "echo")


@pytest.mark.parametrize("asked", [True, False])
async def test_reflection_only_by_setting(open_door: Any, asked: bool) -> None:
    """Tools can list the services only where reflection is switched on."""

    async def requests() -> AsyncIterator[Any]:
        yield reflection_pb2.ServerReflectionRequest(list_services="")

    async with open_door(reflection=asked) as door:
        stub = reflection_pb2_grpc.ServerReflectionStub(door.channel)
        names: list[str] = []
        code = grpc.StatusCode.OK
        try:
            async for answer in stub.ServerReflectionInfo(requests(), timeout=2):
                names += [service.name for service in answer.list_services_response.service]
        except grpc.aio.AioRpcError as failure:
            code = failure.code()
    expected = grpc.StatusCode.OK if asked else grpc.StatusCode.UNIMPLEMENTED
    assert (expected, asked) == (code, SERVICE in names)


@pytest.fixture(scope="session")
def exporter() -> InMemorySpanExporter:
    """Where this process's spans go; a process has one provider for its whole life."""
    exporter = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    else:
        configure_tracing("test", SimpleSpanProcessor(exporter))
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> InMemorySpanExporter:
    """The spans finished during this test."""
    exporter.clear()
    return exporter


@pytest.mark.parametrize("method", ["Ask", "Many", "Sum", "Chat"])
async def test_a_trace_goes_on_from_client_to_server(
    open_door: Any, spans: InMemorySpanExporter, method: str
) -> None:
    """Caller, client and server spans are one trace, each the parent of the next."""
    async with open_door() as door:
        tracer = trace.get_tracer("test")
        async with channel(f"127.0.0.1:{door.port}", token=lambda: "good") as wire:
            with tracer.start_as_current_span("caller"):
                replies = await door.answers(method, door.Ask(do="trace"), token=None, channel=wire)
    by_kind: dict[str, Any] = {span.kind.name: span for span in spans.get_finished_spans()}
    caller, client, server = (by_kind[kind] for kind in ("INTERNAL", "CLIENT", "SERVER"))
    ids = {format(span.context.trace_id, "032x") for span in (caller, client, server)}
    assert {replies[0].text} == ids
    assert (client.parent.span_id, server.parent.span_id) == (
        caller.context.span_id,
        client.context.span_id,
    )


@pytest.mark.parametrize(
    ("action", "code", "status"), [("echo", 0, "UNSET"), ("bad", 3, "UNSET"), ("bug", 13, "ERROR")]
)
async def test_a_span_says_how_the_call_ended(
    open_door: Any, spans: InMemorySpanExporter, action: str, code: int, status: str
) -> None:
    """The status code is on the span; only our own faults mark it as failed."""
    async with open_door() as door:
        await asyncio.gather(door.answers("Ask", door.Ask(do=action)), return_exceptions=True)
    span: Any = next(iter(spans.get_finished_spans()))
    assert (f"{SERVICE}/Ask", code, status) == (
        span.name,
        span.attributes["rpc.grpc.status_code"],
        span.status.status_code.name,
    )


@pytest.mark.parametrize("header", ["", "garbage", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
async def test_a_broken_trace_header_starts_a_new_trace(
    open_door: Any, spans: InMemorySpanExporter, header: str
) -> None:
    """What a client sends as a trace never breaks its call."""
    async with open_door() as door:
        (reply,) = await door.answers(
            "Ask", door.Ask(do="trace"), metadata=(("traceparent", header),)
        )
    assert len(reply.text) == 32


@pytest.mark.parametrize(
    ("action", "code", "reason"),
    [
        ("echo", "OK", ""),
        ("bad", "INVALID_ARGUMENT", "TEXT_TOO_LONG"),
        ("bug", "INTERNAL", "INTERNAL"),
    ],
)
async def test_each_call_leaves_one_line(
    open_door: Any, action: str, code: str, reason: str
) -> None:
    """One canonical log line, with the caller's pseudonym and never its name or token."""
    with capture_logs() as lines:
        async with open_door() as door:
            await asyncio.gather(door.answers("Ask", door.Ask(do=action)), return_exceptions=True)
    (line,) = [line for line in lines if line["event"] == "rpc"]
    assert (f"/{SERVICE}/Ask", code, reason) == (line["method"], line["code"], line["reason"])
    assert not [text for text in map(str, line.values()) if "ada" in text or "good" in text]


async def test_a_flood_of_unknown_methods_makes_no_metrics(open_door: Any) -> None:
    """Callers cannot make labels: all unknown methods are counted under one name."""
    async with open_door() as door:
        for number in range(20):
            rpc = door.channel.unary_unary(f"/{SERVICE}/Nope{number}", bytes, bytes)
            with pytest.raises(grpc.aio.AioRpcError):
                await rpc(b"", timeout=2, metadata=(("authorization", "Bearer good"),))
    labels = {
        sample.labels.get("method", "")
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if metric.name.startswith("kioku_rpc_server")
    }
    assert "unknown" in labels
    assert not [label for label in labels if "Nope" in label]

"""A trace crosses gRPC calls and events by W3C `traceparent`; without a collector it costs little.

Trace ids are made in any case, so that log lines of one request can be found; spans are recorded
only when there is somewhere to send them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import Span, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from kioku_rt.telemetry.logs import LogFormat, configure_logs

_propagator = TraceContextTextMapPropagator()
# A proxy: it follows whichever provider is configured later.
tracer: Tracer = trace.get_tracer("kioku")


def configure(service_name: str, *, otlp_endpoint: str | None, json_logs: bool) -> None:
    """Set up logs and traces for this process; called once, first thing in main.

    Args:
        service_name: on every line and span.
        otlp_endpoint: `host:port` of a collector for OTLP over gRPC; None: spans are not recorded.
        json_logs: JSON lines, or text for a terminal.
    """
    configure_logs(service_name, LogFormat.JSON if json_logs else LogFormat.CONSOLE)
    processor = _exporting(otlp_endpoint) if otlp_endpoint else None
    configure_tracing(service_name, processor)


def configure_tracing(service_name: str, processor: SpanProcessor | None) -> None:
    """Set the process's tracer provider; spans go to `processor`, or nowhere."""
    provider = TracerProvider(
        resource=Resource.create({SERVICE_NAME: service_name}),
        sampler=ALWAYS_OFF if processor is None else ParentBased(ALWAYS_ON),
        shutdown_on_exit=False,  # the lifecycle does it, after the last call
    )
    if processor is not None:
        provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)


def shutdown() -> None:
    """Send what is still buffered; bounded by the exporter's own timeout."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


def inject(headers: MutableMapping[str, str]) -> None:
    """Add the current trace to outgoing headers."""
    _propagator.inject(headers)


def extract(headers: Mapping[str, str]) -> Context:
    """Read the caller's trace from headers with lower-case names; broken ones are ignored."""
    return _propagator.extract(headers)


def current_trace_id() -> str:
    """Give the current trace's id as 32 hex digits, or an empty string."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else ""


@contextmanager
def span(
    name: str,
    *,
    parent: Context | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, str | int | float | bool] | None = None,
) -> Iterator[Span]:
    """Time the block as a span of the current trace, or of `parent`; exceptions mark it."""
    with tracer.start_as_current_span(name, parent, kind, attributes) as current:
        yield current


def _exporting(endpoint: str) -> SpanProcessor:
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415 - 0.2 s
        OTLPSpanExporter,
    )

    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, insecure=True, timeout=3))

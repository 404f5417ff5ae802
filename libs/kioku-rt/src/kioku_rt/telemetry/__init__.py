"""Every call and event can be followed: one log line, one trace, one set of metrics."""

from kioku_rt.telemetry.logs import LogFormat, configure_logs
from kioku_rt.telemetry.metrics import FAST_BUCKETS, exposition, observe_event_loop
from kioku_rt.telemetry.tracing import (
    configure,
    current_trace_id,
    extract,
    inject,
    shutdown,
    span,
    tracer,
)

__all__ = [
    "FAST_BUCKETS",
    "LogFormat",
    "configure",
    "configure_logs",
    "current_trace_id",
    "exposition",
    "extract",
    "inject",
    "observe_event_loop",
    "shutdown",
    "span",
    "tracer",
]

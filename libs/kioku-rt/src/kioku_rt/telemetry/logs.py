"""Every log line is one JSON object with its trace id, whoever wrote it.

Kioku logs one canonical line for each rpc and each event. Libraries that log through the standard
module come out in the same shape.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from enum import StrEnum
from typing import Any, TextIO

import structlog
from opentelemetry import trace

_QUIET = ("asyncio", "botocore", "boto3", "httpx", "httpcore", "nats", "urllib3", "grpc")


class LogFormat(StrEnum):
    """How lines look: for machines, or for a developer's terminal."""

    JSON = "json"
    CONSOLE = "console"


def configure_logs(service_name: str, log_format: LogFormat, *, file: TextIO | None = None) -> None:
    """Send structlog and standard logging to standard error (or `file`) in one shape."""
    target = file or sys.stderr
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _ServiceName(service_name),
        add_trace,
    ]
    render = _renderer(log_format)
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=target),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def add_trace(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Add the current trace's id, when there is one."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = format(context.trace_id, "032x")
    return event


class _ServiceName:
    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(
        self, _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        event["service"] = self._name
        return event


def _renderer(log_format: LogFormat) -> list[structlog.types.Processor]:
    if log_format is LogFormat.CONSOLE:
        # A plain traceback: the pretty one prints local variables, and those hold tokens.
        plain = structlog.dev.plain_traceback
        return [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)
        ]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]

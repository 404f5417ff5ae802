"""What a process writes about itself, tried in a process of its own: logging is global."""

from __future__ import annotations

import json
import subprocess
import sys

from kioku_rt.telemetry import extract, inject
from opentelemetry import trace

PROGRAM = """
import logging, sys
import structlog
from kioku_rt.telemetry import configure, current_trace_id, span
configure("demo", otlp_endpoint=None, json_logs={json})
log = structlog.get_logger("x")
log.info("plain", n=1)
with span("work"):
    log.info("traced")
    logging.getLogger("library").warning("from %s", "afar")
    print(current_trace_id())
logging.getLogger("botocore").info("chatter")
def fails(token):
    raise ValueError("broken")
try:
    fails("secret-" + "token")
except ValueError:
    log.exception("failed")
"""


def run(*, as_json: bool) -> tuple[list[str], str]:
    program = PROGRAM.replace("{json}", str(as_json))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    return done.stderr.splitlines(), done.stdout.strip()


def test_every_line_is_json_with_its_trace() -> None:
    """structlog and standard logging give one shape; lines inside a span have its trace id."""
    lines, trace_id = run(as_json=True)
    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events] == ["plain", "traced", "from afar", "failed"]
    assert [None, trace_id, trace_id, None] == [event.get("trace_id") for event in events]
    assert {"demo"} == {event["service"] for event in events}
    assert "ValueError: broken" in events[-1]["exception"]


def test_a_terminals_traceback_shows_no_variables() -> None:
    """Local variables hold tokens; they are never printed."""
    lines, _ = run(as_json=False)
    text = "\n".join(lines)
    assert ("ValueError: broken" in text, "secret-token" in text) == (True, False)


def test_a_trace_survives_headers() -> None:
    """What is injected is what is extracted, as W3C traceparent."""
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    context = extract({"traceparent": parent})
    headers: dict[str, str] = {}
    span = trace.get_current_span(context)
    with trace.use_span(span):
        inject(headers)
    assert parent == headers["traceparent"]


def test_broken_trace_headers_are_ignored() -> None:
    """A header that is no traceparent gives no parent."""
    for header in ("", "x", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"):
        span = trace.get_current_span(extract({"traceparent": header}))
        assert not span.get_span_context().is_valid

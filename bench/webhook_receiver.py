"""An app's webhook address on loopback that fails as often as it is told, and keeps what it got.

    .venv/bin/python -m bench.webhook_receiver PORT SECRET [--failures 2] [--calls 4]

prints each call, whether the library of Standard Webhooks finds its signature sound, and the
answer.
"""

from __future__ import annotations

import argparse
import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
_CONFIRMED, _FAILED, _FORGED = 204, 500, 403


@dataclass(frozen=True)
class Call:
    """One call, and how it was answered; `data` is empty where the signature is not sound."""

    webhook_id: str
    data: dict[str, Any]
    status: int


class WebhookReceiver:
    """What the app does: verifies, fails at first, confirms.

    Args:
        secret: `whsec_…`.
        failures: first calls of each `webhook-id` that are answered 500.
        port: 0: a free one.
    """

    def __init__(self, secret: str = SECRET, *, failures: int = 0, port: int = 0) -> None:
        self._verifier = Webhook(secret)
        self._failures = failures
        self._calls: list[Call] = []
        self._came = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))

    @property
    def settings(self) -> dict[str, str]:
        """The variables of the service that make it call here, with the default secret."""
        return {
            "KIOKU_VLM_WEBHOOK_URL": f"http://127.0.0.1:{self._server.server_port}/hook",
            "KIOKU_VLM_WEBHOOK_SECRETS": SECRET,
            "KIOKU_VLM_WEBHOOK_PLAINTEXT": "true",
        }

    def calls(self, owner: str) -> list[Call]:
        """The sound calls about one owner so far, the first one first."""
        with self._came:
            return [call for call in self._calls if call.data.get("owner") == owner]

    def forged(self) -> list[Call]:
        """The calls whose signature was not sound."""
        with self._came:
            return [call for call in self._calls if not call.data]

    def until(self, count: int) -> list[Call]:
        """All calls, once there are so many."""
        with self._came:
            self._came.wait_for(lambda: len(self._calls) >= count)
            return list(self._calls)

    def take(self, body: bytes, headers: dict[str, str]) -> Call:
        """Judge one call and remember it."""
        webhook_id = headers.get("webhook-id", "")
        try:
            data: dict[str, Any] = self._verifier.verify(body, headers)["data"]
        except WebhookVerificationError:
            data = {}
        with self._came:
            before = sum(call.webhook_id == webhook_id for call in self._calls)
            status = _FAILED if before < self._failures else _CONFIRMED
            call = Call(webhook_id, data, status if data else _FORGED)
            self._calls.append(call)
            self._came.notify_all()
        return call

    @contextmanager
    def listening(self) -> Iterator[WebhookReceiver]:
        """Answer inside the block."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def _handler(receiver: WebhookReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): text for name, text in self.headers.items()}
            self.send_response(receiver.take(body, headers).status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Say nothing: the calls are kept."""

    return Handler


def main() -> None:
    """Answer so many calls, and say of each what it was."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("port", type=int)
    options.add_argument("secret")
    options.add_argument("--failures", type=int, default=2)
    options.add_argument("--calls", type=int, default=3)
    chosen = options.parse_args()
    receiver = WebhookReceiver(chosen.secret, failures=chosen.failures, port=chosen.port)
    with receiver.listening():
        for number in range(1, chosen.calls + 1):
            call = receiver.until(number)[number - 1]
            said = json.dumps({key: call.data.get(key) for key in ("version", "entries")})
            sound = "signature verified" if call.data else "SIGNATURE NOT SOUND"
            print(f"{call.webhook_id}  {said}  {sound}  answered {call.status}", flush=True)


if __name__ == "__main__":
    main()

"""NATS with JetStream as a plain process on loopback.

What JetStream acknowledged is on the disk (`sync_interval: always`).  A restart after `kill -9`
keeps streams and consumers; `wipe` shows what happens when the store is lost.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from kioku_stack import ports
from kioku_stack.http_probe import answers
from kioku_stack.process import Process, StartFailed

AT_LEAST = (2, 10)
_START_SECONDS = 30.0
_CONFIG = """\
listen: "{host}:{port}"
http: "{host}:{monitor_port}"
server_name: "kioku"
max_payload: 1MB
jetstream {{
  store_dir: "{store}"
  sync_interval: always
  max_memory_store: 64MB
  max_file_store: 8GB
}}
"""


class NatsMissing(RuntimeError):
    """There is no `nats-server` here, or only one that is too old."""


class Nats:
    """One NATS server.

    Args:
        data_dir: folder for its configuration and its JetStream store.
        port: for clients, on 127.0.0.1; None: a free one.
        monitor_port: for HTTP monitoring; None: a free one.
    """

    def __init__(
        self, data_dir: Path, port: int | None = None, monitor_port: int | None = None
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.port = port or ports.reserve()
        self.monitor_port = monitor_port or ports.reserve()
        self._store = self.data_dir / "store"
        self._config = self.data_dir / "nats.conf"
        self.process = Process(
            "nats", [str(find_binary()), "-c", str(self._config)], log=self.data_dir / "nats.log"
        )

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://{ports.LOOPBACK}:{self.port}"

    @property
    def monitor_url(self) -> str:
        """Where monitoring answers: `/healthz`, `/jsz`, `/varz`."""
        return f"http://{ports.LOOPBACK}:{self.monitor_port}"

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process.alive

    def start(self) -> None:
        """Serve, with what the store holds.  Raises StartFailed."""
        self._store.mkdir(parents=True, exist_ok=True)
        self._config.write_text(
            _CONFIG.format(
                host=ports.LOOPBACK,
                port=self.port,
                monitor_port=self.monitor_port,
                store=self._store,
            )
        )
        ports.require_free(self.port, self.monitor_port)
        self.process.start()
        self.process.wait_ready(self.ready, _START_SECONDS)

    def stop(self) -> None:
        """Stop it; the store stays."""
        self.process.terminate()

    def kill(self) -> None:
        """SIGKILL, for tests of what happens then."""
        self.process.kill()

    def wipe(self) -> None:
        """Remove the store.  Raises RuntimeError while the server runs."""
        if self.process.alive:
            raise RuntimeError("stop nats before its store is removed")
        shutil.rmtree(self._store, ignore_errors=True)

    def ready(self) -> bool:
        """Whether it serves and its JetStream has recovered."""
        return answers(self.monitor_port, "/healthz")


def find_binary() -> Path:
    """`nats-server` from $KIOKU_NATS_SERVER, this environment's kioku-bin, or PATH.

    Raises NatsMissing where none is found, or the one found is older than AT_LEAST.
    """
    named = os.environ.get("KIOKU_NATS_SERVER")
    places = [named, str(Path(sys.prefix) / "kioku-bin" / "nats-server"), "nats-server"]
    found = next((path for place in places if place and (path := shutil.which(place))), None)
    if found is None:
        raise NatsMissing("no nats-server: run scripts/setup, or set KIOKU_NATS_SERVER")
    version = _version(found)
    if version < AT_LEAST:
        raise NatsMissing(f"{found} is {version[0]}.{version[1]}; 2.10 or newer is needed")
    return Path(found)


def _version(binary: str) -> tuple[int, int]:
    said = subprocess.run([binary, "-v"], capture_output=True, text=True, check=True, timeout=10)  # noqa: S603
    numbers = re.search(r"v(\d+)\.(\d+)", said.stdout)
    if numbers is None:
        raise StartFailed(f"{binary} does not say its version: {said.stdout!r}")
    return int(numbers[1]), int(numbers[2])

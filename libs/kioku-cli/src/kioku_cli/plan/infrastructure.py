"""The servers that Kioku stands on, as rows of the plan: issuer, PostgreSQL, NATS, Swift, Envoy.

Each is started through `python -m kioku_cli.server`, which prepares its folder and stays with it,
so that a supervisor, Tilt and a person at a prompt all start it with the same words.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kioku_stack.postgres import program

from kioku_cli.data import DataFolder
from kioku_cli.plan.component import Component, ExecProbe, HttpProbe, Restart

PYTHON = str(Path(sys.prefix, "bin", "python3"))
"""By one name, whatever this process was started by: a plan is the same for all its readers."""
DATABASE = "kioku"
BUCKET = "kioku"

_STEADY = Restart(first_delay=0.2, longest_delay=5.0)


@dataclass(frozen=True)
class Wiring:
    """Where the stack keeps its data and which port each purpose has."""

    data: DataFolder
    ports: Mapping[str, int]

    def url(self, purpose: str, path: str = "") -> str:
        """The loopback URL of a port."""
        return f"http://127.0.0.1:{self.ports[purpose]}{path}"

    def address(self, purpose: str) -> str:
        """The loopback address of a port."""
        return f"127.0.0.1:{self.ports[purpose]}"


def server_command(name: str, *arguments: str) -> tuple[str, ...]:
    """The command line of one infrastructure server."""
    return (PYTHON, "-m", "kioku_cli.server", name, *arguments)


def issuer(wiring: Wiring) -> Component:
    """Keeps `jwks.json` and the services' short-lived tokens fresh."""
    data = wiring.data
    return Component(
        name="issuer",
        kind="server",
        group="infrastructure",
        command=(PYTHON, "-m", "kioku_cli.server.issuer", "--folder", str(data.issuer)),
        probe=ExecProbe(command=("/usr/bin/test", "-s", str(data.token("search")))),
        restart=_STEADY,
        stop_seconds=3.0,
    )


def postgres(wiring: Wiring) -> Component:
    """PostgreSQL with pgvector."""
    port = wiring.ports["postgres"]
    folder = wiring.data.server("postgres")
    isready = (str(program("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(port))
    return Component(
        name="postgres",
        kind="server",
        group="infrastructure",
        command=server_command("postgres", "--folder", str(folder), "--port", str(port)),
        ports={"sql": port},
        probe=ExecProbe(command=isready),
        restart=_STEADY,
        stop_seconds=20.0,
    )


def nats(wiring: Wiring) -> Component:
    """NATS; ready only while JetStream is enabled, which a full disk switches off."""
    folder = wiring.data.server("nats")
    port, monitor = wiring.ports["nats"], wiring.ports["nats-monitor"]
    arguments = ("--folder", str(folder), "--port", str(port), "--monitor-port", str(monitor))
    return Component(
        name="nats",
        kind="server",
        group="infrastructure",
        command=server_command("nats", *arguments),
        ports={"client": port, "monitor": monitor},
        probe=HttpProbe(url=wiring.url("nats-monitor", "/healthz?js-enabled-only=true")),
        restart=_STEADY,
        unready_seconds=15.0,
    )


def swift(wiring: Wiring) -> Component:
    """OpenStack Swift behind its S3 interface: four processes that live and die together."""
    port = wiring.ports["swift"]
    folder = wiring.data.server("swift")
    return Component(
        name="swift",
        kind="server",
        group="infrastructure",
        command=server_command("swift", "--folder", str(folder), "--port", str(port)),
        ports={"s3": port},
        probe=HttpProbe(url=wiring.url("swift", "/healthcheck")),
        restart=_STEADY,
        stop_seconds=15.0,
    )

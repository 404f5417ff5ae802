"""Command line: `python -m kioku_cli.server postgres|nats|swift|envoy --folder DIR --port PORT …`.

Imports no more than these servers need: each runs in a process of its own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from kioku_stack.envoy import Edge, Envoy
from kioku_stack.nats import Nats
from kioku_stack.ports import LOOPBACK
from kioku_stack.postgres import Postgres
from kioku_stack.swift import Swift

from kioku_cli.server.stay import stay

_SWIFT_KINDS = ("account", "container", "object", "proxy")


def _postgres(given: argparse.Namespace) -> int:
    server = Postgres(given.folder, given.port)
    return stay(server, lambda: server.process.alive, [server.process.log])


def _nats(given: argparse.Namespace) -> int:
    server = Nats(given.folder, given.port, given.monitor_port)
    return stay(server, lambda: server.process.alive, [server.process.log])


def _swift(given: argparse.Namespace) -> int:
    server = Swift(given.folder, given.port)
    logs = [given.folder / f"{kind}.log" for kind in _SWIFT_KINDS]
    return stay(server, lambda: server.alive, logs)


def _envoy(given: argparse.Namespace) -> int:
    edge = Edge(
        search=_local(given.search),
        embedder=_local(given.embedder),
        face=_local(given.face),
        vlm=_local(given.vlm),
        storage=_local([given.storage]),
        bucket=given.bucket,
        jwks_file=given.jwks,
        issuer=given.issuer,
        audience=given.audience,
    )
    server = Envoy(given.folder, edge, given.port, given.admin_port)
    return stay(server, lambda: server.process.alive, [server.process.log])


def _local(ports: list[int]) -> list[tuple[str, int]]:
    return [(LOOPBACK, port) for port in ports]


def main() -> int:
    """Run the named server until it ends; its exit code."""
    parser = argparse.ArgumentParser(prog="kioku_cli.server")
    servers = parser.add_subparsers(required=True)

    def add(name: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        server = servers.add_parser(name)
        server.set_defaults(run=run)
        server.add_argument("--folder", type=Path, required=True)
        server.add_argument("--port", type=int, required=True)
        return server

    add("postgres", _postgres)
    add("nats", _nats).add_argument("--monitor-port", type=int, required=True)
    add("swift", _swift)
    _edge_options(add("envoy", _envoy))
    given = parser.parse_args()
    run: Callable[[argparse.Namespace], int] = given.run
    return run(given)


def _edge_options(envoy: argparse.ArgumentParser) -> None:
    for name in ("admin-port", "storage"):
        envoy.add_argument(f"--{name}", type=int, required=True)
    for name in ("search", "embedder"):
        envoy.add_argument(f"--{name}", type=int, action="append", required=True)
    envoy.add_argument("--face", type=int, action="append", default=[])
    envoy.add_argument("--vlm", type=int, action="append", default=[])
    for name in ("bucket", "issuer", "audience"):
        envoy.add_argument(f"--{name}", required=True)
    envoy.add_argument("--jwks", type=Path, required=True)


if __name__ == "__main__":
    sys.exit(main())

"""What the door of every server costs per unary call, beside a bare `grpc.aio` echo in one run.

Run: `python bench/rpc_overhead.py [--calls 3000] [--rounds 5]`. Server and client share one event
loop and one core, so both figures are upper bounds; their difference is the cost. Rounds of the
three servers alternate, so that a busy machine disturbs them alike. Logs go to a file that is
thrown away, metrics and trace ids are on, as in a service.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import grpc
from kioku.embedder.v1 import embedder_service_pb2 as pb
from kioku_rt.auth import AuthConfig, DevIssuer, TokenVerifier
from kioku_rt.rpc import Registration, RpcServer, ServerConfig, channel
from kioku_rt.telemetry import LogFormat, configure_logs
from kioku_rt.telemetry.tracing import configure_tracing

SERVICE = "kioku.bench.v1.EchoService"
TARGET_MS = 1.5  # what a whole search may add to its bare SQL


async def echo(request: pb.EmbedTextRequest, _context: Any) -> pb.EmbedTextRequest:
    """Give the request back."""
    return request


def add(_servicer: object, server: Any) -> None:
    """Register the echo."""
    handler: Any = grpc.unary_unary_rpc_method_handler(
        echo, pb.EmbedTextRequest.FromString, pb.EmbedTextRequest.SerializeToString
    )
    generic = grpc.method_handlers_generic_handler(SERVICE, {"Echo": handler})
    server.add_generic_rpc_handlers([generic])


def caller(wire: grpc.aio.Channel) -> Any:
    """Give the echo's client."""
    return wire.unary_unary(
        f"/{SERVICE}/Echo", pb.EmbedTextRequest.SerializeToString, pb.EmbedTextRequest.FromString
    )


async def measure(call: Any, calls: int, **how: Any) -> list[float]:
    """Make calls one after another and give the milliseconds of each."""
    request = pb.EmbedTextRequest(text="a red bicycle in front of a house")
    seconds = []
    for _ in range(calls):
        started = time.perf_counter()
        await call(request, timeout=5.0, **how)
        seconds.append((time.perf_counter() - started) * 1000)
    return seconds


async def run(calls: int, rounds: int, folder: Path) -> dict[str, list[float]]:
    """Measure the three set-ups, alternating."""
    issuer = DevIssuer(folder)
    token = issuer.mint("ada")
    verifier = TokenVerifier(AuthConfig(issuer.issuer, jwks=str(issuer.jwks_path)))
    guarded = RpcServer(ServerConfig(), [Registration(SERVICE, add, None)], verifier=verifier)
    bare = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    add(None, bare)
    bare_port = bare.add_insecure_port("127.0.0.1:0")
    await bare.start()
    guarded_port = await guarded.start()
    headers = (("authorization", f"Bearer {token}"),)
    results: dict[str, list[float]] = {"bare": [], "door": [], "door + our channel": []}
    async with (
        grpc.aio.insecure_channel(f"127.0.0.1:{bare_port}") as to_bare,
        grpc.aio.insecure_channel(f"127.0.0.1:{guarded_port}") as to_door,
        channel(f"127.0.0.1:{guarded_port}", token=lambda: token) as ours,
    ):
        setups: dict[str, tuple[Any, dict[str, Any]]] = {
            "bare": (caller(to_bare), {"metadata": headers}),
            "door": (caller(to_door), {"metadata": headers}),
            "door + our channel": (caller(ours), {}),
        }
        for call, how in setups.values():
            await measure(call, 200, **how)
        for _ in range(rounds):
            for name, (call, how) in setups.items():
                results[name] += await measure(call, calls // rounds, **how)
    await bare.stop(None)
    await guarded.drain()
    return results


def report(results: dict[str, list[float]]) -> None:
    """Print a line for each set-up, and what it adds to the bare one."""
    base = statistics.median(results["bare"])
    print(f"{'':20} {'p50 ms':>8} {'p95 ms':>8} {'p50 added':>10}")
    for name, times in results.items():
        p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[18]
        print(f"{name:20} {p50:8.3f} {p95:8.3f} {p50 - base:10.3f}")
    print(f"target: all that a search adds to its bare SQL stays within {TARGET_MS} ms")


def main() -> None:
    """Parse arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as log:
        configure_logs("bench", LogFormat.JSON, file=log)
        configure_tracing("bench", None)
        results = asyncio.run(run(arguments.calls, arguments.rounds, Path(folder)))
    report(results)


if __name__ == "__main__":
    main()

"""Declares the event log's streams and consumers; the services would too, this is only earlier."""

from __future__ import annotations

import argparse
import asyncio
import sys

from kioku_rt.events import EventBus


async def declare(url: str) -> None:
    """Connect, apply the whole topology, leave. Raises DependencyDown where NATS is away."""
    bus = await EventBus.connect(url, "kioku-topology")
    try:
        await bus.ensure()
    finally:
        await bus.close()


def main() -> int:
    """Command line: `python -m kioku_cli.job.topology --url nats://…`."""
    parser = argparse.ArgumentParser(prog="kioku_cli.job.topology")
    parser.add_argument("--url", required=True)
    asyncio.run(declare(parser.parse_args().url))
    return 0


if __name__ == "__main__":
    sys.exit(main())

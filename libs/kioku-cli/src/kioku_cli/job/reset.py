"""Empties a running development stack: no asset, vector, event or object is left; nothing stops.

For the button in Tilt. A stack that does not run is reset by deleting its data folder.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
from pathlib import Path

from kioku_rt.events import STREAMS, EventBus
from kioku_stack.postgres import Postgres
from kioku_stack.swift import Swift

from kioku_cli.data import DataFolder
from kioku_cli.plan.build import build_plan
from kioku_cli.plan.infrastructure import BUCKET, DATABASE
from kioku_cli.plan.options import StackOptions
from kioku_cli.plan.plan import Plan


def empty_database(data: DataFolder, port: int) -> None:
    """Drop the database, whoever is connected, and make it anew without tables."""
    server = Postgres(data.server("postgres"), port)
    server.sql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    server.create_database(DATABASE)


def migrate(plan: Plan) -> None:
    """Run the plan's own migrations. Raises CalledProcessError."""
    for row in plan.components:
        if row.name.startswith("migrate"):
            subprocess.run(row.command, env={**os.environ, **row.env}, check=True)  # noqa: S603


async def empty_event_log(url: str) -> None:
    """Remove every event; streams and consumers stay as they are declared."""
    bus = await EventBus.connect(url, "kioku-reset")
    try:
        for stream in STREAMS:
            await bus.client.jetstream().purge_stream(stream.name)
    finally:
        await bus.close()


def empty_bucket(data: DataFolder, port: int) -> None:
    """Remove every object."""
    client = Swift(data.server("swift"), port).client()
    try:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for found in page.get("Contents", []):
                client.delete_object(Bucket=BUCKET, Key=found["Key"])
    finally:
        client.close()


def main() -> int:
    """Command line: `python -m kioku_cli.job.reset --data DIR`."""
    parser = argparse.ArgumentParser(prog="kioku_cli.job.reset")
    parser.add_argument("--data", type=Path, required=True)
    data = DataFolder.chosen(parser.parse_args().data)
    plan = build_plan(data, StackOptions())
    ports = {row.name: row.ports for row in plan.components}
    empty_database(data, ports["postgres"]["sql"])
    migrate(plan)
    asyncio.run(empty_event_log(plan.endpoints["nats"]))
    empty_bucket(data, ports["swift"]["s3"])
    print("everything is empty")
    return 0


if __name__ == "__main__":
    sys.exit(main())

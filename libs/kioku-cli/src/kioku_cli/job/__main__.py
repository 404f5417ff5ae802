"""Command line: `python -m kioku_cli.job database|bucket …`; safe to run again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kioku_stack.postgres import Postgres
from kioku_stack.swift import Swift


def _database(given: argparse.Namespace) -> None:
    """Make the database with pgvector, and the services' roles with their passwords."""
    server = Postgres(given.folder, given.port)
    server.create_database(given.name)
    for role in given.role:
        server.ensure_login(role)


def _bucket(given: argparse.Namespace) -> None:
    """Make the private bucket."""
    Swift(given.folder, given.port).create_bucket(given.name)


def main() -> int:
    """Run the named job; 0 once what it makes is there."""
    parser = argparse.ArgumentParser(prog="kioku_cli.job")
    jobs = parser.add_subparsers(required=True)
    for name, run in (("database", _database), ("bucket", _bucket)):
        job = jobs.add_parser(name)
        job.set_defaults(run=run)
        job.add_argument("--folder", type=Path, required=True)
        job.add_argument("--port", type=int, required=True)
        job.add_argument("--name", required=True)
        job.add_argument("--role", action="append", default=[])
    given = parser.parse_args()
    given.run(given)
    return 0


if __name__ == "__main__":
    sys.exit(main())

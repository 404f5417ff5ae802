"""One database out of a running PostgreSQL into one file, and back, by its own programs.

`pg_dump` rather than a copy of the data folder: it reads one snapshot that the caller names, so
what is counted beside it is counted of the same moment; its file is checked as it is read back and
fits a newer PostgreSQL; and it holds no index, so it is small. The price is that indexes are built
when it is loaded.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from kioku_stack import ports
from kioku_stack.postgres import OWNER, Postgres, plain_environment, program

_LONGEST_SECONDS = 24 * 3600
_FULL = "No space left on device"


class DumpFailed(RuntimeError):
    """A dump or a load ended early; `full`: because a disk is full."""

    def __init__(self, program_name: str, said: str) -> None:
        super().__init__(f"{program_name}: {said}")
        self.full = _FULL in said


def dump(server: Postgres, database: str, target: Path, snapshot: str) -> None:
    """Write the database as of an exported snapshot, without what a crash would lose anyway.

    Args:
        target: a new file, in PostgreSQL's own compressed format.
        snapshot: of `pg_export_snapshot()`; its transaction must still be open.

    Raises:
        DumpFailed: it could not be read, or not be written.
    """
    arguments = ["--format=custom", "--no-unlogged-table-data", f"--snapshot={snapshot}"]
    _run(server, "pg_dump", [*arguments, f"--dbname={database}", f"--file={target}"])


def load(server: Postgres, database: str, source: Path) -> None:
    """Fill an empty database; the roles that the dump names must be there.

    Raises:
        DumpFailed: the file is damaged, or something in it could not be made. What was made by then
            stays, so the database is to be thrown away.
    """
    jobs = max(1, min(8, os.cpu_count() or 1))
    arguments = ["--exit-on-error", f"--jobs={jobs}", f"--dbname={database}", str(source)]
    _run(server, "pg_restore", arguments)


def _run(server: Postgres, name: str, arguments: list[str]) -> None:
    where = ["--host", ports.LOOPBACK, "--port", str(server.port), "--username", OWNER]
    done = subprocess.run(  # noqa: S603
        [str(program(name)), "--no-password", *where, *arguments],
        env={**plain_environment(), "PGPASSWORD": server.password(OWNER)},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=_LONGEST_SECONDS,
    )
    if done.returncode != 0:
        raise DumpFailed(name, done.stderr.strip()[-500:])

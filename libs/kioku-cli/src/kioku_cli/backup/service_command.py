"""Runs the services' own commands on a database that no service serves; they are never imported."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kioku_cli.plan.infrastructure import PYTHON
from kioku_cli.plan.jobs import ROLES
from kioku_cli.refusal import Refusal

if TYPE_CHECKING:
    from kioku_stack.postgres import Postgres

    from kioku_cli.backup.servers import Servers


def environment(servers: Servers) -> dict[str, str]:
    """Where the database is, for each role."""
    server: Postgres = servers.postgres
    roles = {f"KIOKU_{role.upper()}_DSN": server.dsn(servers.database, role) for role in ROLES}
    return {
        "KIOKU_SEARCH_OWNER_DSN": servers.dsn,
        "KIOKU_FACE_OWNER_DSN": servers.dsn,
        "KIOKU_FACE_WORKER_DSN": server.dsn(servers.database, "face_worker"),
        **roles,
    }


def run(service: str, words: Sequence[str], environment: Mapping[str, str]) -> str:
    """What a command of the service says; services are run, never imported."""
    done = subprocess.run(  # noqa: S603 - the command is ours
        [PYTHON, "-m", service, *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        text = f"`{service} {words[0]}` ended with {done.returncode}."
        raise Refusal(text, reason="BACKUP_FAILED")
    return done.stdout

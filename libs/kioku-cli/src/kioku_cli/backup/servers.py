"""The two servers that hold what cannot be made again: PostgreSQL and the object store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from kioku_rt.db.errors import database_errors
from kioku_rt.errors import DependencyDown
from kioku_stack.postgres import Postgres
from kioku_stack.postgres_dump import DumpFailed
from kioku_stack.swift import Swift
from urllib3.exceptions import HTTPError

from kioku_cli.data import DataFolder
from kioku_cli.launch import running
from kioku_cli.plan.infrastructure import BUCKET, DATABASE
from kioku_cli.refusal import Refusal

_FULL = 28  # ENOSPC


@dataclass(frozen=True)
class Servers:
    """Both servers, which somebody else started."""

    postgres: Postgres
    swift: Swift
    database: str = DATABASE
    bucket: str = BUCKET

    @property
    def dsn(self) -> str:
        """The database, as its owner."""
        return self.postgres.dsn(self.database)


def servers_of(data: DataFolder) -> Servers:
    """Those of a running stack.  Raises NotRunning."""
    ports = {row.name: row.ports for row in running(data).components}
    return Servers(
        Postgres(data.server("postgres"), ports["postgres"]["sql"]),
        Swift(data.server("swift"), ports["swift"]["s3"]),
    )


@contextmanager
def refusals(what: str) -> Iterator[None]:
    """Turn what servers and disks can do to us into one sentence.

    Args:
        what: what did not happen, for example `The backup`.

    Raises:
        Refusal: NO_SPACE, DEPENDENCY_UNAVAILABLE, BACKUP_FAILED.
    """
    try:
        with database_errors():
            yield
    except DumpFailed as error:
        if error.full:
            raise _no_space(what) from error
        raise Refusal(f"{what} ended early: {error}", reason="BACKUP_FAILED") from error
    except (BotoCoreError, ClientError, HTTPError) as error:
        raise _down(what, "object store") from error
    except DependencyDown as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno == _FULL:
            raise _no_space(what) from error
        raise _down(what, error.dependency) from error


def _no_space(what: str) -> Refusal:
    return Refusal(f"{what} ended early: the disk is full.", reason="NO_SPACE")


def _down(what: str, dependency: str) -> Refusal:
    text = f"{what} ended early: the {dependency} does not answer."
    return Refusal(text, reason="DEPENDENCY_UNAVAILABLE")

"""Every way in which PostgreSQL can be away becomes one DependencyDown; bugs stay bugs.

The classes follow the SQLSTATE groups that a later attempt can cure: connections (08), operator
intervention (57P01-57P03), too many connections or a full disk (53), a lost race (40001, 40P01),
a lock or statement that ran out of time (55P03, 57014).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from kioku_rt.errors import DependencyDown

DATABASE = "database"

_DOWN: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.InternalClientError,
)
_SUSPECT: tuple[type[BaseException], ...] = (*_DOWN, asyncpg.InterfaceError)
_LOST_CONNECTION = (
    "connection is closed",
    "connection was closed",
    "connection has been released back to the pool",  # the pool does that to one that died
)


def is_down(error: BaseException) -> bool:
    """Whether `error` says that the database is away rather than that our SQL is wrong.

    asyncpg reports the use of a connection whose socket has died as a bare InterfaceError, as it
    does some bugs, so that one class is told apart by its text.
    """
    if isinstance(error, asyncpg.InterfaceError):
        return any(text in str(error) for text in _LOST_CONNECTION)
    return isinstance(error, _DOWN)


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn the failures of a database that is away into `DependencyDown("database")`."""
    try:
        yield
    except _SUSPECT as error:
        if not is_down(error):
            raise
        raise DependencyDown(DATABASE) from error

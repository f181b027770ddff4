"""Connections to PostgreSQL, and what its failures mean."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import asyncpg

from keystead.core.errors import Unavailable

__all__ = [
    "COLLIDED",
    "LOST",
    "TIMEOUT",
    "TOO_LONG",
    "concerns_all",
    "connect",
    "connect_aside",
    "pool_of",
    "translated",
]

TIMEOUT: Final = 2.0
"""Seconds that a statement or a new connection may take; what takes longer is a server out of reach."""

TOO_LONG: Final = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)
"""A statement was ended by the server: it took too long, or somebody else holds the row. No more is wrong."""

LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.ConnectionDoesNotExistError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
    asyncpg.OutOfMemoryError,
    # What its protocol says of a server that goes away in the middle of a word.
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""The server is gone, stopping, starting, full or out of reach."""

COLLIDED: Final = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    # Another node has just changed the schema; the driver has forgotten what it knew of it.
    asyncpg.InvalidCachedStatementError,
)
"""Two transactions stood in each other's way; this one was rolled back and may be run again."""

_FULL: Final = (asyncpg.DiskFullError, asyncpg.ReadOnlySQLTransactionError)
_LOG: Final = logging.getLogger("keystead.store")
_NAMED: Final = {"application_name": "keystead", "jit": "off"}
_SERVING: Final = {
    **_NAMED,
    # A server's own default may be off; an act is answered when it is on the disk.
    "synchronous_commit": "on",
    # Shorter than `TIMEOUT`: a statement that is slow costs itself, and not the connection. The lock's is
    # longer than the second after which a server looks for deadlocks, which are run again.
    "statement_timeout": "1800ms",
    "lock_timeout": "1500ms",
    # A node that was cut off within a transaction holds its rows for so long and no longer.
    "idle_in_transaction_session_timeout": "3s",
}
# Reading a whole audit takes its time, and whoever reads what is printed of it takes his.
_ASIDE: Final = {
    **_NAMED,
    "synchronous_commit": "on",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
_ASIDE_SECONDS: Final = 10.0
_PRIMARY: Final = "primary"
"""A standby may be behind: who reads there believes what has been taken away."""


async def connect(url: str) -> asyncpg.Connection:
    """Open a connection of its own for a process that serves.

    Raises:
        OSError, TimeoutError, asyncpg.PostgresError: there is none.
    """
    return await asyncpg.connect(
        url,
        timeout=TIMEOUT,
        command_timeout=TIMEOUT,
        statement_cache_size=512,
        target_session_attrs=_PRIMARY,
        server_settings=_SERVING,
    )


async def connect_aside(url: str) -> asyncpg.Connection:
    """Open a connection for a command; what it asks may take as long as it takes.

    Raises:
        OSError, TimeoutError, asyncpg.PostgresError: there is none.
    """
    return await asyncpg.connect(
        url, timeout=_ASIDE_SECONDS, target_session_attrs=_PRIMARY, server_settings=_ASIDE
    )


async def pool_of(url: str, size: int) -> asyncpg.Pool:
    """Open a pool of connections for reading."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        timeout=TIMEOUT,
        command_timeout=TIMEOUT,
        statement_cache_size=512,
        target_session_attrs=_PRIMARY,
        server_settings=_SERVING,
        # Nothing here changes a session; the default asks the server at each return.
        reset=_as_it_is,
    )


async def _as_it_is(connection: asyncpg.Connection) -> None:
    pass


def translated(error: BaseException) -> BaseException:
    """Return what the server's failure means for a caller: come again, or a fault to be looked at."""
    if isinstance(error, _FULL):
        _LOG.error("the database failed: %s", type(error).__name__)
        return Unavailable(
            "audit_full",
            "the act and its audit entry cannot be written, so it was not done: the database's disk is full "
            "or it takes no writes",
        )
    if isinstance(error, TOO_LONG):
        _LOG.warning("the database ended a statement: %s", type(error).__name__)
        return Unavailable(
            "busy",
            "this took the database too long, or somebody else holds it; try again, or ask for less",
        )
    if isinstance(error, (*LOST, *COLLIDED)) or _is_closed(error):
        _LOG.error("the database failed: %s", type(error).__name__)
        return Unavailable("busy", "the database does not answer; try again")
    return error


def concerns_all(error: BaseException | None) -> bool:
    """Say whether a connection is not to be asked again after this; the next may lead to a better server."""
    if isinstance(error, TOO_LONG):
        return False
    return isinstance(error, (*LOST, *_FULL, asyncio.CancelledError))


def _is_closed(error: BaseException) -> bool:
    return isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError)

"""PostgreSQL: one engine a process, one transaction a batch or request.

A service connects with the configured login and then takes its own role (least privilege: what it does not own it
cannot write), so one URL is enough and no service needs a password of its own. The URL is asyncpg's to read, so
`sslmode`, `sslrootcert` and several hosts mean there what they mean to every PostgreSQL client.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from shared.command import CLOSEDLOOP
from shared.errors import AccessDenied, Unavailable

Connection = asyncpg.Connection
"""A raw asyncpg connection inside a transaction: COPY and unnest are what bulk writes need."""

TRANSIENT = (
    Unavailable,
    PoolTimeout,
    asyncpg.PostgresConnectionError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    ConnectionError,
    TimeoutError,
    OSError,
)
"""Errors that say nothing about the data: the same work may succeed later."""

DENIED = (
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidParameterValueError,  # the role to take does not exist
    asyncpg.ClientConfigurationError,
    ssl.SSLCertVerificationError,
)
"""PostgreSQL answers a connection with no: trying again does not help until a person changes something."""

_ROLE_REFUSED = re.compile(r'role "([^"]+)"')
_CONNECTS_WITHIN = 10  # seconds
_ROLLS_BACK_WITHIN = 5.0


MISFIT = (
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidSchemaNameError,
)
"""The tables or the rights are not those of this version: no record is at fault, and none must be given up for it."""


def is_transient(error: BaseException) -> bool:
    """True when the engine, not the data, is at fault."""
    if isinstance(error, DBAPIError):
        original = error.orig.__cause__ if error.orig is not None and error.orig.__cause__ else error.orig
        return error.connection_invalidated or isinstance(original, TRANSIENT)
    return isinstance(error, TRANSIENT)


def engine(url: str, role: str | None = None, pool_size: int = 5, statement_seconds: float = 60) -> AsyncEngine:
    """A pool of connections that act as `role`. `url` is postgresql://...

    A statement may take `statement_seconds`, and wait half of that for a lock: who waits for a lock is not slow itself.
    """
    settings = {
        "application_name": role or "closedloop",
        "statement_timeout": str(int(statement_seconds * 1000)),
        "lock_timeout": str(int(statement_seconds * 500)),
        "timezone": "UTC",
        "jit": "off",  # bulk statements here are short; compiling them costs more than it saves
    }
    if role is not None:
        settings["role"] = role

    async def connect() -> Any:
        return await _connected(url, settings, command_timeout=statement_seconds + 5)

    return create_async_engine(
        "postgresql+asyncpg://", async_creator=connect, pool_size=pool_size, max_overflow=0, pool_pre_ping=True
    )


def engine_for_once(url: str) -> AsyncEngine:
    """Connections that are closed after use, with no limit on how long a statement takes: for migrations."""

    async def connect() -> Any:
        return await _connected(url, {"timezone": "UTC"})

    return create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)


@asynccontextmanager
async def transaction(pool: AsyncEngine) -> AsyncIterator[Any]:
    """One transaction on a raw asyncpg connection: committed when the block ends, rolled back when it raises.

    Raises Unavailable when there is no connection, or when it is lost on the way.
    """
    async with pool.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        begun = raw.transaction()
        try:
            await begun.start()
            yield raw
            await begun.commit()
        except BaseException as error:
            lost = raw.is_closed()
            await _roll_back(raw, begun)
            if lost and isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
                raise Unavailable(f"PostgreSQL ended the connection: {error!r}") from error
            raise


async def _connected(url: str, settings: dict[str, str], command_timeout: float | None = None) -> Any:
    """A new connection. Raises AccessDenied or Unavailable."""
    try:
        return await asyncpg.connect(
            url, server_settings=settings, timeout=_CONNECTS_WITHIN, command_timeout=command_timeout
        )
    except DENIED as error:
        raise denied(error) from error
    except ConnectionError as error:
        if "SSL" in str(error):  # asyncpg says it with no type of its own
            raise denied(error) from error
        raise Unavailable(f"PostgreSQL does not answer: {error!r}") from error
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(f"PostgreSQL does not answer: {error!r}") from error


def denied(error: BaseException) -> AccessDenied:
    """The error for a person: what PostgreSQL refuses, and what usually mends it."""
    text = str(error)
    if role := _ROLE_REFUSED.search(text):
        return AccessDenied(
            f"PostgreSQL says no: {text}. Run the migrations first (`{CLOSEDLOOP} up`, or `python -m migrations`); if "
            f'that is done, who administers the server runs: GRANT "{role[1]}" TO the login of CLOSEDLOOP_DATABASE_URL.'
        )
    return AccessDenied(
        f"PostgreSQL says no: {text}. Look at CLOSEDLOOP_DATABASE_URL (postgresql://user:password@host:port/name)."
    )


async def _roll_back(raw: Any, begun: Any) -> None:
    """End the transaction; a server that does not even answer to that is not waited for."""
    try:
        async with asyncio.timeout(_ROLLS_BACK_WITHIN):
            await begun.rollback()
    except Exception:  # noqa: BLE001 - the first error is the one to tell
        raw.terminate()

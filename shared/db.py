"""PostgreSQL: one engine a process, one transaction a batch or request.

A service connects with the configured login and then takes its own role (least privilege: what it does not own it
cannot write), so one URL is enough and no service needs a password of its own.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

Connection = asyncpg.Connection
"""A raw asyncpg connection inside a transaction: COPY and unnest are what bulk writes need."""

TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidAuthorizationSpecificationError,
    ConnectionError,
    TimeoutError,
    OSError,
)
"""Errors that say nothing about the data: the same work may succeed later."""


def is_transient(error: BaseException) -> bool:
    """True when the engine, not the data, is at fault."""
    if isinstance(error, DBAPIError):
        original = error.orig.__cause__ if error.orig is not None and error.orig.__cause__ else error.orig
        return error.connection_invalidated or isinstance(original, TRANSIENT)
    return isinstance(error, TRANSIENT)


def engine(url: str, role: str | None = None, pool_size: int = 5, statement_seconds: float = 60) -> AsyncEngine:
    """A pool of connections that act as `role`. `url` is postgresql://..., in seconds a statement may take."""
    server_settings = {
        "application_name": role or "closedloop",
        "statement_timeout": str(int(statement_seconds * 1000)),
        "timezone": "UTC",
        "jit": "off",  # bulk statements here are short; compiling them costs more than it saves
    }
    if role is not None:
        server_settings["role"] = role
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={
            "server_settings": server_settings,
            "timeout": 10,
            "command_timeout": statement_seconds + 5,
        },
    )


@asynccontextmanager
async def transaction(pool: AsyncEngine) -> AsyncIterator[Any]:
    """One transaction on a raw asyncpg connection: committed when the block ends, rolled back when it raises."""
    async with pool.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        async with raw.transaction():
            yield raw


async def ping(pool: AsyncEngine) -> None:
    """Raise when PostgreSQL does not answer."""
    async with transaction(pool) as connection:
        await connection.execute("SELECT 1")

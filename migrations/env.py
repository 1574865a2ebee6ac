"""How Alembic runs here: over asyncpg, one transaction, one migrating process at a time."""

import asyncio
import sys
from threading import Thread

from alembic import context
from sqlalchemy import Connection, text

from migrations import roles
from migrations.publish import publish
from shared.db import engine_for_once

LOCK = 7_052_026
"""Advisory lock: two `up`s on one database migrate one after the other."""


def _migrate(connection: Connection) -> None:
    context.configure(connection=connection)
    with context.begin_transaction():
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        roles.ready(connection)
        context.run_migrations()
        if context.get_context().get_current_revision() == context.script.get_current_head():
            for warning in publish(connection):
                sys.stderr.write(f"warehouse: {warning}\n")


async def _run() -> None:
    engine = engine_for_once(context.config.attributes["url"])
    async with engine.begin() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


def _run_anywhere() -> None:
    """Run the loop in a thread of its own, so that a caller inside an event loop can migrate too."""
    failure: list[BaseException] = []

    def target() -> None:
        try:
            asyncio.run(_run())
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread below
            failure.append(error)

    thread = Thread(target=target)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]


_run_anywhere()

"""One Alembic history for every schema. `upgrade` brings a database to the newest revision; again is safe."""

from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from shared.db import engine_for_once
from shared.errors import AccessDenied

HERE = Path(__file__).parent


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database at `url` (postgresql://...). Waits for another process that is migrating it.

    Raises AccessDenied, saying what an administrator must run, when the login lacks a right.
    """
    try:
        command.upgrade(_config(url), revision)
    except DBAPIError as error:
        cause = error.orig.__cause__ if error.orig is not None else None
        if not isinstance(cause, asyncpg.InsufficientPrivilegeError):
            raise
        login = make_url(url).username
        raise AccessDenied(
            f"PostgreSQL refuses the login {login}: {cause}. Migrate with the login that did it the first time, or let "
            f'who administers the server run: GRANT "<that login>" TO "{login}";'
        ) from error


def head() -> str:
    """The newest revision's id."""
    return str(ScriptDirectory.from_config(_config("")).get_current_head())


async def current(url: str) -> str | None:
    """The revision a database is at; None when it was never migrated."""
    engine = engine_for_once(url)
    try:
        async with engine.connect() as connection:
            exists = await connection.scalar(text("SELECT to_regclass('public.alembic_version')"))
            if exists is None:
                return None
            version: str | None = await connection.scalar(text("SELECT version_num FROM public.alembic_version"))
            return version
    finally:
        await engine.dispose()

"""One Alembic history for every schema. `upgrade` brings a database to the newest revision; again is safe."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from shared.db import engine_for_once

HERE = Path(__file__).parent


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database at `url` (postgresql://...). Waits for another process that is migrating it."""
    command.upgrade(_config(url), revision)


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

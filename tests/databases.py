"""A migrated database for every test, copied from a template that is made once per version of the migrations."""

import asyncio
import hashlib
import uuid
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from sqlalchemy.engine import make_url

import migrations

T = TypeVar("T")
_TEMPLATE_LOCK = 7_052_027


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in a loop of its own: fixtures that are not async may be set up while a test's loop exists."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@contextmanager
def fresh_database(admin_url: str) -> Iterator[str]:
    """The URL of a migrated, empty database; it is dropped at the end, whoever still uses it."""
    template = run(_template(admin_url))
    name = f"test_{uuid.uuid4().hex[:12]}"
    run(_execute(admin_url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield _named(admin_url, name)
    run(_execute(admin_url, f"DROP DATABASE {name} WITH (FORCE)"))


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url, timeout=30)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _template(admin_url: str) -> str:
    """Make the template unless it is there; the one worker that makes it holds a lock, the others wait for it."""
    name = f"closedloop_template_{_version_of_migrations()}"
    connection = await asyncpg.connect(admin_url, timeout=30)
    try:
        await connection.execute(f"SELECT pg_advisory_lock({_TEMPLATE_LOCK})")
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            unfinished = f"{name}_unfinished"
            await connection.execute(f"DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")
            await connection.execute(f"CREATE DATABASE {unfinished}")
            migrations.upgrade(_named(admin_url, unfinished))
            await connection.execute(f"ALTER DATABASE {unfinished} RENAME TO {name}")
    finally:
        await connection.close()  # which gives the lock back
    return name


def _version_of_migrations() -> str:
    digest = hashlib.sha256()
    for file in sorted(Path(migrations.__file__).parent.rglob("*")):
        if file.suffix in {".py", ".sql", ".yaml"}:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]

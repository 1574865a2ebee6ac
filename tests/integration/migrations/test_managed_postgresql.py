"""PostgreSQL as a cloud gives it: a login that is no superuser, on a server that others use too."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

import migrations
from deploy.embedded import Postgres, running
from shared import db
from shared.errors import AccessDenied

SERVICES = {"closedloop_ingest": "ingest.dead_letter", "closedloop_lifecycle": "lifecycle.outbox",
            "closedloop_attribution": "attribution.dirty_deal"}  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A server of the test's own, for roles belong to the whole server; the URL of its superuser."""
    with running(Postgres(tmp_path / "data")) as postgres:
        yield postgres.url.rpartition("/")[0] + "/postgres"


def of(server: str, login: str, database: str) -> str:
    return f"postgresql://{login}:secret@{server.rpartition('@')[2].rpartition('/')[0]}/{database}"


async def administer(server: str, *statements: str) -> None:
    connection = await asyncpg.connect(server)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def each_service_can_write(url: str) -> list[str]:
    """The services that could take their role and write what they own, and nothing of the others."""
    could = []
    for role, table in SERVICES.items():
        pool = db.engine(url, role)
        try:
            async with db.transaction(pool) as connection:
                await connection.execute(f"DELETE FROM {table}")
            for other in SERVICES.values():
                if other != table:
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        async with db.transaction(pool) as connection:
                            await connection.execute(f"DELETE FROM {other}")
            could.append(role)
        finally:
            await pool.dispose()
    return could


def test_a_login_that_may_make_roles_and_databases_needs_no_superuser(server: str) -> None:
    asyncio.run(administer(server, "CREATE ROLE app LOGIN PASSWORD 'secret' CREATEROLE CREATEDB"))
    asyncio.run(administer(of(server, "app", "postgres"), "CREATE DATABASE loop"))
    url = of(server, "app", "loop")
    migrations.upgrade(url)
    migrations.upgrade(url)
    assert asyncio.run(each_service_can_write(url)) == list(SERVICES)


def test_a_login_without_any_right_to_make_roles_uses_those_made_for_it(server: str) -> None:
    asyncio.run(
        administer(
            server,
            "CREATE ROLE app LOGIN PASSWORD 'secret'",
            *(f"CREATE ROLE {role} NOLOGIN" for role in (*SERVICES, "bi_reader")),
            f"GRANT {', '.join(SERVICES)}, bi_reader TO app",
            "CREATE DATABASE loop OWNER app",
        )
    )
    url = of(server, "app", "loop")
    migrations.upgrade(url)
    assert asyncio.run(each_service_can_write(url)) == list(SERVICES)


def test_a_missing_right_is_one_sentence_and_what_it_says_to_run_is_enough(server: str) -> None:
    asyncio.run(administer(server, "CREATE ROLE app LOGIN PASSWORD 'secret'", "CREATE DATABASE loop"))
    url = of(server, "app", "loop")
    with pytest.raises(AccessDenied) as refused:
        migrations.upgrade(url)
    sentence, _, statements = str(refused.value).partition(": ")
    assert sentence.endswith("who administers the server must run there, once")
    assert "\n" not in str(refused.value)
    asyncio.run(administer(server.rpartition("/")[0] + "/loop", *filter(None, statements.split(";"))))
    migrations.upgrade(url)
    assert asyncio.run(each_service_can_write(url)) == list(SERVICES)


def test_two_closedloops_share_a_server_with_a_login_each(server: str) -> None:
    asyncio.run(administer(server, "CREATE ROLE one LOGIN PASSWORD 'secret' CREATEROLE CREATEDB",
                           "CREATE ROLE two LOGIN PASSWORD 'secret' CREATEROLE CREATEDB"))  # fmt: skip
    for login in ("one", "two"):
        asyncio.run(administer(of(server, login, "postgres"), f"CREATE DATABASE loop_{login}"))
    migrations.upgrade(of(server, "one", "loop_one"))
    with pytest.raises(AccessDenied) as refused:  # the roles are the first login's, which alone may grant them
        migrations.upgrade(of(server, "two", "loop_two"))
    asyncio.run(administer(server, *filter(None, str(refused.value).partition(": ")[2].split(";"))))
    migrations.upgrade(of(server, "two", "loop_two"))
    for login in ("one", "two"):
        assert asyncio.run(each_service_can_write(of(server, login, f"loop_{login}"))) == list(SERVICES)


def test_two_closedloops_share_a_server_and_a_login(server: str) -> None:
    asyncio.run(administer(server, "CREATE ROLE app LOGIN PASSWORD 'secret' CREATEROLE CREATEDB"))
    for database in ("one", "two"):
        asyncio.run(administer(of(server, "app", "postgres"), f"CREATE DATABASE {database}"))
        migrations.upgrade(of(server, "app", database))
        assert asyncio.run(each_service_can_write(of(server, "app", database))) == list(SERVICES)


def test_a_service_before_its_migrations_says_what_to_do(server: str) -> None:
    async def connect() -> None:
        pool = db.engine(server, "closedloop_ingest")
        try:
            async with db.transaction(pool):
                pass
        finally:
            await pool.dispose()

    with pytest.raises(AccessDenied, match="Run the migrations first"):
        asyncio.run(connect())


def test_another_login_than_the_first_is_told_that_the_tables_are_not_its_own(server: str) -> None:
    asyncio.run(administer(server, "CREATE ROLE app LOGIN PASSWORD 'secret' CREATEROLE CREATEDB"))
    asyncio.run(administer(of(server, "app", "postgres"), "CREATE DATABASE loop"))
    migrations.upgrade(of(server, "app", "loop"), "0005")
    asyncio.run(
        administer(
            server.rpartition("/")[0] + "/loop",
            "CREATE ROLE other LOGIN PASSWORD 'secret'",
            f"GRANT {', '.join(SERVICES)}, bi_reader TO other",
            "GRANT CREATE ON SCHEMA public TO other",
        )
    )
    with pytest.raises(AccessDenied, match="Migrate with the login that did it the first time"):
        migrations.upgrade(of(server, "other", "loop"))

"""The views are what the files say, whatever the database had before, and what others built on them is there again."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

import migrations
from migrations import views
from migrations.comments import relations

THERE = "SELECT table_name::text FROM information_schema.views WHERE table_schema = 'warehouse'"
COMMENTS = """
SELECT relname::text AS relation, attname::text AS column, col_description(attrelid, attnum) AS says
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = 'warehouse'::regnamespace AND relkind IN ('r', 'p', 'v') AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT relname::text, NULL, obj_description(oid, 'pg_class')
FROM pg_class WHERE relnamespace = 'warehouse'::regnamespace AND relkind IN ('r', 'p', 'v')
"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The migrated database."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def changed(database: asyncpg.Connection) -> None:
    """As if a file of a view had changed since the last upgrade."""
    await database.execute("UPDATE public.published SET digest = 'older'")


async def test_every_file_is_a_view_or_function_and_there_is_no_other_view(database: asyncpg.Connection) -> None:
    there = {row[0] for row in await database.fetch(THERE)}
    assert there == {one.name for one in views.in_order() if one.kind == "VIEW"}


async def test_every_relation_and_column_has_its_comment(database: asyncpg.Connection) -> None:
    told = {(one.name, None): one.says for one in relations()} | {
        (one.name, column): says for one in relations() for column, says in one.columns.items()
    }
    assert {(row["relation"], row["column"]): row["says"] for row in await database.fetch(COMMENTS)} == told


async def test_bi_reader_reads_every_view(database: asyncpg.Connection) -> None:
    await database.execute("SET ROLE bi_reader")
    for one in views.in_order():
        if one.kind == "VIEW":
            await database.fetch(f"SELECT * FROM warehouse.{one.name}")


async def test_a_view_that_someone_built_on_ours_is_there_again_with_owner_grants_and_comment(
    database: asyncpg.Connection, database_url: str
) -> None:
    await database.execute(
        """
        CREATE SCHEMA mine;
        CREATE VIEW mine.board AS SELECT model, sum(revenue) AS revenue FROM warehouse.revenue_by_channel GROUP BY 1;
        CREATE MATERIALIZED VIEW mine.kept AS SELECT * FROM mine.board;
        CREATE UNIQUE INDEX kept_model ON mine.kept (model);
        COMMENT ON VIEW mine.board IS 'for the board';
        COMMENT ON COLUMN mine.board.revenue IS 'all of it';
        GRANT SELECT ON mine.board TO closedloop_ingest;
        ALTER VIEW mine.board OWNER TO bi_reader;
        GRANT SELECT ON warehouse.revenue_by_channel TO closedloop_ingest;
        """
    )
    of = """
        SELECT relname::text, relacl::text, pg_get_userbyid(relowner)::text AS owner, obj_description(oid) AS says,
            col_description(oid, 2) AS column_says, pg_get_viewdef(oid) AS query
        FROM pg_class WHERE relname IN ('board', 'kept', 'kept_model', 'revenue_by_channel') ORDER BY relname"""
    before = await database.fetch(of)
    await changed(database)
    migrations.upgrade(database_url)
    assert await database.fetch(of) == before
    assert len(before) == 4
    assert not await database.fetch("SELECT * FROM public.set_aside")


async def test_a_view_that_reads_a_column_that_is_gone_is_set_aside_and_told(
    database: asyncpg.Connection, database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    await database.execute(
        """
        CREATE OR REPLACE VIEW warehouse.dim_account AS
            SELECT account_id, domain, name, 1 AS gone FROM lifecycle.account_alias WHERE key = account_id;
        CREATE SCHEMA mine;
        CREATE VIEW mine.old AS SELECT gone FROM warehouse.dim_account;
        """
    )
    await changed(database)
    migrations.upgrade(database_url)
    assert "mine.old could not be made again" in capfd.readouterr().err
    [note] = await database.fetch("SELECT relation, statements, error FROM public.set_aside")
    assert note["relation"] == "mine.old"
    assert "gone" in note["statements"][0]
    assert "gone" in note["error"]


async def test_an_upgrade_without_a_change_leaves_the_views_as_they_are(
    database: asyncpg.Connection, database_url: str
) -> None:
    of = "SELECT oid FROM pg_class WHERE relnamespace = 'warehouse'::regnamespace ORDER BY oid"
    before = await database.fetch(of)
    migrations.upgrade(database_url)
    assert await database.fetch(of) == before


async def test_every_table_has_a_primary_key_and_what_holds_is_declared(database: asyncpg.Connection) -> None:
    keys = await database.fetch(
        """
        SELECT relname::text AS relation, array_agg(contype::text) FILTER (WHERE contype IN ('p', 'f')) AS kinds
        FROM pg_class LEFT JOIN pg_constraint ON conrelid = pg_class.oid
        WHERE relnamespace = 'warehouse'::regnamespace AND relkind IN ('r', 'p') GROUP BY relname
        """
    )
    assert {row["relation"] for row in keys if "p" not in (row["kinds"] or [])} == set()
    assert {row["relation"] for row in keys if "f" in row["kinds"]} == {"fct_deal_entry", "model_result"}

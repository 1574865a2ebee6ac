"""A database of the last version (revision 0005) comes along with its data: nothing is lost, every report answers."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

import migrations
from migrations import views
from services.attribution.config import Attribution
from tests.databases import run
from tests.engines import Engines
from tests.integration.attribution.taking import taking

DATA = Path(__file__).with_name("revision_0005.sql")
ANN, BOB = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"


@pytest.fixture
def old_database(engines: Engines) -> Iterator[str]:
    """The URL of a database at revision 0005 with what a small company left in it."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    url = make_url(engines.database_url).set(database=name).render_as_string(hide_password=False)
    run(_execute(engines.database_url, f"CREATE DATABASE {name}"))
    migrations.upgrade(url, "0005")
    run(_execute(url, DATA.read_text()))
    yield url
    run(_execute(engines.database_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(url: str, script: str) -> None:
    connection = await asyncpg.connect(url, timeout=30)
    await connection.execute(script)
    await connection.close()


async def test_its_reports_say_the_same_before_and_after_everything_is_computed_again(old_database: str) -> None:
    connection = await asyncpg.connect(old_database)
    revenue = "SELECT model, month, channel, revenue FROM warehouse.revenue_by_channel ORDER BY 1, 2, 3"
    sources = "SELECT model, month, source, medium, revenue FROM warehouse.sales_by_websource ORDER BY 1, 2, 3, 4"
    pipeline = "SELECT model, channel, pipeline, deals FROM warehouse.pipeline_by_channel ORDER BY 1, 2"
    reach = "SELECT channel, month, pageviews, visitors, leads FROM warehouse.vanity_metrics ORDER BY 1, 2"
    before = [await connection.fetch(query) for query in (revenue, sources, pipeline, reach)]
    assert all(before)
    migrations.upgrade(old_database)
    assert [await connection.fetch(query) for query in (revenue, sources, pipeline)] == before[:3]
    async with taking(old_database, Attribution(models=("first", "last"))) as attribution:
        await attribution.compute()
        await attribution.count()
        assert [await connection.fetch(query) for query in (revenue, sources, pipeline, reach)] == before
    for one in views.in_order():
        if one.kind == "VIEW":
            await connection.fetch(f"SELECT * FROM warehouse.{one.name}")
    await connection.close()


async def test_what_people_did_and_what_others_built_is_still_there(old_database: str) -> None:
    connection = await asyncpg.connect(old_database)
    await connection.execute(
        "CREATE VIEW public.board AS SELECT channel, sum(revenue) AS money FROM warehouse.revenue_by_channel GROUP BY 1"
    )
    board = await connection.fetch("SELECT * FROM public.board ORDER BY 1")
    migrations.upgrade(old_database)
    assert await connection.fetch("SELECT * FROM public.board ORDER BY 1") == board
    owners = await connection.fetch(
        "SELECT person_id::text, account_id, count(*) FROM warehouse.touchpoint GROUP BY 1, 2 ORDER BY 1"
    )
    assert [tuple(row) for row in owners] == [(ANN, "acme", 3), (BOB, "acme", 1)]
    people = await connection.fetch("SELECT person_id::text, stage, score FROM warehouse.dim_person ORDER BY 1")
    assert [tuple(row) for row in people] == [(ANN, "customer", 40), (BOB, "lead", 10)]
    answers = await connection.fetch("SELECT decision, breached FROM warehouse.fct_sales_response")
    assert [tuple(row) for row in answers] == [("accepted", False)]
    await connection.close()

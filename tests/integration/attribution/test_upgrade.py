"""A database of the first version comes along whole: its deals are credited as if they had come under this one."""

import uuid

import asyncpg
from sqlalchemy.engine import make_url

import migrations
from services.attribution.domain.channels import Classifier, EarningKinds, channel_rules
from services.attribution.rebuild.channels import UNKNOWN, rebuild
from tests.engines import Engines
from tests.integration.attribution.company import day, deal, named, person, touch
from tests.integration.attribution.taking import Taking, taking

LAST_OF_THE_FIRST = "0005"
ANN, BOB = named("person", "ann"), named("person", "bob")
TOUCH = """
INSERT INTO warehouse.fct_touchpoint (touchpoint_id, source, kind, occurred_at, received_at, anonymous_id, identity,
    channel, channel_rule, session_source, session_medium, utm_campaign, url, is_bot, consent, earns_credit, group_call)
VALUES ($1, 'web', 'page_view', $2, $2, $3, 'anonymous_id:' || $3, 'Paid Search', 'ga4:paid_search', 'Google', 'CPC',
    'Brand', 'https://acme.com/?utm_source=Google&utm_medium=CPC&utm_campaign=Brand', false, 'unknown', true, false)
"""
PERSON = """
INSERT INTO attribution.person (person_id, version, account_id, account_rule, account_domain, keys)
VALUES ($1, 1, $2, 'explicit', $3, $4)
"""
SPAN = "INSERT INTO attribution.identifier_span VALUES ($1, $2, '-infinity', 'infinity')"
VERSION = """
INSERT INTO attribution.deal_version (deal_id, updated_at, version_hash, deal) VALUES ('d1', $1, 'h1', $2)
"""
PUBLISHED = """
INSERT INTO warehouse.fct_deal (deal_id, source, type, status, amount, currency, created_at, closed_at, updated_at,
    contacts, version_hash)
VALUES ('d1', 'crm', 'new', 'won', 100, 'USD', $1, $2, $2, '{}', 'h1')
"""
DEAL = """{"deal_id": "d1", "source": "crm", "status": "won", "amount": "100", "currency": "USD",
"created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-06T09:00:00Z", "received_at": "2026-03-06T09:00:00Z",
"closed_at": "2026-03-06T09:00:00Z", "account": {"id": "acme"}}"""
SPEND = """
INSERT INTO warehouse.fct_spend (day, source, medium, campaign, channel, cost, currency, updated_at)
VALUES ('2026-03-01', 'google', 'cpc', '', 'Paid Search', 10, 'USD', $1)
"""


async def test_a_database_of_the_first_version_comes_along(engines: Engines) -> None:
    name = f"test_{uuid.uuid4().hex[:12]}"
    url = make_url(engines.database_url).set(database=name).render_as_string(hide_password=False)
    await _execute(engines.database_url, f"CREATE DATABASE {name}")
    try:
        migrations.upgrade(url, LAST_OF_THE_FIRST)
        await _fill(url)
        migrations.upgrade(url)
        async with taking(url) as attribution:
            await _is_credited(attribution)
    finally:
        await _execute(engines.database_url, f"DROP DATABASE {name} WITH (FORCE)")


async def _is_credited(attribution: Taking) -> None:
    assert (await attribution.compute()).deals >= 1
    # Ann is known to be of acme; Bob only has an email of its domain, which a membership of Ann's makes acme's.
    assert await attribution.credited("linear") == [("booked", "Paid Search", "50.00")] * 2
    assert await attribution.take(deal("won", "100", 5)) is not None
    await attribution.take(deal("won", "130", 6, 5), touch("3", 2, anonymous_id="a1"), person("cec", identifiers=()))
    assert {row[0] for row in await attribution.credited("linear")} == {"booked", "amended"}
    done = await rebuild(attribution.pool, Classifier(channel_rules({}), EarningKinds()))
    assert done is not None
    assert (done.touches, done.back_to) == (2, (UNKNOWN,))
    rows = await attribution.rows("SELECT DISTINCT session_source, utm_source FROM warehouse.fct_touchpoint")
    assert sorted(tuple(row.values()) for row in rows) == [("google", "Google"), ("google", "google")]
    assert await attribution.rows("SELECT crm, cost::text FROM warehouse.fct_spend") == [{"crm": "crm", "cost": "10"}]


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url, timeout=30)
    try:
        for n, browser in enumerate(("a1", "a2")):
            await connection.execute(TOUCH, named("touch", n), day(n + 1), browser)
        await connection.execute(PERSON, ANN, "acme", "acme.com", ["account:acme", "account:domain:acme.com"])
        await connection.execute(PERSON, BOB, None, None, ["email:bob@mail.acme.com"])
        for identity, owner in (("a1", ANN), ("a2", BOB)):
            await connection.execute(SPAN, f"anonymous_id:{identity}", owner)
        await connection.execute(SPAN, "email:bob@mail.acme.com", BOB)
        await connection.execute("INSERT INTO attribution.deal (deal_id, touched_until) VALUES ('d1', $1)", day(5))
        await connection.execute("INSERT INTO attribution.deal_key VALUES ('account:acme', 'd1')")
        await connection.execute(VERSION, day(5), DEAL)
        await connection.execute(PUBLISHED, day(0), day(5))
        await connection.execute(SPEND, day(0))
        await connection.execute("INSERT INTO attribution.applied VALUES (true, '{}', 'old')")
    finally:
        await connection.close()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url, timeout=30)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()

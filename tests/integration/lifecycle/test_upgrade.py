"""A database of the first version, with people in it, goes on under the second."""

import asyncio
import uuid

import asyncpg
from sqlalchemy.engine import make_url

import migrations
from tests.engines import Engines
from tests.lifecycle.builders import World, touch

ANN = "ann@acme.test"
_FIRST = """
INSERT INTO lifecycle.identifier (kind, value, person_id, first_at, first_id, last_at) VALUES
  ('email', 'ann@acme.test', '018f0000-0000-7000-8000-000000000001', '2026-01-01', 'a', '2026-01-01'),
  ('user_id', 'u', '018f0000-0000-7000-8000-000000000001', '2026-01-01', 'a', '2026-01-01');
INSERT INTO lifecycle.strong_link VALUES ('user_id', 'u', 'email', 'ann@acme.test', '2026-01-01', 'a');
INSERT INTO lifecycle.weak_link VALUES ('w', '2026-01-01', 'a', 'email', 'ann@acme.test'),
  ('w', '2026-01-02', 'a', 'email', 'ann@acme.test');
INSERT INTO lifecycle.signal VALUES ('email', 'ann@acme.test', '2026-01-01', 'a', 'form_submit', NULL, NULL, NULL),
  ('email', 'ann@acme.test', '2026-01-02', 'a', 'form_submit', NULL, NULL, NULL),
  ('email', 'ann@acme.test', '2026-01-02', 'deal:d:1open', 'deal:open', NULL, NULL, 'd');
INSERT INTO lifecycle.deal VALUES ('d', '2026-01-02', '');
INSERT INTO lifecycle.claim VALUES
  ('email', 'ann@acme.test', 'deal', 'deal:d', 'A', '2026-01-02', 'deal:d');
INSERT INTO lifecycle.account_object VALUES ('A', '', '', NULL, '2026-01-02', 'deal:d');
INSERT INTO lifecycle.account_alias VALUES ('A', 'A', NULL, NULL), ('domain:acme.test', 'domain:acme.test',
  'acme.test', NULL);
INSERT INTO lifecycle.person (person_id, email, account_key, account_id, stage)
VALUES ('018f0000-0000-7000-8000-000000000001', 'ann@acme.test', 'A', 'A', 'opportunity');
"""


async def test_what_the_first_version_stored_counts_on_under_the_second(engines: Engines) -> None:
    name = f"test_{uuid.uuid4().hex[:12]}"
    url = make_url(engines.database_url).set(database=name).render_as_string(hide_password=False)
    admin = await asyncpg.connect(engines.database_url)
    await admin.execute(f"CREATE DATABASE {name}")
    try:
        await asyncio.to_thread(migrations.upgrade, url, "0005")
        first = await asyncpg.connect(url)
        await first.execute(_FIRST)
        await first.close()
        await asyncio.to_thread(migrations.upgrade, url)
        world = World(url)
        await world.apply(touch("1", 60 * 24 * 3, "form_submit", user_id="u", email=ANN, anonymous_id="w"))
        rows = await world.rows("SELECT email, stage, score, account_id FROM warehouse.dim_person")
        assert rows == [(ANN, "opportunity", 40, "A")]
        [person] = (await world.queued()).values()
        assert {(i.kind, i.value) for i in person.identifiers} == {
            ("email", ANN), ("user_id", "u"), ("anonymous_id", "w"),
        }  # fmt: skip
        await world.close()
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()

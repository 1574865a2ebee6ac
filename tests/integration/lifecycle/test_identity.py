"""What one sender can do to who is who: nothing to people whom better evidence knows, and nothing without bound."""

import time
from collections.abc import AsyncIterator

import pytest

from services.lifecycle.domain.identity.strong import Bounds
from shared.events.touchpoint import Account
from tests.lifecycle.builders import World, at, deal, touch

ANN, BOB = "ann@acme.test", "bob@acme.test"


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A lifecycle with the usual bounds."""
    world = World(database_url)
    yield world
    await world.close()


async def spans(world: World) -> set[frozenset[str]]:
    """The identifiers of each person, as last told."""
    told = (await world.queued()).values()
    return {frozenset(i.value for i in p.identifiers) for p in told if p.merged_into is None and p.identifiers}


async def test_strangers_with_one_user_id_are_apart_again_once_too_many_share_it(world: World) -> None:
    for n in range(24):
        await world.apply(touch(str(n), n, "form_submit", email=f"p{n}@c{n}.test", user_id="demo"))
    assert await spans(world) == {frozenset({f"p{n}@c{n}.test"}) for n in range(24)} | {frozenset({"demo"})}
    told = [p for p in (await world.queued()).values() if p.merged_into is None]
    assert all([(s.kind, s.value) for s in p.shared] == [("user_id", "demo")] for p in told)


async def test_a_kiosk_is_nobodys_and_what_names_somebody_there_is_theirs(world: World) -> None:
    for n in range(60):
        await world.apply(touch(str(n), n, "form_submit", email=f"p{n}@c{n}.test", anonymous_id="kiosk"))
    await world.apply(touch("nobody", 30.5, "content_download", anonymous_id="kiosk"))
    assert await spans(world) == {frozenset({f"p{n}@c{n}.test"}) for n in range(60)}
    assert await world.rows("SELECT DISTINCT score FROM warehouse.dim_person WHERE stage IS NOT NULL") == [(20,)]


async def test_a_public_link_never_joins_two_whom_trusted_evidence_knows(world: World) -> None:
    await world.apply(touch("1", 0, email=ANN, trusted=True), touch("2", 0, email=BOB, trusted=True))
    await world.apply(touch("3", 1, email=ANN, user_id="u"), touch("4", 2, email=BOB, user_id="u"))
    assert await spans(world) == {frozenset({ANN, "u"}), frozenset({BOB})}
    assert await world.rows("SELECT value, other_value FROM lifecycle.suggestion") == [(BOB, "u")]
    await world.apply(touch("5", 3, email=BOB, user_id="u", trusted=True))
    assert await spans(world) == {frozenset({ANN}), frozenset({BOB, "u"})}


async def test_public_links_cannot_cut_what_trusted_evidence_joined(world: World) -> None:
    await world.apply(touch("1", 0, email=ANN, user_id="u", trusted=True))
    await world.apply(*(touch(f"x{n}", n, email=ANN, user_id=f"x{n}") for n in range(30)))
    assert frozenset({ANN, "u"}) in await spans(world)


async def test_no_chain_of_links_makes_one_person_of_a_crowd(database_url: str) -> None:
    world = World(database_url, bounds=Bounds(most_joined=6))
    for n in range(20):
        await world.apply(touch(str(n), n, email=f"e{n}@x.test", user_id=f"u{n}"))
        await world.apply(touch(f"+{n}", n, email=f"e{n}@x.test", user_id=f"u{n + 1}"))
    assert max(map(len, await spans(world))) == 1
    await world.close()


async def test_a_page_view_repoints_neither_a_companys_domain_nor_the_crms_account(world: World) -> None:
    acme = Account(id="crm-7", domain="acme.test")
    await world.apply(deal("d", 5, contacts=[ANN], account=acme))
    await world.apply(touch("1", 0, email=BOB, account=Account(id="evil", domain="acme.test")))
    await world.apply(touch("2", 1, email="eve@evil.test", account=Account(id="crm-7", domain="evil.test")))
    accounts = await world.rows("SELECT account_id, domain FROM warehouse.dim_account ORDER BY 1")
    assert accounts == [("crm-7", "acme.test"), ("domain:evil.test", "evil.test"), ("evil", "acme.test")]


async def test_a_deals_contacts_give_its_account_the_domain_they_share(world: World) -> None:
    await world.apply(touch("1", 0, "form_submit", email=BOB))
    await world.apply(deal("d", 5, "won", 9, contacts=[ANN], account=Account(id="crm-7")))
    assert await world.rows("SELECT DISTINCT account_id FROM warehouse.dim_person") == [("crm-7",)]
    assert await world.rows("SELECT account_id, domain FROM warehouse.dim_account") == [("crm-7", "acme.test")]
    assert await world.rows("SELECT joined_by FROM lifecycle.account_alias WHERE key = 'domain:acme.test'") == [
        ("deal:d",)
    ]


async def test_who_moves_to_another_company_was_at_the_old_one_until_then(world: World) -> None:
    await world.apply(deal("old", 5, "won", 9, contacts=["ann@mail.test"], account=Account(id="A")))
    await world.apply(deal("new", 50, contacts=["ann@mail.test"], account=Account(id="B", domain="b.test")))
    [ann] = (await world.queued()).values()
    assert [(m.account_id, m.since, m.until) for m in ann.memberships][-2:] == [
        ("A", None, at(50)),
        ("B", at(50), None),
    ]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
async def test_two_colleagues_on_one_browser_are_told_alike_whoever_was_heard_of_first(
    world: World, order: tuple[int, ...]
) -> None:
    heard = [
        touch("0", 0, "content_download", anonymous_id="w"),
        touch("a", 5, "form_submit", anonymous_id="w", email=ANN),
        touch("b", 5, "form_submit", anonymous_id="w", email=BOB),
        touch("9", 9, "form_submit", anonymous_id="w"),
    ]
    for index in order:
        await world.apply(heard[index])
    told = sorted((await world.queued()).values(), key=lambda p: p.identifiers[0].value)
    told = [p for p in told if p.merged_into is None]
    leads = [(p.identifiers[0].value, p.lead_created_at, p.lead_created_by) for p in told]
    assert leads == [(ANN, at(5), heard[1].touchpoint_id), (BOB, at(5), heard[2].touchpoint_id)]


async def test_a_new_crm_stage_of_a_deal_of_4000_people_concerns_none_of_them(world: World) -> None:
    await world.apply(*(touch(str(n), 0, email=f"p{n}@acme.test") for n in range(4000)))
    acme = Account(domain="acme.test")
    await world.apply(deal("d", 5, updated=6, account=acme))
    assert await world.rows("SELECT count(*) FROM warehouse.dim_person WHERE stage = 'opportunity'") == [(4000,)]
    before = await world.rows("SELECT count(*) FROM lifecycle.outbox")
    took = []
    for minute in range(7, 12):  # a busy machine may stop any one of them
        started = time.perf_counter()
        await world.apply(deal("d", 5, updated=minute, account=acme))
        took.append(time.perf_counter() - started)
    assert min(took) < 0.05
    assert await world.rows("SELECT count(*) FROM lifecycle.outbox") == before

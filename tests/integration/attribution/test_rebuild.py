"""History by the present channel rules: shown first, done in chunks while events go on, put in force at once."""

import asyncio
import os
import random
import re
import signal
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.attribution.domain.channels import Classifier, EarningKinds, channel_rules
from services.attribution.rebuild.attribution import mark_all, preview_attribution
from services.attribution.rebuild.channels import UNKNOWN, NoSuchVersion, RebuildUnderWay, Switched, go_back, rebuild
from services.attribution.rebuild.preview import Preview, RevenueChange, TouchChange, preview_channels
from shared.events.spend import Spend
from shared.events.touchpoint import Campaign, Page
from tests.databases import fresh_database
from tests.engines import Engines
from tests.integration.attribution.company import ADS, MAIL, day, deal, person, random_company, touch
from tests.integration.attribution.taking import Taking, taking
from tests.places import ROOT

PARTNER = {"rules": [{"channel": "Partner", "source": "google"}]}
NEW = Classifier(channel_rules(PARTNER), EarningKinds())
FIRST = Classifier(channel_rules({}), EarningKinds())


def nothing_told(_what: str, _done: int, _of: int) -> None:
    """Nobody looks."""


async def previewed(taking: Taking, classifier: Classifier) -> Preview | None:
    return await preview_channels(taking.pool, classifier, taking.terms, nothing_told)


async def test_the_present_rules_reach_history_and_its_credit(attribution: Taking) -> None:
    await attribution.take(touch("1", 1, ADS), touch("2", 2, MAIL), person(), deal("won", "100", 5))
    done = await rebuild(attribution.pool, NEW)
    assert done == Switched(1, 0, 1, (FIRST.version,), 0)
    await attribution.compute()
    assert await attribution.credited("first") == [("booked", "Partner", "100.00")]
    touches = await attribution.rows(
        "SELECT channel, channel_rule, version FROM warehouse.fct_touchpoint AS touch "
        "JOIN warehouse.channel_rules ON rules_id = touch.channel_rules ORDER BY occurred_at"
    )
    assert [tuple(row.values()) for row in touches] == [
        ("Partner", "config:1", NEW.version),
        ("Email", "ga4:email", NEW.version),
    ]
    assert await rebuild(attribution.pool, NEW) is None


async def test_a_run_is_stamped_with_the_version_its_touches_were_classified_by(attribution: Taking) -> None:
    versions = "SELECT channel_rules_version AS version FROM warehouse.attribution_run ORDER BY run_id DESC LIMIT 1"
    await attribution.take(touch("1", 1, ADS), person(), deal("won", "100", 5))
    assert await attribution.rows(versions) == [{"version": FIRST.version}]
    attribution.restart_with(NEW)
    await attribution.take(touch("2", 2, ADS))
    assert await attribution.rows(versions) == [{"version": None}]
    await rebuild(attribution.pool, NEW)
    await attribution.compute()
    assert await attribution.rows(versions) == [{"version": NEW.version}]


async def test_the_dry_run_says_what_the_rebuild_then_does_and_changes_nothing(attribution: Taking) -> None:
    cost = Spend(day(0).date(), "google", "cpc", Decimal(10), "USD", day(0), day(0))
    await attribution.take(*random_company(5), cost)
    before = await attribution.facts()
    found = await previewed(attribution, NEW)
    assert found is not None
    assert await attribution.facts() == before
    done = await rebuild(attribution.pool, NEW)
    assert done is not None
    assert (done.touches, done.costs, done.deals) == (found.touches, found.costs, found.deals)
    await attribution.compute()
    after = await attribution.facts()
    for facts, side in ((before, 0), (after, 1)):
        channels = {row["channel"] for row in facts["touchpoints"]}
        for channel in channels:
            own = [row for row in facts["touchpoints"] if row["channel"] == channel]
            change = found.channels[channel]
            assert change[side] == len(own)
            assert change[2 + side] == sum(row["earns_credit"] for row in own)
        revenue: dict[tuple[str, str], Decimal] = {}
        for row in facts["revenue"]:
            key = row["model"], row["channel"]
            revenue[key] = revenue.get(key, Decimal(0)) + row["revenue"]
        for model, changes in found.revenue.items():
            assert {c: change[side] for c, change in changes.items() if change[side]} == {
                c: amount for (m, c), amount in revenue.items() if m == model and amount
            }
    assert found.touches > 0 and {row["channel"] for row in after["spend"]} >= {"Partner"}


async def test_a_dry_run_after_services_began_with_the_new_rules_counts_only_what_is_older(attribution: Taking) -> None:
    await attribution.take(touch("1", 1, ADS), person(), deal("won", "100", 5))
    attribution.restart_with(NEW)
    await attribution.take(touch("2", 2, ADS))
    before = await attribution.facts()
    found = await previewed(attribution, NEW)
    assert found is not None
    assert (found.touches, found.channels["Partner"]) == (1, TouchChange(1, 2, 1, 2))
    assert await attribution.facts() == before
    await attribution.take(touch("3", 3, ADS))
    done = await rebuild(attribution.pool, NEW)
    assert done is not None
    assert done.touches == 1


async def test_a_rebuilt_warehouse_is_as_if_the_rules_had_always_been_so(engines: Engines) -> None:
    events = random_company(11)
    with fresh_database(engines.database_url) as url, fresh_database(engines.database_url) as other_url:
        async with taking(url) as one, taking(other_url) as other:
            other.restart_with(NEW)
            await other.take(*events)
            await one.take(*events)
            await rebuild(one.pool, NEW, chunk=1)
            await one.compute()
            mine, theirs = await one.facts(), await other.facts()
            for rows in (*mine.values(), *theirs.values()):
                for row in rows:
                    row.pop("channel_rules", None)
            assert mine == theirs


async def test_kinds_that_earn_reach_history_too(attribution: Taking) -> None:
    await attribution.take(touch("1", 1, None, kind="custom:trial"), person(), deal("won", "100", 5))
    assert await attribution.credited("last") == [("booked", "Unattributed", "100.00")]
    earning = Classifier(channel_rules({}), EarningKinds(["custom:trial"]))
    found = await previewed(attribution, earning)
    assert found is not None
    assert found.channels == {"Direct": TouchChange(1, 1, 0, 1)}
    assert found.revenue["last"] == {
        "Direct": RevenueChange(Decimal(0), Decimal(100)),
        "Unattributed": RevenueChange(Decimal(100), Decimal(0)),
    }
    await rebuild(attribution.pool, earning)
    await attribution.compute()
    assert await attribution.credited("last") == [("booked", "Direct", "100.00")]


async def test_going_back_restores_what_was(attribution: Taking) -> None:
    await attribution.take(*random_company(6))
    before = await attribution.facts()
    await rebuild(attribution.pool, NEW)
    await attribution.compute()
    second = Classifier(channel_rules({"preset": "ga4"}), EarningKinds())
    await rebuild(attribution.pool, second)
    await attribution.compute()
    assert await attribution.facts() != before
    await go_back(attribution.pool, FIRST.version)
    await attribution.compute()
    assert await attribution.facts() == before
    with pytest.raises(NoSuchVersion, match="there are: none"):
        await go_back(attribution.pool, FIRST.version)


async def test_touches_that_come_meanwhile_are_by_the_present_rules_and_stay(attribution: Taking) -> None:
    await attribution.take(*random_company(8))
    attribution.restart_with(NEW)
    took: list[asyncio.Task[Any]] = []

    def told(done: int, _of: int) -> None:
        new = touch(f"new{done}", 3, ADS, anonymous_id=f"a{done % 12}")
        took.append(asyncio.get_running_loop().create_task(attribution.batch(new)))

    done = await rebuild(attribution.pool, NEW, told, chunk=1)
    await asyncio.gather(*took)
    assert len(took) > 1
    assert done is not None and done.others == 0
    await attribution.compute()
    found = await attribution.rows("SELECT count(*) AS n FROM warehouse.fct_touchpoint WHERE channel = 'Paid Search'")
    assert found == [{"n": 0}]


async def test_an_older_service_goes_on_under_a_number_of_its_own_and_is_told_of(attribution: Taking) -> None:
    await attribution.take(touch("1", 1, ADS), person(), deal("won", "100", 5))
    took: list[asyncio.Task[Any]] = []

    def told(_done: int, _of: int) -> None:
        took.append(asyncio.get_running_loop().create_task(attribution.batch(touch("2", 2, ADS))))

    done = await rebuild(attribution.pool, NEW, told)
    await asyncio.gather(*took)
    assert done is not None
    again = await rebuild(attribution.pool, NEW)
    assert again is not None
    assert again.touches == 1
    channels = await attribution.rows("SELECT DISTINCT channel FROM warehouse.fct_touchpoint")
    assert channels == [{"channel": "Partner"}]


async def test_two_rebuilds_at_a_time_are_one_too_many(attribution: Taking) -> None:
    await attribution.take(*random_company(8))
    refused: list[BaseException] = []

    async def another() -> None:
        try:
            await rebuild(attribution.pool, NEW)
        except RebuildUnderWay as error:
            refused.append(error)

    tasks: list[asyncio.Task[None]] = []

    def told(_done: int, _of: int) -> None:
        tasks.append(asyncio.get_running_loop().create_task(another()))

    await rebuild(attribution.pool, NEW, told, chunk=1)
    await asyncio.gather(*tasks)
    assert refused


async def test_touches_of_the_first_version_are_read_again_from_their_url(attribution: Taking) -> None:
    url = "https://acme.com/?utm_source=google&utm_medium=cpc&utm_campaign=Brand"
    await attribution.take(touch("1", 1, None, page=Page(url=url)), touch("2", 2, Campaign(name="Brand")))
    await attribution.own_rows("UPDATE warehouse.fct_touchpoint SET utm_source = NULL, utm_medium = NULL")
    await attribution.own_rows("UPDATE warehouse.channel_rules SET version = NULL, is_open = false")
    done = await rebuild(attribution.pool, FIRST)
    assert done is not None
    assert (done.touches, done.back_to) == (1, (UNKNOWN,))
    rows = await attribution.rows("SELECT utm_source, utm_medium, channel FROM warehouse.fct_touchpoint ORDER BY 1")
    assert [tuple(row.values()) for row in rows] == [("google", "cpc", "Paid Search"), (None, None, "Unassigned")]


SLOW = """
import asyncio, sys, time
from services.attribution.domain.channels import Classifier, EarningKinds, channel_rules
from services.attribution.rebuild.channels import rebuild
from shared import db

def told(done, of):
    print(done, of, flush=True)
    time.sleep(0.2)

async def main():
    classifier = Classifier(channel_rules({"rules": [{"channel": "Partner", "source": "google"}]}), EarningKinds())
    await rebuild(db.engine(sys.argv[1], "closedloop_attribution"), classifier, told, chunk=1)

asyncio.run(main())
"""


async def test_killed_in_the_middle_it_has_changed_nothing_and_goes_on_from_there(database_url: str) -> None:
    async with taking(database_url) as attribution:
        chance = random.Random(3)
        many = [
            touch(f"t{n}", n / 50, chance.choice([ADS, MAIL]), page=Page(url=f"https://acme.com/{n}/" + "x" * 900))
            for n in range(200)
        ]
        await attribution.take(*many, person(), deal("won", "100", 9))
        before = await attribution.facts()
        await _killed_after(4, database_url)
        assert await attribution.facts() == before
        rebuilds = await attribution.own_rows("SELECT next_block FROM attribution.rebuild")
        came_to = [row["next_block"] for row in rebuilds]
        assert came_to[0] >= 2
        begun: list[int] = []
        done = await rebuild(attribution.pool, NEW, lambda at, _of: begun.append(at), chunk=1)
        assert begun[0] == came_to[0]
        assert done is not None
        await attribution.compute()
        after = await attribution.facts()
        assert {row["channel"] for row in after["touchpoints"]} == {"Partner", "Email"}
        assert done.touches == sum(row["channel"] == "Partner" for row in after["touchpoints"])


async def _killed_after(lines: int, database_url: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SLOW, database_url, stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    for _ in range(lines):
        assert await asyncio.wait_for(process.stdout.readline(), 60)
    process.send_signal(signal.SIGKILL)
    await process.wait()


async def test_every_deal_can_be_credited_anew_after_a_look_at_what_that_changes(attribution: Taking) -> None:
    await attribution.take(*random_company(4))
    found = await preview_attribution(attribution.pool, attribution.terms, nothing_told)
    assert all(change.before == change.after for changes in found.values() for change in changes.values())
    assert await mark_all(attribution.pool) > 5
    assert (await attribution.compute()).changed == 0


async def test_the_command_shows_does_and_undoes_it(engines: Engines, database_url: str, tmp_path: Path) -> None:
    config = tmp_path / "closedloop.yaml"
    config.write_text("channels:\n  rules:\n    - {channel: Partner, source: google}\n")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CLOSEDLOOP_DATABASE_URL": database_url,
        "CLOSEDLOOP_KAFKA": engines.kafka,
        "CLOSEDLOOP_DATA": str(tmp_path / "none"),
        "COLUMNS": "100",
    }

    async def told(*arguments: str) -> str:
        command = sys.executable, "-m", "cli.main", "rebuild", "channels", "--config", str(config), *arguments
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0
        return out.decode()

    async with taking(database_url) as attribution:
        await attribution.take(touch("1", 1, ADS), touch("2", 2, MAIL), person(), deal("won", "100", 5))
        shown = await told("--dry-run")
        assert "1 touch and 0 costs would come out differently; 1 deal would be" in " ".join(shown.split())
        assert re.search(r"Partner +0 +1 +0 +1\n", shown)
        assert re.search(r"Partner +0\.00 +100\.00 +\+100\.00\n", shown)
        done = await told()
        assert f"closedloop rebuild channels --to {FIRST.version}" in done
        await attribution.compute()
        assert await attribution.credited("first") == [("booked", "Partner", "100.00")]
        assert "Nothing to do" in await told()
        await told("--to", FIRST.version)
        await attribution.compute()
        assert await attribution.credited("first") == [("booked", "Paid Search", "100.00")]

"""kill -9 of any process of `closedloop up`, and of `up` itself: what was acknowledged is there, and there once."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from cli.demo.company import company
from cli.demo.story import Story
from cli.importing.send import Receiver, encoded
from deploy.supervise.services import why_not_ready
from services.attribution.domain.models import RULES
from shared.events.ids import Sender
from tests.e2e.running import Closedloop, eventually
from tests.e2e.test_demo import expected_revenue

STORY = Story(datetime(2026, 11, 20, tzinfo=UTC), accounts=50, days=60)
VICTIMS = ("ingest", "lifecycle", "attribution", "kafka", "postgres")
PATHS = ("/v1/touchpoints", "/v1/lead-actions", "/v1/deals")


def test_killing_any_process_loses_nothing_acknowledged_and_counts_nothing_twice(tmp_path: Path) -> None:
    closedloop = Closedloop(tmp_path)  # with engines of its own, to be killed too
    told = company(STORY)
    parts = [_parts(items, len(VICTIMS) + 1) for items in (told.touchpoints, told.lead_actions, told.deals)]
    sent = zip(*parts, strict=True)

    with closedloop.up() as up:
        for victim in VICTIMS:
            pid = closedloop.state.processes[victim]
            asyncio.run(_send(closedloop, next(sent), meanwhile=partial(os.kill, pid, signal.SIGKILL)))
            eventually(lambda name=victim, pid=pid: _is_back(closedloop, name, pid), f"{victim} came back")
        last = next(sent)
        asyncio.run(_send(closedloop, last))
        up.kill()
        up.wait()
    with closedloop.up():  # which first ends what the killed one left behind
        asyncio.run(_send(closedloop, last))  # by a sender who does not know how much of it arrived
        closedloop.run("wait", "--drained")
        _is_all_there_once(closedloop)
    assert closedloop.terminal.count("started again") >= len(VICTIMS)


def _is_all_there_once(closedloop: Closedloop) -> None:
    told, sender = company(STORY), Sender("default")
    stored = [row["touchpoint_id"] for row in closedloop.report("fct_touchpoint")]
    assert sorted(stored) == sorted(sender.event_id(touch["id"]) for touch in told.touchpoints)
    ledger = closedloop.report("fct_deal_entry")
    live = [row for row in ledger if row["superseded_at"] is None and row["kind"] != "pipeline"]
    assert sum(Decimal(row["amount_base"]) for row in live) == expected_revenue()
    rows = closedloop.report("revenue_by_channel")
    for model in RULES:
        assert sum(Decimal(row["revenue"]) for row in rows if row["model"] == model) == expected_revenue()
    stages = [row for row in closedloop.report("fct_stage_transition") if row["superseded_at"] is None]
    steps = [(row["person_id"], row["cycle"], row["to_stage"], row["occurred_at"]) for row in stages]
    assert len(set(steps)) == len(steps)


def _parts(items: Sequence[Any], count: int) -> list[Sequence[Any]]:
    size = -(-len(items) // count)
    return [items[at : at + size] for at in range(0, size * count, size)]


async def _send(
    closedloop: Closedloop, kinds: Sequence[Sequence[Any]], meanwhile: Callable[[], None] | None = None
) -> None:
    """Everything in small batches, each until it is acknowledged; `meanwhile` happens a third of the way through."""
    small = [(path, own[at : at + 25]) for path, own in zip(PATHS, kinds, strict=True) for at in range(0, len(own), 25)]
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        for number, (path, batch) in enumerate(small):
            if meanwhile is not None and number == len(small) // 3:
                meanwhile()
            receiver = Receiver(http, closedloop.url, path, str(closedloop.keys.secret_key))
            assert await receiver.send([encoded(item) for item in batch]) == []


def _is_back(closedloop: Closedloop, name: str, killed: int) -> bool:
    state = closedloop.state
    return state.processes.get(name) not in (None, killed) and not any(why_not_ready(u) for u in state.http.values())

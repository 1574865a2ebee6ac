"""Markov and Shapley in the service: fitted over all journeys, spread over each deal, exact to the cent."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from services.attribution.config import Attribution
from services.attribution.domain.journeys.selection import Paths, select
from services.attribution.domain.models import FITTED, fitted_models
from services.attribution.domain.models.fitting import Fit
from services.attribution.recompute.compute import Done
from services.attribution.runs.fit import FitUnderWay, fit
from services.attribution.runs.fitter import Fitter
from services.attribution.runs.journeys import journeys
from shared import db
from shared.events.touchpoint import Account, Campaign
from tests.integration.attribution.company import ADS, MAIL, SOCIAL, day, deal, email, person, random_company, touch
from tests.integration.attribution.taking import Taking, taking
from tests.unit.services.attribution.domain.builders import Journey, Touch, from_values

NAMES = {ADS: "Paid Search", MAIL: "Email", SOCIAL: "Organic Social"}
PATHS: dict[str, tuple[str, str, tuple[Campaign, ...]]] = {
    "d1": ("won", "120", (ADS, MAIL, SOCIAL)),
    "d2": ("won", "70.01", (MAIL, MAIL)),
    "d3": ("lost", "50", (ADS, SOCIAL)),
    "d4": ("open", "33.34", (SOCIAL, ADS)),
}
UNEVEN = """
SELECT entry.entry_id FROM warehouse.fct_deal_entry AS entry JOIN (
    SELECT entry_id, sum(amount_base) AS credited FROM warehouse.fct_credit
    WHERE model = $1 AND superseded_at IS NULL GROUP BY entry_id
) AS credit USING (entry_id)
WHERE entry.superseded_at IS NULL AND credited IS DISTINCT FROM amount_base
"""
MODELS_OF_ENTRIES = """
SELECT DISTINCT coalesce(models, '{}') AS models FROM warehouse.fct_deal_entry AS entry LEFT JOIN (
    SELECT entry_id, array_agg(DISTINCT model ORDER BY model) AS models FROM warehouse.fct_credit
    WHERE superseded_at IS NULL GROUP BY entry_id
) AS credit USING (entry_id) WHERE superseded_at IS NULL
"""
RUNS = "SELECT run_id, reason, deals FROM warehouse.attribution_run WHERE reason LIKE 'fit%' ORDER BY run_id"


def company(paths: dict[str, tuple[str, str, tuple[Campaign, ...]]]) -> list[msgspec.Struct]:
    """Per deal an account with one person, who walks a path a day a touch."""
    events: list[msgspec.Struct] = []
    for name, (status, amount, path) in paths.items():
        who = f"p@{name}.com"
        events += [touch(f"{name}/{n}", n + 1, campaign, email=who) for n, campaign in enumerate(path)]
        events.append(person(name, account=name, identifiers=(email(who),)))
        events.append(deal(status, amount, 9, deal_id=name, account=Account(id=name)))
    return events


def expected(model: str, paths: dict[str, tuple[str, str, tuple[Campaign, ...]]]) -> dict[str, tuple[float, float]]:
    """Channel -> share and value, of the model over the decided deals."""
    walked = [
        Journey(
            name,
            tuple(Touch(f"{n}", day(n + 1), NAMES[campaign]) for n, campaign in enumerate(path)),
            closed_at=day(9),
            count=float(status == "won"),
            nulls=float(status == "lost"),
            value=float(amount) if status == "won" else 0.0,
        )
        for name, (status, amount, path) in paths.items()
        if status != "open"
    ]
    learnt = fitted_models()[model].fit(select(from_values(walked)))
    return dict(zip(learnt.channels, zip(learnt.share.tolist(), learnt.value.tolist(), strict=True), strict=True))


async def results(one: Taking, model: str, run_id: int) -> dict[str, tuple[float, float]]:
    """Channel -> share and value, as the warehouse has them."""
    query = "SELECT channel, share, value_base FROM warehouse.model_result WHERE model = $1 AND run_id = $2"
    return {row["channel"]: (row["share"], row["value_base"]) for row in await one.rows(query, model, run_id)}


def fitter(one: Taking, minutes: float = 0) -> Fitter:
    """One that waits so long between runs."""
    return Fitter(one.pool, one.terms, timedelta(minutes=minutes))


@pytest.fixture
async def fitted(database_url: str) -> AsyncIterator[Taking]:
    """Attribution with `linear`, and both fitted models."""
    async with taking(database_url, Attribution(models=("linear", *FITTED))) as one:
        yield one


async def test_a_run_learns_from_all_decided_deals_what_the_domain_does(fitted: Taking) -> None:
    await fitted.take(*company(PATHS))
    run_id = await fitter(fitted).fit_if_due()
    assert await fitted.rows(RUNS) == [{"run_id": run_id, "reason": "fit: no run yet", "deals": 3}]
    for model in FITTED:
        learnt = await results(fitted, model, run_id or 0)
        assert learnt.keys() == {"Paid Search", "Email", "Organic Social"}
        for channel, figures in expected(model, PATHS).items():
            assert learnt[channel] == pytest.approx(figures, rel=1e-12)
    effects = "SELECT DISTINCT model FROM warehouse.model_result WHERE removal_effect IS NOT NULL"
    assert await fitted.rows(effects) == [{"model": "markov"}]


async def test_a_deal_is_credited_by_the_shares_of_the_channels_on_its_path(fitted: Taking) -> None:
    await fitted.take(*company(PATHS))
    assert await fitted.credited("shapley") == []
    run_id = await fitter(fitted).fit_if_due()
    assert await fitted.compute() == Done(3, 3)
    # Shapley: Email 1/3 + 1, the others 1/3 each; so 2/3 and 1/6, 1/6 of d1, and halves of d4.
    assert await fitted.credited("shapley") == [
        ("booked", "Paid Search", "20.00"),
        ("booked", "Email", "80.00"),
        ("booked", "Organic Social", "20.00"),
    ]
    assert await fitted.credited("shapley", "d4") == [
        ("pipeline", "Organic Social", "16.67"),
        ("pipeline", "Paid Search", "16.67"),
    ]
    of_runs = "SELECT DISTINCT run_id FROM warehouse.fct_credit WHERE model IN ('markov', 'shapley')"
    assert await fitted.rows(of_runs) == [{"run_id": run_id}]


async def test_credits_of_fitted_models_sum_exactly_to_the_ledger(fitted: Taking) -> None:
    await fitted.take(*random_company(5))
    await fitter(fitted).fit_if_due()
    await fitted.compute()
    assert await fitted.rows(MODELS_OF_ENTRIES) == [{"models": ["linear", "markov", "shapley"]}]
    for model in FITTED:
        assert await fitted.rows(UNEVEN, model) == []


async def test_a_run_after_a_new_deal_supersedes_what_it_changes_and_leaves_the_rest(fitted: Taking) -> None:
    await fitted.take(*company(PATHS))
    first = await fitter(fitted).fit_if_due()
    await fitted.compute()
    more = PATHS | {"d5": ("won", "500", (ADS,))}
    await fitted.take(*company({"d5": more["d5"]}))
    second = await fitter(fitted).fit_if_due()
    assert second is not None and first is not None and second > first
    assert (await results(fitted, "markov", second)).keys() == expected("markov", more).keys()
    await fitted.compute()
    standing = """
        SELECT DISTINCT deal_id, run_id, superseded_at IS NULL AS stands FROM warehouse.fct_credit
        WHERE model = 'shapley' AND deal_id IN ('d1', 'd2') ORDER BY deal_id, run_id"""
    assert await fitted.rows(standing) == [
        {"deal_id": "d1", "run_id": first, "stands": False},
        {"deal_id": "d1", "run_id": second, "stands": True},
        {"deal_id": "d2", "run_id": first, "stands": True},  # all Email, whatever the shares
    ]
    assert await fitted.rows(UNEVEN, "shapley") == []


async def test_a_channel_no_run_has_seen_is_credited_evenly_until_the_next(fitted: Taking) -> None:
    await fitted.take(*company({"d1": ("won", "100", (ADS,))}))
    await fitter(fitted).fit_if_due()
    await fitted.compute()
    await fitted.take(*company({"d2": ("won", "30", (MAIL, SOCIAL, MAIL))}))
    assert [amount for _, _, amount in await fitted.credited("markov", "d2")] == ["10.00", "10.00", "10.00"]


async def test_nothing_new_makes_no_run(fitted: Taking) -> None:
    await fitted.take(*company(PATHS))
    run_id = await fitter(fitted).fit_if_due()
    assert await fitter(fitted).fit_if_due() is None, "deals are due to be computed first"
    await fitted.compute()
    assert await fitter(fitted).fit_if_due() is None
    await fitted.take(*company(PATHS), deal("open", "99", 20, deal_id="d4", account=Account(id="d4")))
    assert await fitter(fitted).fit_if_due() == run_id, "it was looked at, and says the same"
    assert await fitted.compute() == Done(0, 0)
    assert await fit(fitted.pool, fitted.terms, "asked for") == run_id
    assert len(await fitted.rows(RUNS)) == 1


async def test_runs_keep_their_distance(fitted: Taking) -> None:
    await fitted.take(*company(PATHS))
    await fitter(fitted, minutes=15).fit_if_due()
    await fitted.take(*company({"d5": ("won", "500", (ADS,))}))
    assert await fitter(fitted, minutes=15).fit_if_due() is None
    assert await fitter(fitted, minutes=0).fit_if_due() is not None


async def test_a_run_that_dies_leaves_nothing_behind(fitted: Taking) -> None:
    class Dies:
        def fit(self, paths: Paths) -> Fit:
            raise MemoryError

    await fitted.take(*company(PATHS))
    with pytest.raises(MemoryError):
        await fit(fitted.pool, replace(fitted.terms, fitted={**fitted.terms.fitted, "shapley": Dies()}), "dies")
    assert await fitted.rows("SELECT * FROM warehouse.model_result") == []
    assert await fitted.compute() == Done(0, 0)
    assert await fitter(fitted).fit_if_due() is not None


async def test_one_process_fits_at_a_time_and_batches_go_on_meanwhile(fitted: Taking) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    class Waits:
        def fit(self, paths: Paths) -> Fit:
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
            return fitted_models()["markov"].fit(paths)

    await fitted.take(*company(PATHS))
    slow = asyncio.create_task(fit(fitted.pool, replace(fitted.terms, fitted={"markov": Waits()}), "slow"))
    try:
        await begun.wait()
        with pytest.raises(FitUnderWay):
            await fit(fitted.pool, fitted.terms, "too")
        new = company({"d5": ("won", "500", (ADS,))})
        assert await asyncio.wait_for(fitted.take(*new), 20) == Done(1, 1)
    finally:
        go_on.set()
        run_id = await slow
    await fitted.compute()
    assert await fitter(fitted).fit_if_due() not in (None, run_id), "the deal that came meanwhile is not forgotten"


async def test_a_process_that_is_told_to_stop_gives_up_its_run(fitted: Taking) -> None:
    begun, let_go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    class Waits:
        def fit(self, paths: Paths) -> Fit:
            loop.call_soon_threadsafe(begun.set)
            let_go.wait(30)
            return fitted_models()["markov"].fit(paths)

    await fitted.take(*company(PATHS))
    stop = asyncio.Event()
    slow = Fitter(fitted.pool, replace(fitted.terms, fitted={"markov": Waits()}), timedelta(0))
    task = asyncio.create_task(slow.run(stop))
    await begun.wait()
    stop.set()
    await asyncio.wait_for(task, 10)
    let_go.set()
    assert await fitted.rows(RUNS) == []
    assert await fitter(fitted).fit_if_due() is not None, "the lock went with it"


async def test_the_size_of_the_chunks_changes_nothing(fitted: Taking) -> None:
    await fitted.take(*random_company(5))
    async with db.transaction(fitted.pool) as connection:
        whole, small = [await journeys(connection, fitted.terms, chunk) for chunk in (500, 2)]
    assert whole.digest() == small.digest()
    assert whole.deals == small.deals > 0

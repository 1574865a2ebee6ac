"""`closedloop rebuild`: history by the present rules, with what that changes shown first."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.reports import look
from cli.running import Config, Data, settings_of_running
from services.attribution.config import read
from services.attribution.domain.channels import Classifier
from services.attribution.domain.terms import Terms
from services.attribution.rebuild.attribution import mark_all, preview_attribution
from services.attribution.rebuild.channels import Switched, go_back
from services.attribution.rebuild.channels import rebuild as rebuild_channels
from services.attribution.rebuild.preview import Preview, RevenueChange, Step, preview_channels
from shared import db
from shared.command import CLOSEDLOOP
from shared.errors import ClosedloopError

app = typer.Typer(no_args_is_help=True, help="apply the present rules to history, after showing what that changes")

ROLE = "closedloop_attribution"
LONGEST_SECONDS = 24 * 3600.0  # of one statement: a switch of millions of touches is one
ROWS = 12  # channels shown of each table
DryRun = Annotated[bool, typer.Option("--dry-run", help="only show what would change")]


@app.command()
def channels(
    dry_run: DryRun = False,
    to: Annotated[str | None, typer.Option(metavar="VERSION", help="undo: go back to what this version made")] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Classify every touch and cost by the channel rules and earning kinds of closedloop.yaml.

    Show first what would change: closedloop rebuild channels --dry-run. Events go on meanwhile; what was done stays
    done when it is interrupted, and the next call goes on from there. All of it is put in force at once.
    """
    if to is not None:
        _run(data, config, lambda pool, classifier, terms: _undone(pool, to))
    elif dry_run:
        _run(data, config, _previewed)
    else:
        _run(data, config, _rebuilt)


async def _previewed(pool: AsyncEngine, classifier: Classifier, terms: Terms) -> None:
    with _progress() as step:
        found = await preview_channels(pool, classifier, terms, step)
    if found is None:
        _say_nothing_to_do(classifier)
    else:
        show_preview(look.console(), found, terms.policy.base_currency)


async def _rebuilt(pool: AsyncEngine, classifier: Classifier, _: Terms) -> None:
    with _progress() as step:
        done = await rebuild_channels(pool, classifier, lambda n, of: step("classifying touches", n, of))
    if done is None:
        _say_nothing_to_do(classifier)
        return
    what = f"{_of(done.touches, 'touch', 'touches')} and {_of(done.costs, 'cost', 'costs')} came out differently"
    _say_switched(done, f"{what}; history is by version {classifier.version}")
    print(f"To undo: {CLOSEDLOOP} rebuild channels --to {done.back_to[0]}")


async def _undone(pool: AsyncEngine, version: str) -> None:
    done = await go_back(pool, version)
    _say_switched(done, f"{_of(done.touches, 'touch is', 'touches are')} as version {version} made them")


@app.command()
def attribution(dry_run: DryRun = False, data: Data = None, config: Config = None) -> None:
    """Credit every deal anew under the models and settings of closedloop.yaml.

    The service does so by itself when its settings change; this is for doubt.
    """
    to_screen = look.console()

    async def work(pool: AsyncEngine, _: Classifier, terms: Terms) -> None:
        if not dry_run:
            print(f"{_of(await mark_all(pool), 'deal is', 'deals are')} marked; the running service credits them anew.")
            return
        with _progress() as step:
            found = await preview_attribution(pool, terms, step)
        show_models(to_screen, found, terms.policy.base_currency)

    _run(data, config, work)


def show_preview(to: Console, found: Preview, currency: str) -> None:
    """What would change: touches by channel, then revenue by channel under each model."""
    look.put(
        to,
        Text(
            f"{_of(found.touches, 'touch', 'touches')} and {_of(found.costs, 'cost', 'costs')} would come out "
            f"differently; {_of(found.deals, 'deal', 'deals')} would be credited anew."
        ),
    )
    made = look.table(("channel", "touches", "then", "earning", "then"))
    for channel, change in list(found.channels.items())[:ROWS]:
        made.add_row(channel, *(f"{count:,}" for count in change))
    look.show(to, made, "Touches", "now and then; those that earn credit")
    show_models(to, found.revenue, currency)


def show_models(to: Console, models: dict[str, dict[str, RevenueChange]], currency: str) -> None:
    """Revenue by channel under every model that something changes under, and the names of the others."""
    changed = [model for model, changes in models.items() if any(before != after for before, after in changes.values())]
    for model in changed:
        show_revenue(to, model, models[model], currency)
    if same := [model for model in models if model not in changed]:
        to.print()
        look.put(to, Text(f"Nothing changes under {', '.join(same)}."))


def show_revenue(to: Console, model: str, changes: dict[str, RevenueChange], currency: str) -> None:
    """Revenue by channel under one model, before and after."""
    made = look.table(("channel", "revenue", "then", "change"))
    for channel, (before, after) in list(changes.items())[:ROWS]:
        made.add_row(channel, f"{before:,.2f}", f"{after:,.2f}", f"{after - before:+,.2f}" if after != before else "")
    if rest := list(changes.values())[ROWS:]:
        before, after = (sum((change[n] for change in rest), Decimal(0)) for n in (0, 1))
        made.add_row(f"{len(rest)} others", f"{before:,.2f}", f"{after:,.2f}", f"{after - before:+,.2f}")
    look.show(to, made, model, f"revenue in {currency}, now and then")


def _say_nothing_to_do(classifier: Classifier) -> None:
    print(f"Nothing to do: history is by the present rules already (version {classifier.version}).")


def _say_switched(done: Switched, what: str) -> None:
    print(f"{what}.\n{_of(done.deals, 'deal is', 'deals are')} marked; the running service credits them anew.")
    if done.others:
        others = _of(done.others, "touch is", "touches are")
        print(f"{others} by other rules. Restart closedloop if its rules are older, and run it again.")


def _of(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"


def _run(
    data: Path | None, config: Path | None, work: Callable[[AsyncEngine, Classifier, Terms], Awaitable[None]]
) -> None:
    """Do the work on the database in use, under the configuration in force."""
    try:
        settings, _ = settings_of_running(data, config=config)
        section, classifier = read(settings, None)
        terms = section.terms(settings.base_currency, classifier.version, settings.reporting_zone)
        asyncio.run(_on(settings.postgres_url, lambda pool: work(pool, classifier, terms)))
    except ClosedloopError as problem:
        print(f"closedloop rebuild: {problem}", file=sys.stderr)
        sys.exit(1)


async def _on(url: str, work: Callable[[AsyncEngine], Awaitable[None]]) -> None:
    pool = db.engine(url, ROLE, statement_seconds=LONGEST_SECONDS)
    try:
        await work(pool)
    finally:
        await pool.dispose()


@contextmanager
def _progress() -> Iterator[Step]:
    """A bar on a terminal; nothing elsewhere."""
    to = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=to, transient=True, disable=not to.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def step(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of)
            bar.update(tasks[what], completed=done, total=of)

        yield step

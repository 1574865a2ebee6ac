"""`closedloop demo`: a seeded company through the whole loop, and the two reports it is all for."""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console

from cli.commands.up import running_stack
from cli.commands.wait import until_drained
from cli.demo import place
from cli.demo.company import Company, company
from cli.demo.send import tell
from cli.demo.show import show
from cli.demo.story import Story
from cli.reports import look
from cli.reports.read import Warehouse
from cli.running import Data, Port, settings_for
from deploy.embedded.ports import is_free
from deploy.supervise.folder import DataFolder
from deploy.supervise.report import Report
from deploy.supervise.services import SERVICES, keys_to_use
from deploy.supervise.stack import Stack
from shared.command import CLOSEDLOOP
from shared.errors import ClosedloopError
from shared.settings import Settings
from shared.settings.model import Http

app = typer.Typer(help="run a seeded company through the whole loop and print the two reports")

DRAINED_WITHIN = 300.0  # seconds


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="another seed is another company")] = 7,
    accounts: Annotated[int, typer.Option(min=1, max=10_000, help="companies in the market")] = 300,
    days: Annotated[int, typer.Option(min=14, max=1000, help="days of its life")] = 90,
    end: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="the day it ends [today]")
    ] = None,
    data: Data = None,
    port: Port = None,
) -> None:
    """Start everything, send a made-up company's data through HTTP, print what it says. Run it twice: nothing changes.

    On a terminal it stays up until Ctrl-C. Its data folder is its own: .closedloop/demo, or --data.
    """
    console = look.console()
    report = Report(console)
    place_of_it = data or Path(os.environ.get("CLOSEDLOOP_DATA", ".closedloop")) / "demo"
    wanted = Story(place.midnight((end or datetime.now(UTC)).date()), seed, accounts, days)
    try:
        story = _settled(report, place_of_it, wanted, end is not None)
        settings, config = settings_for(place_of_it, port or _port(), place.remember(place_of_it, story))
        with running_stack(settings, DataFolder(settings.data), config, report) as stack:
            told = company(story)
            adds_up = asyncio.run(_tell_and_show(console, report, stack, settings, story, told))
            if sys.stdin.isatty() and sys.stdout.isatty():
                _say_what_next(report, place_of_it, told)
                stack.watch()
    except ClosedloopError as problem:
        report.failed(problem)
        sys.exit(1)
    except KeyboardInterrupt:
        console.print(f"  Stopped. `{CLOSEDLOOP} demo` brings it back.\n", highlight=False)
        return
    sys.exit(0 if adds_up else 1)


def _settled(report: Report, folder: Path, wanted: Story, end_is_set: bool) -> Story:
    """The story to tell. Another one that is in the folder has to go first."""
    story, another_is_there = place.story_for(folder, wanted, end_is_set)
    if another_is_there:
        given, _ = settings_for(folder, None, None)
        place.make_room(DataFolder(folder), given.kafka.bootstrap is None and given.database_url is None)
        report.text("Another company than last time: its data starts afresh.")
    return story


def _port() -> int | None:
    """None for the usual port; others when something listens there, such as your own `closedloop up`."""
    if os.environ.get("CLOSEDLOOP_PORT"):
        return None
    usual = Http()
    firsts = range(usual.port, usual.port + 1000, 10)
    return next(first for first in firsts if all(is_free(first + n, usual.host) for n in SERVICES.values()))


async def _tell_and_show(
    console: Console, report: Report, stack: Stack, settings: Settings, story: Story, told: Company
) -> bool:
    started = time.monotonic()
    state = stack.state
    report.doing(f"Sending {len(told.touchpoints):,} touchpoints, {len(told.deals):,} versions of deals")
    await tell(told, state.http["ingest"], keys_to_use(settings, DataFolder(settings.data)))
    sent = time.monotonic()
    report.doing("Waiting until all of it is in the tables")
    kafka = settings.kafka.model_copy(update={"bootstrap": state.kafka})
    engines = settings.model_copy(update={"kafka": kafka, "database_url": SecretStr(state.database_url)})
    await until_drained(engines, DRAINED_WITHIN)
    report.settled()
    what = f"{len(told.touchpoints):,} touchpoints, {len(told.deals):,} deal versions, {len(told.lead_actions):,} acts"
    took = f"sent in {sent - started:.1f} s, credited {time.monotonic() - sent:.1f} s later"
    report.line("the company", what, took)
    async with Warehouse(state.database_url) as warehouse:
        return await show(console, warehouse, story)


def _say_what_next(report: Report, folder: Path, told: Company) -> None:
    at = f"--data {folder}"
    report.text("", "[bold]Look closer[/]  (it stays up until Ctrl-C)", f"  {CLOSEDLOOP} report {at}")
    for deal in sorted(told.deals, key=lambda deal: "refunds" not in deal)[:1]:
        report.text(f"  {CLOSEDLOOP} explain deal {deal['id']} {at}", f"  {CLOSEDLOOP} lead {deal['contacts'][0]} {at}")
    report.text("")

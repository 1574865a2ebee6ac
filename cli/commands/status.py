"""`closedloop status`: what runs, where, and how far behind it is."""

import asyncio
import json
import sys
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.table import Table

from cli.running import Config, Data, settings_of_running
from deploy.supervise.backlog import Backlog, BacklogReader
from deploy.supervise.folder import State
from deploy.supervise.services import why_not_ready
from shared.errors import ClosedloopError, EngineError, Unavailable
from shared.settings import Settings

app = typer.Typer(help="what runs, where, and how far behind it is")


@app.command()
def status(
    data: Data = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Print what runs here. Exit code 1 when nothing does."""
    try:
        settings, state = settings_of_running(data, config=config)
        backlog = asyncio.run(_backlog(settings))
    except ClosedloopError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
    state = state or State({}, settings.kafka_bootstrap, settings.postgres_url, {})
    if as_json:
        print(json.dumps(_as_json(state, backlog)))
    else:
        _print(Console(), state, backlog)


async def _backlog(settings: Settings) -> Backlog | None:
    """None while an engine is away or not migrated: the rest of the status is still worth seeing."""
    try:
        async with BacklogReader(settings) as reader:
            return await reader.look()
    except (EngineError, Unavailable):
        return None


def _as_json(state: State, backlog: Backlog | None) -> dict[str, Any]:
    return {
        "http": state.http,
        "kafka": state.kafka,
        "database_url": state.database_url,
        "processes": state.processes,
        "lag": backlog.lag if backlog else None,
    }


def _print(console: Console, state: State, backlog: Backlog | None) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 3, 0, 0))
    for heading in ("", "address", "state"):
        table.add_column(heading)
    table.add_column("pid", justify="right")
    table.add_column("memory", justify="right")
    for name, url in state.http.items():
        why = why_not_ready(url)
        table.add_row(name, url, "[green]ready[/]" if why is None else f"[yellow]{why}[/]", *_process(state, name))
    away = "[red]does not answer[/]"
    table.add_row("kafka", state.kafka, "[green]answers[/]" if backlog else away, *_process(state, "kafka"))
    address = state.database_url.rpartition("@")[2]  # without the password
    table.add_row("postgres", address, "[green]answers[/]" if backlog else away, *_process(state, "postgres"))
    console.print(table)
    if backlog is None:
        console.print("\nKafka or PostgreSQL does not answer, so nothing is known about the backlog.")
        return
    waiting = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 3, 0, 0))
    waiting.add_column("waiting")
    waiting.add_column("", justify="right")
    for name, count in backlog.parts().items():
        waiting.add_row(name, f"[{'green' if not count else 'yellow'}]{count:,}[/]")
    console.print()
    console.print(waiting)


def _process(state: State, name: str) -> tuple[str, str]:
    pid = state.processes.get(name)
    if pid is None:
        return "", ""  # it runs elsewhere
    try:
        return str(pid), f"{psutil.Process(pid).memory_info().rss / 1e6:,.0f} MB"
    except psutil.Error:
        return str(pid), "gone"

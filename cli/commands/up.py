"""`closedloop up`: everything on this machine, until Ctrl-C."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from cli.running import Config, Data, Port, checked_settings_for
from deploy.supervise.folder import DataFolder, Keys
from deploy.supervise.report import Report
from deploy.supervise.services import SERVICES, keys_to_use
from deploy.supervise.stack import Stack
from shared.command import CLOSEDLOOP
from shared.errors import ClosedloopError
from shared.settings import Settings

app = typer.Typer(help="start everything that is missing and keep it running until Ctrl-C")


@app.command()
def up(
    data: Data = None,
    port: Port = None,
    config: Config = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="show the services' logs as they come")] = False,
) -> None:
    """Start what is missing, run the services, start again whatever dies; Ctrl-C stops all of it."""
    console = Console()
    try:
        settings, used = checked_settings_for(data, port, config)
        folder = DataFolder(settings.data)
        report = Report(console, [folder.logs / f"{name}.log" for name in SERVICES] if verbose else [])
        with running_stack(settings, folder, used, report) as stack:
            _say_what_next(report, stack, keys_to_use(settings, folder))
            stack.watch()
    except ClosedloopError as problem:
        Report(console).failed(problem)
        sys.exit(1)
    except KeyboardInterrupt:
        console.print("  Stopped; what was taken in is kept for the next start.\n", highlight=False)


@contextmanager
def running_stack(settings: Settings, folder: DataFolder, config: Path | None, report: Report) -> Iterator[Stack]:
    """Everything started and ready; stopped when the block ends, by whatever way. From the main thread.

    SIGTERM and a closed terminal end the block as Ctrl-C does, by KeyboardInterrupt.
    """
    with folder.locked(), _signals(_interrupt):
        stack = Stack(settings, folder, config, report)
        try:
            stack.start()
            yield stack
        finally:
            with _signals(signal.SIG_IGN):  # a second Ctrl-C must not leave half of it running; there are deadlines
                stack.stop()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _signals(handler: "signal._HANDLER") -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def _say_what_next(report: Report, stack: Stack, keys: Keys) -> None:
    ingest = stack.state.http["ingest"]
    example = '{"id":"1","kind":"page_view","email":"ada@example.com","campaign":{"source":"google","medium":"cpc"}}'
    if keys.write_key is not None:
        report.line("write key", keys.write_key, "for web pages and apps: touchpoints", "magenta")
    if keys.secret_key is not None:
        report.line("secret key", keys.secret_key, "for servers: deals, spend, lead actions", "magenta")
    if (key := keys.write_key or keys.secret_key) is not None:
        report.text(
            "",
            "[bold]Send the first touchpoint[/]",
            f"  curl {ingest}/v1/touchpoints -H 'X-Write-Key: {key}' \\",
            f"    -H 'Content-Type: application/json' -d '{example}'",
        )
    report.text(
        "",
        f"[dim]What can be sent: {ingest}/docs   How it is doing: {CLOSEDLOOP} status   Ctrl-C stops it.[/]",
        "",
    )

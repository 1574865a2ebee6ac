"""`closedloop import touchpoints|deals FILE`: a file of any shape, by a map, into the running services."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console

from cli.importing.convert import Converter
from cli.importing.fields import TARGETS, Target
from cli.importing.mapfile import Map, as_it_is, read_map
from cli.importing.progress import Reached, shown
from cli.importing.rejects import Rejects
from cli.importing.rows import Table, opened
from cli.importing.run import Counts, Tell, import_rows
from cli.importing.send import Receiver
from cli.running import Config, Data, settings_of_running
from deploy.supervise.folder import DataFolder
from deploy.supervise.services import keys_to_use, urls
from shared.errors import ClosedloopError

app = typer.Typer(no_args_is_help=True, help="touchpoints or deals from a CSV or JSONL file of any shape")

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or JSONL")]
MapFile = Annotated[Path | None, typer.Option("--map", help="YAML: which column fills which field; see docs/import.md")]
Url = Annotated[str | None, typer.Option(help="ingest's address; else the one that runs here")]
Key = Annotated[str | None, typer.Option(help="its write key (touchpoints) or secret key; else the ones kept here")]
RejectsFile = Annotated[
    Path | None,
    typer.Option("--rejects", help="where rejected rows go; else visits.rejects.csv in this folder, for visits.csv"),
]


class KeyIsMissing(ClosedloopError):
    """Another closedloop is to be sent to, whose keys nobody here knows."""


@app.command()
def touchpoints(
    file: File, map_: MapFile = None, url: Url = None, key: Key = None, rejects: RejectsFile = None,
    data: Data = None, config: Config = None,
) -> None:  # fmt: skip
    """Send every row as a touchpoint. Running it again changes nothing. Exit code 1 when rows were rejected."""
    _import(TARGETS["touchpoints"], file, map_, url, key, rejects, data, config)


@app.command()
def deals(
    file: File, map_: MapFile = None, url: Url = None, key: Key = None, rejects: RejectsFile = None,
    data: Data = None, config: Config = None,
) -> None:  # fmt: skip
    """Send every row as a deal, in the file's order. Running it again changes nothing. Exit 1: rows were rejected."""
    _import(TARGETS["deals"], file, map_, url, key, rejects, data, config)


def _import(
    target: Target, file: Path, map_: Path | None, url: str | None, key: str | None, rejects: Path | None,
    data: Path | None, config: Path | None,
) -> None:  # fmt: skip
    console = Console()
    started = time.monotonic()
    reached = Reached()
    try:
        mapping = read_map(map_, target) if map_ else None
        with opened(file, *_form(mapping)) as table:
            to = _receiver(target, url, key, data, config)
            converter = _converter(mapping, target, table, file)
            kept = rejects or Path(f"{file.stem}.rejects.{'csv' if table.columns else 'jsonl'}")
            with Rejects(kept, table.columns) as refused, shown(console, target.name, file.stat().st_size) as tell:
                counts = asyncio.run(_send(table, converter, refused, target, to, reached.hears(tell)))
    except ClosedloopError as problem:
        print(f"closedloop import: {problem}", file=sys.stderr)
        if reached.end:
            print(reached.said("Stopped", target.name, file), file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(reached.said("Interrupted", target.name, file), file=sys.stderr)
        sys.exit(130)
    _say(console, target, counts, kept, time.monotonic() - started)
    sys.exit(1 if counts.rejected else 0)


def _receiver(
    target: Target, url: str | None, key: str | None, data: Path | None, config: Path | None
) -> tuple[str, str]:
    """Ingest's address and a key for it: as given, else those of the closedloop that runs here."""
    if url is not None and key is not None:
        return url, key
    if url is not None:
        raise KeyIsMissing(f"--url {url} needs --key: only the keys of the closedloop that runs here are known")
    settings, state = settings_of_running(data, config=config)
    keys = keys_to_use(settings, DataFolder(settings.data))
    found = (state.http if state else urls(settings))["ingest"]
    if known := key or (keys.secret_key if target.secret else keys.write_key):
        return found, known
    kind = "secret" if target.secret else "write"
    raise KeyIsMissing(f"no configured source has a {kind}_key, which {target.name} need: give one with --key")


def _form(mapping: Map | None) -> tuple[str | None, str, str]:
    return (mapping.format, mapping.delimiter, mapping.encoding) if mapping else (None, ",", "utf-8")


def _converter(mapping: Map | None, target: Target, table: Table, file: Path) -> Converter:
    if table.columns is None:
        return Converter(mapping, target)
    converter = Converter(mapping or as_it_is(table.columns, target, file), target)
    converter.check_columns(table.columns, file)
    return converter


async def _send(
    table: Table, converter: Converter, rejects: Rejects, target: Target, to: tuple[str, str], tell: Tell
) -> Counts:
    url, key = to
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        return await import_rows(table, converter, Receiver(http, url, target.path, key), rejects, target.ordered, tell)


def _say(console: Console, target: Target, counts: Counts, rejects: Path, seconds: float) -> None:
    speed = f" ({counts.rows / seconds:,.0f} rows/s)" if counts.rows >= 1000 else ""
    text = f"  {counts.accepted:,} of {counts.rows:,} {target.name} taken in {seconds:.1f} s{speed}"
    console.print(text, style="green" if not counts.rejected else "yellow", highlight=False)
    if counts.rejected:
        text = f"  {counts.rejected:,} rejected; {rejects} has them with the reasons. Mend them there and import that."
        console.print(text, highlight=False, soft_wrap=True)

"""`closedloop attribute`: every attribution model over a CSV of journeys, with no engine running."""

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from cli.attribute.example import EXAMPLE
from cli.attribute.models import Computation, Options, UnusableOption
from cli.attribute.reading import read
from cli.attribute.rows import Table
from cli.attribute.source import Reject, Rejects
from cli.attribute.writing import WRITERS, credit_batches, totals_batches
from services.attribution.domain.journeys.selection import Rules
from services.attribution.domain.ledger.money import decimals
from shared.command import CLOSEDLOOP
from shared.errors import ClosedloopError

app = typer.Typer()
_SHOWN = 5


class By(StrEnum):
    """What a row of the result is."""

    journey = "journey"
    channel = "channel"


class Format(StrEnum):
    """How the result is written."""

    csv = "csv"
    json = "json"
    table = "table"


@app.command()
def attribute(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="CSV of journeys; - is standard input.")] = "",
    models: Annotated[str, typer.Option(help="all, or names joined by commas.")] = "all",
    by: Annotated[By, typer.Option(help="Credits per journey and channel, or channel totals.")] = By.journey,
    half_life: Annotated[float, typer.Option(help="Days; for time_decay.")] = 7.0,
    lookback: Annotated[float | None, typer.Option(help="Days before the close; older touches are left out.")] = None,
    exclude_direct: Annotated[bool, typer.Option("--exclude-direct", help="Unless nothing else is left.")] = False,
    collapse: Annotated[bool, typer.Option("--collapse", help="One channel several times in a row is one.")] = False,
    custom: Annotated[str | None, typer.Option(help="A model of yours: first=30,middle=40,last=30.")] = None,
    markov_order: Annotated[int, typer.Option(min=1, help="Latest channels the chain remembers.")] = 1,
    currency: Annotated[str | None, typer.Option(help="Split values exactly to its minor unit (ISO 4217).")] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to write the result.")] = Format.csv,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file, not standard output.")] = None,
    rejects: Annotated[Path | None, typer.Option(help="Write the rows left out here: line, reason, row.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail when a row cannot be used.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw channels x models: .svg or .png.")] = None,
    example: Annotated[bool, typer.Option("--example", help="Write a small file to try, and stop.")] = False,
) -> None:
    """Credit conversions to channels with every model, from a CSV and nothing else.

    Columns: journey_id, channel, occurred_at and, if you have them, position, converted_at, value, count, nulls;
    or one path per row: path (A > B > C), conversions, value, nulls. Times without a zone are taken as UTC.
    """
    with _told():
        if example:
            with _out(output) as out:
                out.write(EXAMPLE.encode())
            _say(f"Now try: {CLOSEDLOOP} attribute {output or 'FILE'} --by channel --format table")
            return
        if not file:
            raise UnusableOption("give a FILE, or - for standard input; --example writes one to try")
        options = Options(
            models=None if models == "all" else tuple(name.strip() for name in models.split(",")),
            rules=Rules(None if lookback is None else _days("--lookback", lookback), exclude_direct, collapse),
            half_life=_days("--half-life", half_life),
            custom=None if custom is None else _percentages(custom),
            markov_order=markov_order,
            currency=currency,
        )
        table = _read(file, rejects, strict)
        computation = Computation(table, options)
        places = None if currency is None else decimals(currency)
        if by is By.channel:
            batches = totals_batches(computation.totals(), places)
        else:
            batches = credit_batches(computation.credits(), table.ids, places)
        with _out(output) as out:
            WRITERS[output_format](batches, out)
        if plot is not None:
            # Only who wants a picture needs matplotlib.
            from cli.attribute.plot import draw  # noqa: PLC0415

            draw(list(computation.totals()), plot)


def _read(file: str, rejects_to: Path | None, strict: bool) -> Table:
    """Journeys, with the rows left out written and told about. Raises when `strict` and there are any."""
    rejects = Rejects()
    try:
        table = read(file, rejects)
    finally:
        rows = sorted(rejects.rows, key=lambda reject: reject.line)
        if rejects_to is not None:
            _write_rejects(rows, rejects_to)
    _say(f"{len(table.journeys):,} journeys, {len(table.journeys.at):,} touches; {len(rows):,} rows left out")
    for reject in rows[:_SHOWN]:
        _say(f"  line {reject.line}: {reject.reason}")
    if len(rows) > _SHOWN:
        _say(f"  and {len(rows) - _SHOWN:,} more" + ("" if rejects_to else "; --rejects FILE writes them all"))
    for note in table.notes:
        _say(f"note: {note}")
    if strict and rows:
        raise UnusableOption("rows were left out and --strict was given; mend them, or run without --strict")
    return table


def _write_rejects(rows: list[Reject], path: Path) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("line", "reason", "row"))
    writer.writerows((reject.line, reject.reason, reject.row) for reject in rows)
    with _out(path) as out:
        out.write(text.getvalue().encode())


def _percentages(custom: str) -> dict[str, float]:
    shares: dict[str, float] = {}
    for part in custom.split(","):
        name, _, share = part.partition("=")
        try:
            shares[name.strip()] = float(share)
        except ValueError:
            raise UnusableOption(f"--custom {part!r}: write position=percent, such as first=30,last=70") from None
    return shares


def _days(option: str, days: float) -> timedelta:
    try:
        span = timedelta(days=days)
    except (OverflowError, ValueError):
        raise UnusableOption(f"{option} {days} is not a number of days") from None
    if span < timedelta(0):
        raise UnusableOption(f"{option} {days} is below zero; give a number of days")
    return span


@contextmanager
def _told() -> Iterator[None]:
    """What a person can mend is said in a line, with exit status 1, not shown as a traceback."""
    try:
        yield
    except (ClosedloopError, ValueError) as error:
        _say(f"closedloop attribute: {error}")
        raise typer.Exit(1) from error
    except BrokenPipeError:
        # Whoever reads our output (head, less) has seen enough; closing quietly keeps Python from complaining at exit.
        with suppress(BrokenPipeError):
            sys.stdout.close()


@contextmanager
def _out(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        stream = path.open("wb")
    except OSError as error:
        raise UnusableOption(f"cannot write {path}: {error.strerror}") from error
    with stream:
        yield stream


def _say(line: str) -> None:
    typer.echo(line, err=True)

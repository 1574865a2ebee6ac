"""`closedloop channels`: which channel a link or a visit counts for, and by which rule, before any event is sent."""

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, TextIO

import typer

from services.attribution.domain.channels import ChannelFact, ChannelRules, Evidence, channel_rules
from shared.errors import ConfigError
from shared.settings import load

app = typer.Typer(no_args_is_help=True, help="which channel a touch counts for, and by which rule")

EVIDENCE_COLUMNS = {
    "kind": "kind",
    "url": "url",
    "referrer": "referrer",
    **{name: name for name in ("source", "medium", "campaign", "term", "content")},
    **{f"utm_{name}": name for name in ("source", "medium", "campaign", "term", "content")},
}
"""Column of the CSV -> field of Evidence; other columns are passed through."""

SHOWN = ("channel", "rule", "source", "medium", "campaign", "term", "content")
"""What is told of a touch: fields of ChannelFact; the utm values it was given are known already."""

Config = Annotated[Path | None, typer.Option(help="closedloop.yaml to take the rules from")]
Preset = Annotated[str | None, typer.Option(help="ga4 or b2b, instead of the configured one")]


@app.command("test")
def test(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="CSV with columns url, referrer, utm_source ... and any others; - reads standard input"
        ),
    ] = None,
    url: Annotated[str | None, typer.Option(help="the page, with its query")] = None,
    referrer: Annotated[str | None, typer.Option(help="the page before it")] = None,
    kind: Annotated[str, typer.Option(help="kind of touchpoint")] = "page_view",
    source: Annotated[str | None, typer.Option("--source", "--utm-source", help="utm_source")] = None,
    medium: Annotated[str | None, typer.Option("--medium", "--utm-medium", help="utm_medium")] = None,
    campaign: Annotated[str | None, typer.Option("--campaign", "--utm-campaign", help="utm_campaign")] = None,
    term: Annotated[str | None, typer.Option("--term", "--utm-term", help="utm_term")] = None,
    content: Annotated[str | None, typer.Option("--content", "--utm-content", help="utm_content")] = None,
    click_id: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="such as gclid=Cj0K; repeatable")
    ] = None,
    config: Config = None,
    preset: Preset = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Print the channel of one touch, or of every row of a CSV (written to standard output with the channel added)."""
    rules = _rules(config, preset)
    if file is not None:
        with sys.stdin if str(file) == "-" else _open(file) as rows:
            _classify_rows(rules, rows, sys.stdout)
        return
    evidence = Evidence(
        kind=kind, source=source, medium=medium, campaign=campaign, term=term, content=content,
        click_ids=tuple(_pairs(click_id or [])), referrer=referrer, url=url,
    )  # fmt: skip
    fact = rules.classify(evidence)
    if as_json:
        print(json.dumps(_shown(fact)))
        return
    for name, value in _shown(fact).items():
        if value is not None:
            typer.echo(f"{name:9} {value}")


@app.command("list")
def list_rules(config: Config = None, preset: Preset = None) -> None:
    """Print the rules in force, in the order they are tried; the first that matches decides."""
    rules = _rules(config, preset)
    for rule in rules.rules:
        typer.echo(f"{rule.name:30} {rule.channel:26} {describe(dict(rule.conditions))}")


def describe(row: Mapping[str, object]) -> str:
    """A rule's conditions in one line, as `list` and docs/channels.md show them."""
    return "; ".join(f"{key}: {_text(value)}" for key, value in row.items() if key != "channel")


def _rules(config: Path | None, preset: str | None) -> ChannelRules:
    try:
        section = dict(load(config).channels)
        if preset:
            section["preset"] = preset
        return channel_rules(section)
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None


def _open(file: Path) -> TextIO:
    try:
        return file.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None


def _classify_rows(rules: ChannelRules, rows: TextIO, out: TextIO) -> None:
    reader = csv.DictReader(rows)
    columns = list(reader.fieldnames or [])
    if not EVIDENCE_COLUMNS.keys() & columns:
        raise typer.BadParameter(f"the CSV has none of the columns {', '.join(EVIDENCE_COLUMNS)}")
    added = [name if name not in columns else f"session_{name}" for name in SHOWN]
    writer = csv.writer(out)
    writer.writerow([*columns, *added])
    for row in reader:
        writer.writerow([*(row[column] for column in columns), *_shown(rules.classify(_evidence(row))).values()])


def _shown(fact: ChannelFact) -> dict[str, str | None]:
    return {name: getattr(fact, name) for name in SHOWN}


def _evidence(row: Mapping[str, str | None]) -> Evidence:
    given = {field: row[column] for column, field in EVIDENCE_COLUMNS.items() if row.get(column)}
    return Evidence(**given)  # type: ignore[arg-type]  # the fields chosen here are all text


def _pairs(click_ids: list[str]) -> Iterator[tuple[str, str]]:
    for pair in click_ids:
        name, equals, value = pair.partition("=")
        if not equals or not name or not value:
            raise typer.BadParameter(f"expected NAME=VALUE, got {pair!r}", param_hint="--click-id")
        yield name, value


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)

"""CSV rows to `Journeys`: the long form, one row per touch."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cli.attribute import cells
from cli.attribute.source import Batch, Reject, Rejects, Source
from services.attribution.domain.journeys.columns import Milestones, from_columns
from services.attribution.domain.journeys.journeys import MISSING, Floats, Ints, Journeys, Mask

REQUIRED = ("journey_id", "channel", "occurred_at")
_NUMBERS = ("value", "count", "nulls")


@dataclass(frozen=True)
class Table:
    """What was read: journeys, their ids in the same order, and whether touches have times of their own."""

    journeys: Journeys
    ids: list[str]
    timed: bool
    notes: list[str] = field(default_factory=list)


def read_long(source: Source, rejects: Rejects, advance: Callable[[int], None]) -> Table:
    """All usable rows; the others go to `rejects`."""
    ids, channels = cells.Codes(), cells.Codes()
    parts: list[dict[str, npt.NDArray[Any]]] = []
    for batch in source.batches(("occurred_at",), rejects, advance):
        columns = _columns(batch, ids, channels)
        usable = _reject(batch, columns, rejects, source.delimiter)
        parts.append({name: column.values[usable] for name, column in columns.items()})
    rows = {name: np.concatenate([part[name] for part in parts]) for name in (parts[0] if parts else {})}
    return _table(rows, ids, channels)


def _columns(batch: Batch, ids: cells.Codes, channels: cells.Codes) -> dict[str, cells.Column]:
    given = batch.columns
    columns = {
        "journey_id": ids.encode(given["journey_id"]),
        "channel": channels.encode(given["channel"]),
        "occurred_at": cells.times(given["occurred_at"]),
    }
    columns["occurred_at"].bad[columns["occurred_at"].values == MISSING] = True
    if "position" in given:
        columns["position"] = cells.positions(given["position"])
    if "converted_at" in given:
        columns["converted_at"] = cells.times(given["converted_at"])
    for name in _NUMBERS:
        if name in given:
            columns[name] = cells.numbers(given[name], negative=name == "value")
    return columns


_REASONS = {
    "journey_id": "journey_id is empty or not UTF-8",
    "channel": "channel is empty or not UTF-8",
    "occurred_at": "occurred_at {!r} is not a time; write it as 2026-03-01T09:30:00Z",
    "converted_at": "converted_at {!r} is not a time; write it as 2026-03-01T09:30:00Z, or leave it empty",
    "position": "position {!r} is not first, lead_created, opportunity_created or closed (join several with +)",
    "value": "value {!r} is not a number",
    "count": "count {!r} is not a number of zero or more",
    "nulls": "nulls {!r} is not a number of zero or more",
}


def _reject(batch: Batch, columns: dict[str, cells.Column], rejects: Rejects, delimiter: str) -> Mask:
    """Which rows are usable; why the others are not goes to `rejects` (blank lines are just left out)."""
    bad = np.zeros(batch.rows, dtype=np.bool_)
    for column in columns.values():
        bad |= column.bad
    for i in np.flatnonzero(bad).tolist():
        row = {name: column[i].as_py() for name, column in batch.columns.items()}
        if not any(row.values()):
            continue
        reasons = [_REASONS[name].format(row[name]) for name, column in columns.items() if column.bad[i]]
        line = rejects.line_of(batch.first + i)
        rejects.rows.append(Reject(line, "; ".join(reasons), delimiter.join(reversed(row.values()))))
    return ~bad


def _table(rows: dict[str, npt.NDArray[Any]], id_codes: cells.Codes, channel_codes: cells.Codes) -> Table:
    nothing = np.zeros(0, dtype=np.int64)
    ids, journey = id_codes.numbered(rows.get("journey_id", nothing))
    channels, channel = channel_codes.numbered(rows.get("channel", nothing))
    n = len(ids)
    notes: list[str] = []

    def fact(name: str) -> Floats:
        values = rows.get(name)
        if values is None:
            return np.full(n, np.nan)
        own, disagree = first_given(journey, values, cells.present(values), n, np.nan)
        if disagree:
            notes.append(f"{disagree} journeys have rows that disagree about {name}; their first row counts")
        return own

    closed_at = np.full(n, MISSING, dtype=np.int64)
    count = fact("count")
    if "converted_at" in rows:
        converted = rows["converted_at"]
        closed_at, disagree = first_given(journey, converted, converted != MISSING, n, MISSING)
        if disagree:
            notes.append(f"{disagree} journeys have rows that disagree about converted_at; their first row counts")
        # With a converted_at column an empty cell says "did not convert", unless count says otherwise.
        count = np.where(np.isnan(count) & (closed_at == MISSING), 0.0, count)
    count = np.where(np.isnan(count), 1.0, count)
    nulls = fact("nulls")
    names, rank = alphabetical(channels)
    journeys = from_columns(
        names,
        journey,
        rows.get("occurred_at", nothing),
        rank[channel],
        n_journeys=n,
        stated=rows.get("position"),
        milestones=Milestones(
            closed_at=closed_at,
            value=np.where(count > 0, np.nan_to_num(fact("value")), 0.0),
            count=count,
            nulls=np.where(np.isnan(nulls), count == 0, nulls),
        ),
    )
    return Table(journeys, ids, True, notes)


def alphabetical(channels: list[str]) -> tuple[tuple[str, ...], Ints]:
    """Channels sorted, and where each went: reports then do not depend on the order of rows."""
    order = sorted(range(len(channels)), key=channels.__getitem__)
    rank = np.empty(len(channels), dtype=np.int64)
    rank[order] = np.arange(len(channels))
    return tuple(channels[i] for i in order), rank


def first_given(
    journey: Ints, values: npt.NDArray[Any], given: Mask, n: int, missing: float
) -> tuple[npt.NDArray[Any], int]:
    """Per journey the first given value, and how many journeys give different ones."""
    own = np.full(n, missing, dtype=values.dtype)
    owner, value = journey[given], values[given]
    # Assigned backwards: the first row is written last and stays.
    own[owner[::-1]] = value[::-1]
    return own, len(np.unique(owner[own[owner] != value]))

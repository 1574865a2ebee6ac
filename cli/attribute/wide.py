"""CSV rows to `Journeys`: the wide form, one row per path, as the R and Python packages of the field use it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cli.attribute import cells
from cli.attribute.rows import Table, alphabetical
from cli.attribute.source import Batch, Reject, Rejects, Source, UnusableFile
from services.attribution.domain.journeys.columns import Milestones, from_columns

PATH = "path"
_ALIASES = {
    "conversions": ("conversions", "total_conversions", "conversion", "count"),
    "value": ("value", "total_conversion_value", "conversion_value", "conversions_value"),
    "nulls": ("nulls", "null", "total_null"),
}


def read_wide(source: Source, rejects: Rejects, advance: Callable[[int], None]) -> Table:
    """All usable paths; a path's id is its row's number. Raises UnusableFile without a conversions column."""
    found = {
        name: next((alias for alias in aliases if alias in source.names), None) for name, aliases in _ALIASES.items()
    }
    if found["conversions"] is None:
        raise UnusableFile(f"a file with one path per row needs a column conversions; it has {', '.join(source.names)}")
    channels = cells.Codes()
    parts = [_paths(batch, found, channels, rejects) for batch in source.batches((PATH,), rejects, advance)]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in (parts[0] if parts else {})}
    none = np.zeros(0)
    steps = rows.get("steps", none).astype(np.int64)
    used, channel = channels.numbered(rows.get("channel", none).astype(np.int64))
    names, rank = alphabetical(used)
    count = rows.get("conversions", none)
    journeys = from_columns(
        names,
        np.repeat(np.arange(len(steps)), steps),
        # No times are known: the steps' order is kept by counting them.
        np.arange(steps.sum()),
        rank[channel],
        n_journeys=len(steps),
        milestones=Milestones(
            value=np.where(count > 0, rows.get("value", none), 0.0), count=count, nulls=rows.get("nulls", none)
        ),
    )
    return Table(journeys, [str(number) for number in rows.get("number", none).astype(np.int64).tolist()], timed=False)


def _paths(
    batch: Batch, found: dict[str, str | None], channels: cells.Codes, rejects: Rejects
) -> dict[str, npt.NDArray[Any]]:
    split = pc.split_pattern(batch.columns[PATH], ">")
    flat = pc.utf8_trim_whitespace(split.flatten()).dictionary_encode()
    step = channels.encode(flat)
    lengths = np.asarray(pc.list_value_length(split))
    row = np.repeat(np.arange(batch.rows), lengths)
    bad = np.bincount(row, weights=step.bad, minlength=batch.rows) > 0
    reasons = dict.fromkeys(np.flatnonzero(bad).tolist(), "path has an empty step; write it as A > B > C")
    columns: dict[str, npt.NDArray[Any]] = {}
    for name, alias in found.items():
        if alias is None:
            columns[name] = np.zeros(batch.rows)
            continue
        column = cells.numbers(_encoded(batch.columns[alias]), negative=name == "value")
        for i in np.flatnonzero(column.bad & ~bad).tolist():
            reasons[i] = f"{alias} {batch.columns[alias][i].as_py()!r} is not a number" + (
                "" if name == "value" else " of zero or more"
            )
        bad |= column.bad
        columns[name] = np.nan_to_num(column.values)
    for i, reason in sorted(reasons.items()):
        cell = [column[i].as_py() for column in reversed(batch.columns.values())]
        if any(cell):
            rejects.rows.append(Reject(rejects.line_of(batch.first + i), reason, ",".join(cell)))
    kept = {name: values[~bad] for name, values in columns.items()}
    return {
        **kept,
        "steps": lengths[~bad],
        "number": np.arange(batch.first + 1, batch.first + batch.rows + 1)[~bad],
        "channel": step.values[~bad[row]],
    }


def _encoded(column: pa.Array) -> pa.DictionaryArray:
    return column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()

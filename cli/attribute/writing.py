"""Results as CSV, JSON or tables for the eye."""

import json
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from rich.console import Console
from rich.table import Table as Grid

from cli.attribute.models import Credits, Totals
from services.attribution.domain.journeys.journeys import Floats, Ints

# Sums are good to about 14 digits; the last ones are noise (0.30000000000000004) that depends on the order of rows.
_DIGITS = 13


def totals_batches(totals: Iterable[Totals], places: int | None) -> Iterator[pa.RecordBatch]:
    """model, channel, conversions, value."""
    for one in totals:
        yield pa.record_batch(
            {
                "model": pa.array([one.model] * len(one.channels)),
                "channel": pa.array(one.channels),
                "conversions": _number(one.conversions),
                "value": _money(one.value, places),
            }
        )


def credit_batches(credits: Iterable[Credits], ids: list[str], places: int | None) -> Iterator[pa.RecordBatch]:
    """model, journey_id, channel, credit; with a currency also value."""
    journeys = pa.array(ids, pa.string())
    for one in credits:
        columns = {
            "model": pa.repeat(pa.scalar(one.model), len(one.journey)),
            "journey_id": journeys.take(pa.array(one.journey)),
            "channel": pa.array(one.channels).take(pa.array(one.channel)),
            "credit": _number(one.credit),
        }
        if one.value is not None:
            columns["value"] = _money(one.value, places)
        yield pa.record_batch(columns)


def write_csv(batches: Iterator[pa.RecordBatch], out: BinaryIO) -> None:
    """One header, then rows as they come; quoted only where a name holds a comma or a quote."""
    for i, batch in enumerate(batches):
        try:
            out.write(_csv(batch, header=i == 0, quoting="none"))
        except pa.ArrowInvalid:
            # Arrow quotes all text or none, and looks for what needs it faster than we could.
            out.write(_csv(batch, header=i == 0, quoting="needed"))


def _csv(batch: pa.RecordBatch, *, header: bool, quoting: str) -> pa.Buffer:
    written = pa.BufferOutputStream()
    options = pa_csv.WriteOptions(include_header=header, quoting_style=quoting, quoting_header="none", batch_size=65536)
    pa_csv.write_csv(batch, written, options)
    return written.getvalue()


def write_json(batches: Iterator[pa.RecordBatch], out: BinaryIO) -> None:
    """An array of objects, one a line; money as strings, so that no reader makes it binary fractions."""
    opening = b"[\n"
    for batch in batches:
        for row in batch.to_pylist():
            out.write(opening + json.dumps(row, ensure_ascii=False, default=str).encode())
            opening = b",\n"
    out.write(b"\n]\n" if opening == b",\n" else b"[]\n")


def write_table(batches: Iterator[pa.RecordBatch], out: BinaryIO) -> None:
    """A grid per model; channels with the most conversions first."""
    console = Console(width=None)
    with console.capture() as captured:
        for batch in batches:
            console.print(_grid(batch))
    out.write(captured.get().encode())


WRITERS: dict[str, Callable[[Iterator[pa.RecordBatch], BinaryIO], None]] = {
    "csv": write_csv,
    "json": write_json,
    "table": write_table,
}


def _grid(batch: pa.RecordBatch) -> Grid:
    if "conversions" in batch.schema.names:
        batch = batch.take(pc.sort_indices(batch, [("conversions", "descending"), ("channel", "ascending")]))
    model = batch["model"][0].as_py() if batch.num_rows else ""
    grid = Grid(title=model, title_justify="left", title_style="bold", header_style="dim")
    for name, column in zip(batch.schema.names[1:], batch.columns[1:], strict=True):
        grid.add_column(name, justify="left" if pa.types.is_string(column.type) else "right")
    for row in batch.to_pylist():
        grid.add_row(*(f"{cell:,.4f}" if isinstance(cell, float) else str(cell) for cell in list(row.values())[1:]))
    return grid


def _number(values: Floats) -> pa.Array:
    """Rounded to `_DIGITS` significant digits, and no finer than `_DIGITS` - 1 decimals."""
    whole = np.floor(np.log10(np.maximum(np.abs(values), 1.0))) + 1
    scale = 10.0 ** (_DIGITS - whole)
    # Adding zero turns -0.0 into 0.0.
    return pa.array(np.rint(values * scale) / scale + 0.0)


def _money(values: Floats | Ints, places: int | None) -> pa.Array:
    if places is None:
        return _number(np.asarray(values, dtype=np.float64))
    whole = pa.array(values, pa.int64()).cast(pa.decimal128(19, 0))
    return pc.multiply(whole, pa.scalar(Decimal(1).scaleb(-places)))

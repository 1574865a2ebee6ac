"""PostgreSQL's binary COPY, read and written by numpy: rows by the million without a Python object for each value.

A row is the number of its fields, then each field's length and bytes, most significant byte first; -1 is the length of
null. https://www.postgresql.org/docs/current/sql-copy.html
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.db import Connection

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
MICROS_TO_2000 = 946_684_800_000_000
"""PostgreSQL counts its microseconds from 2000, we count them from 1970."""


async def read(connection: Connection, query: str, values: Sequence[Any], kinds: Sequence[str]) -> list[Any]:
    """The columns of a query as arrays of numpy's `kinds` (such as ">i8"); none may be null."""
    chunks: list[bytes] = []

    async def take(chunk: bytes) -> None:
        chunks.append(chunk)

    await connection.copy_from_query(query, *values, output=take, format="binary")
    data = b"".join(chunks)
    fields = [field for n, kind in enumerate(kinds) for field in ((f"length{n}", ">i4"), (f"value{n}", kind))]
    rows = np.frombuffer(data[len(_HEADER) : -len(_TRAILER)], dtype=np.dtype([("fields", ">i2"), *fields]))
    return [rows[f"value{n}"] for n in range(len(kinds))]


async def write(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """Add rows, each made by `row`, to a table of schema attribution."""
    data = b"".join((_HEADER, *rows, _TRAILER))

    async def give() -> Any:
        for at in range(0, len(data), 1 << 20):
            yield data[at : at + (1 << 20)]

    await connection.copy_to_table(table, schema_name="attribution", columns=columns, source=give(), format="binary")


def row(fields: Sequence[bytes]) -> bytes:
    """A row of encoded fields."""
    return len(fields).to_bytes(2, "big") + b"".join(fields)


def text(value: str) -> bytes:
    """A text."""
    return raw(value.encode())


def integer(value: int, size: int) -> bytes:
    """A number of so many bytes; a date and a timestamptz are numbers too."""
    return raw(value.to_bytes(size, "big", signed=True))


def raw(value: bytes) -> bytes:
    """What is bytes already, such as a uuid."""
    return len(value).to_bytes(4, "big") + value


# Type ids never change: pg_type.dat.
_TYPES = {">i2": 21, ">i4": 23, ">i8": 20, ">f8": 701, "V16": 2950}


def array(values: npt.NDArray[Any], kind: str) -> bytes:
    """An array of numbers, as int2, int4, int8 or float8 by `kind`; of 16 bytes each ("V16"), of uuid."""
    size = np.dtype(kind).itemsize
    items = np.empty(len(values), dtype=[("length", ">i4"), ("value", kind)])
    items["length"] = size
    items["value"] = values
    return _array(_TYPES[kind], len(values), items.tobytes())


def texts(values: Sequence[str]) -> bytes:
    """An array of texts."""
    return _array(25, len(values), b"".join(map(text, values)))


def nulls(count: int, kind: str) -> bytes:
    """An array of nothing but nulls."""
    return _array(_TYPES[kind], count, NULL * count, has_null=1)


def _array(kind: int, count: int, items: bytes, has_null: int = 0) -> bytes:
    head = b"".join(number.to_bytes(4, "big") for number in (1, has_null, kind, count, 1))
    return raw(head + items)

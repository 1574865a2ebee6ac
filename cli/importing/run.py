"""The import itself: read, convert, batch, send; several batches are on their way at once."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cli.importing.convert import Converter, RowError
from cli.importing.problem import Problem
from cli.importing.rejects import Rejects
from cli.importing.rows import Table
from cli.importing.send import Receiver, encoded, fits

AT_ONCE = 4
"""Batches on their way, where order does not matter: enough to keep ingest busy, few enough to hold in memory."""

Tell = Callable[["Counts", int], None]
"""Is told the counts so far, and how far into the file the last acknowledged batch reached."""


@dataclass
class Counts:
    """What became of the rows so far."""

    rows: int = 0
    accepted: int = 0
    rejected: int = 0


@dataclass
class _Batch:
    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    items: list[bytes] = field(default_factory=list)
    size: int = 0
    end: int = 0


async def import_rows(
    table: Table, converter: Converter, receiver: Receiver, rejects: Rejects, ordered: bool, tell: Tell
) -> Counts:
    """Send every row of the table. Raises SendingFailed; what was acknowledged before stays."""
    counts = Counts()
    waiting: asyncio.Queue[_Batch | None] = asyncio.Queue(maxsize=1)
    senders = 1 if ordered else AT_ONCE

    async def deliver() -> None:
        while (batch := await waiting.get()) is not None:
            refused = await receiver.send(batch.items)
            for place, problems in refused:
                rejects.add(*batch.rows[place], problems)
            counts.accepted += len(batch.items) - len(refused)
            counts.rejected += len(refused)
            tell(counts, batch.end)

    async def read() -> None:
        for batch in _batches(table, converter, rejects, counts):
            await waiting.put(batch)
        for _ in range(senders):
            await waiting.put(None)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(read())
            for _ in range(senders):
                group.create_task(deliver())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None  # one failure cancels the others: the first says it all
    return counts


def _batches(table: Table, converter: Converter, rejects: Rejects, counts: Counts) -> Iterator[_Batch]:
    batch = _Batch()
    for line, row, end, problem in table.rows():
        counts.rows += 1
        try:
            if problem is not None:
                raise RowError(Problem("row", problem))
            item = encoded(converter.item(row))
        except RowError as error:
            rejects.add(line, row, error.problems)
            counts.rejected += 1
            continue
        if batch.items and not fits(len(batch.items), batch.size, item):
            yield batch
            batch = _Batch()
        batch.rows.append((line, row))
        batch.items.append(item)
        batch.size += len(item) + 1
        batch.end = end
    if batch.items:
        yield batch

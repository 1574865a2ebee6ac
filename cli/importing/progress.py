"""How an import is going: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cli.importing.run import Counts, Tell

LINE_EVERY = 10.0  # seconds, where there is no terminal


@contextmanager
def shown(console: Console, what: str, size: int) -> Iterator[Tell]:
    """Tell the yielded function the counts and how far the file (of `size` bytes) is done."""
    if console.is_terminal:
        with _bar(console, what, size) as tell:
            yield tell
    else:
        yield _lines(console, what, size)


@contextmanager
def _bar(console: Console, what: str, size: int) -> Iterator[Tell]:
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TextColumn("{task.fields[counts]}", style="dim"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=max(size, 1), counts="")

        def tell(counts: Counts, end: int) -> None:
            progress.update(task, completed=end, counts=_said(counts))

        yield tell


class Reached:
    """How far an import has come that does not get to its end."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.end = 0

    def hears(self, tell: Tell) -> Tell:
        """What tells `tell`, and remembers it."""

        def heard(counts: Counts, end: int) -> None:
            self.counts, self.end = counts, max(end, self.end)
            tell(counts, end)

        return heard

    def said(self, why: str, what: str, file: Path) -> str:
        """How far it came, and how to go on."""
        part = 100 * self.end // max(file.stat().st_size, 1)
        return (
            f"{why} at {min(part, 100)} % of {file}: {what}: {_said(self.counts)}. The same command again goes on: "
            "what was taken is not counted twice."
        )


def _lines(console: Console, what: str, size: int) -> Tell:
    next_at = time.monotonic() + LINE_EVERY

    def tell(counts: Counts, end: int) -> None:
        nonlocal next_at
        if time.monotonic() >= next_at:
            next_at = time.monotonic() + LINE_EVERY
            console.print(f"  {what} {100 * end // max(size, 1)} %: {_said(counts)}", highlight=False)

    return tell


def _said(counts: Counts) -> str:
    return f"{counts.accepted:,} taken" + (f", {counts.rejected:,} rejected" if counts.rejected else "")

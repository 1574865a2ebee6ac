"""A file, in either form, to journeys."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from cli.attribute.rows import REQUIRED, Table, read_long
from cli.attribute.source import STDIN, Rejects, Source, UnusableFile, opened
from cli.attribute.wide import PATH, read_wide


def read(file: str, rejects: Rejects) -> Table:
    """Journeys of `file` (`-`: standard input). Raises UnusableFile when not one row can be used."""
    with opened(file) as stream, _progress(file) as advance:
        source = Source.of(stream)
        missing = [name for name in REQUIRED if name not in source.names]
        if PATH in source.names and missing:
            table = read_wide(source, rejects, advance)
        elif missing:
            raise UnusableFile(
                f"missing column {', '.join(missing)}; it has {', '.join(source.names)}. "
                f"Needed: {', '.join(REQUIRED)}, or path and conversions"
            )
        else:
            table = read_long(source, rejects, advance)
    if not len(table.journeys):
        why = f"; line {rejects.rows[0].line}: {rejects.rows[0].reason}" if rejects.rows else ": there are none"
        raise UnusableFile(f"no usable rows{why}")
    return table


@contextmanager
def _progress(file: str) -> Iterator[Callable[[int], None]]:
    """A bar of bytes read, on a terminal only; standard input has no known end."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("reading"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("reading", total=None if file == STDIN else Path(file).stat().st_size)
        yield lambda n: bar.advance(task, n)

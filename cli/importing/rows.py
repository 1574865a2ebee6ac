"""Rows of a CSV or JSONL file, one at a time, with the line each begins on and how far into the file it ends."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from shared.errors import ClosedloopError

csv.field_size_limit(10_000_000)  # a cell may hold a whole mail; the default of 131,072 would stop the file


class UnreadableFile(ClosedloopError):
    """The file cannot be opened, is not text in its encoding, or has no header."""


class Read(NamedTuple):
    """One row. `problem` says why it cannot be used; `end` is in bytes."""

    line: int
    row: dict[str, Any]
    end: int
    problem: str | None = None


class Table:
    """An open file and its rows, once. `columns` is None when each row has names of its own."""

    columns: list[str] | None = None

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._end = 0

    def rows(self) -> Iterator[Read]:
        """Every row. Raises UnreadableFile when the file turns out to be something else than it said."""
        try:
            yield from self._rows()
        except UnicodeDecodeError as error:
            raise self._no_text(error) from error

    def _no_text(self, error: UnicodeDecodeError) -> UnreadableFile:
        return UnreadableFile(f"{self._file.name}: not {error.encoding} text; name its encoding in the map")

    def _rows(self) -> Iterator[Read]:
        raise NotImplementedError

    def _lines(self) -> Iterator[str]:
        for text in self._file:
            self._end += len(text)  # characters for bytes: only the progress bar reads it
            yield text


class JsonTable(Table):
    """One JSON object a line."""

    def _rows(self) -> Iterator[Read]:
        for line, text in enumerate(self._lines(), 1):
            if not text.strip():
                continue
            try:
                value = json.loads(text)
            except ValueError as error:
                yield Read(line, {"row": text.rstrip("\n")}, self._end, f"is not JSON: {error}")
                continue
            problem = None if isinstance(value, dict) else "is not a JSON object"
            yield Read(line, value if problem is None else {"row": value}, self._end, problem)


class CsvTable(Table):
    """Cells under the names of a header."""

    def __init__(self, file: TextIO, delimiter: str) -> None:
        """Raises UnreadableFile when the header cannot be used."""
        super().__init__(file)
        self._reader = csv.reader(self._lines(), delimiter=delimiter)
        try:
            names = [name.strip() for name in next(self._reader, [])]
        except UnicodeDecodeError as error:
            raise self._no_text(error) from error
        except csv.Error as error:
            raise UnreadableFile(f"{file.name}:1: no header can be read: {error}") from error
        if not names:
            raise UnreadableFile(f"{file.name}: the file is empty; a CSV begins with the names of its columns")
        if twice := [name for name in names if names.count(name) > 1]:
            raise UnreadableFile(f"{file.name}:1: two columns are called {twice[0]!r}")
        self.columns: list[str] = names

    def _rows(self) -> Iterator[Read]:
        line, columns = self._reader.line_num + 1, self.columns
        try:
            for cells in self._reader:
                problem = f"has {len(cells)} cells, the header {len(columns)}" if len(cells) != len(columns) else None
                if cells:  # a blank line is none
                    yield Read(line, dict(zip(columns, cells, strict=False)), self._end, problem)
                line = self._reader.line_num + 1
        except csv.Error as error:
            raise UnreadableFile(f"{self._file.name}:{line}: cannot be read as CSV: {error}") from error


@contextmanager
def opened(path: Path, form: str | None, delimiter: str, encoding: str) -> Iterator[Table]:
    """The table in a file. `form` is csv or jsonl, else its name's ending decides. Raises UnreadableFile."""
    form = form or ("jsonl" if path.suffix.lower() in {".jsonl", ".ndjson", ".json"} else "csv")
    encoding = "utf-8-sig" if encoding.lower().replace("-", "") == "utf8" else encoding  # Excel begins with a mark
    try:
        file = path.open(encoding=encoding, newline="" if form == "csv" else None)
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be read ({error.strerror})") from error
    except LookupError as error:
        raise UnreadableFile(f"{path}: {error}; the map's `encoding` is wrong") from error
    with file:
        yield (CsvTable(file, delimiter) if form == "csv" else JsonTable(file))

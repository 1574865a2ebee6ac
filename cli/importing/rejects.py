"""Rows that were not taken, in the file's own form, with their line and the reasons: mend them and import that."""

import csv
import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from cli.importing.problem import Problem

LINE, REASONS = "_line", "_reasons"


class Rejects:
    """Writes `path`, made when the first row is rejected: CSV where the import is CSV (`columns`), else JSONL."""

    def __init__(self, path: Path, columns: list[str] | None) -> None:
        self.path = path
        self.count = 0
        self._columns = [name for name in columns if name not in (LINE, REASONS)] if columns is not None else None
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        """A file of an earlier run is gone: its rows are in this run too."""
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def add(self, line: int, row: dict[str, Any], problems: tuple[Problem, ...]) -> None:
        """One rejected row."""
        self.count += 1
        first = self._file is None
        self._file = self._file or self.path.open("w", encoding="utf-8", newline="")
        reasons = "; ".join(f"{path}: {message}" for path, message in problems)
        if self._columns is None:
            self._file.write(json.dumps({LINE: line, REASONS: reasons, **row}, ensure_ascii=False) + "\n")
            return
        writer = csv.writer(self._file)
        if first:
            writer.writerow([LINE, REASONS, *self._columns])
        writer.writerow([line, reasons, *(row.get(name, "") for name in self._columns)])

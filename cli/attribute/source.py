"""A CSV as a stream of Arrow batches, with the physical line of every row and a place for those that cannot be used."""

import codecs
import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from shared.command import CLOSEDLOOP
from shared.errors import ClosedloopError

STDIN = "-"
_BLOCK = 4 << 20


class UnusableFile(ClosedloopError):
    """The file as a whole cannot be read; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was left out: its line in the file (the header is line 1), why, and the row as it stood."""

    line: int
    reason: str
    row: str


@dataclass
class Rejects:
    """Rows left out so far, and where each usable row stands in the file."""

    rows: list[Reject] = field(default_factory=list)
    malformed: list[int] = field(default_factory=list)

    def line_of(self, row: int) -> int:
        """The line of the row-th (from 0) well-formed row: malformed ones before it take up lines too."""
        skipped = np.array(self.malformed, dtype=np.int64)
        good_before = skipped - np.arange(len(skipped)) - 1
        return row + 2 + int(np.searchsorted(good_before, row, side="right"))


@dataclass(frozen=True)
class Batch:
    """Some rows: one column each, all text; `first` is the number of its first well-formed row in the file."""

    columns: dict[str, pa.Array]
    first: int
    rows: int


@contextmanager
def opened(file: str) -> Iterator[BinaryIO]:
    """The file, or standard input for `-`. Raises UnusableFile when there is none."""
    if file == STDIN:
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(Path(file).open("rb"))
        except OSError as error:
            raise UnusableFile(f"cannot read {file}: {error.strerror}") from error
        yield stream


@dataclass
class Source:
    """A CSV with its header read. `names` are the columns, lower-cased."""

    stream: BinaryIO
    names: list[str]
    delimiter: str

    @classmethod
    def of(cls, stream: BinaryIO) -> "Source":
        """Read the header; comma, semicolon and tab files are told apart by it."""
        header = stream.readline().decode("utf-8-sig", "replace").strip("\r\n")
        delimiter = max(",;\t", key=header.count)
        names = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
        if not any(names):
            raise UnusableFile(f"the input is empty; see `{CLOSEDLOOP} attribute --example` for what it should hold")
        return cls(stream, names, delimiter)

    def batches(self, plain: Sequence[str], rejects: Rejects, advance: Callable[[int], None]) -> Iterator[Batch]:
        """Every row once. Columns come dictionary-encoded, except the `plain` ones, whose values hardly repeat.

        Rows with too many or too few cells go to `rejects`. `advance` is told the bytes read.
        """

        def malformed(row: pa_csv.InvalidRow) -> str:
            line = int(row.number) + 1
            rejects.malformed.append(line - 1)
            reason = f"{row.actual_columns} columns where the header has {row.expected_columns}"
            rejects.rows.append(Reject(line, reason, row.text))
            return "skip"

        encoded = pa.dictionary(pa.int32(), pa.string())
        # Names are numbered, for two columns of one name are no reason to refuse a file.
        keys = [f"{i}:{name}" for i, name in enumerate(self.names)]
        try:
            reader = pa_csv.open_csv(
                cast(BinaryIO, _Utf8(self.stream, advance)),
                pa_csv.ReadOptions(column_names=keys, use_threads=False, block_size=_BLOCK),
                pa_csv.ParseOptions(delimiter=self.delimiter, ignore_empty_lines=False, invalid_row_handler=malformed),
                pa_csv.ConvertOptions(
                    column_types={
                        key: pa.string() if name in plain else encoded
                        for key, name in zip(keys, self.names, strict=True)
                    },
                    check_utf8=False,
                    strings_can_be_null=False,
                ),
            )
            first = 0
            for batch in reader:
                columns = dict(zip(reversed(self.names), reversed(batch.columns), strict=True))
                yield Batch(columns, first, batch.num_rows)
                first += batch.num_rows
        except pa.ArrowInvalid as error:
            if "Empty CSV file" in str(error):
                return
            raise UnusableFile(f"this is not a CSV file closedloop can read: {error}") from error


class _Utf8:
    """The stream as Arrow may have it: what is not UTF-8 becomes U+FFFD and spoils its row, not the file."""

    closed = False

    def __init__(self, stream: BinaryIO, advance: Callable[[int], None]) -> None:
        self._stream = stream
        self._advance = advance
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def read(self, size: int) -> bytes:
        chunk = self._stream.read(size)
        self._advance(len(chunk))
        return self._decoder.decode(chunk, final=not chunk).encode()

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """Whoever opened the stream closes it."""

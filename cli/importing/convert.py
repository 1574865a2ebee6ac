"""One row into one item to send. Pure: the same row gives the same item, and so the same id, at every run."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from cli.importing.cells import CellError, filled
from cli.importing.fields import Target, paths
from cli.importing.mapfile import Map, Rule
from cli.importing.problem import Problem
from shared.errors import ClosedloopError

Row = Mapping[str, Any]
_COLUMN = re.compile(r"\{([^{}]*)\}")


class MissingColumns(ClosedloopError):
    """The map names columns that the file does not have."""


class RowError(ClosedloopError):
    """One row cannot be sent; the others can."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in problems))
        self.problems = problems


class Converter:
    """Rows of one file into items of one target. Without a map, a row is an item already, and only its id may lack."""

    def __init__(self, mapping: Map | None, target: Target) -> None:
        self._rules = [(path.split("."), path, rule) for path, rule in mapping.fields.items()] if mapping else []
        self._as_it_is = mapping is None
        self._timezone = mapping.timezone if mapping else "UTC"
        self._lists = frozenset(path for path, kind in paths(target.struct).items() if kind is list)

    def check_columns(self, columns: list[str], file: object) -> None:
        """Raises MissingColumns, saying which the file does have."""
        wanted = [name for *_, rule in self._rules for name in columns_of(rule)]
        if missing := [name for name in dict.fromkeys(wanted) if name not in columns]:
            raise MissingColumns(
                f"{file}: the map needs the column{'s' * (len(missing) > 1)} {', '.join(map(repr, missing))}; "
                f"the file has {', '.join(columns)}"
            )

    def item(self, row: Row) -> dict[str, Any]:
        """What to send for a row. Raises RowError naming every field that cannot be filled."""
        item: dict[str, Any] = dict(row) if self._as_it_is else {}
        problems = []
        for parts, path, rule in self._rules:
            try:
                value = filled(rule, _cell(rule, row), self._timezone)
            except CellError as problem:
                problems.append(Problem(path, str(problem)))
                continue
            if value is not None:
                _put(item, parts, [value] if path in self._lists and not isinstance(value, list) else value)
        if problems:
            raise RowError(*problems)
        if item.get("id") in (None, ""):
            item["id"] = row_id(row)
        return item


def row_id(row: Row) -> str:
    """An id for a row that has none: the same content, in any order of columns, has the same one."""
    content = msgspec.json.encode(row, order="deterministic")
    return "row-" + hashlib.sha256(content).hexdigest()[:32]


def columns_of(rule: Rule) -> list[str]:
    """The columns a rule reads."""
    if rule.template is not None:
        return _COLUMN.findall(rule.template)
    return [rule.column] if rule.column is not None else []


def _cell(rule: Rule, row: Row) -> Any:
    if rule.template is not None:
        values = {name: _of(row, name) for name in _COLUMN.findall(rule.template)}
        if all(value in (None, "") for value in values.values()) and values:
            return None  # "{first} {last}" of two empty cells is no name
        return _COLUMN.sub(lambda name: "" if values[name[1]] is None else str(values[name[1]]), rule.template)
    return rule.value if rule.column is None else _of(row, rule.column)


def _of(row: Row, column: str) -> Any:
    """A column of a CSV row, or a dotted path into a JSON object."""
    if column in row:
        return row[column]
    value: Any = row
    for part in column.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _put(item: dict[str, Any], parts: list[str], value: Any) -> None:
    for part in parts[:-1]:
        item = item.setdefault(part, {})
    item[parts[-1]] = value

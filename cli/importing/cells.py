"""One cell into one value: as a rule says, or a CellError that tells what would have been right. Pure."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from cli.importing.mapfile import Rule

_EPOCHS = {"epoch": 1, "epoch_ms": 1000}  # seconds, milliseconds since 1970


class CellError(ValueError):
    """The cell cannot be used."""


def filled(rule: Rule, cell: Any, timezone: str) -> Any:
    """What `rule` makes of a cell; None when there is nothing to fill in. `timezone` is the map's."""
    value = cell.strip() if isinstance(cell, str) else cell
    if rule.map is not None:
        value = _mapped(rule, value)
    if value is None or value == "":
        return rule.default
    if rule.time is not None:
        return _time(value, (rule.time,) if isinstance(rule.time, str) else rule.time, rule.timezone or timezone)
    if rule.decimal is not None:
        return _number(value, rule.decimal)
    if rule.split is not None and isinstance(value, str):
        return [part.strip() for part in value.split(rule.split) if part.strip()]
    return value


def _mapped(rule: Rule, value: Any) -> Any:
    assert rule.map is not None  # noqa: S101 - for the type checker
    key = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if key in rule.map:
        return rule.map[key]
    return rule.otherwise if "otherwise" in rule.model_fields_set else value


def _time(value: Any, formats: tuple[str, ...], timezone: str) -> str:
    """RFC 3339 in UTC. A time without an offset is in `timezone`; one that a clock change skips is an hour later."""
    for form in formats:
        try:
            at = _parsed(value, form)
        except (ValueError, OverflowError, OSError, TypeError):
            continue
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(timezone))
        try:
            return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        except OverflowError:
            continue
    raise CellError(f"{value!r} is not a time written as {' or '.join(formats)}")


def _parsed(value: Any, form: str) -> datetime:
    if form in _EPOCHS:
        return datetime.fromtimestamp(float(value) / _EPOCHS[form], UTC)
    if form == "iso":
        return datetime.fromisoformat(str(value))
    return datetime.strptime(str(value), form)  # noqa: DTZ007 - the zone is the map's, and follows


def _number(value: Any, mark: str) -> str:
    """A plain decimal: without thousands separators, spaces and currency signs around it."""
    other = "," if mark == "." else "."
    text = str(value).strip(" \u00a0$€£¥R").replace(other, "").replace("\u00a0", "").replace(" ", "").replace("'", "")
    try:
        number = Decimal(text.replace(mark, "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise CellError(f"{value!r} is not a number with {mark!r} as its decimal mark")
    return format(number, "f")

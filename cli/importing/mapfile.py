"""The map: a YAML file that says which column fills which field, and how.

timezone: America/Sao_Paulo              # of times that name none; UTC unless said
fields:
  id: lead_id                            # a column
  kind: {value: form_submit}             # the same for every row
  occurred_at: {column: day, time: "%d/%m/%Y"}
  campaign.source: {column: origin, map: {"": (not set), ads: google}}
  name: {template: "{first} {last}"}
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from cli.importing.fields import Target, allowed, paths
from cli.importing.rejects import LINE, REASONS
from shared.errors import ConfigError
from shared.settings import read_document, validated


class Rule(BaseModel):
    """How one field is filled. Exactly one of column, template and value; the rest is applied in the order below."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str | None = Field(None, description="take this column; in JSONL a dotted path")
    template: str | None = Field(None, description='put columns into a text, as in "{first} {last}"')
    value: Any = Field(None, description="the same for every row")
    map: dict[str, Any] | None = Field(None, description="replace these values by others; what is not listed stays")
    otherwise: Any = Field(None, description="with `map`: what replaces every value that is not listed")
    default: Any = Field(None, description="when the value is empty")
    time: str | tuple[str, ...] | None = Field(
        None, description='how times are written: a strptime format or several, "iso", "epoch" or "epoch_ms"'
    )
    timezone: str | None = Field(None, description="of times that name none, for this field")
    decimal: Literal[".", ","] | None = Field(None, description='money or numbers: the decimal mark; "1.234,50" is ","')
    split: str | None = Field(None, description="cut the value at this text: a list")

    @model_validator(mode="after")
    def _one_origin(self) -> "Rule":
        given = [name for name in ("column", "template", "value") if name in self.model_fields_set]
        if len(given) != 1:
            raise ValueError("give exactly one of column, template and value")
        if "otherwise" in self.model_fields_set and self.map is None:
            raise ValueError("otherwise needs a map that it is the rest of")
        return self

    @field_validator("map", mode="before")
    @classmethod
    def _texts(cls, values: Any) -> Any:
        # YAML reads `1:` and `true:` as a number and a truth, the file's cells are texts.
        return {_text(key): value for key, value in values.items()} if isinstance(values, dict) else values

    @field_validator("timezone")
    @classmethod
    def _known(cls, zone: str | None) -> str | None:
        return known_zone(zone) if zone else None


def _text(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else "" if key is None else str(key)


def known_zone(zone: str) -> str:
    """The zone, or ValueError when nobody knows it."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as problem:
        raise ValueError(f"unknown time zone {zone!r}; write it as in Europe/Berlin") from problem
    return zone


def _rule(written: Any) -> Any:
    return {"column": written} if isinstance(written, str) else written


class Map(BaseModel):
    """A whole map."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["csv", "jsonl"] | None = Field(None, description="else by the file's name")
    delimiter: str = Field(",", min_length=1, max_length=1, description="between the columns of a CSV")
    encoding: str = Field("utf-8", description="of the file")
    timezone: str = Field("UTC", description="of times that name none")
    fields: dict[str, Annotated[Rule, BeforeValidator(_rule)]] = Field(
        min_length=1, description="field -> column, or how to fill it"
    )

    @field_validator("timezone")
    @classmethod
    def _known(cls, zone: str) -> str:
        return known_zone(zone)


def read_map(path: Path, target: Target) -> Map:
    """The map in `path`. Raises ConfigError naming file, line and key."""
    tree, lines = read_document(path)
    chosen = validated(Map, tree, path, lines)
    known = paths(target.struct)
    for field in chosen.fields:
        if not allowed(field, known):
            line = lines.get(("fields", field), 1)
            raise ConfigError(f"{path}:{line}: fields.{field}: {_no_field(field, target, known)}")
    for field in target.needed:
        if field not in chosen.fields:
            raise ConfigError(f"{path}:{lines.get(('fields',), 1)}: fields: {field} is missing; every row needs one")
    return chosen


def as_it_is(columns: list[str], target: Target, path: Path) -> Map:
    """The map of a CSV whose columns are already named as the fields. Raises ConfigError for one that is not."""
    known = paths(target.struct)
    columns = [column for column in columns if column not in (LINE, REASONS)]  # a mended file of rejects
    for column in columns:
        if not allowed(column, known):
            raise ConfigError(
                f"{path}:1: column {column!r}: {_no_field(column, target, known)}. "
                "Columns of other names need a map: --map MAP.yaml, see docs/import.md"
            )
    return Map(fields={column: Rule(column=column) for column in columns})


def _no_field(field: str, target: Target, known: Mapping[str, type]) -> str:
    near = get_close_matches(field, known, n=1)
    return f"no such field of {target.name}; " + (
        f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    )

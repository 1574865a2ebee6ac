"""What a map can fill: the fields that ingest's native form has, read off its types so that the two cannot differ."""

import re
from typing import NamedTuple

import msgspec
from msgspec import inspect

from services.ingest.entrances.native.deal import NativeDeal
from services.ingest.entrances.native.touchpoint import NativeTouchpoint


class Target(NamedTuple):
    """A kind of thing that can be imported, and where it is sent."""

    name: str
    path: str
    struct: type[msgspec.Struct]
    needed: tuple[str, ...]
    secret: bool
    """Whether sending it takes a secret key, not the public write key."""
    ordered: bool
    """Whether rows must arrive in the file's order: a deal's versions must, touchpoints need not."""


TARGETS = {
    "touchpoints": Target("touchpoints", "/v1/touchpoints", NativeTouchpoint, ("kind",), secret=False, ordered=False),
    "deals": Target("deals", "/v1/deals", NativeDeal, ("status",), secret=True, ordered=True),
}

ANY = "*"
_PART = re.compile(r"[A-Za-z0-9_$ -]+")


def paths(struct: type[msgspec.Struct]) -> dict[str, type]:
    """Dotted path -> list, dict, str ... of every field; `properties.*` stands for any name below `properties`."""
    found: dict[str, type] = {}
    _walk(inspect.type_info(struct), "", found)
    return found


def _walk(kind: inspect.Type, path: str, found: dict[str, type]) -> None:
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    for one in kinds:
        if isinstance(one, inspect.StructType):
            for field in one.fields:
                _walk(field.type, f"{path}.{field.encode_name}" if path else field.encode_name, found)
            return
        if isinstance(one, inspect.DictType):
            found[f"{path}.{ANY}"] = dict
            return
        if isinstance(one, inspect.ListType | inspect.VarTupleType):
            found[path] = list
            return
    if not all(isinstance(one, inspect.NoneType) for one in kinds):
        found[path] = str


def allowed(path: str, fields: dict[str, type]) -> bool:
    """Whether a map may fill `path`."""
    if path in fields:
        return True
    top, dot, rest = path.partition(".")
    return bool(dot) and f"{top}.{ANY}" in fields and all(_PART.fullmatch(part) for part in rest.split("."))

"""Read the YAML file and the environment; say file, line and key when something in them is wrong."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from shared.errors import ConfigError
from shared.settings.model import Settings

Model = TypeVar("Model", bound=BaseModel)
Path_ = tuple[str | int, ...]

ENVIRONMENT: dict[str, Path_] = {
    "CLOSEDLOOP_DATA": ("data",),
    "CLOSEDLOOP_KAFKA": ("kafka", "bootstrap"),
    "CLOSEDLOOP_TOPIC_PREFIX": ("kafka", "topic_prefix"),
    "CLOSEDLOOP_KAFKA_SECURITY_PROTOCOL": ("kafka", "security_protocol"),
    "CLOSEDLOOP_KAFKA_CA_FILE": ("kafka", "ca_file"),
    "CLOSEDLOOP_KAFKA_CERTIFICATE_FILE": ("kafka", "certificate_file"),
    "CLOSEDLOOP_KAFKA_KEY_FILE": ("kafka", "key_file"),
    "CLOSEDLOOP_KAFKA_KEY_PASSWORD": ("kafka", "key_password"),
    "CLOSEDLOOP_KAFKA_SASL_MECHANISM": ("kafka", "sasl_mechanism"),
    "CLOSEDLOOP_KAFKA_USERNAME": ("kafka", "username"),
    "CLOSEDLOOP_KAFKA_PASSWORD": ("kafka", "password"),
    "CLOSEDLOOP_KAFKA_OAUTH_TOKEN_URL": ("kafka", "oauth_token_url"),
    "CLOSEDLOOP_KAFKA_OAUTH_CLIENT_ID": ("kafka", "oauth_client_id"),
    "CLOSEDLOOP_KAFKA_OAUTH_CLIENT_SECRET": ("kafka", "oauth_client_secret"),
    "CLOSEDLOOP_KAFKA_OAUTH_SCOPE": ("kafka", "oauth_scope"),
    "CLOSEDLOOP_KAFKA_AWS_REGION": ("kafka", "aws_region"),
    "CLOSEDLOOP_INSTANCE": ("kafka", "instance"),
    "CLOSEDLOOP_DATABASE_URL": ("database_url",),
    "CLOSEDLOOP_HOST": ("http", "host"),
    "CLOSEDLOOP_PORT": ("http", "port"),
    "CLOSEDLOOP_OPERATIONS_PORT": ("http", "operations_port"),
    "CLOSEDLOOP_LOG_LEVEL": ("log_level",),
}
"""Variable -> the key it overrides. CLOSEDLOOP_WRITE_KEY and CLOSEDLOOP_SECRET_KEY are the default source's keys."""


class _Loader(yaml.SafeLoader):
    """YAML as people read it: only `true` and `false` are booleans.

    YAML 1.1 takes a plain `on`, `off`, `yes` or `no` for one, so that a rule's key `on:` would be the key True.
    """


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF")

_REFERENCE = re.compile(r"^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$")


class UnsetVariables(ConfigError):
    """The file takes values from variables that are not set. `told` has a line for each, `names` the variables."""

    def __init__(self, path: Path, lines: Mapping[Path_, int], unset: Mapping[Path_, str]) -> None:
        self.names = frozenset(unset.values())
        self.told = {
            f"{path}:{_line(at, lines)}: {_dotted(at)}: ": f"the environment variable {name} is not set"
            for at, name in unset.items()
        }
        super().__init__("\n".join(where + what for where, what in self.told.items()))


def load(path: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force. Raises ConfigError naming file, line and key."""
    path = path or file_in_use(environment)
    tree, lines = read_document(path, environment) if path else ({}, {})
    origin: dict[Path_, str] = {}
    for variable, key in ENVIRONMENT.items():
        if value := environment.get(variable):
            _put(tree, key, value)
            origin[key] = variable
    keys = (environment.get("CLOSEDLOOP_WRITE_KEY"), environment.get("CLOSEDLOOP_SECRET_KEY"))
    if any(keys) or not tree.get("sources"):
        default = {"name": "default", "write_key": keys[0] or None, "secret_key": keys[1] or None}
        rest = [s for s in tree.get("sources") or [] if not isinstance(s, dict) or s.get("name") != "default"]
        tree["sources"] = [*rest, default]
    return validated(Settings, tree, path, lines, origin)


def read_section(section: str, model: type[Model], values: Mapping[str, Any], path: Path | None = None) -> Model:
    """Check one section with the service's own model; errors name the key, and the line when the file is given."""
    lines = {k[1:]: v for k, v in (_parsed(path)[1] if path else {}).items() if k[:1] == (section,)}
    return validated(model, dict(values), path, lines, prefix=section)


def refuse(section: str, faults: Iterable[tuple[Path_, str]], path: Path | None = None) -> None:
    """Raise ConfigError for what a service finds wrong beyond single values: the key in its section, and what."""
    lines = _parsed(path)[1] if path else {}
    messages = []
    for key, message in faults:
        at = (section, *key)
        where = f"{path}:{_line(at, lines)}" if path else "configuration"
        messages.append(f"{where}: {_dotted(at)}: {message}")
    if messages:
        raise ConfigError("\n".join(messages))


def file_in_use(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file that `load` reads when it is given none: CLOSEDLOOP_CONFIG, else ./closedloop.yaml if it is there."""
    if named := environment.get("CLOSEDLOOP_CONFIG"):
        return Path(named)
    here = Path("closedloop.yaml")
    return here if here.exists() else None


def read_document(path: Path, environment: Mapping[str, str] = os.environ) -> tuple[dict[str, Any], dict[Path_, int]]:
    """Any YAML file that holds a mapping, and the line of each key in it. Raises ConfigError naming file and line."""
    tree, lines = _parsed(path)
    unset: dict[Path_, str] = {}
    expanded = _expand(tree, (), environment, unset)
    if unset:
        raise UnsetVariables(path, lines, unset)
    return expanded, lines


def _parsed(path: Path) -> tuple[dict[str, Any], dict[Path_, int]]:
    """The file as it stands, with `${NAME}` in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); is that its name?") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is no text in UTF-8; save it as such, or name another file") from error
    try:
        node = yaml.compose(text, Loader=_Loader)
        tree = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(f"{path}:{line}: not valid YAML: {error.reason}") from error
    if tree is None:
        return {}, {}
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}:1: the file must be a mapping of keys to values")
    lines: dict[Path_, int] = {}
    _mark(node, (), lines, path)
    return tree, lines


def _mark(node: Any, at: Path_, lines: dict[Path_, int], path: Path) -> None:
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name, line = (*at, key.value), key.start_mark.line + 1
            if name in lines:  # YAML lets the last one win, so the first would silently do nothing
                raise ConfigError(f"{path}:{line}: {_dotted(name)}: given twice; it is in line {lines[name]} too")
            lines[name] = line
            _mark(value, name, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _mark(value, (*at, index), lines, path)


def _expand(value: Any, at: Path_, environment: Mapping[str, str], unset: dict[Path_, str]) -> Any:
    """Replace `${NAME}` by the environment's value, so that secrets stay out of the file; what has none is `unset`."""
    if isinstance(value, dict):
        return {key: _expand(item, (*at, key), environment, unset) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, (*at, index), environment, unset) for index, item in enumerate(value)]
    if isinstance(value, str) and (reference := _REFERENCE.match(value)):
        found = environment.get(reference[1])
        if not found:
            unset[at] = reference[1]
        return found
    return value


def _put(tree: dict[str, Any], key: Path_, value: str) -> None:
    for part in key[:-1]:
        tree = tree.setdefault(str(part), {})
    tree[str(key[-1])] = value


def validated(
    model: type[Model],
    tree: dict[str, Any],
    path: Path | None,
    lines: Mapping[Path_, int],
    origin: Mapping[Path_, str] = MappingProxyType({}),
    prefix: str = "",
) -> Model:
    """`tree` as a `model`. Raises ConfigError naming each problem's key and its variable or file and line."""
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        messages = []
        for problem in error.errors(include_url=False, include_input=False):
            at = problem["loc"]
            where = origin.get(at) or (f"{path}:{_line(at, lines)}" if path else "configuration")
            messages.append(f"{where}: {_dotted((prefix, *at) if prefix else at)}: {problem['msg']}")
        raise ConfigError("\n".join(messages)) from None


def _line(at: Path_, lines: Mapping[Path_, int]) -> int:
    """The line of the key, or of the nearest part around it that is in the file."""
    while at and at not in lines:
        at = at[:-1]
    return lines.get(at, 1)


def _dotted(at: Path_) -> str:
    return ".".join(str(part) for part in at) or "file"

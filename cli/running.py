"""From the command line's options to settings, and to what runs with them: one way for every command."""

import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from deploy.checks.configuration import problems
from deploy.supervise.folder import DataFolder, NotRunning, State
from shared.errors import ConfigError
from shared.settings import Settings, file_in_use, load

Data = Annotated[Path | None, typer.Option(help="the folder of engines, logs and keys [CLOSEDLOOP_DATA; .closedloop]")]
Port = Annotated[int | None, typer.Option(help="ingest's port; the others' follow it [CLOSEDLOOP_PORT; 8080]")]
Config = Annotated[Path | None, typer.Option(help="the YAML file [CLOSEDLOOP_CONFIG; closedloop.yaml]")]


def settings_for(data: Path | None, port: int | None, config: Path | None) -> tuple[Settings, Path | None]:
    """The settings with the command line's say in them, and the file they come from. Raises ConfigError."""
    said = {"CLOSEDLOOP_DATA": data, "CLOSEDLOOP_PORT": port}
    environment = {**os.environ, **{name: str(value) for name, value in said.items() if value is not None}}
    file = config or file_in_use(environment)
    return load(file, environment), file


def checked_settings_for(data: Path | None, port: int | None, config: Path | None) -> tuple[Settings, Path | None]:
    """The same, after a look at every section. Raises ConfigError with all that is wrong."""
    if found := problems(config or file_in_use()):
        raise ConfigError("\n".join(found))
    return settings_for(data, port, config)


def settings_of_running(
    data: Path | None, port: int | None = None, config: Path | None = None
) -> tuple[Settings, State | None]:
    """The settings with the addresses of the engines in use, and what `closedloop up` says of itself.

    Without an `up`, engines that CLOSEDLOOP_KAFKA and CLOSEDLOOP_DATABASE_URL (or the file) name are used, and the
    state is None. Raises NotRunning when neither is there.
    """
    settings, file = settings_for(data, port, config)
    if file is not None and not DataFolder(settings.data).is_held():
        # A file named from another folder: closedloop may have been started beside it.
        beside = settings.model_copy(update={"data": file.absolute().parent / settings.data})
        settings = beside if DataFolder(beside.data).is_held() else settings
    try:
        state = DataFolder(settings.data).state()
    except NotRunning:
        if settings.kafka.bootstrap is None or settings.database_url is None:
            raise
        return settings, None
    if config is None and state.config is not None:
        found = settings.data
        settings, _ = settings_for(data, port, Path(state.config))  # what the services themselves were started with
        settings = settings.model_copy(update={"data": found})
    kafka = settings.kafka.model_copy(update={"bootstrap": state.kafka})
    return settings.model_copy(update={"kafka": kafka, "database_url": SecretStr(state.database_url)}), state

"""From the command line's options to settings, and to what runs with them: one way for every command."""

import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from deploy.supervise.folder import DataFolder, NotRunning, State
from shared.settings import Settings, load

Data = Annotated[Path | None, typer.Option(help="the folder of engines, logs and keys [CLOSEDLOOP_DATA; .closedloop]")]
Port = Annotated[int | None, typer.Option(help="ingest's port; the others' follow it [CLOSEDLOOP_PORT; 8080]")]
Config = Annotated[Path | None, typer.Option(help="the YAML file [CLOSEDLOOP_CONFIG; closedloop.yaml]")]


def settings_for(data: Path | None, port: int | None, config: Path | None) -> tuple[Settings, Path | None]:
    """The settings with the command line's say in them, and the file they come from. Raises ConfigError."""
    said = {"CLOSEDLOOP_DATA": data, "CLOSEDLOOP_PORT": port}
    environment = {**os.environ, **{name: str(value) for name, value in said.items() if value is not None}}
    named = config or environment.get("CLOSEDLOOP_CONFIG") or "closedloop.yaml"
    file = Path(named) if config or Path(named).exists() or named != "closedloop.yaml" else None
    return load(file, environment), file


def settings_of_running(
    data: Path | None, port: int | None = None, config: Path | None = None
) -> tuple[Settings, State | None]:
    """The settings with the addresses of the engines in use, and what `closedloop up` says of itself.

    Without an `up`, engines that CLOSEDLOOP_KAFKA and CLOSEDLOOP_DATABASE_URL (or the file) name are used, and the
    state is None. Raises NotRunning when neither is there.
    """
    settings, _ = settings_for(data, port, config)
    try:
        state = DataFolder(settings.data).state()
    except NotRunning:
        if settings.kafka.bootstrap is None or settings.database_url is None:
            raise
        return settings, None
    if config is None and state.config is not None:
        settings, _ = settings_for(data, port, Path(state.config))  # what the services themselves were started with
    kafka = settings.kafka.model_copy(update={"bootstrap": state.kafka})
    return settings.model_copy(update={"kafka": kafka, "database_url": SecretStr(state.database_url)}), state

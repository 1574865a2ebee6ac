"""`closedloop wait`: return when every service is ready, or when every consumer has caught up."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.running import Config, Data, settings_of_running
from deploy.supervise.backlog import BacklogReader
from deploy.supervise.folder import NotRunning, StillStarting
from deploy.supervise.services import urls, why_not_ready
from shared.errors import ClosedloopError, Unavailable
from shared.settings import Settings

app = typer.Typer(help="return when every service is ready, or every consumer has caught up")

LOOK_EVERY = 0.3  # seconds
BEGINS_WITHIN = 10.0  # seconds; `closedloop up & closedloop wait` should not depend on which is quicker


class TookTooLong(ClosedloopError):
    """What was waited for did not happen in time."""


@app.command()
def wait(
    data: Data = None,
    config: Config = None,
    drained: Annotated[bool, typer.Option("--drained", help="until everything taken in is in the tables")] = False,
    timeout: Annotated[float, typer.Option(help="seconds to wait at most")] = 600.0,
) -> None:
    """Return when every service is ready; with --drained, has nothing left to do. Exit code 1 when time is up."""
    deadline = time.monotonic() + timeout
    try:
        settings = _until_ready(data, config, deadline)
        if drained:
            asyncio.run(until_drained(settings, deadline - time.monotonic()))
    except ClosedloopError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)


async def until_drained(settings: Settings, seconds: float) -> None:
    """Return when two looks in a row find nothing waiting anywhere. Raises TookTooLong, which says what waits.

    One look is not enough: what is on its way from one stage to the next is in neither while it is looked at. What
    the first look missed is found by the second, or is done.
    """
    deadline = time.monotonic() + seconds
    empty_looks = 0
    while empty_looks < 2:
        try:
            async with BacklogReader(settings) as reader:
                while empty_looks < 2:
                    backlog = await reader.look()
                    empty_looks = empty_looks + 1 if backlog.is_empty else 0
                    if time.monotonic() > deadline:
                        raise TookTooLong(f"Not drained within {seconds:.0f} s; still waiting: {backlog}.")
                    await asyncio.sleep(0 if empty_looks >= 2 else LOOK_EVERY)
        except Unavailable as problem:  # an engine is being started again
            empty_looks = 0
            if time.monotonic() > deadline:
                raise TookTooLong(f"Not drained within {seconds:.0f} s. {problem}") from problem
            await asyncio.sleep(LOOK_EVERY)


def _until_ready(data: Path | None, config: Path | None, deadline: float) -> Settings:
    begins_by = time.monotonic() + BEGINS_WITHIN
    while True:
        problem: ClosedloopError
        give_up_at = deadline
        try:
            settings, state = settings_of_running(data, config=config)
            # Without an `up` here the engines are given, and whatever started them may have started the services too.
            # An `up` that is about to begin comes first: it may use other ports.
            http = state.http if state else urls(settings)
            waiting = {name: why for name, url in http.items() if (why := why_not_ready(url))}
            if not waiting and (state is not None or time.monotonic() > begins_by):
                return settings
            problem = TookTooLong(f"Not ready: {', '.join(f'{name} ({why})' for name, why in waiting.items())}.")
        except StillStarting as starting:
            problem = starting
        except NotRunning as not_running:
            give_up_at = min(deadline, begins_by)
            problem = not_running
        if time.monotonic() > give_up_at:
            raise problem
        time.sleep(LOOK_EVERY)

"""What every part of the configuration has in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]


class Section(BaseModel):
    """A part of the file: an unknown key is an error, so that a typing slip never silently does nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

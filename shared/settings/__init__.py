"""One YAML file and the environment, made into one value. Nothing here is read at import; callers pass the result on.

Order: `--config FILE` (or CLOSEDLOOP_CONFIG), else ./closedloop.yaml, else built-in defaults; environment variables win
over the file. `docs/configuration.md` lists every key; a test checks that it does.
"""

from shared.settings.load import UnsetVariables, file_in_use, load, read_document, read_section, refuse, validated
from shared.settings.model import Settings, Source

__all__ = [
    "Settings",
    "Source",
    "UnsetVariables",
    "file_in_use",
    "load",
    "read_document",
    "read_section",
    "refuse",
    "validated",
]

"""Is the service in this container alive? `python -m deploy.container.healthy`, for the image's HEALTHCHECK.

Liveness and not readiness: starting ingest again does not help while Kafka is away. The service is the one that the
first process runs, so nobody has to repeat its name.
"""

import os
import sys
import urllib.request
from pathlib import Path

PORTS = {"services.ingest": 0, "services.lifecycle": 1, "services.attribution": 2}
"""What the container runs -> its port, counted from ingest's."""


def address(command_line: bytes, first_port: int) -> str | None:
    """Where the service of this command line says that it is alive; None when it is no service."""
    arguments = command_line.decode(errors="replace").split("\0")
    named = next((name for name in PORTS if name in arguments), None)
    return None if named is None else f"http://127.0.0.1:{first_port + PORTS[named]}/health/live"


def main() -> int:
    """The exit code: 0 when it is alive, or runs something that is no service."""
    first = os.environ.get("CLOSEDLOOP_OPERATIONS_PORT") or os.environ.get("CLOSEDLOOP_PORT") or "8080"
    url = address(Path("/proc/1/cmdline").read_bytes(), int(first))
    if url is None:
        return 0
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310 - the address is our own
            return 0 if answer.status == 200 else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())

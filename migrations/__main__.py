"""`python -m migrations`: bring the configured database to the newest revision, then end. Again is safe."""

import sys

import migrations
from shared.errors import ClosedloopError
from shared.process import exit_code
from shared.settings import load


def main() -> int:
    """The exit code."""
    try:
        url = load().postgres_url
        migrations.upgrade(url)
    except (ClosedloopError, ValueError) as problem:
        sys.stderr.write(f"migrations: {problem}\n")
        return exit_code(problem)
    sys.stdout.write(f"the database is at revision {migrations.head()}, the newest\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Running a script of several SQL statements: asyncpg prepares one at a time, so a script is split."""

from collections.abc import Iterator

from alembic import op


def parts(script: str) -> Iterator[str]:
    """The statements of `script`, which a line holding only `--` separates."""
    return (statement for statement in script.split("\n--\n") if statement.strip())


def run(script: str) -> None:
    """Execute the statements of `script`; nothing in them is a parameter."""
    for statement in parts(script):
        op.get_bind().exec_driver_sql(statement)

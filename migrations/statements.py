"""Running a script of several SQL statements: asyncpg prepares one at a time, so a script is split."""

from alembic import op


def run(script: str) -> None:
    """Execute the statements of `script`, which a line holding only `--` separates; nothing in them is a parameter."""
    for statement in script.split("\n--\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)

"""Replacing the views of schema warehouse, whole: what stands in migrations/views is what the database has.

A migration that changes a table which views read calls `withdraw` first. When the newest revision is reached,
`publish` makes the views again, unless none of their files has changed. What others have built on our views (their own
views, their grants) is taken down and put up again by migrations.dependents.
"""

import hashlib

from sqlalchemy import Connection

from migrations import comments, dependents, views
from migrations.statements import parts

_OF_REVISION_5 = (
    "touchpoint", "credited", "revenue_by_channel", "sales_by_websource", "pipeline_by_channel", "vanity_metrics",
    "dim_person", "dim_account",
)  # fmt: skip
"""The views there were before they were kept in files, and before the database knew which are ours."""

_MEMORY = """
CREATE TABLE IF NOT EXISTS public.published (
    name text PRIMARY KEY,
    kind text NOT NULL,
    digest text NOT NULL
)
--
COMMENT ON TABLE public.published IS
    'The views and functions of schema warehouse that migrations have made; digest: of all their files'
"""


def publish(connection: Connection) -> list[str]:
    """Make every view and comment as the files say, unless they are so already. Returns warnings for people."""
    wanted = views.in_order()
    digest = _digest(wanted)
    _execute(connection, _MEMORY)
    had = connection.exec_driver_sql("SELECT name, digest FROM public.published").all()
    if {(name, of) for name, of in had} != {(view.name, digest) for view in wanted}:
        withdraw(connection)
        for view in wanted:
            _execute(connection, view.sql)
            if view.kind == "VIEW":
                _execute(connection, f"GRANT SELECT ON warehouse.{view.name} TO bi_reader")
            connection.exec_driver_sql(
                "INSERT INTO public.published VALUES ($1, $2, $3)", (view.name, view.kind, digest)
            )
        comments.write(connection)
    return dependents.put_up(connection)


def withdraw(connection: Connection) -> None:
    """Drop our views and functions, and what others built on them; `publish` makes all of it again."""
    _execute(connection, _MEMORY)
    known = connection.exec_driver_sql("SELECT name, kind FROM public.published")
    ours = {row.name: row.kind for row in known} or dict.fromkeys(_OF_REVISION_5, "VIEW")
    there = set(
        connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relnamespace = 'warehouse'::regnamespace AND relkind = 'v'"
        ).scalars()
    )
    dependents.take_down(connection, sorted(ours))
    if drop := [f"warehouse.{name}" for name in sorted(ours) if name in there]:
        _execute(connection, f"DROP VIEW {', '.join(drop)}")  # together: they read each other
    for name, kind in ours.items():
        if kind == "FUNCTION":
            _execute(connection, f"DROP FUNCTION IF EXISTS warehouse.{name}")
    _execute(connection, "DELETE FROM public.published")


def _execute(connection: Connection, script: str) -> None:
    for statement in parts(script):
        connection.exec_driver_sql(statement)


def _digest(wanted: list[views.Published]) -> str:
    told = hashlib.sha256(comments.text().encode())
    for view in wanted:
        told.update(view.sql.encode())
    return told.hexdigest()[:16]

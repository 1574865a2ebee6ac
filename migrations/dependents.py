"""What others have built on the views of schema warehouse: views of their own, and grants to their roles.

A view cannot be replaced by one with other columns while something reads it. So what reads ours is noted as the
statements that make it, dropped, and made again when ours are back. What cannot be made any more (it reads a column
that is gone) stays noted with the reason in `public.set_aside`, is told, and is tried again by every later upgrade.
"""

from collections.abc import Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from migrations.statements import parts

_NOTES = """
CREATE TABLE IF NOT EXISTS public.set_aside (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation text NOT NULL,
    statements text[] NOT NULL,
    error text
)
--
COMMENT ON TABLE public.set_aside IS
    'Views and grants of others that stood on views of schema warehouse while those were replaced, and could not be
made again for the reason in error: run the statements, changed as needed, and delete the row'
"""

# Every view that reads one of ours, or reads one that does; the deepest last.
_READERS = """
WITH RECURSIVE ours AS (
    SELECT 'pg_class'::regclass::oid AS class, oid FROM pg_class
    WHERE relnamespace = 'warehouse'::regnamespace AND relkind = 'v' AND relname = ANY($1::text[])
    UNION ALL
    SELECT 'pg_proc'::regclass::oid, oid FROM pg_proc
    WHERE pronamespace = 'warehouse'::regnamespace AND proname = ANY($1::text[])
), reader (class, oid, depth) AS (
    SELECT class, oid, 0 FROM ours
    UNION
    SELECT 'pg_class'::regclass::oid, rule.ev_class, reader.depth + 1
    FROM reader
    JOIN pg_depend AS needs ON needs.refclassid = reader.class AND needs.refobjid = reader.oid
        AND needs.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite AS rule ON rule.oid = needs.objid AND rule.ev_class <> reader.oid
)
SELECT view.oid::bigint, view.oid::regclass::text AS name, view.relkind
FROM reader JOIN pg_class AS view ON view.oid = reader.oid
WHERE reader.class = 'pg_class'::regclass AND view.relkind IN ('v', 'm')
    AND NOT EXISTS (SELECT FROM ours WHERE ours.class = reader.class AND ours.oid = reader.oid)
GROUP BY view.oid, view.relkind ORDER BY max(reader.depth), view.oid
"""

# The statements that make a view as it is: itself, owner, grants, comments, a materialized one's indexes.
_STATEMENTS = """
SELECT ARRAY[
    format(
        'CREATE %s %s%s AS %s', CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, oid::regclass,
        coalesce(' WITH (' || array_to_string(reloptions, ', ') || ')', ''), rtrim(pg_get_viewdef(oid), ';')
    ),
    format('ALTER TABLE %s OWNER TO %I', oid::regclass, pg_get_userbyid(relowner))
] || ARRAY(
    SELECT format('COMMENT ON %s %s IS %L', CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END,
        oid::regclass, description)
    FROM pg_description WHERE objoid = pg_class.oid AND classoid = 'pg_class'::regclass AND objsubid = 0
) || ARRAY(
    SELECT format('COMMENT ON COLUMN %s.%I IS %L', oid::regclass, attname, description)
    FROM pg_description JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid
    WHERE objoid = pg_class.oid AND classoid = 'pg_class'::regclass AND objsubid > 0 ORDER BY objsubid
) || ARRAY(
    SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = pg_class.oid
) FROM pg_class WHERE oid = $1::bigint::oid
"""

_GRANTS = """
SELECT ARRAY(
    SELECT format('GRANT %s ON %s TO %s%s', privilege_type, oid::regclass,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM aclexplode(relacl) WHERE grantee <> relowner
) FROM pg_class WHERE oid = $1::bigint::oid
"""

_OURS = """
SELECT oid::bigint, oid::regclass::text AS name FROM pg_class
WHERE relnamespace = 'warehouse'::regnamespace AND relkind = 'v' AND relname = ANY($1::text[])
"""


def take_down(connection: Connection, ours: Sequence[str]) -> None:
    """Note and drop what reads our views, and note who was granted them.

    Raises sqlalchemy.exc.DBAPIError when somebody's view may not be dropped by this login: nothing has changed then.
    """
    _execute(connection, _NOTES)
    path = connection.exec_driver_sql("SELECT current_setting('search_path')").scalar()
    connection.exec_driver_sql("SET LOCAL search_path = ''")  # so that every name comes out with its schema
    readers = connection.exec_driver_sql(_READERS, (list(ours),)).all()
    for oid, name in connection.exec_driver_sql(_OURS, (list(ours),)).all():
        if grants := connection.exec_driver_sql(_GRANTS, (oid,)).scalar_one():
            _note(connection, name, grants)
    for oid, name, _ in readers:
        made = connection.exec_driver_sql(_STATEMENTS, (oid,)).scalar_one()
        _note(connection, name, made + connection.exec_driver_sql(_GRANTS, (oid,)).scalar_one())
    for _, name, kind in reversed(readers):
        _execute(connection, f"DROP {'MATERIALIZED ' if kind == b'm' else ''}VIEW {name}")
    connection.exec_driver_sql("SELECT set_config('search_path', $1, true)", (path,))


def put_up(connection: Connection) -> list[str]:
    """Make again what was taken down, now or by an earlier upgrade. Returns a sentence for each that cannot be made."""
    _execute(connection, _NOTES)
    noted = connection.exec_driver_sql("SELECT position, relation, statements FROM public.set_aside ORDER BY position")
    warnings = []
    for position, relation, statements in noted.all():
        try:
            with connection.begin_nested():
                for statement in statements:
                    connection.exec_driver_sql(statement)
        except DBAPIError as error:
            reason = str(error.orig).split(">: ", 1)[-1]
            connection.exec_driver_sql("UPDATE public.set_aside SET error = $2 WHERE position = $1", (position, reason))
            warnings.append(f"{relation} could not be made again ({reason}); its text is kept in public.set_aside")
        else:
            connection.exec_driver_sql("DELETE FROM public.set_aside WHERE position = $1", (position,))
    return warnings


def _note(connection: Connection, relation: str, statements: Sequence[str]) -> None:
    connection.exec_driver_sql(
        "INSERT INTO public.set_aside (relation, statements) VALUES ($1, $2::text[])", (relation, list(statements))
    )


def _execute(connection: Connection, script: str) -> None:
    for statement in parts(script):
        connection.exec_driver_sql(statement)

"""The roles that services take, made or found before the first migration, by a login that need not be a superuser.

A role is not an object of one database but of the whole server, so another closedloop there may have made them: the
roles are shared, and what they may do is granted in each database apart. The login must be allowed to take them (SET
ROLE). From PostgreSQL 16 on, who makes a role is not, until it grants that to itself; before 16, whoever may make roles
may grant every one of them.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from shared.errors import AccessDenied

ROLES = ("closedloop_ingest", "closedloop_lifecycle", "closedloop_attribution", "bi_reader")


class Login(NamedTuple):
    """Who migrates, and what it may do."""

    name: str
    database: str
    superuser: bool
    makes_roles: bool
    grants_what_it_made: bool  # PostgreSQL 16 and later
    makes_schemas: bool
    makes_tables_in_public: bool


_LOGIN = """
SELECT current_user, current_database(), rolsuper, rolcreaterole,
       current_setting('server_version_num')::int >= 160000,
       has_database_privilege(current_user, current_database(), 'CREATE') OR to_regnamespace('warehouse') IS NOT NULL,
       has_schema_privilege(current_user, 'public', 'CREATE')
FROM pg_roles WHERE rolname = current_user
"""

_MAKE = """
DO $$ BEGIN CREATE ROLE {role} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$
"""


def ready(connection: Connection) -> None:
    """Make what is missing of the roles. Raises AccessDenied with the statements that an administrator must run."""
    login = Login(*connection.exec_driver_sql(_LOGIN).one())
    asked = [statement for role in ROLES for statement in _ready(connection, login, role)]
    who, database = _quoted(login.name), _quoted(login.database)
    if not login.makes_schemas:
        asked.append(f"GRANT CREATE ON DATABASE {database} TO {who}")
    if not login.makes_tables_in_public:
        asked.append(f"GRANT CREATE ON SCHEMA public TO {who}")
    if asked:
        raise AccessDenied(
            f"The login {login.name} lacks rights in the database {login.database}; who administers the server must "
            f"run there, once: {'; '.join(asked)};"
        )


def _ready(connection: Connection, login: Login, role: str) -> list[str]:
    """Make the role ready; the statements for somebody who may, where the login may not."""
    asked = []
    if not connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = $1", (role,)).scalar():
        if not (login.superuser or login.makes_roles):
            return [f"CREATE ROLE {role} NOLOGIN", f"GRANT {role} TO {_quoted(login.name)}"]
        connection.exec_driver_sql(_MAKE.format(role=role))
    if not _may(connection, role, "SET" if login.grants_what_it_made else "MEMBER"):
        grant = f"GRANT {role} TO {_quoted(login.name)}"
        if login.superuser or (
            _may(connection, role, "USAGE WITH ADMIN OPTION") if login.grants_what_it_made else login.makes_roles
        ):
            connection.exec_driver_sql(grant)
        else:
            asked.append(grant)
    return asked


def _may(connection: Connection, role: str, what: str) -> bool:
    return bool(connection.exec_driver_sql("SELECT pg_has_role(current_user, $1, $2)", (role, what)).scalar())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

"""Schemas and roles: each service writes what it owns, bi_reader reads the warehouse and nothing else."""

from migrations.statements import run

revision = "0001"
down_revision = None

OWNED = {"ingest": "closedloop_ingest", "lifecycle": "closedloop_lifecycle", "attribution": "closedloop_attribution"}


def upgrade() -> None:
    """Roles belong to the whole cluster, so another database's migration may have made them already."""
    for role in (*OWNED.values(), "bi_reader"):
        run(f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} NOLOGIN; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
--
DO $$ BEGIN
  IF NOT pg_has_role(current_user, '{role}', 'MEMBER') THEN
    EXECUTE 'GRANT {role} TO ' || quote_ident(current_user);
  END IF;
END $$
""")
    for schema, role in OWNED.items():
        run(f"""
CREATE SCHEMA {schema}
--
GRANT USAGE ON SCHEMA {schema} TO {role}
--
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO {role}
--
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {role}
""")
    run("""
CREATE SCHEMA warehouse
--
GRANT USAGE ON SCHEMA warehouse TO closedloop_lifecycle, closedloop_attribution, bi_reader
--
ALTER DEFAULT PRIVILEGES IN SCHEMA warehouse GRANT SELECT ON TABLES TO bi_reader
""")

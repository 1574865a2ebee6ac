"""Schema of lifecycle, and the facts it gives to the warehouse. What each table is for: docs/lifecycle.md."""

from migrations.statements import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Identity, accounts, signals and persons; then the warehouse; then who may do what."""
    run(_IDENTITY)
    run(_ACCOUNTS)
    run(_PERSONS)
    run(_WAREHOUSE)


_IDENTITY = """
CREATE TABLE lifecycle.identifier (
  kind text NOT NULL,
  value text NOT NULL,
  person_id uuid NOT NULL,
  first_at timestamptz NOT NULL,
  first_id text NOT NULL,
  last_at timestamptz NOT NULL,
  runs bytea,
  PRIMARY KEY (kind, value)
) WITH (fillfactor = 85)
--
COMMENT ON TABLE lifecycle.identifier IS
  'Every identifier seen. person_id: whose it is (a weak one: whose it is now). runs: JSON, who owned it when'
--
CREATE INDEX identifier_person ON lifecycle.identifier (person_id)
--
CREATE TABLE lifecycle.weak_link (
  value text NOT NULL,
  at timestamptz NOT NULL,
  event_id text NOT NULL,
  strong_kind text NOT NULL,
  strong_value text NOT NULL,
  PRIMARY KEY (value, at, event_id)
)
--
CREATE TABLE lifecycle.strong_link (
  kind text NOT NULL,
  value text NOT NULL,
  other_kind text NOT NULL,
  other_value text NOT NULL,
  at timestamptz NOT NULL,
  event_id text NOT NULL,
  PRIMARY KEY (kind, value, other_kind, other_value)
)
--
COMMENT ON TABLE lifecycle.strong_link IS 'Two strong identifiers of one person, with the first event that proved it'
--
CREATE TABLE lifecycle.weak_owner (
  strong_kind text NOT NULL,
  strong_value text NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (strong_kind, strong_value, value)
)
"""

_ACCOUNTS = """
CREATE TABLE lifecycle.claim (
  subject_kind text NOT NULL,
  subject_value text NOT NULL,
  rule text NOT NULL,
  ref text NOT NULL,
  key text NOT NULL,
  at timestamptz NOT NULL,
  event_id text NOT NULL,
  PRIMARY KEY (subject_kind, subject_value, rule, ref)
)
--
COMMENT ON TABLE lifecycle.claim IS 'Evidence for a person''s account; ref is the key, or the deal that says so'
--
CREATE INDEX claim_deal ON lifecycle.claim (ref) WHERE rule = 'deal'
--
CREATE TABLE lifecycle.account_object (
  account_id text NOT NULL,
  domain text NOT NULL,
  name_key text NOT NULL,
  name text,
  at timestamptz NOT NULL,
  event_id text NOT NULL,
  PRIMARY KEY (account_id, domain, name_key)
)
--
CREATE INDEX account_object_domain ON lifecycle.account_object (domain) WHERE domain <> ''
--
CREATE INDEX account_object_name ON lifecycle.account_object (name_key) WHERE name_key <> ''
--
CREATE TABLE lifecycle.account_alias (
  key text PRIMARY KEY,
  account_id text NOT NULL,
  domain text,
  name text
)
--
COMMENT ON TABLE lifecycle.account_alias IS 'What every account key stands for; canonical where key = account_id'
--
CREATE INDEX account_alias_account ON lifecycle.account_alias (account_id)
"""

_PERSONS = """
CREATE TABLE lifecycle.signal (
  subject_kind text NOT NULL,
  subject_value text NOT NULL,
  occurred_at timestamptz NOT NULL,
  signal_id text NOT NULL,
  kind text NOT NULL,
  reason text,
  owner text,
  deal_id text,
  PRIMARY KEY (subject_kind, subject_value, occurred_at, signal_id)
)
--
CREATE INDEX signal_deal ON lifecycle.signal (deal_id) WHERE deal_id IS NOT NULL
--
CREATE TABLE lifecycle.deal (
  deal_id text PRIMARY KEY,
  updated_at timestamptz NOT NULL,
  digest bytea NOT NULL
)
--
CREATE TABLE lifecycle.person (
  person_id uuid PRIMARY KEY,
  version integer NOT NULL DEFAULT 1,
  merged_into uuid,
  email text,
  account_key text,
  account_id text,
  stage text,
  stage_since timestamptz,
  score integer NOT NULL DEFAULT 0,
  cycle integer NOT NULL DEFAULT 1,
  owner text,
  first_seen_at timestamptz,
  state bytea,
  digest bytea NOT NULL DEFAULT ''
) WITH (fillfactor = 90)
--
COMMENT ON TABLE lifecycle.person IS 'state: the fold so far, JSON; digest: of the last people event sent'
--
CREATE INDEX person_account ON lifecycle.person (account_key) WHERE account_key IS NOT NULL
--
CREATE INDEX person_merged ON lifecycle.person (merged_into) WHERE merged_into IS NOT NULL
--
CREATE TABLE lifecycle.assignment (
  person_id uuid NOT NULL,
  cycle integer NOT NULL,
  owner text NOT NULL,
  PRIMARY KEY (person_id, cycle)
)
--
COMMENT ON TABLE lifecycle.assignment IS 'Whose turn it was: stored, so that folding again does not roll again'
--
CREATE TABLE lifecycle.rotation (
  name text PRIMARY KEY,
  turn bigint NOT NULL
)
--
INSERT INTO lifecycle.rotation VALUES ('owners', 0)
--
CREATE TABLE lifecycle.sla_timer (
  person_id uuid NOT NULL,
  cycle integer NOT NULL,
  what text NOT NULL,
  due_at timestamptz NOT NULL,
  fire_at timestamptz NOT NULL,
  fired_at timestamptz,
  PRIMARY KEY (person_id, cycle, what)
)
--
CREATE INDEX sla_timer_next ON lifecycle.sla_timer (fire_at) WHERE fired_at IS NULL
--
CREATE TABLE lifecycle.outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  key text NOT NULL,
  event_id text NOT NULL,
  at timestamptz NOT NULL,
  value bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)
"""

_WAREHOUSE = """
CREATE TABLE warehouse.fct_stage_transition (
  transition_id uuid PRIMARY KEY,
  person_id uuid NOT NULL,
  cycle integer NOT NULL,
  from_stage text,
  to_stage text NOT NULL,
  occurred_at timestamptz NOT NULL,
  rule text NOT NULL,
  reason text,
  config_version text NOT NULL,
  signal_id text NOT NULL,
  recorded_at timestamptz NOT NULL,
  superseded_at timestamptz
)
--
CREATE INDEX fct_stage_transition_person ON warehouse.fct_stage_transition (person_id)
--
CREATE TABLE warehouse.fct_sales_response (
  person_id uuid NOT NULL,
  cycle integer NOT NULL,
  owner text,
  mql_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  contacted_at timestamptz,
  decided_at timestamptz,
  decision text,
  reason text,
  breached boolean NOT NULL,
  business_minutes_to_contact integer,
  business_minutes_to_decision integer,
  PRIMARY KEY (person_id, cycle)
)
--
CREATE VIEW warehouse.dim_person AS
SELECT p.person_id, p.merged_into, p.email, p.account_id, p.stage, p.stage_since, p.score, p.cycle, p.owner,
  p.first_seen_at, seen.last_seen_at
FROM lifecycle.person p
LEFT JOIN LATERAL (
  SELECT max(i.last_at) AS last_seen_at FROM lifecycle.identifier i WHERE i.person_id = p.person_id
) seen ON true
--
COMMENT ON VIEW warehouse.dim_person IS 'One row per person_id ever given out; last_seen_at is exact to the minute'
--
CREATE VIEW warehouse.dim_account AS
SELECT account_id, domain, name FROM lifecycle.account_alias WHERE key = account_id
--
GRANT SELECT, INSERT, UPDATE, DELETE ON warehouse.fct_stage_transition, warehouse.fct_sales_response
TO closedloop_lifecycle
--
GRANT SELECT ON warehouse.dim_person, warehouse.dim_account TO closedloop_lifecycle, closedloop_attribution
--
GRANT SELECT ON warehouse.fct_stage_transition, warehouse.fct_sales_response TO closedloop_attribution
"""

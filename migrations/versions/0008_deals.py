"""Companies in time, the order of receipts, and the CRM a deal or a cost is of."""

from typing import Any

from alembic import op

from migrations.statements import run
from shared.accounts import email_domain

revision = "0008"
down_revision = "0007"

_CHUNK = 10_000


def upgrade() -> None:
    """Everything known of people is kept: who is of a company now is taken to have been so all along."""
    run(COMPANIES)
    _own_domains()
    run(DEALS)
    run(RULES)
    run(SPEND)
    run(REBUILDS)
    run(COMPUTE_ALL)


def _own_domains() -> None:
    """The company domains of people's own emails: which domain an address is of takes the public suffix list."""
    connection = op.get_bind()
    after = ("", "00000000-0000-0000-0000-000000000000")
    while rows := connection.exec_driver_sql(_EMAILS, (*after, _CHUNK)).all():
        after = (rows[-1].identity, str(rows[-1].person_id))
        found = [(row.person_id, email_domain(row.identity.removeprefix("email:"))) for row in rows]
        own: list[tuple[Any, str]] = [(person_id, domain) for person_id, domain in found if domain]
        connection.exec_driver_sql(_OWN, ([person_id for person_id, _ in own], [domain for _, domain in own]))


_EMAILS = """
SELECT DISTINCT identity, person_id FROM attribution.identifier_span
WHERE identity >= 'email:' AND identity < 'email;' AND (identity, person_id) > ($1, $2::text::uuid)
ORDER BY identity, person_id LIMIT $3
"""
_OWN = """
WITH own AS (SELECT DISTINCT * FROM unnest($1::uuid[], $2::text[]) AS own (person_id, domain)), keyed AS (
    UPDATE attribution.person SET keys = ARRAY(
        SELECT DISTINCT key FROM unnest(keys || ARRAY(
            SELECT 'account:domain:' || domain FROM own WHERE own.person_id = person.person_id
        )) AS key ORDER BY key)
    WHERE person_id IN (SELECT person_id FROM own)
)
INSERT INTO attribution.email_domain (person_id, domain) SELECT * FROM own ON CONFLICT DO NOTHING
"""

COMPANIES = """
CREATE TABLE attribution.membership (
    person_id uuid NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    account_id text NOT NULL,
    domain text,
    name text,
    PRIMARY KEY (person_id, since)
)
--
COMMENT ON TABLE attribution.membership IS 'which company each person belonged to, and when'
--
CREATE INDEX membership_account ON attribution.membership (account_id)
--
CREATE INDEX membership_domain ON attribution.membership (domain) WHERE domain IS NOT NULL
--
CREATE INDEX membership_name ON attribution.membership (name) WHERE name IS NOT NULL
--
CREATE TABLE attribution.email_domain (
    person_id uuid NOT NULL,
    domain text NOT NULL,
    PRIMARY KEY (person_id, domain)
)
--
COMMENT ON TABLE attribution.email_domain IS 'company domains of each person''s own emails: a person is always of those'
--
CREATE INDEX email_domain_domain ON attribution.email_domain (domain)
--
INSERT INTO attribution.membership (person_id, since, until, account_id, domain, name)
SELECT person_id, '-infinity', 'infinity', account_id, account_domain, account_name
FROM attribution.person WHERE account_id IS NOT NULL
--
ALTER TABLE attribution.person DROP COLUMN account_rule, DROP COLUMN account_domain, DROP COLUMN account_name,
    ADD COLUMN lead_created_by text
--
DROP INDEX attribution.person_account
"""

DEALS = """
ALTER TABLE attribution.deal_version ADD COLUMN received_at timestamptz, ADD COLUMN position integer NOT NULL DEFAULT 0
--
UPDATE attribution.deal_version SET received_at = (deal ->> 'received_at')::timestamptz
--
ALTER TABLE attribution.deal_version ALTER COLUMN received_at SET NOT NULL, ALTER COLUMN position DROP DEFAULT
--
ALTER TABLE warehouse.fct_deal ADD COLUMN crm text NOT NULL DEFAULT 'crm', ADD COLUMN received_at timestamptz,
    ADD COLUMN position integer NOT NULL DEFAULT 0, ALTER COLUMN amount DROP NOT NULL
--
UPDATE warehouse.fct_deal SET received_at = version.received_at
FROM attribution.deal_version AS version WHERE version.deal_id = fct_deal.deal_id
    AND version.updated_at = fct_deal.updated_at AND version.version_hash = fct_deal.version_hash
--
UPDATE warehouse.fct_deal SET received_at = updated_at WHERE received_at IS NULL
--
ALTER TABLE warehouse.fct_deal ALTER COLUMN received_at SET NOT NULL, ALTER COLUMN position DROP DEFAULT,
    ALTER COLUMN crm DROP DEFAULT
"""

# By which rules the touches and costs that are there were classified, nobody noted: their version is null.
RULES = """
CREATE TABLE warehouse.channel_rules (
    rules_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version text,
    since timestamptz NOT NULL DEFAULT now(),
    is_open boolean NOT NULL DEFAULT true
)
--
CREATE UNIQUE INDEX channel_rules_open ON warehouse.channel_rules (version) WHERE is_open
--
INSERT INTO warehouse.channel_rules (version, is_open) SELECT NULL, false
WHERE EXISTS (SELECT FROM warehouse.fct_touchpoint) OR EXISTS (SELECT FROM warehouse.fct_spend)
--
ALTER TABLE warehouse.fct_touchpoint ADD COLUMN position integer NOT NULL DEFAULT 0,
    ADD COLUMN channel_rules integer NOT NULL DEFAULT 1
--
ALTER TABLE warehouse.fct_touchpoint ALTER COLUMN position DROP DEFAULT, ALTER COLUMN channel_rules DROP DEFAULT
--
ALTER TABLE warehouse.attribution_run ALTER COLUMN channel_rules_version DROP NOT NULL
--
ALTER TABLE attribution.applied DROP COLUMN channel_rules_version
--
GRANT SELECT, INSERT, UPDATE ON warehouse.channel_rules TO closedloop_attribution
--
GRANT DELETE ON warehouse.fct_touchpoint TO closedloop_attribution
"""

SPEND = """
ALTER TABLE warehouse.fct_spend ADD COLUMN crm text NOT NULL DEFAULT 'crm',
    ADD COLUMN received_at timestamptz, ADD COLUMN position integer NOT NULL DEFAULT 0,
    ADD COLUMN channel_rules integer NOT NULL DEFAULT 1
--
UPDATE warehouse.fct_spend SET received_at = updated_at
--
ALTER TABLE warehouse.fct_spend ALTER COLUMN received_at SET NOT NULL, ALTER COLUMN crm DROP DEFAULT,
    ALTER COLUMN position DROP DEFAULT, ALTER COLUMN channel_rules DROP DEFAULT,
    DROP CONSTRAINT fct_spend_pkey, ADD PRIMARY KEY (crm, day, source, medium, campaign)
"""

REBUILDS = """
CREATE TABLE attribution.rebuild (
    rebuild_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version text NOT NULL,
    covers integer[] NOT NULL,
    versions_before text[] NOT NULL,
    filenode bigint NOT NULL,
    blocks bigint NOT NULL,
    next_block bigint NOT NULL,
    switched_at timestamptz
)
--
COMMENT ON TABLE attribution.rebuild IS 'history classified by other channel rules: under way, or such as can be undone'
--
CREATE TABLE attribution.rebuilt_touch (
    rebuild_id integer NOT NULL,
    touchpoint_id uuid NOT NULL,
    is_after boolean NOT NULL,
    channel text NOT NULL,
    channel_rule text NOT NULL,
    session_source text NOT NULL,
    session_medium text NOT NULL,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_term text,
    utm_content text,
    earns_credit boolean NOT NULL,
    PRIMARY KEY (rebuild_id, touchpoint_id, is_after)
)
--
COMMENT ON TABLE attribution.rebuilt_touch IS 'touches that a rebuild classified differently, as they were and will be'
--
CREATE TABLE attribution.rebuilt_spend (
    rebuild_id integer NOT NULL,
    crm text NOT NULL,
    day date NOT NULL,
    source text NOT NULL,
    medium text NOT NULL,
    campaign text NOT NULL,
    channel_before text NOT NULL,
    channel_after text NOT NULL,
    PRIMARY KEY (rebuild_id, crm, day, source, medium, campaign)
)
"""

COMPUTE_ALL = """
INSERT INTO attribution.dirty_deal (deal_id) SELECT deal_id FROM attribution.deal
"""

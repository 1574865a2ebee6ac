"""Schema of attribution: what it has been told, what is to be computed again, and the facts it publishes."""

from migrations.statements import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Few indexes: every one is paid for by each touchpoint. docs/warehouse.md explains the published tables."""
    run(FACTS)
    run(TOLD)
    run(RATES)
    run(GRANTS)


FACTS = """
CREATE TABLE warehouse.fct_touchpoint (
    touchpoint_id uuid PRIMARY KEY,
    source text NOT NULL,
    kind text NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    anonymous_id text,
    user_id text,
    email text,
    ids jsonb,
    identity text,
    account jsonb,
    channel text NOT NULL,
    channel_rule text NOT NULL,
    session_source text NOT NULL,
    session_medium text NOT NULL,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_term text,
    utm_content text,
    click_ids jsonb,
    url text,
    title text,
    referrer text,
    is_bot boolean NOT NULL,
    consent text NOT NULL,
    earns_credit boolean NOT NULL,
    flags text[],
    properties jsonb,
    user_agent text,
    group_call boolean NOT NULL
)
--
CREATE INDEX fct_touchpoint_journey ON warehouse.fct_touchpoint (identity, occurred_at) WHERE earns_credit
--
CREATE TABLE warehouse.fct_deal (
    deal_id text PRIMARY KEY,
    source text NOT NULL,
    account_id text,
    account_rule text,
    name text,
    owner text,
    type text NOT NULL,
    status text NOT NULL,
    stage text,
    amount numeric NOT NULL,
    currency text NOT NULL,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    updated_at timestamptz NOT NULL,
    contacts text[] NOT NULL,
    referred_by text,
    version_hash text NOT NULL
)
--
CREATE TABLE warehouse.fct_deal_entry (
    entry_id uuid NOT NULL,
    deal_id text NOT NULL,
    booking integer NOT NULL,
    kind text NOT NULL,
    amount numeric NOT NULL,
    currency text NOT NULL,
    fx_rate numeric,
    amount_base numeric,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    superseded_at timestamptz,
    PRIMARY KEY (entry_id, recorded_at)
)
--
CREATE UNIQUE INDEX fct_deal_entry_live ON warehouse.fct_deal_entry (deal_id, entry_id) WHERE superseded_at IS NULL
--
CREATE TABLE warehouse.attribution_run (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reason text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    model_config jsonb NOT NULL,
    channel_rules_version text NOT NULL,
    deals integer NOT NULL
)
--
CREATE TABLE warehouse.fct_credit (
    model text NOT NULL,
    deal_id text NOT NULL,
    entry_id uuid NOT NULL,
    touchpoint_id uuid,
    channel text NOT NULL,
    position text NOT NULL,
    weight double precision NOT NULL,
    amount_base numeric,
    run_id bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    superseded_at timestamptz
)
--
CREATE UNIQUE INDEX fct_credit_live ON warehouse.fct_credit (deal_id, entry_id, model, touchpoint_id)
    NULLS NOT DISTINCT WHERE superseded_at IS NULL
--
CREATE TABLE warehouse.fct_spend (
    day date NOT NULL,
    source text NOT NULL,
    medium text NOT NULL,
    campaign text NOT NULL,
    channel text NOT NULL,
    cost numeric NOT NULL,
    currency text NOT NULL,
    cost_base numeric,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (day, source, medium, campaign)
)
--
CREATE TABLE warehouse.model_result (
    run_id bigint NOT NULL REFERENCES warehouse.attribution_run,
    model text NOT NULL,
    channel text NOT NULL,
    removal_effect double precision,
    share double precision NOT NULL,
    conversions double precision NOT NULL,
    value_base double precision NOT NULL,
    PRIMARY KEY (run_id, model, channel)
)
"""

TOLD = """
CREATE TABLE attribution.person (
    person_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    account_id text,
    account_rule text,
    account_domain text,
    account_name text,
    merged_into uuid,
    lead_created_at timestamptz,
    keys text[] NOT NULL
)
--
COMMENT ON COLUMN attribution.person.keys IS 'every key, past ones too, by which deals may depend on this person'
--
CREATE INDEX person_account ON attribution.person (account_id) WHERE account_id IS NOT NULL
--
CREATE INDEX person_domain ON attribution.person (account_domain) WHERE account_domain IS NOT NULL
--
CREATE INDEX person_name ON attribution.person (account_name) WHERE account_name IS NOT NULL
--
CREATE TABLE attribution.identifier_span (
    identity text NOT NULL,
    person_id uuid NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (identity, person_id, since)
)
--
CREATE INDEX identifier_span_person ON attribution.identifier_span (person_id)
--
CREATE TABLE attribution.deal (
    deal_id text PRIMARY KEY,
    touched_until timestamptz NOT NULL,
    digest text,
    error text
)
--
COMMENT ON COLUMN attribution.deal.touched_until IS 'a touch later than this cannot earn any of its credit'
--
COMMENT ON COLUMN attribution.deal.digest IS 'of the entries and credits that stand; an equal outcome is not written'
--
COMMENT ON COLUMN attribution.deal.error IS 'why the deal could not be computed; it is tried again when it is marked'
--
CREATE TABLE attribution.deal_version (
    deal_id text NOT NULL,
    updated_at timestamptz NOT NULL,
    version_hash text NOT NULL,
    deal jsonb NOT NULL,
    PRIMARY KEY (deal_id, updated_at, version_hash)
)
--
CREATE TABLE attribution.deal_key (
    key text NOT NULL,
    deal_id text NOT NULL,
    PRIMARY KEY (key, deal_id)
)
--
CREATE TABLE attribution.dirty_deal (
    mark_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    deal_id text NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
--
CREATE INDEX dirty_deal_deal ON attribution.dirty_deal (deal_id)
--
CREATE TABLE attribution.applied (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    model_config jsonb NOT NULL,
    channel_rules_version text NOT NULL
)
--
CREATE TABLE attribution.fitted (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    run_id bigint NOT NULL,
    looked_at timestamptz NOT NULL,
    marks bigint NOT NULL,
    journeys text NOT NULL
)
--
COMMENT ON TABLE attribution.fitted IS 'the newest run of the fitted models'
--
COMMENT ON COLUMN attribution.fitted.marks IS 'ever made when the journeys were looked at; more: deals have changed'
--
COMMENT ON COLUMN attribution.fitted.journeys IS 'digest of the journeys; equal ones need no other run'
"""

RATES = """
CREATE TABLE attribution.fx_rate (
    base text NOT NULL,
    quote text NOT NULL,
    day date NOT NULL,
    rate numeric NOT NULL CHECK (rate > 0),
    received_at timestamptz NOT NULL,
    PRIMARY KEY (base, quote, day)
)
--
CREATE FUNCTION attribution.published(of_base text, in_quote text, on_day date) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT rate FROM (
        SELECT day, rate, 1 AS preference FROM attribution.fx_rate WHERE base = of_base AND quote = in_quote
        UNION ALL
        SELECT day, 1 / rate, 2 FROM attribution.fx_rate WHERE base = in_quote AND quote = of_base
    ) AS either_way
    WHERE day <= on_day ORDER BY day DESC, preference LIMIT 1
$$
--
CREATE FUNCTION attribution.rate_on(of_base text, in_quote text, on_day date) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN of_base = in_quote THEN 1 ELSE coalesce(
        attribution.published(of_base, in_quote, on_day),
        (SELECT attribution.published(of_base, pivot, on_day) * attribution.published(pivot, in_quote, on_day) AS rate
         FROM (SELECT DISTINCT base AS pivot FROM attribution.fx_rate) AS pivots
         WHERE attribution.published(of_base, pivot, on_day) IS NOT NULL
           AND attribution.published(pivot, in_quote, on_day) IS NOT NULL
         ORDER BY pivot LIMIT 1)
    ) END
$$
--
COMMENT ON FUNCTION attribution.rate_on IS
    'units of in_quote for one of_base: published last on or before the day; direct, inverse, or by way of a third'
"""

GRANTS = """
GRANT SELECT, INSERT, UPDATE ON warehouse.fct_touchpoint, warehouse.fct_deal, warehouse.fct_deal_entry,
    warehouse.fct_credit, warehouse.fct_spend, warehouse.attribution_run, warehouse.model_result
    TO closedloop_attribution
--
GRANT SELECT ON SEQUENCE attribution.dirty_deal_mark_id_seq TO closedloop_attribution
"""

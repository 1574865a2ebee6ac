"""Credits by ledger entry instead of a row each, and the ledger of what each run changed in the reports."""

from alembic import op

from migrations.publish import withdraw
from migrations.statements import run

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Everything ever credited is brought along, and the ledger of changes is made of it.

    Measured: 756,000 credits took 78 s on two cores that were busy besides.
    """
    withdraw(op.get_bind())
    run(TABLES)
    run(GATHERED)
    run(CREDITS)
    run(CHANGES)
    run(TIDIED)


TABLES = """
CREATE FUNCTION attribution.origin_key(channel text, source text, medium text, campaign text) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
    SELECT md5(length(channel)::text || ':' || length(source)::text || ':' || length(medium)::text || ':'
        || channel || source || medium || coalesce('+' || campaign, '-'))::uuid
$$
--
CREATE TABLE attribution.origin (
    origin_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key uuid NOT NULL UNIQUE,
    channel text NOT NULL,
    source text NOT NULL,
    medium text NOT NULL,
    campaign text
)
--
COMMENT ON TABLE attribution.origin IS 'where credited touches came from; grows with the different campaigns'
--
COMMENT ON COLUMN attribution.origin.key IS 'of the rest, since a campaign may be too long for an index'
--
CREATE TABLE attribution.credit (
    entry_id uuid NOT NULL,
    part smallint NOT NULL,
    deal_id text NOT NULL,
    kind text NOT NULL,
    month date NOT NULL,
    models text[] NOT NULL,
    touchpoint_ids uuid[] NOT NULL,
    origins integer[] NOT NULL,
    positions smallint[] NOT NULL,
    begins integer[] NOT NULL,
    firsts integer[] NOT NULL,
    weights double precision[] NOT NULL,
    amounts bigint[],
    unit_exponent smallint NOT NULL,
    run_id bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (entry_id, part)
)
--
CREATE INDEX credit_deal ON attribution.credit (deal_id)
--
DO $$
DECLARE name text;
BEGIN
    -- Compressing what stands by pglz took three times as long as writing it; lz4 does not, where the server has it.
    FOREACH name IN ARRAY ARRAY['touchpoint_ids', 'weights', 'amounts'] LOOP
        BEGIN
            EXECUTE format('ALTER TABLE attribution.credit ALTER COLUMN %I SET COMPRESSION lz4', name);
        EXCEPTION WHEN feature_not_supported THEN
            EXECUTE format('ALTER TABLE attribution.credit ALTER COLUMN %I SET STORAGE EXTERNAL', name);
        END;
    END LOOP;
END $$
--
COMMENT ON TABLE attribution.credit IS
    'the credits that stand: one row per ledger entry and part, all models in it; warehouse.fct_credit lists them'
--
COMMENT ON COLUMN attribution.credit.part IS
    '0: the rule models; 1: the fitted models; from 2 on: what revision 0005 recorded at another time'
--
COMMENT ON COLUMN attribution.credit.positions IS
    'per touch, added up: 1 first, 2 lead_created, 4 opportunity_created, 8 closed, 16 last; 0 middle; 32 no touch'
--
COMMENT ON COLUMN attribution.credit.weights IS
    'model after model, from the first touch that a model credits to the last; 0 where it leaves one out between'
--
COMMENT ON COLUMN attribution.credit.begins IS 'per model: where its weights begin'
--
COMMENT ON COLUMN attribution.credit.firsts IS 'per model: the touch its first weight is of'
--
COMMENT ON COLUMN attribution.credit.amounts IS
    'as weights, in units of 10 to the power of unit_exponent of the base currency; null without a rate'
--
CREATE TABLE attribution.credit_past (LIKE attribution.credit, superseded_at timestamptz NOT NULL)
--
CREATE INDEX credit_past_deal ON attribution.credit_past (deal_id)
--
COMMENT ON TABLE attribution.credit_past IS 'the credits that stood once; apart, so as not to slow what stands'
--
CREATE TABLE attribution.credit_total (
    model text NOT NULL,
    month date,
    origin_id integer NOT NULL,
    amount numeric NOT NULL,
    sales numeric NOT NULL,
    deals bigint NOT NULL,
    source_deals bigint NOT NULL,
    unrated bigint NOT NULL,
    source_unrated bigint NOT NULL,
    held bigint NOT NULL,
    UNIQUE NULLS NOT DISTINCT (model, month, origin_id)
) WITH (fillfactor = 70)
--
COMMENT ON TABLE attribution.credit_total IS 'what stands, added up: the sum of credit_change'
--
COMMENT ON COLUMN attribution.credit_total.month IS 'null: pipeline, which has no month'
--
COMMENT ON COLUMN attribution.credit_total.deals IS
    'deals won (or open), each counted once in a channel: at the first of its origins there'
--
COMMENT ON COLUMN attribution.credit_total.source_deals IS 'likewise, each counted once in a source and medium'
--
COMMENT ON COLUMN attribution.credit_total.unrated IS 'deals without a currency rate, each counted once in a channel'
--
COMMENT ON COLUMN attribution.credit_total.source_unrated IS 'likewise, each counted once in a source and medium'
--
COMMENT ON COLUMN attribution.credit_total.held IS
    'deals with any credit here; a report shows a line where there are some'
--
CREATE TABLE attribution.credit_change (
    recorded_at timestamptz NOT NULL,
    run_id bigint,
    LIKE attribution.credit_total
)
--
CREATE INDEX credit_change_recorded ON attribution.credit_change USING brin (recorded_at) WITH (pages_per_range = 16)
--
COMMENT ON TABLE attribution.credit_change IS 'the ledger of changes: what each run changed in credit_total'
--
CREATE TABLE attribution.newest_stamp (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    at timestamptz NOT NULL
)
--
COMMENT ON TABLE attribution.newest_stamp IS
    'the newest recorded_at; its row lock, held to the commit, gives stamps and commits one order'
"""

GATHERED = """
CREATE TEMPORARY TABLE old_entry ON COMMIT DROP AS
SELECT DISTINCT ON (entry_id) entry_id, kind, date_trunc('month', occurred_at AT TIME ZONE 'UTC')::date AS month
FROM warehouse.fct_deal_entry ORDER BY entry_id
--
ANALYZE old_entry
--
CREATE TEMPORARY TABLE old_credit ON COMMIT DROP AS
SELECT credit.*, entry.kind, entry.month, touch.occurred_at AS touched_at,
    coalesce(touch.session_source, 'Unattributed') AS source,
    coalesce(touch.session_medium, 'Unattributed') AS medium, touch.utm_campaign AS campaign,
    credit.model IN ('markov', 'shapley') AS fitted
FROM warehouse.fct_credit AS credit JOIN old_entry AS entry USING (entry_id)
LEFT JOIN warehouse.fct_touchpoint AS touch USING (touchpoint_id)
--
INSERT INTO attribution.origin (key, channel, source, medium, campaign)
SELECT attribution.origin_key(channel, source, medium, campaign), channel, source, medium, campaign
FROM (SELECT DISTINCT channel, source, medium, campaign FROM old_credit) AS seen
--
ANALYZE attribution.origin
--
CREATE TEMPORARY TABLE given ON COMMIT DROP AS
WITH known AS (
    SELECT old.*, origin_id, round(weight::numeric, 12) AS whole, coalesce(superseded_at, 'infinity') AS until,
        row_number() OVER (
            PARTITION BY entry_id, model, superseded_at
            ORDER BY round(weight::numeric, 12) DESC, touched_at, touchpoint_id
        ) AS heaviest
    FROM old_credit AS old JOIN attribution.origin AS origin
        ON origin.key = attribution.origin_key(old.channel, old.source, old.medium, old.campaign)
), summed AS (
    -- Of what stands the weights of an entry and model come to exactly 1, as they do from now on.
    SELECT known.*, CASE WHEN heaviest = 1 AND superseded_at IS NULL
        THEN whole + 1 - sum(whole) OVER (PARTITION BY entry_id, model, superseded_at) ELSE whole END AS exact,
        dense_rank() OVER (ORDER BY entry_id, fitted, run_id, recorded_at, until) AS row_no
    FROM known
)
SELECT row_no, deal_id, entry_id, kind, month, model, fitted, touchpoint_id, origin_id, amount_base, run_id,
    recorded_at, superseded_at, exact AS weight,
    dense_rank() OVER (PARTITION BY row_no ORDER BY model) AS of_model,
    dense_rank() OVER (PARTITION BY row_no ORDER BY touched_at, touchpoint_id) AS of_touch,
    CASE WHEN touchpoint_id IS NULL THEN 32 ELSE
        CASE WHEN 'first' = ANY (held) THEN 1 ELSE 0 END + CASE WHEN 'lead_created' = ANY (held) THEN 2 ELSE 0 END
        + CASE WHEN 'opportunity_created' = ANY (held) THEN 4 ELSE 0 END
        + CASE WHEN 'closed' = ANY (held) THEN 8 ELSE 0 END + CASE WHEN 'last' = ANY (held) THEN 16 ELSE 0 END
    END AS position
FROM summed, LATERAL string_to_array(summed.position, '+') AS held
WHERE exact > 0
--
ANALYZE given
"""

# One row for what was recorded, and superseded, together.
CREDITS = """
CREATE TEMPORARY TABLE gathered ON COMMIT DROP AS
WITH scales AS (
    SELECT row_no, coalesce(max(scale(amount_base)), 2) AS places FROM given GROUP BY row_no
), spans AS (
    SELECT row_no, of_model, min(of_touch) AS first, max(of_touch) AS last FROM given GROUP BY row_no, of_model
), begun AS (
    SELECT *, 1 + coalesce(sum(last - first + 1) OVER (
        PARTITION BY row_no ORDER BY of_model ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS begin
    FROM spans
), places AS (
    SELECT row_no, array_agg(begin::integer ORDER BY of_model) AS begins,
        array_agg(first::integer ORDER BY of_model) AS firsts
    FROM begun GROUP BY row_no
), laid AS (
    -- What a model leaves out between its touches has a weight of 0.
    SELECT row_no, of_model, of_touch, entry_id, fitted, run_id, recorded_at, superseded_at, deal_id, kind, month,
        weight, (-places)::smallint AS unit_exponent, (amount_base * power(10::numeric, places))::bigint AS amount
    FROM given JOIN scales USING (row_no)
    UNION ALL
    SELECT row_no, of_model, of_touch, entry_id, fitted, run_id, recorded_at, superseded_at, deal_id, kind, month,
        0, (-places)::smallint, CASE WHEN amount_base IS NOT NULL THEN 0 END
    FROM (
        SELECT spans.row_no, spans.of_model, between_them AS of_touch FROM spans,
            LATERAL generate_series(first, last) AS between_them
        EXCEPT SELECT row_no, of_model, of_touch FROM given
    ) AS gap
    JOIN (
        SELECT DISTINCT ON (row_no) row_no, entry_id, fitted, run_id, recorded_at, superseded_at, deal_id, kind, month,
            amount_base
        FROM given ORDER BY row_no
    ) AS one USING (row_no)
    JOIN scales USING (row_no)
), touches AS (
    SELECT row_no, array_agg(touchpoint_id ORDER BY of_touch) AS touchpoint_ids,
        array_agg(origin_id ORDER BY of_touch) AS origins, array_agg(position::smallint ORDER BY of_touch) AS positions
    FROM (SELECT DISTINCT row_no, of_touch, touchpoint_id, origin_id, position FROM given) AS each GROUP BY row_no
), models AS (
    SELECT row_no, array_agg(model ORDER BY of_model) AS models
    FROM (SELECT DISTINCT row_no, of_model, model FROM given) AS each GROUP BY row_no
), bodies AS (
    SELECT row_no, entry_id, fitted, run_id, recorded_at, superseded_at, deal_id, kind, month, min(unit_exponent)
            AS unit_exponent,
        array_agg(weight::double precision ORDER BY of_model, of_touch) AS weights,
        CASE WHEN count(amount) = count(*) THEN array_agg(amount ORDER BY of_model, of_touch) END AS amounts
    FROM laid GROUP BY row_no, entry_id, fitted, run_id, recorded_at, superseded_at, deal_id, kind, month
)
SELECT *, fitted::integer + 2 * (row_number() OVER (
    PARTITION BY entry_id, fitted, superseded_at IS NULL ORDER BY recorded_at DESC, run_id DESC) - 1) AS part
FROM bodies JOIN touches USING (row_no) JOIN models USING (row_no) JOIN places USING (row_no)
--
INSERT INTO attribution.credit (entry_id, part, deal_id, kind, month, models, touchpoint_ids, origins, positions,
    begins, firsts, weights, amounts, unit_exponent, run_id, recorded_at)
SELECT entry_id, part, deal_id, kind, month, models, touchpoint_ids, origins, positions,
    begins, firsts, weights, amounts, unit_exponent, run_id, recorded_at
FROM gathered WHERE superseded_at IS NULL
--
INSERT INTO attribution.credit_past (entry_id, part, deal_id, kind, month, models, touchpoint_ids, origins, positions,
    begins, firsts, weights, amounts, unit_exponent, run_id, recorded_at, superseded_at)
SELECT entry_id, fitted::integer, deal_id, kind, month, models, touchpoint_ids, origins, positions,
    begins, firsts, weights, amounts, unit_exponent, run_id, recorded_at, superseded_at
FROM gathered WHERE superseded_at IS NOT NULL
"""

# What a deal gives to the reports after each stamp, less what it gave before it.
CHANGES = """
CREATE TEMPORARY TABLE turn ON COMMIT DROP AS
SELECT deal_id, stamp, lead(stamp) OVER (PARTITION BY deal_id ORDER BY stamp) AS until
FROM (
    SELECT deal_id, recorded_at AS stamp FROM given
    UNION SELECT deal_id, superseded_at FROM given WHERE superseded_at IS NOT NULL
) AS stamps
--
ANALYZE turn
--
CREATE TEMPORARY TABLE line ON COMMIT DROP AS
WITH held AS (
    SELECT deal_id, stamp, until, model, CASE WHEN kind <> 'pipeline' THEN month END AS month, origin_id,
        sum(coalesce(amount_base, 0)) AS amount,
        sum(weight * CASE WHEN kind IN ('booked', 'renewed') THEN 1 WHEN kind = 'reopened' THEN -1 ELSE 0 END) AS sales,
        bool_or(kind IN ('booked', 'renewed', 'pipeline')) AS opens, bool_or(amount_base IS NULL) AS unrated
    FROM given JOIN turn USING (deal_id)
    WHERE recorded_at <= stamp AND (superseded_at IS NULL OR superseded_at > stamp)
    GROUP BY deal_id, stamp, until, model, CASE WHEN kind <> 'pipeline' THEN month END, origin_id
)
SELECT stamp, until, model, month, origin_id, amount, sales,
    (opens AND row_number() OVER (
        PARTITION BY deal_id, stamp, model, month, channel, opens ORDER BY origin_id) = 1)::integer AS deals,
    (opens AND row_number() OVER (
        PARTITION BY deal_id, stamp, model, month, source, medium, opens ORDER BY origin_id) = 1)::integer
        AS source_deals,
    (unrated AND row_number() OVER (
        PARTITION BY deal_id, stamp, model, month, channel, unrated ORDER BY origin_id) = 1)::integer AS unrated,
    (unrated AND row_number() OVER (
        PARTITION BY deal_id, stamp, model, month, source, medium, unrated ORDER BY origin_id) = 1)::integer
        AS source_unrated
FROM held JOIN attribution.origin USING (origin_id)
--
INSERT INTO attribution.credit_change
SELECT at, (SELECT min(run_id) FROM warehouse.attribution_run WHERE started_at = at AND reason NOT LIKE 'fit%'),
    model, month, origin_id, sum(sign * amount), sum(sign * sales), sum(sign * deals), sum(sign * source_deals),
    sum(sign * unrated), sum(sign * source_unrated), sum(sign)
FROM (
    SELECT line.*, stamp AS at, 1 AS sign FROM line
    UNION ALL SELECT line.*, until, -1 FROM line WHERE until IS NOT NULL
) AS signed
GROUP BY at, model, month, origin_id
HAVING (sum(sign * amount), sum(sign * sales), sum(sign * deals), sum(sign * source_deals), sum(sign * unrated),
    sum(sign * source_unrated), sum(sign)) <> (0, 0, 0, 0, 0, 0, 0)
ORDER BY at
--
INSERT INTO attribution.credit_total
SELECT model, month, origin_id, sum(amount), sum(sales), sum(deals), sum(source_deals), sum(unrated),
    sum(source_unrated), sum(held)
FROM attribution.credit_change GROUP BY model, month, origin_id
HAVING sum(held) <> 0
"""

TIDIED = """
INSERT INTO attribution.newest_stamp (at)
SELECT greatest(clock_timestamp(), max(recorded_at)) FROM attribution.credit_change
--
DROP TABLE warehouse.fct_credit
--
GRANT USAGE ON SEQUENCE warehouse.attribution_run_run_id_seq TO closedloop_attribution
"""

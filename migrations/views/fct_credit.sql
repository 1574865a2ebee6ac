CREATE VIEW warehouse.fct_credit AS
SELECT stored.models[one.of_model] AS model, stored.deal_id, stored.entry_id,
    whole.touchpoint_ids[touch.of_touch] AS touchpoint_id, origin.channel,
    warehouse.position_name(whole.positions[touch.of_touch]) AS position, given.weight,
    round(given.amount * power(10::numeric, stored.unit_exponent), -stored.unit_exponent) AS amount_base,
    stored.run_id, stored.recorded_at, stored.superseded_at
FROM (
    SELECT deal_id, entry_id, models, touchpoint_ids, origins, positions, begins, firsts, weights, amounts,
        unit_exponent, run_id, recorded_at, NULL::timestamptz AS superseded_at
    FROM attribution.credit
    UNION ALL
    SELECT deal_id, entry_id, models, touchpoint_ids, origins, positions, begins, firsts, weights, amounts,
        unit_exponent, run_id, recorded_at, superseded_at
    FROM attribution.credit_past
) AS stored
-- Unpacked once per row, not once per credit: OFFSET 0 keeps the planner from moving this to where it is used.
CROSS JOIN LATERAL (
    SELECT stored.touchpoint_ids || '{}'::uuid[] AS touchpoint_ids, stored.origins || '{}'::integer[] AS origins,
        stored.positions || '{}'::smallint[] AS positions, stored.begins || '{}'::integer[] AS begins,
        stored.firsts || '{}'::integer[] AS firsts
    OFFSET 0
) AS whole
CROSS JOIN LATERAL unnest(stored.weights, stored.amounts) WITH ORDINALITY AS given (weight, amount, place)
CROSS JOIN LATERAL (
    SELECT width_bucket(given.place::integer, whole.begins) AS of_model
) AS one
CROSS JOIN LATERAL (
    SELECT whole.firsts[one.of_model] + given.place::integer - whole.begins[one.of_model] AS of_touch
) AS touch
JOIN attribution.origin ON origin.origin_id = whole.origins[touch.of_touch]
WHERE given.weight > 0
--
GRANT SELECT ON warehouse.fct_credit TO closedloop_attribution

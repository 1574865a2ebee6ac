CREATE VIEW warehouse.credited AS
SELECT stored.models[one.of_model] AS model, stored.deal_id, stored.entry_id, stored.kind, entry.booking,
    entry.occurred_at, stored.month, whole.touchpoint_ids[touch.of_touch] AS touchpoint_id, origin.channel,
    origin.source, origin.medium, origin.campaign, warehouse.position_name(whole.positions[touch.of_touch]) AS position,
    given.weight, round(given.amount * power(10::numeric, stored.unit_exponent), -stored.unit_exponent) AS amount_base,
    given.weight::numeric * CASE WHEN stored.kind IN ('booked', 'renewed') THEN 1 WHEN stored.kind = 'reopened' THEN -1
        ELSE 0 END AS sales
FROM attribution.credit AS stored
JOIN warehouse.fct_deal_entry AS entry ON entry.deal_id = stored.deal_id AND entry.entry_id = stored.entry_id
    AND entry.superseded_at IS NULL
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

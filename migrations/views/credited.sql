CREATE VIEW warehouse.credited AS
SELECT stored.models[one.of_model] AS model, stored.deal_id, stored.entry_id, stored.kind, entry.booking,
    entry.occurred_at, stored.month, whole.touchpoint_ids[one.of_touch] AS touchpoint_id, origin.channel,
    origin.source, origin.medium, origin.campaign, warehouse.position_name(whole.positions[one.of_touch]) AS position,
    one.weight, round(one.amount * power(10::numeric, stored.unit_exponent), -stored.unit_exponent) AS amount_base,
    one.weight::numeric * CASE WHEN stored.kind IN ('booked', 'renewed') THEN 1 WHEN stored.kind = 'reopened' THEN -1
        ELSE 0 END AS sales
FROM attribution.credit AS stored
JOIN warehouse.fct_deal_entry AS entry ON entry.deal_id = stored.deal_id AND entry.entry_id = stored.entry_id
    AND entry.superseded_at IS NULL
CROSS JOIN LATERAL (
    SELECT stored.touchpoint_ids || '{}'::uuid[] AS touchpoint_ids, stored.origins || '{}'::integer[] AS origins,
        stored.positions || '{}'::smallint[] AS positions
    OFFSET 0
) AS whole
CROSS JOIN LATERAL unnest(stored.of_model, stored.of_touch, stored.weights, stored.amounts)
    AS one (of_model, of_touch, weight, amount)
JOIN attribution.origin ON origin.origin_id = whole.origins[one.of_touch]

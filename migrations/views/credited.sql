CREATE VIEW warehouse.credited AS
SELECT credit.model, credit.deal_id, credit.entry_id, entry.kind, entry.booking, entry.occurred_at,
    date_trunc('month', entry.occurred_at AT TIME ZONE (SELECT reporting_zone FROM warehouse.setting))::date AS month,
    credit.touchpoint_id, credit.channel,
    coalesce(touch.session_source, 'Unattributed') AS source, coalesce(touch.session_medium, 'Unattributed') AS medium,
    touch.utm_campaign AS campaign, credit.position, credit.weight, credit.amount_base,
    credit.weight::numeric * CASE WHEN entry.kind IN ('booked', 'renewed') THEN 1 WHEN entry.kind = 'reopened' THEN -1
        ELSE 0 END AS sales
FROM warehouse.fct_credit AS credit
JOIN warehouse.fct_deal_entry AS entry USING (entry_id)
LEFT JOIN warehouse.fct_touchpoint AS touch USING (touchpoint_id)
WHERE credit.superseded_at IS NULL AND entry.superseded_at IS NULL

CREATE VIEW warehouse.not_in_totals AS
SELECT CASE WHEN kind = 'pipeline' THEN 'pipeline' ELSE 'revenue' END AS report, 'no rate' AS reason,
    CASE WHEN kind <> 'pipeline' THEN
        date_trunc('month', occurred_at AT TIME ZONE (SELECT reporting_zone FROM warehouse.setting))::date
    END AS month,
    currency, count(DISTINCT deal_id) AS deals, sum(amount) AS amount
FROM warehouse.fct_deal_entry WHERE superseded_at IS NULL AND amount_base IS NULL
GROUP BY 1, 2, 3, 4
UNION ALL
SELECT 'pipeline', 'no amount', NULL, currency, count(*), NULL
FROM warehouse.fct_deal WHERE amount IS NULL AND status = 'open'
GROUP BY currency

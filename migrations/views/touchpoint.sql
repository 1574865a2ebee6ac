CREATE VIEW warehouse.touchpoint AS
SELECT touch.*, owner.person_id, owner.account_id
FROM warehouse.fct_touchpoint AS touch
LEFT JOIN LATERAL (
    SELECT person_id, account_id
    FROM attribution.identifier_span AS span JOIN attribution.person USING (person_id)
    WHERE span.identity = touch.identity AND touch.occurred_at >= span.since AND touch.occurred_at < span.until
    ORDER BY span.since DESC, person_id LIMIT 1
) AS owner ON true

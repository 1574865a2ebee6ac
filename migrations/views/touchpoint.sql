CREATE VIEW warehouse.touchpoint AS
SELECT touch.*, span.person_id, membership.account_id
FROM warehouse.fct_touchpoint AS touch
LEFT JOIN attribution.identifier_span AS span
    ON span.identity = touch.identity AND touch.occurred_at >= span.since AND touch.occurred_at < span.held_until
LEFT JOIN attribution.membership
    ON membership.person_id = span.person_id
    AND touch.occurred_at >= membership.since AND touch.occurred_at < membership.until

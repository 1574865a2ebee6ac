CREATE VIEW warehouse.dim_person AS
SELECT p.person_id, p.merged_into, p.email, p.account_id, p.stage, p.stage_since, p.score, p.cycle, p.owner,
  p.first_seen_at, seen.last_seen_at
FROM lifecycle.person p
LEFT JOIN LATERAL (
  SELECT max(i.last_at) AS last_seen_at FROM lifecycle.identifier i WHERE i.person_id = p.person_id
) seen ON true
--
GRANT SELECT ON warehouse.dim_person TO closedloop_lifecycle, closedloop_attribution

CREATE VIEW warehouse.dim_account AS
SELECT account_id, domain, name FROM lifecycle.account_alias WHERE key = account_id
--
GRANT SELECT ON warehouse.dim_account TO closedloop_lifecycle, closedloop_attribution

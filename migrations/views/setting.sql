CREATE VIEW warehouse.setting AS
SELECT reporting_zone, base_currency FROM attribution.setting
--
GRANT SELECT ON warehouse.setting TO closedloop_attribution

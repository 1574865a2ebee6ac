CREATE VIEW warehouse.credit_change AS
SELECT change.recorded_at, change.run_id, change.model, change.month, origin.channel, origin.source, origin.medium,
    origin.campaign, change.amount, change.sales, change.deals, change.source_deals, change.unrated,
    change.source_unrated, change.held
FROM attribution.credit_change AS change JOIN attribution.origin USING (origin_id)

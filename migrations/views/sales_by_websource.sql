CREATE VIEW warehouse.sales_by_websource AS
SELECT model, month, source, medium, round(sum(sales), 6) AS sales, coalesce(sum(amount_base), 0) AS revenue
FROM warehouse.credited WHERE kind <> 'pipeline' GROUP BY model, month, source, medium

CREATE FUNCTION warehouse.as_of() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT at FROM attribution.newest_stamp
$$

CREATE FUNCTION warehouse.position_name(held integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (ARRAY[
        'middle', 'first', 'lead_created', 'first+lead_created', 'opportunity_created', 'first+opportunity_created',
        'lead_created+opportunity_created', 'first+lead_created+opportunity_created', 'closed', 'first+closed',
        'lead_created+closed', 'first+lead_created+closed', 'opportunity_created+closed',
        'first+opportunity_created+closed', 'lead_created+opportunity_created+closed',
        'first+lead_created+opportunity_created+closed', 'last', 'first+last', 'lead_created+last',
        'first+lead_created+last', 'opportunity_created+last', 'first+opportunity_created+last',
        'lead_created+opportunity_created+last', 'first+lead_created+opportunity_created+last', 'closed',
        'first+closed', 'lead_created+closed', 'first+lead_created+closed', 'opportunity_created+closed',
        'first+opportunity_created+closed', 'lead_created+opportunity_created+closed',
        'first+lead_created+opportunity_created+closed', 'unattributed'
    ])[held + 1]
$$

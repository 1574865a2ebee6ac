"""A small file to try: four deals of a B2B company, one of them not won."""

EXAMPLE = """\
journey_id,channel,occurred_at,position,converted_at,value
acme,Organic Search,2026-01-05T09:12:00Z,,2026-03-20T16:00:00Z,24000
acme,Paid Search,2026-01-19T14:03:00Z,lead_created,2026-03-20T16:00:00Z,24000
acme,Email,2026-02-02T08:30:00Z,,2026-03-20T16:00:00Z,24000
acme,Events,2026-02-17T10:00:00Z,opportunity_created,2026-03-20T16:00:00Z,24000
acme,Direct,2026-03-19T11:45:00Z,,2026-03-20T16:00:00Z,24000
globex,Paid Social,2026-01-11T18:20:00Z,lead_created,2026-02-27T12:00:00Z,9500
globex,Email,2026-01-25T07:55:00Z,opportunity_created,2026-02-27T12:00:00Z,9500
globex,Paid Search,2026-02-20T13:37:00Z,,2026-02-27T12:00:00Z,9500
initech,Referral,2026-02-08T15:10:00Z,first+lead_created,2026-03-02T09:00:00Z,12750.50
umbrella,Paid Social,2026-01-30T21:05:00Z,lead_created,,
umbrella,Email,2026-02-06T07:58:00Z,,,
"""

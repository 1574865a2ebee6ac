"""suspect -> prospect -> lead -> mql -> sal -> opportunity -> customer, with rml: marketing and sales in one line.

A lead is voluntary: only the person's own act makes one, so an imported or mailed contact stays a prospect, however
often it opens mails; and nobody can call an anonymous visitor, so what they did counts once they are known. Reaching
mql hands the lead to sales, who accept it (sal) or give it back with a reason (rml). Sales may take a lead before
marketing hands it over; it passes through mql at that moment, so that every accepted lead has an answer.
"""

REQUESTS = ["meeting", "custom:demo_request"]
VOLUNTARY = ["form_submit", "product_signup", "content_download", "chat", "event_attended", *REQUESTS]

PRESET: dict[str, object] = {
    "stages": ["suspect", "prospect", "lead", "mql", "rml", "sal", "opportunity", "customer"],
    "lead_stage": "lead",
    "sales_stage": "mql",
    "threshold": 50,
    "rules": [
        {"name": "first_seen", "to": "suspect", "on": ["seen"]},
        {"name": "identified", "to": "prospect", "on": ["identified"]},
        {"name": "voluntary_act", "to": "lead", "on": VOLUNTARY, "from": ["prospect"]},
        {"name": "voluntary_before", "to": "lead", "on": ["identified"], "after": VOLUNTARY, "from": ["prospect"]},
        {"name": "request", "to": "mql", "on": REQUESTS, "from": ["lead"]},
        {"name": "request_before", "to": "mql", "on": ["identified"], "after": REQUESTS, "from": ["lead"]},
        {"name": "score", "to": "mql", "score": True, "from": ["lead"]},
        {"name": "request_again", "to": "mql", "on": REQUESTS, "from": ["rml"], "new_cycle": True},
        {"name": "score_again", "to": "mql", "score": True, "from": ["rml"], "new_cycle": True},
        {"name": "taken", "to": "mql", "on": ["action:accepted"], "from": ["lead"]},
        {"name": "accepted", "to": "sal", "on": ["action:accepted"], "from": ["mql"]},
        {
            "name": "rejected",
            "to": "rml",
            "on": ["action:rejected"],
            "from": ["prospect", "lead", "mql"],
            "resets_score": True,
            "decision": "rejected",
        },
        {
            "name": "disqualified",
            "to": "rml",
            "on": ["action:disqualified"],
            "from": ["suspect", "prospect", "lead", "mql", "rml", "opportunity"],
            "resets_score": True,
            "bars": True,
            "decision": "rejected",
        },
        {
            "name": "recycled",
            "to": "lead",
            "on": ["action:recycled"],
            "from": ["mql", "rml", "sal", "opportunity"],
            "new_cycle": True,
            "resets_score": True,
            "decision": "recycled",
        },
        {"name": "deal_opened", "to": "opportunity", "on": ["deal:open"]},
        {"name": "deal_won", "to": "customer", "on": ["deal:won"]},
        {
            "name": "deal_lost",
            "to": "lead",
            "on": ["deal:lost"],
            "from": ["opportunity"],
            "new_cycle": True,
            "resets_score": True,
        },
    ],
    "points": {
        "email_open": {"points": 1, "cap": 5},
        "email_click": {"points": 5, "cap": 20},
        "ad_click": {"points": 3, "cap": 9},
        "content_download": {"points": 15, "cap": 45},
        "form_submit": {"points": 20, "cap": 40},
        "product_signup": {"points": 40, "cap": 40},
        "event_attended": {"points": 20, "cap": 40},
        "chat": {"points": 10, "cap": 20},
        "call": {"points": 10, "cap": 20},
        "meeting": {"points": 40, "cap": 40},
        "review": {"points": 10, "cap": 10},
        "referral": {"points": 20, "cap": 20},
        "custom:demo_request": {"points": 50, "cap": 50},
    },
}

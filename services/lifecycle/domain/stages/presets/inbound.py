"""prospect -> subscriber -> lead -> mql -> sql -> customer: content first, sales late."""

from services.lifecycle.domain.stages.presets import pipeline
from services.lifecycle.domain.stages.presets.pipeline import REQUESTS, VOLUNTARY

PRESET: dict[str, object] = {
    "stages": ["prospect", "subscriber", "lead", "mql", "sql", "customer"],
    "lead_stage": "lead",
    "sales_stage": "mql",
    "threshold": 50,
    "rules": [
        {"name": "first_seen", "to": "prospect", "on": ["seen"]},
        {"name": "identified", "to": "subscriber", "on": ["identified"]},
        {"name": "voluntary_act", "to": "lead", "on": VOLUNTARY, "from": ["subscriber"]},
        {"name": "voluntary_before", "to": "lead", "on": ["identified"], "after": VOLUNTARY, "from": ["subscriber"]},
        {"name": "request", "to": "mql", "on": REQUESTS, "from": ["lead"]},
        {"name": "request_before", "to": "mql", "on": ["identified"], "after": REQUESTS, "from": ["lead"]},
        {"name": "score", "to": "mql", "score": True, "from": ["lead"]},
        {"name": "taken", "to": "mql", "on": ["action:accepted"], "from": ["lead"]},
        {"name": "accepted", "to": "sql", "on": ["action:accepted"], "from": ["mql"]},
        {
            "name": "rejected",
            "to": "lead",
            "on": ["action:rejected"],
            "from": ["mql"],
            "new_cycle": True,
            "resets_score": True,
            "decision": "rejected",
        },
        {
            "name": "recycled",
            "to": "lead",
            "on": ["action:recycled"],
            "from": ["mql", "sql"],
            "new_cycle": True,
            "resets_score": True,
            "decision": "recycled",
        },
        {
            "name": "disqualified",
            "to": "subscriber",
            "on": ["action:disqualified"],
            "from": ["lead", "mql", "sql"],
            "new_cycle": True,
            "resets_score": True,
            "bars": True,
            "decision": "rejected",
        },
        {"name": "deal_opened", "to": "sql", "on": ["deal:open"]},
        {"name": "deal_won", "to": "customer", "on": ["deal:won"]},
        {
            "name": "deal_lost",
            "to": "lead",
            "on": ["deal:lost"],
            "from": ["sql"],
            "new_cycle": True,
            "resets_score": True,
        },
    ],
    "points": pipeline.PRESET["points"],
}

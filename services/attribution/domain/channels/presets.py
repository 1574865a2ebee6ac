"""The presets: tables of rules in the same shape users write. The first row that matches decides.

`GA4` is Google Analytics 4's default channel group, exactly, in its order. Where Google says "or", there are
two rows. `B2B_FIRST` holds what a B2B team adds in front of it.
"""

from collections.abc import Mapping

_PAID = r"^(.*cp.*|ppc|retargeting|paid.*)$"
_SHOP = r"^(.*(([^a-df-z]|^)shop|shopping).*)$"
_EMAIL = ["email", "e-mail", "e_mail", "e mail"]
_DISPLAY = ["display", "banner", "expandable", "interstitial", "cpm"]
_SOCIAL = ["social", "social-network", "social-media", "sm", "social network", "social media"]

Row = Mapping[str, object]

GA4: tuple[Row, ...] = (
    {"channel": "Direct", "source": "(direct)", "medium": ["(not set)", "(none)"]},
    {"channel": "Cross-network", "campaign_matches": "cross-network"},
    {"channel": "Paid Shopping", "source_in": "shopping", "medium_matches": _PAID},
    {"channel": "Paid Shopping", "campaign_matches": _SHOP, "medium_matches": _PAID},
    {"channel": "Paid Search", "source_in": "search", "medium_matches": _PAID},
    {"channel": "Paid Social", "source_in": "social", "medium_matches": _PAID},
    {"channel": "Paid Video", "source_in": "video", "medium_matches": _PAID},
    {"channel": "Display", "medium": _DISPLAY},
    {"channel": "Paid Other", "medium_matches": _PAID},
    {"channel": "Organic Shopping", "source_in": "shopping"},
    {"channel": "Organic Shopping", "campaign_matches": _SHOP},
    {"channel": "Organic Social", "source_in": "social"},
    {"channel": "Organic Social", "medium": _SOCIAL},
    {"channel": "Organic Video", "source_in": "video"},
    {"channel": "Organic Video", "medium_matches": "video"},
    {"channel": "Organic Search", "source_in": "search"},
    {"channel": "Organic Search", "medium": "organic"},
    {"channel": "Referral", "medium": ["referral", "app", "link"]},
    {"channel": "Email", "source": _EMAIL},
    {"channel": "Email", "medium": _EMAIL},
    {"channel": "Affiliates", "medium": "affiliate"},
    {"channel": "Audio", "medium": "audio"},
    {"channel": "SMS", "source": "sms"},
    {"channel": "SMS", "medium": "sms"},
    {"channel": "Mobile Push Notifications", "medium_matches": "push$|mobile|notification"},
    {"channel": "Mobile Push Notifications", "source": "firebase"},
    {"channel": "AI Assistant", "medium": "ai-assistant"},
    {"channel": "AI Assistant", "referrer_in": "assistants"},
)

_RETARGET = "retarget|remarket"
# Whole words only: "paid-newsletter" is a bought placement and must go on to Paid Other.
_NURTURE = r"nurtur(?:e|ing)|drip|news-?letters?|onboarding|welcome[-_ ]?series|re-?engagement|win-?back|lifecycle"
_NURTURE_MEDIUM = rf"^(?:e-?mail[-_ ]?)?(?:{_NURTURE})(?:[-_ ]?e-?mails?)?$"
_NURTURE_NAME = rf"(?<![a-z])(?:{_NURTURE})(?![a-z])"
_EVENT = (
    r"^(?:(?:field|live|virtual)[-_ ])?"
    r"(?:event|webinar|trade[-_ ]?show|conference|expo|roadshow|meetup|workshop|booth)s?$"
)
_SALES = (
    r"^(?:[sb]dr|outbound|sales|prospecting|cold)(?:[-_ ]?(?:call|e-?mail|outreach|sequence|development))?s?$"
    r"|^outreach$"
)
_PARTNER = (
    r"^(?:(?:channel|technology|solution|referral)[-_ ])?"
    r"(?:partner(?:ship)?|reseller|alliance|co-?marketing)s?$"
)

B2B_FIRST: tuple[Row, ...] = (
    {"channel": "Retargeting", "kind": "retargeting_hit"},
    {"channel": "Retargeting", "medium_matches": _RETARGET},
    {"channel": "Retargeting", "campaign_matches": _RETARGET, "medium_matches": _PAID},
    {"channel": "Retargeting", "campaign_matches": _RETARGET, "medium": _DISPLAY},
    {"channel": "Nurture", "medium_matches": _NURTURE_MEDIUM},
    {"channel": "Nurture", "source_matches": _NURTURE_NAME, "medium": [*_EMAIL, "(not set)"]},
    {"channel": "Nurture", "campaign_matches": _NURTURE_NAME, "medium": _EMAIL},
    {"channel": "Nurture", "campaign_matches": _NURTURE_NAME, "source": _EMAIL},
    {"channel": "Nurture", "campaign_matches": _NURTURE_NAME, "kind_matches": "^email_"},
    {"channel": "Reviews", "kind": "review"},
    {"channel": "Reviews", "source_in": "reviews"},
    {"channel": "Reviews", "medium": ["review", "reviews", "review-site"]},
    {"channel": "Events", "kind": "event_attended"},
    {"channel": "Events", "medium_matches": _EVENT},
    {"channel": "Sales outreach", "kind": ["call", "meeting"], "tagged": False},
    {"channel": "Sales outreach", "medium_matches": _SALES},
    {"channel": "Partner", "kind": "referral"},
    {"channel": "Partner", "medium_matches": _PARTNER},
    {"channel": "AI Assistant", "source_in": "assistants", "medium": ["(not set)", "referral"]},
    {"channel": "Email", "kind_matches": "^email_"},
)

PRESETS: dict[str, tuple[tuple[str, tuple[Row, ...]], ...]] = {
    "ga4": (("ga4", GA4),),
    "b2b": (("b2b", B2B_FIRST), ("ga4", GA4)),
}
"""Preset -> its tables in order, each with the prefix its rules are named by."""

"""Names of track events that mean a kind of ours; any other is `custom:<name>`.

From Segment's specs for email, live chat and B2B SaaS, and names that are common. Written as `snake` makes them.
"""

import re
from functools import lru_cache

_NAMES = {
    "form_submit": "form_submitted form_submit form_completed demo_requested trial_requested contact_requested",
    "content_download": "content_downloaded file_downloaded ebook_downloaded whitepaper_downloaded asset_downloaded",
    "product_signup": "signed_up sign_up user_signed_up account_created trial_started",
    "page_view": "page_viewed viewed_page page_view screen_viewed",
    "email_sent": "email_sent",
    "email_delivered": "email_delivered",
    "email_open": "email_opened email_open",
    "email_click": "email_link_clicked email_clicked email_click",
    "email_bounce": "email_bounced email_bounce",
    "email_unsubscribe": "unsubscribed email_unsubscribed email_unsubscribe",
    "ad_impression": "ad_viewed ad_impression",
    "ad_click": "ad_clicked ad_click",
    "retargeting_hit": "retargeting_hit",
    "event_attended": "event_attended webinar_attended",
    "meeting": "meeting_booked meeting_scheduled meeting_held demo_booked demo_scheduled",
    "call": "call call_completed call_answered",
    "chat": "live_chat_conversation_started chat_started",
    "review": "review_submitted product_reviewed",
    "referral": "referral referral_submitted referred",
}
KIND_OF_NAME = {name: kind for kind, names in _NAMES.items() for name in names.split()}

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@lru_cache(4096)
def kind_of(event: str) -> str:
    """`Form Submitted`, `formSubmitted` -> form_submit; `Opened Door` -> custom:opened_door."""
    name = snake(event)
    return KIND_OF_NAME.get(name) or f"custom:{name or 'event'}"


def snake(text: str) -> str:
    """Lower case words joined by _, at most 100 characters; "" when no letter or digit is in it."""
    return _NOT_WORD.sub("_", _CAMEL.sub("_", text).lower()).strip("_")[:100].rstrip("_")

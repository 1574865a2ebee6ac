"""Segment's calls as touchpoints. Lenient where the native contract is strict: its senders do not read answers.

call      the wire format and the mapping of one call
names     track event names that have a kind of their own
context   what the `context` of a call tells: page, campaign, click ids, consent
"""

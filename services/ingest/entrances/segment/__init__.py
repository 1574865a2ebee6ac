"""Segment's calls as touchpoints. Lenient where the native contract is strict: its senders do not read answers.

wire      what is sent, and how anything else is made to look like it
call      the mapping of one call
names     track event names that have a kind of their own
context   what the `context` of a call tells: page, campaign, click ids, consent
"""

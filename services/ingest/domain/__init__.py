"""What arrives, made into events: values in, values out. No clock, no randomness, no I/O.

receipt      who sent it and when it came
rejection    why an item cannot be used, with the path to what is wrong
text, times, ids   the small rules every kind of item shares
touchpoint, deal, lead_action, spend   the native contract, one file each
segment/     Segment's calls, as touchpoints
"""

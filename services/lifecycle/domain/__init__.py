"""Pure decisions of the lifecycle: values in, values out; no clock, no ids, no I/O.

collect    events -> facts (identifiers, links, signals, account claims); what can change nothing is left out here
identity   links -> who owned a weak identifier when, and which strong identifiers are one person
accounts   claims and account objects -> a person's account
rules      the configuration of a lifecycle, made ready for folding
fold       signals -> stage, score, cycle, sales' answer: the heart
sla        how long sales had, how long it took
"""

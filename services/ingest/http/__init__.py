"""HTTP without a framework, for the routes that take events in: what they need of it is little, and has to be quick.

routes    which path takes what: the table to read first
intake    one request from its bytes to its answer
items     a body taken apart into items, each decoded or rejected on its own
door      a request's route, key and encoding, before its body comes; and what becomes of an error
rate      how much a source may send
"""

"""HTTP without a framework, for the routes that take events in: what they need of it is little, and has to be quick.

routes    which path takes what: the table to read first
intake    one request from its bytes to its answer
items     a body taken apart into items, each decoded or rejected on its own
keys, rate, body   who it is, whether it may, and the bytes within bounds
refusals  every error a request can meet, and the one place that gives each its status
"""

"""The one HTTP edge of every service: who asks, within what bounds, and how each error is answered.

keys      a request's key, and what it grants
throttle  who sends wrong keys too often waits
refusals  every error a request can meet, and its one answer shape
api       a FastAPI application with all of that: what a service begins with
docs      /docs without a script and without another host
health    /health/live, /health/ready, /metrics
service   running the application: bounds on connections and requests, signals, background tasks
"""

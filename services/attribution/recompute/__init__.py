"""Computing marked deals again: `claim` -> `load` -> domain.deals.attribute -> `write`, driven by `worker`."""

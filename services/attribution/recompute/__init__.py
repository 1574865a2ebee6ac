"""Computing marked deals again: store.claims -> `load` -> domain.deals.attribute -> `write`, driven by `worker`."""

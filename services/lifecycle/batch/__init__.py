"""One batch, step by step: who is who (identity), what is new (evidence), what follows for whom (people)."""

"""Fitting Markov and Shapley over all journeys: `due` says when -> `journeys` reads -> `fit` learns and notes."""

"""Stepping through one update of the learner's own network: forward, loss, backward, update, every number."""

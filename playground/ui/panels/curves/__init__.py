"""Losses and scores over the steps of the run."""

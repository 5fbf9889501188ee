"""Runs beside each other: what was tried, how it went, and which is better."""

"""Lessons beside the network: text, questions, goals."""

"""A report of a run: what was asked, from which data, with which network and settings, and what came of it; to be handed in and rerun."""

"""Runs as values: what has been trained, kept in memory, in files and beyond a crash. No Qt."""

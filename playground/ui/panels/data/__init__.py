"""The data of the project: chosen, opened, looked at."""

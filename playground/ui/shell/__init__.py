"""The window round the panels: docks, actions' doing, files, transport, start, undo, settings."""

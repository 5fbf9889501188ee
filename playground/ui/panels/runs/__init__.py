"""Runs beside each other: what was tried, how it went, and which is better."""

from playground.ui.kit.view import BOTTOM, panel

panel(
    f"{__name__}.view:RunsView", "runs", "Runs", BOTTOM, order=105, behind="diagnosis", shown=False, tall=True
)

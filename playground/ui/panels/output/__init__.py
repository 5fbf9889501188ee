"""What the network answers: one picture per kind of data."""

from playground.ui.kit.view import RIGHT, panel

panel(f"{__name__}.view:OutputView", "output", "Output", RIGHT, order=30, share=42)

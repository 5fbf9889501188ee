"""Losses and scores over the steps of the run."""

from playground.ui.kit.view import RIGHT, panel

panel(f"{__name__}.view:LossView", "losses", "Loss", RIGHT, order=40, share=24)

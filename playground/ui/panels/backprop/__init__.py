"""Stepping through one update of the learner's own network: forward, loss, backward, update, every number."""

from playground.ui.kit.view import BOTTOM, panel

panel(
    f"{__name__}.view:BackpropView",
    "backprop",
    "Backprop",
    BOTTOM,
    order=80,
    behind="problems",
    shown=False,
    tall=True,
)

"""The initialization lab: what first weights do to signals and gradients, through any depth, predicted and measured."""

from playground.ui.kit.view import BOTTOM, panel

panel(
    f"{__name__}.view:InitializationView",
    "initialization",
    "Initialization",
    BOTTOM,
    order=103,
    behind="diagnosis",
    shown=False,
    tall=True,
)

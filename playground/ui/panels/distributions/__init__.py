"""How the numbers of every layer are spread: sums, activations, gradients, weights and updates, over time and beside another run."""

from playground.ui.kit.view import BOTTOM, panel

panel(
    f"{__name__}.view:DistributionsView",
    "distributions",
    "Distributions",
    BOTTOM,
    order=102,
    behind="diagnosis",
    shown=False,
    tall=True,
)

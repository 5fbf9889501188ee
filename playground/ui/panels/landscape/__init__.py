"""What shapes learning: the loss round the weights, the length of a step, the rates that serve, the noise of gradients."""

from playground.ui.kit.view import BOTTOM, panel

panel(
    f"{__name__}.view:LandscapeView",
    "landscape",
    "Landscape",
    BOTTOM,
    order=104,
    behind="diagnosis",
    shown=False,
    tall=True,
)

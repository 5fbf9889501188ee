"""Convolution and pooling at work, inside any network, on any picture."""

from playground.ui.kit.view import BOTTOM, panel

panel(
    f"{__name__}.view:ConvolutionView",
    "convolution",
    "Convolution",
    BOTTOM,
    order=90,
    behind="problems",
    shown=False,
    tall=True,
)

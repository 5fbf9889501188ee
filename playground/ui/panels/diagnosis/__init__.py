"""Whether the network is healthy: bias and variance, and what goes on in every layer."""

from playground.ui.kit.view import BOTTOM, panel

panel(
    f"{__name__}.view:DiagnosisView",
    "diagnosis",
    "Diagnosis",
    BOTTOM,
    order=100,
    behind="problems",
    shown=False,
    tall=True,
)

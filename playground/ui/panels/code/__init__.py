"""The program of the network as it stands."""

from playground.ui.kit.view import BOTTOM, panel

panel(
    f"{__name__}.view:CodeView", "code", "Code", BOTTOM, order=96, behind="problems", shown=False, tall=True
)

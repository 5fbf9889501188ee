"""The data of the project: chosen, opened, looked at."""

from playground.ui.kit.view import LEFT, panel

panel(f"{__name__}.view:DataView", "data", "Data", LEFT, order=10, share=50)

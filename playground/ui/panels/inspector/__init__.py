"""The forms beside the network: the selected block, training, data, the palette, and what is wrong."""

from playground.ui.kit.view import RIGHT, panel

panel(f"{__name__}.view:InspectorView", "inspector", "Layer", RIGHT, order=50, share=34)

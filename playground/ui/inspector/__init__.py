"""The forms beside the network: the selected block, training, data, the palette, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.ui.view import View


def preview_views() -> dict[str, type[View]]:
    """The views of this part of the window that can be opened alone, by name."""
    from playground.ui.data_panel import DataView
    from playground.ui.inspector.inspector import InspectorView
    from playground.ui.palette import PaletteView
    from playground.ui.problems_panel import ProblemsView
    from playground.ui.training_panel import TrainingView

    return {
        "inspector": InspectorView,
        "training": TrainingView,
        "data": DataView,
        "palette": PaletteView,
        "problems": ProblemsView,
    }

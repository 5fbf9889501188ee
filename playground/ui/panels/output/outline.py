"""The dashed outline of what a tool is about to do, drawn over the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from playground.ui.kit.lines import Line

At = tuple[float, float]


class Outline(Line):
    """A closed or open line, in the plot's units."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(60)

    def show_path(self, path: Sequence[At]) -> None:
        """The way that was drawn."""
        self.set_data(*np.array(path).T)

    def show_frame(self, corner: At, other: At) -> None:
        """The rectangle between two corners."""
        (x0, y0), (x1, y1) = corner, other
        self.show_path(((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)))

    def show_brush(self, centre: At, size: At, reach: float) -> None:
        """The ellipse ``reach`` sizes round a place: on the screen a circle, where both sizes look alike."""
        angle = np.linspace(0.0, 2 * math.pi, 49)
        self.set_data(
            centre[0] + reach * size[0] * np.cos(angle), centre[1] + reach * size[1] * np.sin(angle)
        )

    def show_ring(self, centre: At, edge: At, size: At) -> None:
        """As ``show_brush``, through ``edge``."""
        reach = math.hypot((edge[0] - centre[0]) / size[0], (edge[1] - centre[1]) / size[1])
        self.show_brush(centre, size, reach)

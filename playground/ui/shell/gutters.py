"""Some space between the panels and the window's edges, where Qt would leave none."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QToolBar

GUTTER = 8  #: pixels
AREAS = (
    Qt.ToolBarArea.TopToolBarArea,
    Qt.ToolBarArea.LeftToolBarArea,
    Qt.ToolBarArea.RightToolBarArea,
    Qt.ToolBarArea.BottomToolBarArea,
)


def leave_gutters(window: QMainWindow) -> None:
    """Put an empty tool bar at each edge; above, below the tool bars that are there already."""
    window.addToolBarBreak()
    for area in AREAS:
        gutter = QToolBar()
        gutter.setObjectName(f"gutter_{area.name}")
        gutter.setProperty("gutter", True)
        gutter.setMovable(False)
        gutter.setFixedSize(GUTTER, GUTTER)
        window.addToolBar(area, gutter)

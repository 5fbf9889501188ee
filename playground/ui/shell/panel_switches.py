"""Buttons for the panels that look into the network: one click away, and seen to be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from playground.ui.kit.fonts import small
from playground.ui.kit.icons import icon

if TYPE_CHECKING:
    from playground.ui.kit.theme import Theme
    from playground.ui.shell.docks import Docks

#: key of the panel, icon, what it is for
SHOWN = (
    ("diagnosis", "stethoscope", "Diagnosis: why it does or does not learn, layer by layer."),
    (
        "distributions",
        "chart-bell-curve",
        "Distributions: how all numbers of a layer are spread, now and over time.",
    ),
    (
        "initialization",
        "dice-multiple-outline",
        "Initialization: what first weights do to signals and gradients, through any depth.",
    ),
    (
        "landscape",
        "image-filter-hdr",
        "Landscape: the loss round the weights, the step, the rates that serve, the noise.",
    ),
    ("backprop", "calculator-variant-outline", "Backprop: the next update, number by number."),
    ("convolution", "grid", "Convolution: filters and feature maps, down to one window and its sum."),
)


#: the width of a window, in pixels, from which on names stand beside the icons; below it History needs the room
NAMED = 1600


class PanelSwitches(QWidget):
    """A switch for each: on while its panel is seen, also where that is a tab among others."""

    def __init__(self, docks: Docks, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel_switches")
        self._docks = docks
        self._later = QTimer(self)  # Qt says that a dock is seen before it is so
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._refresh)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 2)
        row.setSpacing(2)
        self.buttons: dict[str, QToolButton] = {}
        for key, picture, tip in SHOWN:
            button = QToolButton()
            button.setObjectName(f"switch_{key}")
            button.setText(docks[key].windowTitle())
            button.setAccessibleName(f"Show or hide the {docks[key].windowTitle()} panel")
            button.setToolTip(tip)
            button.setCheckable(True)
            button.setAutoRaise(True)
            button.setFont(small(button.font()))
            button.setIcon(icon(picture, theme, "muted"))
            button.setIconSize(QSize(14, 14))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _on, key=key: docks.switch(key))
            docks[key].visibilityChanged.connect(lambda *_: self._later.start())
            self.buttons[key] = button
            row.addWidget(button)

    def _refresh(self) -> None:
        for key, button in self.buttons.items():
            button.setChecked(self._docks.seen(key))

    def fit(self, width: int) -> None:
        """Show names or icons alone, as a window of so many pixels has room."""
        style = Qt.ToolButtonStyle
        for button in self.buttons.values():
            button.setToolButtonStyle(
                style.ToolButtonTextBesideIcon if width >= NAMED else style.ToolButtonIconOnly
            )

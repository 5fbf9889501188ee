"""The Help menu: all keys at a glance, and what this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QMessageBox,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from playground import __version__
from playground.ui.kit.actions import MENUS, SPECS, Actions
from playground.ui.kit.text import Label, RichLabel

#: keys that a panel handles itself
ELSEWHERE = (
    ("Network", "←  →  Tab", "From block to block"),
    ("Network", "Shift+←  Shift+→", "Select several"),
    ("Network", "Alt+←  Alt+→", "Move the selected blocks"),
    ("Network", "↑  ↓", "Through the units of a block"),
    ("Network", "Enter", "Edit the block, or the unit's numbers"),
    ("Network", "Esc", "Give up"),
    ("Convolution", "←  →  ↑  ↓", "To another map, channel or window"),
    ("Convolution", "Enter  Esc", "A level down, a level up"),
    ("Convolution", "Space", "Slide the window"),
    ("Painting", "←  →  ↑  ↓  Enter", "Move the brush, and paint"),
    ("Painting", "Shift+drag", "A straight line; resize selected points"),
    ("Painting", "Ctrl+drag", "Turn selected points"),
    ("Painting", "Delete", "Take selected points away"),
    ("Layers", "Letters", "Search"),
    ("Layers", "Enter", "Add the layer behind the selected block"),
)

PARTS = ("numpy", "PySide6-Essentials", "pyqtgraph", "scikit-learn", "ziamath", "QtAwesome")


class Shortcuts(QDialog):
    """Every shortcut, read from the actions."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shortcuts")
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = [(spec.menu.split("/")[0], _keys(actions, spec.id), spec.text) for spec in SPECS if spec.keys]
        groups = {
            name: [r for r in (*rows, *ELSEWHERE) if r[0] == name]
            for name in (*MENUS, "Network", "Convolution", "Painting", "Layers")
        }
        table = QWidget()
        columns = QGridLayout(table)
        columns.setHorizontalSpacing(36)
        columns.setVerticalSpacing(18)
        # Two columns of about the same height.
        for column, names in enumerate(
            (("File", "Edit", "Help", "Painting"), ("View", "Run", "Network", "Convolution", "Layers"))
        ):
            for row, name in enumerate(names):
                columns.addLayout(_group(name, groups[name]), row, column, Qt.AlignmentFlag.AlignTop)
        scroll = QScrollArea()
        scroll.setObjectName("shortcuts_scroll")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(table)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll)
        layout.addWidget(buttons)
        hint = table.sizeHint()
        self.resize(hint.width() + 48, min(hint.height() + 80, 640))


def _keys(actions: Actions, action_id: str) -> str:
    return ", ".join(
        k.toString(QKeySequence.SequenceFormat.NativeText) for k in actions[action_id].shortcuts()
    )


def _group(name: str, rows: list[tuple[str, str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    title = RichLabel(f"<b>{name}</b>")
    grid.addWidget(title, 0, 0, 1, 2)
    for row, (_, keys, text) in enumerate(rows, start=1):
        keys_label = Label(keys)
        keys_label.setProperty("muted", True)
        grid.addWidget(Label(text.rstrip("…")), row, 0)
        grid.addWidget(keys_label, row, 1)
    grid.setColumnStretch(0, 1)
    return grid


def about(parent: QWidget) -> None:
    """Say which version this is and what it stands on."""
    box = QMessageBox(parent)
    box.setObjectName("about")
    box.setWindowTitle("About")
    box.setTextFormat(Qt.TextFormat.RichText)
    box.setText(f"<h3>Chainrule Playground {__version__}</h3>")
    box.setInformativeText(
        "Drag a neural network together, train it live, and see every number. All of them come from the engine that trains."
        f"<p>{'<br>'.join(f'{part} {_version(part)}' for part in PARTS)}</p>"
    )
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "(not found)"

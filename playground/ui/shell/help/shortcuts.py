"""The Help menu: all keys at a glance, and what this is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from playground.ui.panels import PANELS
from playground.ui.shell.help.words import KEYS

PARTS = ("numpy", "PySide6-Essentials", "pyqtgraph", "scikit-learn", "ziamath", "QtAwesome")


class Shortcuts(QDialog):
    """Every shortcut, read from the actions, and the keys of every panel."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shortcuts")
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        groups: dict[str, list[tuple[str, str]]] = {name: [] for name in MENUS}
        for spec in SPECS:
            if spec.keys:
                groups[spec.menu.split("/")[0]].append((_keys(actions, spec.id), spec.text))
        titles = {"network": "Network", **{panel.key: panel.title for panel in PANELS}}
        groups |= {titles[key]: list(rows) for key, rows in KEYS.items() if key in titles}
        table = QWidget()
        columns = QGridLayout(table)
        columns.setHorizontalSpacing(36)
        columns.setVerticalSpacing(18)
        for column, names in enumerate(_columns(groups)):
            stack = QVBoxLayout()
            stack.setSpacing(18)
            for name in names:
                stack.addLayout(_group(name, groups[name]))
            stack.addStretch(1)
            columns.addLayout(stack, 0, column)
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


def _columns(groups: Mapping[str, Sequence[object]]) -> tuple[list[str], list[str]]:
    """Two columns of about the same height."""
    left: list[str] = []
    right: list[str] = []
    lines = [0, 0]
    for name, rows in groups.items():
        shorter = lines.index(min(lines))
        (left, right)[shorter].append(name)
        lines[shorter] += len(rows) + 2
    return left, right


def _group(name: str, rows: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    title = RichLabel(f"<b>{name}</b>")
    grid.addWidget(title, 0, 0, 1, 2)
    for row, (keys, text) in enumerate(rows, start=1):
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

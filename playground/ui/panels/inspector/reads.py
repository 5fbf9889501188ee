"""What a block reads: a list per input, in which those that fit are told from those that do not."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QPushButton, QToolButton, QWidget

from engine.errors import EngineError
from engine.network import INPUT, shape_in_words
from playground.document import edits
from playground.document.project import Project
from playground.document.wiring import Candidate, candidates
from playground.ui.kit.icons import icon
from playground.ui.kit.text import Label, button_text
from playground.ui.kit.view import Context
from playground.ui.kit.widgets import ComboBox

FITS, NOT = "✓", "✗"


class Reads(QWidget):
    """Edits the inputs of the selected block; hidden where it has no choice."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("reads")
        self._context = context
        self._node_id = ""
        self._shown: object = None
        self.boxes: list[QComboBox] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)

    def show_block(self, project: Project, node_id: str) -> None:
        """The inputs of a node; "" or another block shows none."""
        if node_id not in project.network:
            self._shown = None
            self.hide()
            return
        node, inputs = project.network[node_id], project.network.inputs_of(node_id)
        offered = tuple(candidates(project, node_id, at) for at in range(len(inputs) + 1))
        shown = node_id, inputs, offered
        self.setVisible(node.layer.arity is None or len(offered[0]) > 1)
        if shown != self._shown:
            self._shown, self._node_id = shown, node_id
            self._fill(inputs, offered, node.layer.arity is None)

    def _fill(self, inputs: tuple[str, ...], offered: tuple[tuple[Candidate, ...], ...], joins: bool) -> None:
        focused = next((i for i, box in enumerate(self.boxes) if box.hasFocus()), None)
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.boxes = []
        for at, source in enumerate(inputs):
            label = Label("Reads" if not at else "and")
            box = self._box(at, source, offered[at])
            label.setBuddy(box)
            self._grid.addWidget(label, at, 0)
            self._grid.addWidget(box, at, 1)
            if joins and len(inputs) > 1:
                self._grid.addWidget(self._remove(at, source), at, 2)
        if joins:
            self._grid.addWidget(self._add(offered[-1], inputs), len(inputs), 1, Qt.AlignmentFlag.AlignLeft)
        if focused is not None and self.boxes:
            self.boxes[min(focused, len(self.boxes) - 1)].setFocus(Qt.FocusReason.OtherFocusReason)

    def _box(self, at: int, source: str, offered: tuple[Candidate, ...]) -> QComboBox:
        box = ComboBox()
        box.setObjectName(f"reads_{at}")
        box.setAccessibleName(f"Input {at + 1}")
        box.setToolTip(
            "Which earlier block this one reads. ✓ fits; ✗ would be a problem until a layer between changes it."
        )
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if source not in {one.id for one in offered}:  # it stands behind, which is a problem
            offered = (*offered, Candidate(source, (), False))
        for one in reversed(offered):  # the nearest first
            box.addItem(_words(one), one.id)
        box.setCurrentIndex(box.findData(source))
        box.activated.connect(lambda i: self._change(at, box.itemData(i)))
        self.boxes.append(box)
        return box

    def _remove(self, at: int, source: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(f"unread_{at}")
        button.setProperty("flat", True)
        button.setIcon(icon("close", self._context.theme, "muted"))
        button.setIconSize(QSize(13, 13))
        button.setToolTip("Take this wire away.")
        button.setAccessibleName(f"Take the wire from {source} away")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self._change(at, None))
        return button

    def _add(self, offered: tuple[Candidate, ...], inputs: tuple[str, ...]) -> QPushButton:
        """One more input: the nearest that fits and is not read yet, or else the nearest."""
        left = [one for one in reversed(offered) if one.id not in inputs]
        best = next((one for one in left if one.fits), left[0] if left else None)
        button = QPushButton(button_text("Add an input"))
        button.setObjectName("read_more")
        button.setProperty("flat", True)
        button.setIcon(icon("plus", self._context.theme, "muted"))
        button.setEnabled(best is not None)
        button.setToolTip(
            "Join one more block." if best is not None else "It reads every earlier block already."
        )
        button.setAccessibleName("Add an input")
        if best is not None:
            button.clicked.connect(lambda: self._set((best.id, *inputs)))
        return button

    def _change(self, at: int, source: str | None) -> None:
        inputs = list(self._context.document.value.network.inputs_of(self._node_id))
        inputs[at : at + 1] = [source] if source is not None else []
        self._set(tuple(inputs))

    def _set(self, inputs: tuple[str, ...]) -> None:
        try:
            self._context.document.do(edits.set_inputs, self._node_id, inputs)
        except EngineError:  # the document has changed meanwhile; what is shown follows
            self._shown = None


def _words(one: Candidate) -> str:
    name = "the data" if one.id == INPUT else one.id
    shape = shape_in_words(one.shape) if one.shape else "unknown"
    return f"{FITS if one.fits else NOT} {name} · {shape}"

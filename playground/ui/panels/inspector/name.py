"""What the selected layer is called: a line to type its name into, and why one cannot be had."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from engine.errors import EngineError
from playground.document import edits
from playground.document.naming import MOST_LETTERS, is_by_position
from playground.document.project import Project
from playground.ui.kit.text import Label
from playground.ui.kit.view import Context
from playground.ui.kit.widgets import label, named

TIP = "Programs, given weights and lessons speak of the layer by this name. Unless you choose one, it says kind and position; emptied, it does so again."


class _Line(QLineEdit):
    """Esc gives up typing."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text() != self.shown:
            self.setText(self.shown)
            self.selectAll()
        else:
            super().keyPressEvent(event)


class NameField(QWidget):
    """Edits the name of the selected layer; hidden where a block has none."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("name_field")
        self._context = context
        self._node_id = ""
        self._refused = label("name_refused", problem=True)
        self._refused.hide()
        self.line = named(_Line(), "layer_name", "Name of the layer", TIP)
        self.line.setMaxLength(MOST_LETTERS + 1)
        self.line.editingFinished.connect(self.commit)
        self.line.textEdited.connect(lambda _: self._refused.hide())
        caption = Label("Name")
        caption.setBuddy(self.line)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        grid.addWidget(caption, 0, 0)
        grid.addWidget(self.line, 0, 1)
        grid.addWidget(self._refused, 1, 1)
        grid.setColumnStretch(1, 1)

    def show_block(self, project: Project, node_id: str) -> None:
        """The name of a node; of another block none."""
        there = node_id in project.network
        self.setVisible(there)
        typing = self.line.hasFocus() and self.line.isModified() and node_id == self._node_id
        self._node_id = node_id if there else ""
        if there and not typing:
            self._refused.hide()
            self.line.shown = node_id
            self.line.setText(node_id)
            self.line.setModified(False)

    def commit(self) -> None:
        """Take what is typed; where that cannot be, say why, and let it stand to be corrected."""
        name, node_id = self.line.text().strip(), self._node_id
        document = self._context.document
        if not self.line.isModified() or node_id not in document.value.network:
            return
        self.line.setModified(False)
        try:
            document.do(edits.name_layer, node_id, name, text=f"Name {node_id} {name}".rstrip())
        except EngineError as error:
            self._refused.setText(str(error))
            self._refused.show()
            return
        if not name and is_by_position(node_id):  # nothing to change
            self.show_block(document.value, node_id)

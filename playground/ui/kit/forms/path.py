"""The editors for a name, for a row of numbers, and for a file or a folder: its path to type, and a button that asks which one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit, QSizePolicy, QToolButton

from engine.spec import File, FloatList, Name, Param
from playground.ui.kit.forms.editor import Editor, edits
from playground.ui.kit.icons import icon
from playground.ui.kit.theme import Theme

MINIMUM = 80  #: of the box, in pixels


@edits(Name)
class NameEditor(Editor):
    """A line to type or paste into."""

    def __init__(self, param: Param, theme: Theme) -> None:
        super().__init__(param, theme)
        self._value = ""
        self.line = QLineEdit()
        self.line.setMinimumWidth(MINIMUM)
        self.line.setPlaceholderText("none")
        self.line.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.line.editingFinished.connect(self._typed)
        self._take(self.line)

    def show_value(self, value: Any) -> None:
        self._value = str(value)
        self.line.setText(self._value)
        # The end of a path says more than its beginning.
        self.line.setCursorPosition(len(self._value))

    def commit(self) -> None:
        self._typed()

    def _typed(self) -> None:
        text = self.line.text().strip()
        if text != self._value:
            self._value = text
            self.entered.emit(text, "")


@edits(FloatList)
class NumbersEditor(NameEditor):
    """A line for numbers with commas between them."""

    def __init__(self, param: Param, theme: Theme) -> None:
        super().__init__(param, theme)
        self.kind: FloatList = param.kind  # type: ignore[assignment]
        self.line.setPlaceholderText(self.kind.none_label)

    def show_value(self, value: Any) -> None:
        super().show_value(self.kind.written(value))
        self.line.setCursorPosition(0)

    def _typed(self) -> None:
        text = self.line.text().strip()
        if text != self._value:
            self._value = text
            self.entered.emit(self.kind.read(text), "")


@edits(File)
class PathEditor(NameEditor):
    """A line to type or paste into, and a button beside it."""

    def __init__(self, param: Param, theme: Theme) -> None:
        super().__init__(param, theme)
        self.button = QToolButton()
        self.button.setObjectName(f"{param.name}.choose")
        self.button.setProperty("flat", True)
        self.button.setIcon(icon("folder-open-outline", theme, "muted"))
        self.button.setIconSize(QSize(16, 16))
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setToolTip("Choose a folder." if self._kind.folder else "Choose a file.")
        self.button.setAccessibleName(self.button.toolTip().rstrip("."))
        self.button.clicked.connect(self._ask)
        layout = self.layout()
        layout.setSpacing(2)  # type: ignore[union-attr]
        layout.addWidget(self.button)  # type: ignore[union-attr]

    @property
    def _kind(self) -> File:
        return self.param.kind  # type: ignore[return-value]

    def stops(self) -> list[Any]:
        return [self.line, self.button]

    def _ask(self) -> None:
        start = str(Path(self._value).parent) if self._value else str(Path.home())
        if self._kind.folder and not Path(self._value).is_file():  # a packed folder is a file
            chosen = QFileDialog.getExistingDirectory(self, "Choose a folder", self._value or start)
        else:
            endings = " ".join(f"*{ending}" for ending in self._kind.endings)
            names = f"Such files ({endings});;All files (*)" if endings else "All files (*)"
            chosen, _ = QFileDialog.getOpenFileName(self, "Choose a file", start, names)
        if chosen:
            self.entered.emit(chosen, "")

"""What is in a file or folder that was chosen, before it takes the place of the project's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from engine.data import split_in_words
from engine.data.report import Note
from engine.errors import counted
from playground.ui.kit.sentence import Sentence
from playground.ui.kit.subject import samples_in_words
from playground.ui.kit.text import Label
from playground.ui.panels.data.columns_table import ColumnsTable
from playground.ui.panels.data.gallery import Gallery
from playground.ui.panels.data.read_report import ReadReport

if TYPE_CHECKING:
    from engine.data import Dataset, Preparation, Prepared
    from playground.ui.kit.theme import Theme


def contents_in_words(data: Dataset) -> str:
    """ "10,000 pictures · 28×28, grey · 10 classes" """
    if data.is_image:
        channels, height, width = data.in_shape
        what = f"{len(data):,} pictures · {height}×{width}, {'grey' if channels == 1 else 'colour'}"
    else:
        what = f"{counted(len(data), 'row')} of {counted(data.in_shape[0], 'number')}"
    if data.classes:
        return f"{what} · {len(data.classes):,} classes"
    if len(data.target_shape) > 1:
        return f"{what} · a picture to predict"
    return f"{what} · {len(data.targets):,} number{'s' if len(data.targets) != 1 else ''} to predict"


def prepared_in_words(data: Prepared, preparation: Preparation) -> tuple[Note, ...]:
    """What will be done to the data once they are used: how the files split them, and how they will be normalized."""
    notes = []
    split = split_in_words(data.raw, preparation)
    if split:
        notes.append(Note(f"{split} So there are {samples_in_words(data)}."))
    kinds = {"standardize": "brought to mean 0 and deviation 1", "min-max": "brought to 0 … 1"}
    inputs, targets = kinds.get(preparation.normalize), kinds.get(preparation.target)
    parts = [f"{what} will be {how}" for what, how in (("inputs", inputs), ("targets", targets)) if how]
    if parts:
        text = ", and ".join(parts)
        notes.append(Note(f"{text[0].upper()}{text[1:]}: see Normalize."))
    return tuple(notes)


class DataPreview(QFrame):
    """Name, contents and a picture of each class, with the question whether to use them. Escape dismisses it."""

    accepted = Signal()
    dismissed = Signal()
    column_asked = Signal(str, str, str)  #: as ColumnsTable.asked
    changed = Signal(object)  #: an Offer: other values of the source's parameters, to read the files with

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("data_preview")
        self.setProperty("card", True)
        self.setAccessibleName("What was chosen")
        self.title = Sentence("preview_title", "heading")
        self.contents = Label()
        self.contents.setObjectName("preview_contents")
        self.contents.setWordWrap(True)
        self.contents.setProperty("muted", True)
        self.report = ReadReport("preview_report")
        self.report.chosen.connect(self.changed)
        self.columns = ColumnsTable(theme, "preview_columns")
        self.columns.asked.connect(self.column_asked)
        self.gallery = Gallery(theme)
        self.gallery.setObjectName("preview_gallery")
        self.use = _button(
            "preview_use",
            "Use these data",
            "Put these data in the place of the present ones. It can be undone.",
        )
        self.use.setProperty("primary", True)
        self.cancel = _button("preview_cancel", "Cancel", "Leave the data as they are.")
        self.use.clicked.connect(self.accepted)
        self.cancel.clicked.connect(self.dismissed)
        answers = QHBoxLayout()
        answers.addWidget(self.use, stretch=1)
        answers.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.title)
        column.addWidget(self.contents)
        column.addLayout(answers)  # before all of which there may be more than fits
        column.addWidget(self.columns)
        column.addWidget(self.report)
        column.addWidget(self.gallery)
        self.hide()

    def show_data(self, name: str, prepared: Prepared, preparation: Preparation) -> None:
        """Show what data are, which were found under ``name`` and would be prepared so."""
        data = prepared.raw
        self.title.setText(name)
        lost = (note.text.partition(":")[0] for note in data.report if note.lost)
        self.contents.setText(" · ".join((contents_in_words(data), *lost)))
        self.report.show_report(
            (*data.report, *prepared_in_words(prepared, preparation)),
            "targets" if data.encoding is not None else "",
        )
        self.gallery.show_data(data)
        self.columns.show_columns(data.encoding.about if data.encoding is not None else ())
        self.setAccessibleDescription(f"{name}: {self.contents.text()} {self.report.words()}".rstrip())
        self.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
        else:
            super().keyPressEvent(event)


def _button(name: str, text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(tip)
    button.setAccessibleName(text)
    button.setAccessibleDescription(tip)
    return button

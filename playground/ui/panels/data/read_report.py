"""What the reader of somebody's files did: a sentence for each thing, and buttons for what could be done in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from engine.data.report import Note
from playground.ui.kit.sentence import Sentence
from playground.ui.panels.data.narrow import NarrowButton

if TYPE_CHECKING:
    from engine.errors import Offer


class ReadReport(QWidget):
    """Shows the report of a data set; hidden where it is empty."""

    chosen = Signal(object)  #: an Offer

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("How the files were read")
        self._report: tuple[Note, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self.hide()

    def show_report(self, report: tuple[Note, ...], without: str = "") -> None:
        """What was left out comes first. ``without``: the parameter that offers are not shown for, as another part of the panel has them."""
        report = tuple(
            replace(
                note, offers=tuple(o for o in note.offers if {name for name, _ in o.changes} != {without})
            )
            for note in sorted(report, key=lambda one: not one.lost)
        )
        if report != self._report:
            self._report = report
            while (item := self._column.takeAt(0)) is not None:
                if (widget := item.widget()) is not None:
                    widget.hide()
                    widget.deleteLater()
            for note in report:
                sentence = Sentence("note", "plain" if note.lost else "muted")
                sentence.setText(note.text)
                self._column.addWidget(sentence)
                for offer in note.offers:
                    self._column.addWidget(self._button(offer), alignment=Qt.AlignmentFlag.AlignLeft)
        self.setVisible(bool(report))

    def words(self) -> str:
        """All sentences."""
        return " ".join(note.text for note in self._report)

    def _button(self, offer: Offer) -> QPushButton:
        button = NarrowButton(offer.words)
        button.setObjectName("offer")
        button.setProperty("link", True)
        button.setToolTip(f"{offer.words}: the files are read again so. It can be undone.")
        button.setAccessibleName(offer.words)
        button.setAccessibleDescription(button.toolTip())
        button.clicked.connect(lambda: self.chosen.emit(offer))
        return button

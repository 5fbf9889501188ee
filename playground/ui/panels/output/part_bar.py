"""Which part of the data is looked at, which page of it, and whether only the wrong ones."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from engine.data import Prepared
from playground.ui.kit.fonts import small
from playground.ui.kit.points import PARTS, size_of
from playground.ui.kit.switches import switch
from playground.ui.kit.text import Label
from playground.ui.kit.widgets import ComboBox


class PartBar(QWidget):
    """A choice of part; with ``pages``, also arrows and a switch for the wrong ones."""

    part_changed = Signal(str)
    paged = Signal(int)  #: one page back (-1) or on (1)
    wrong_changed = Signal(bool)

    def __init__(self, pages: bool) -> None:
        super().__init__()
        self.choice = ComboBox()
        self.choice.setObjectName("part")
        self.choice.setToolTip("Which samples are shown: the network learns from the training part only.")
        self.choice.setAccessibleName("Part of the data")
        self.choice.setFont(small(self.choice.font()))
        self.choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.choice.currentTextChanged.connect(self.part_changed)
        tip = "Show only the samples that the network gets wrong."
        self.wrong = switch("wrong_only", "wrong", tip, False, self.wrong_changed.emit)
        self.where = Label()
        self.where.setObjectName("page")
        self.where.setProperty("muted", True)
        self.back = self._arrow("page_back", Qt.ArrowType.LeftArrow, "Earlier samples (Page Up)", -1)
        self.on = self._arrow("page_on", Qt.ArrowType.RightArrow, "Further samples (Page Down)", 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.choice)
        row.addWidget(self.wrong)
        row.addStretch(1)
        row.addWidget(self.where)
        row.addWidget(self.back)
        row.addWidget(self.on)
        for part in (self.wrong, self.where, self.back, self.on):
            part.setVisible(pages)

    def _arrow(self, name: str, way: Qt.ArrowType, tip: str, step: int) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setArrowType(way)
        button.setAutoRaise(True)
        button.setIconSize(QSize(12, 12))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.paged.emit(step))
        return button

    def show_data(self, data: Prepared) -> None:
        """Offer the parts that have samples; keep the chosen one if it is among them."""
        offered = [part for part in PARTS if size_of(data, part)]
        shown = [self.choice.itemText(i) for i in range(self.choice.count())]
        if offered == shown:
            return
        kept = self.part if self.part in offered else "validation" if "validation" in offered else offered[0]
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(offered)
        self.choice.setCurrentText(kept)
        self.choice.blockSignals(False)

    @property
    def part(self) -> str:
        """The chosen part; "validation" before there are data."""
        return self.choice.currentText() or "validation"

    @part.setter
    def part(self, part: str) -> None:
        self.choice.setCurrentText(part)

    def show_page(self, first: int, last: int, count: int) -> None:
        """Samples ``first`` to ``last`` (counted from 1) of ``count`` are on screen."""
        self.where.setText(f"{first}–{last} of {count:,}" if count else "none")
        self.back.setEnabled(first > 1)
        self.on.setEnabled(last < count)

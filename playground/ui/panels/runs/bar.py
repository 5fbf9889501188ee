"""What can be done in the panel of runs: buttons, how long, what is locked, the filter."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton, QSpinBox, QWidget

from playground.runs.luck import LEAST
from playground.ui.kit.style import GAP
from playground.ui.kit.switches import FlowLayout
from playground.ui.kit.widgets import ComboBox

#: epochs that a run beside can be asked for
MOST_EPOCHS = 1_000_000


class ControlBar(QWidget):
    """The row above the table."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("runs_bar")
        self.run = _button(
            "runs_beside", "Run beside",
            "Train the project before the last edit (A) and as it is now (B) beside each other: same data, seed and batches.",
        )  # fmt: skip
        self.run.setProperty("primary", True)
        tip = f"Do the same with {LEAST} seeds, and say whether the difference is larger than luck."
        self.seeds = _button("runs_seeds", f"{LEAST} seeds", tip)
        tip = "Train with several values of one setting."
        self.several = _button("runs_several", "Try several…", tip)
        self.cancel = _button("runs_cancel", "Stop", "Give up what is trained beside; finished runs stay.")
        self.go_on = _button("runs_go_on", "Go on", "Train the runs that are missing of what was tried last.")
        self.extend = _button(
            "runs_extend",
            "Extend",
            "The best value lies at the border of what was tried: try more beyond it.",
        )
        for button in (self.go_on, self.extend):
            button.hide()
        tip = "Make the chosen run the current one, weights and all. Undo brings the old one back."
        self.keep = _button("runs_keep", "Keep", tip)
        self.lock = ComboBox()
        self.lock.setObjectName("runs_lock")
        self.lock.addItems(["same epochs", "same time"])
        self.lock.setAccessibleName("What both runs get alike")
        self.lock.setToolTip(
            "Same epochs: both stand at the same epoch. Same time: both have trained for the same time."
        )
        self.epochs = QSpinBox()
        self.epochs.setObjectName("runs_epochs")
        self.epochs.setRange(1, MOST_EPOCHS)
        self.epochs.setSuffix(" epochs")
        self.epochs.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.epochs.setAccessibleName("Epochs of each run")
        self.epochs.setToolTip("How long each run beside is trained.")
        self.filter = QLineEdit()
        self.filter.setObjectName("runs_filter")
        self.filter.setPlaceholderText("Filter runs")
        self.filter.setAccessibleName("Filter runs")
        self.filter.setToolTip("Show only runs in which these words stand.")
        self.filter.setClearButtonEnabled(True)
        self.filter.setMaximumWidth(180)
        row = FlowLayout(
            self, gap=GAP
        )  # in one row it is wider than what is left beside two columns of panels
        for part in (
            self.run, self.seeds, self.several, self.lock, self.epochs, self.cancel, self.go_on, self.extend, self.keep
        ):  # fmt: skip
            row.addWidget(part)
        row.addWidget(self.filter)

    @property
    def by_time(self) -> bool:
        """Whether both runs get the same time, in place of the same epochs."""
        return self.lock.currentIndex() == 1

    def enable(self, can_run: bool, running: bool, can_keep: bool) -> None:
        """What is possible now."""
        for button in (self.run, self.seeds, self.several):
            button.setEnabled(can_run and not running)
        self.cancel.setEnabled(running)
        self.keep.setEnabled(can_keep)

    def offer(self, left: int, more: int) -> None:
        """Offer to train the runs that are ``left`` of several, and to try so many ``more`` values."""
        self.go_on.setText(f"Go on ({left} left)")
        self.go_on.setVisible(left > 0)
        self.extend.setText(f"Extend ({more} more)")
        self.extend.setVisible(more > 0)


def _button(name: str, text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setToolTip(tip)
    return button

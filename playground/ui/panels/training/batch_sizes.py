"""Three ways to form batches, as one switch: each sample alone, a few at a time, or all at once."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import count

MINI = 32  #: samples of a mini-batch, where there are as many
WAYS = (
    (
        "single",
        "Single",
        "One sample for each update: stochastic gradient descent in the strict sense, noisy and cheap.",
    ),
    ("mini", "Mini", "Some samples for each update: what is usual."),
    ("full", "Full", "All training samples for each update: batch gradient descent, calm and expensive."),
)


class BatchSizes(QWidget):
    """Says which of the ways the batch size is, and changes it."""

    chosen = Signal(int)  #: samples

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("batch_sizes")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addStretch(1)
        self.buttons: dict[str, QToolButton] = {}
        for name, text, tip in WAYS:
            button = QToolButton()
            button.setObjectName(f"batch_{name}")
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(f"{text} batch")
            button.setCheckable(True)
            button.setFont(small(button.font()))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, name=name: self._choose(name))
            self.buttons[name] = button
            row.addWidget(button)
        self._samples, self._size = 0, 0

    def show_size(self, size: int, samples: int) -> None:
        """The batch size, and how many training samples there are; 0 while that is not known."""
        self._size, self._samples = size, samples
        now = "single" if size == 1 else "full" if samples and size >= samples else "mini"
        for name, button in self.buttons.items():
            button.setChecked(name == now)
        self.buttons["full"].setEnabled(samples > 0)
        self.buttons["full"].setText(f"Full · {count(samples)}" if samples else "Full")

    def _choose(self, name: str) -> None:
        wanted = {"single": 1, "full": self._samples, "mini": min(MINI, max(self._samples - 1, 2))}[name]
        stays = name == "mini" and 1 < self._size < (self._samples or self._size + 1)
        self.show_size(self._size, self._samples)  # what is checked follows from the project
        if not stays:
            self.chosen.emit(wanted)

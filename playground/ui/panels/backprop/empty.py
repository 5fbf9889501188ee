"""What the dock shows while nobody steps: what to do, and small networks to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from playground.document.project import problems
from playground.ui.kit.icons import icon
from playground.ui.kit.style import GAP
from playground.ui.kit.switches import FlowLayout
from playground.ui.kit.text import tip
from playground.ui.kit.widgets import filled, label, named

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.ui.kit.theme import Theme

WORDS = (
    "Pause anywhere and walk through the next update of your own network: forward, loss, backward, update, with every number. "
    "At the end, apply it as the run's next step, or discard it and nothing has changed."
)
#: examples with friendly numbers: key, button, tool tip
STARTERS = (
    (
        "one-neuron",
        "Start small: one neuron",
        "Open two weights, a sigmoid and the loss of its probability, and step: the chain rule with nothing left out.",
    ),
    (
        "first-steps",
        "Start small: 2-2-1",
        "Open a network with friendly numbers that can be worked out by hand, and step.",
    ),
    (
        "first-convolution",
        "Start small: a convolution",
        "Open a 5×5 picture with a 3×3 kernel and a 2×2 pool, and step through it.",
    ),
)


class EmptyState(QWidget):
    """Two sentences, a button to begin, and some to begin small."""

    begin = Signal()
    starter_chosen = Signal(str)  #: key of an example

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("backprop_empty")
        text = "Step inside the next update"
        self.title = label("backprop_empty_title", text, wraps=False, title=True)
        words = label("backprop_empty_words", WORDS)
        mine = QPushButton("Use my network and this sample")
        self.mine = named(mine, "backprop_begin", "Step inside my network", primary=True)
        self.mine.clicked.connect(self.begin)
        self.starters = [self._starter(*starter) for starter in STARTERS]
        self.problem = label("backprop_refusal", problem=True)
        for part in (words, self.problem):
            part.setMaximumWidth(640)
        self.problem.hide()
        row = FlowLayout(gap=GAP)  # a narrow panel has them on two lines
        for button in (self.mine, *self.starters):
            row.addWidget(button)
        filled(QVBoxLayout(self), None, self.title, words, row, self.problem, gap=GAP).addStretch(2)
        self.mine.setIcon(icon("magnify", theme, "accent_text"))
        self.mine.setIconSize(QSize(16, 16))
        for button in self.starters:
            button.setIcon(icon("school-outline", theme))

    def _starter(self, key: str, text: str, tip: str) -> QPushButton:
        button = named(QPushButton(text), f"backprop_starter_{key}", text, tip)
        button.clicked.connect(lambda: self.starter_chosen.emit(key))
        return button

    def show_project(self, project: Project) -> None:
        """Say why it cannot begin, where it cannot."""
        found = [problem.message for problem in problems(project)]
        self.mine.setEnabled(not found)
        self.mine.setToolTip(
            tip(f"Not yet: {found[0]}")
            if found
            else "Record the next update of this network and walk through it. (I)"
        )

    def refuse(self, words: str) -> None:
        """Why the worker could not begin; "" for no trouble."""
        self.problem.setText(words)
        self.problem.setVisible(bool(words))

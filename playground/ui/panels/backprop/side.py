"""The base of the cards that stand beside the steps."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from playground.ui.kit.line import Line
from playground.ui.kit.style import GAP, MARGIN
from playground.ui.kit.view import Context, StepAt, View
from playground.ui.kit.widgets import filled, label, scroller
from playground.ui.panels.backprop.subject import Subject


class SideCard(View):
    """A line with a remark at its right, a sentence for when there is nothing to show, and what a subclass adds to ``body``.

    A subclass says in ``refresh`` what to show; it is called whenever step, subject or theme have changed, while the card is visible.
    """

    title = ""  #: for screen readers; those who see have it on the card's tab
    idle = "Step inside an update to see this."

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.subject = Subject(context.focus, self)
        self.setAccessibleName(self.title)
        self.remark = Line()
        self.remark.setProperty("muted", True)
        self.remark.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.head = QHBoxLayout()
        self.head.addWidget(self.remark, 1)
        self.silence = label("silence", self.idle, muted=True)
        self.contents = QWidget()
        self.body = filled(QVBoxLayout(self.contents), gap=GAP)
        margins = (MARGIN, MARGIN // 2, MARGIN, MARGIN // 2)
        self.column = column = filled(QVBoxLayout(self), self.head, gap=GAP, margins=margins)
        column.addWidget(self.silence, 0, Qt.AlignmentFlag.AlignTop)
        self.scroller = scroller("side_scroll", self.contents)
        column.addWidget(self.scroller, 1)
        self._stale = True
        context.focus.step_changed.connect(self.touch)
        context.focus.veil_changed.connect(self.touch)
        self.subject.changed.connect(self.touch)

    @property
    def step(self) -> StepAt | None:
        """Where the person stands."""
        return self.context.focus.step

    def refresh(self) -> None:
        """Show the step and the subject as they now are. Call ``say`` where there is nothing to show."""

    def say(self, words: str) -> None:
        """Words instead of contents; "" brings these back."""
        self.silence.setText(words)
        self.silence.setVisible(bool(words))
        self.scroller.setVisible(not words)

    def touch(self, *_: object) -> None:
        """Something has changed: show it now, or when the card is seen next."""
        self._stale = True
        if self.isVisible():
            self._freshen()

    def _freshen(self) -> None:
        self._stale = False
        if self.step is None:
            self.remark.say("")
            self.say(self.idle)
        else:
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._freshen()

    def sizeHint(self) -> QSize:
        return QSize(380, 260)

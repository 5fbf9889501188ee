"""Why Play is refused, in words, where the numbers of the run stand otherwise; and that there are warnings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from playground.ui.kit.fonts import small
from playground.ui.kit.icons import icon
from playground.ui.kit.remedies import SIGNS
from playground.ui.kit.text import Label, tip

if TYPE_CHECKING:
    from engine.network import Problem
    from playground.ui.kit.theme import Theme


class Refusal(QWidget):
    """How many problems there are, the first of them in words, and the way to its block. Takes no more height than it is given.

    Args:
        show_panel: shows all problems.
        go: shows the block with this id.
    """

    def __init__(self, theme: Theme, show_panel: Callable[[], None], go: Callable[[str], None]) -> None:
        super().__init__()
        self.setObjectName("transport_refusal")
        self._go, self._first = go, ""
        self._count = QToolButton()
        self._count.setObjectName("transport_problems")
        self._count.setAccessibleName("Problems")
        self._count.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._count.setIconSize(QSize(18, 18))
        self._count.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._count.clicked.connect(show_panel)
        self._words = Words()
        self._words.setObjectName("transport_problem")
        self._words.chosen.connect(self._choose)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._count)
        layout.addWidget(self._words, stretch=1)
        self._count.setIcon(icon(SIGNS["error"][0], theme, "error"))

    def show_problems(self, found: Sequence[Problem]) -> None:
        """Say the first of ``found``, and how many there are."""
        self._first = found[0].node_id if found else ""
        self._count.setText(f"{len(found)} problem{'s' if len(found) != 1 else ''}")
        self._count.setToolTip(tip("\n".join(problem.message for problem in found)))
        self._words.say(found[0].message if found else "", leads=bool(self._first))

    def _choose(self) -> None:
        if self._first:
            self._go(self._first)


class Cautions(QToolButton):
    """How many warnings there are; leads to the panel that says them. Gone where there are none.

    A sign and a number, as the numbers of the run need the room.

    Args:
        show_panel: shows all problems.
    """

    def __init__(self, theme: Theme, show_panel: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("transport_warnings")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(18, 18))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(show_panel)
        self.setIcon(icon(SIGNS["warning"][0], theme, "warning"))
        self.hide()

    def show_problems(self, found: Sequence[Problem]) -> None:
        """Count ``found``, and say them in the tool tip."""
        words = f"{len(found)} warning{'s' if len(found) != 1 else ''}"
        self.setText(str(len(found)))
        self.setAccessibleName(words)
        self.setToolTip(tip("\n".join([f"{words}:", *(problem.message for problem in found)])))
        self.setVisible(bool(found))


class Words(Label):
    """A sentence in as many lines as there is room for; the whole of it is in the tool tip. A click or Enter goes where it leads."""

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._all = ""
        self.setFont(small(self.font()))
        self.setWordWrap(True)
        # What is said must not make the bar higher: everything below it would move.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def say(self, words: str, leads: bool) -> None:
        """Other words; ``leads``: to a block."""
        self._all = words
        self.setAccessibleName(words)
        self.setToolTip(tip(f"{words}\nClick to select the block." if leads else words))
        self.setCursor(Qt.CursorShape.PointingHandCursor if leads else Qt.CursorShape.ArrowCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if leads else Qt.FocusPolicy.NoFocus)
        self._fit()

    def _fit(self) -> None:
        metrics, room = QFontMetrics(self.font()), QRect(0, 0, self.width(), 10_000)
        shown = self._all
        while shown and metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, shown).height() > self.height():
            shown = shown.removesuffix(" …").rpartition(" ")[0]
            shown = f"{shown} …" if shown else ""
        self.setText(shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

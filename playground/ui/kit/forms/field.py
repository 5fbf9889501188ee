"""A box with a value: type into it, step it with the arrows, or drag sideways over it."""

from __future__ import annotations

import itertools
from typing import Any

from PySide6.QtCore import QElapsedTimer, QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QValidator,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QSizePolicy, QWidget

from engine.errors import SpecError
from engine.spec import Kind
from playground.ui.kit.style import refresh
from playground.ui.kit.text import Label
from playground.ui.kit.theme import Theme

#: how wide a box would like to be, in pixels
WIDTH = 118
#: pixels of dragging for one step
DRAG = 6
#: steps that follow one another within so many milliseconds are one gesture, and one entry of undo
PAUSE = 900

_gestures = itertools.count(1)


class StepField(QAbstractSpinBox):
    """Base of the boxes for numbers. A subclass says how its values are written, read and stepped.

    ``entered`` carries whatever was typed or stepped to, legal or not, and a merge key: empty for what was typed, the same for all
    steps of one gesture. Text that is refused stays as it was typed until it is mended, escaped from or replaced from outside.
    """

    entered = Signal(object, str)

    def __init__(self, kind: Kind, unit: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind, self._theme = kind, theme
        self._value: Any = None
        self._gesture, self._since = 0, QElapsedTimer()
        self._press: QPointF | None = None  # where a press began that may become a drag
        self._start: Any = None
        self._dragging = self._editing = False  # editing: the mouse selects text rather than dragging
        # the wheel scrolls the form rather than taking the focus
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setAccelerated(True)
        self.setKeyboardTracking(False)
        edit = self.lineEdit()
        edit.installEventFilter(self)
        edit.setCursor(Qt.CursorShape.SizeHorCursor)
        self._unit = Label(unit, edit)
        self._unit.setObjectName("unit")
        self._unit.setProperty("muted", True)
        self._unit.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._unit.setVisible(bool(unit))
        self.editingFinished.connect(self.commit)

    # --- what a subclass says -----------------------------------------------------------------------------------------

    def write(self, value: Any) -> str:
        """The value as text."""
        return str(value)

    def read(self, text: str) -> Any:
        """What was typed, as a value if it makes sense as one, else the text itself."""
        return text

    def stepped(self, value: Any, steps: int) -> Any:
        """The value so many steps on, inside its range."""
        return value

    def share(self) -> float | None:
        """How far the value stands through its range, from 0 to 1; ``None`` where there is no such range."""
        return None

    # --- value --------------------------------------------------------------------------------------------------------

    def value(self) -> Any:
        return self._value

    def show_value(self, value: Any) -> None:
        """Show ``value``, from outside: no signal, and the caret stays as far as it can."""
        edit = self.lineEdit()
        text, caret = self.write(value), edit.cursorPosition()
        self._value = value
        # even where it is the same: this forgets the typing, so that undo is the document's again
        edit.setText(text)
        edit.setCursorPosition(min(caret, len(text)))
        self.mark(False)
        self.update()

    def mark(self, wrong: bool) -> None:
        """Whether what stands in the box was refused."""
        if bool(self.property("wrong")) != wrong:
            self.setProperty("wrong", wrong)
            refresh(self)

    def pending(self) -> bool:
        """Whether something is typed that is not the value."""
        return self.lineEdit().text() != self.write(self._value)

    def commit(self) -> None:
        """Take what has been typed, as Enter and leaving the box do."""
        if self.pending():
            self.entered.emit(self.read(self.lineEdit().text().strip()), "")
        elif self.property("wrong"):
            self.show_value(self._value)

    # --- stepping -----------------------------------------------------------------------------------------------------

    def stepBy(self, steps: int) -> None:
        if not self._since.isValid() or self._since.elapsed() > PAUSE:
            self._begin()
        self._since.restart()
        self._go(self.stepped(self._base(), steps))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        flag = QAbstractSpinBox.StepEnabledFlag
        if self._value is None or self.isReadOnly():
            return flag.StepNone
        up = flag.StepUpEnabled if self.stepped(self._value, 1) != self._value else flag.StepNone
        down = flag.StepDownEnabled if self.stepped(self._value, -1) != self._value else flag.StepNone
        return up | down

    def _base(self) -> Any:
        """What a step starts from: what is typed, if that is legal, else the value."""
        try:
            return (
                self.kind.check(self.read(self.lineEdit().text().strip())) if self.pending() else self._value
            )
        except SpecError:
            return self._value

    def _begin(self) -> None:
        self._gesture = next(_gestures)

    def _go(self, value: Any) -> None:
        if value != self._value or self.pending():
            self.entered.emit(value, f"~{self._gesture}")

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        # Anything may be typed; what it means is checked when it is finished, and said in words.
        return QValidator.State.Acceptable, text, position

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if self.pending() or self.property("wrong"):
                self.show_value(self._value)
                self.selectAll()
                # so that what was said about the refused text is taken back
                self.entered.emit(self._value, "")
            else:
                event.ignore()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        # A press brings the focus and may yet become a drag; where it also wakes the window, that is the reason given.
        if event.reason() not in (Qt.FocusReason.MouseFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self._editing = True
        self.lineEdit().setCursor(Qt.CursorShape.IBeamCursor)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._editing = False
        self.lineEdit().setCursor(Qt.CursorShape.SizeHorCursor)
        super().focusOutEvent(event)

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.MouseButtonPress if isinstance(event, QMouseEvent):
                if event.button() == Qt.MouseButton.LeftButton and not self._editing:
                    self._press, self._start = event.globalPosition(), self._value
            case QEvent.Type.MouseMove if isinstance(event, QMouseEvent) and self._press is not None:
                self._drag(event.globalPosition().x() - self._press.x())
                return True
            case QEvent.Type.MouseButtonRelease if self._press is not None:
                self._drop()
                return True
            case QEvent.Type.Resize:
                self._place_unit()
        return super().eventFilter(watched, event)

    def _drag(self, distance: float) -> None:
        if not self._dragging:
            if abs(distance) < QApplication.startDragDistance() or self._start is None:
                return
            self._dragging = True
            self._begin()
        self._go(self.stepped(self._start, round(distance / DRAG)))

    def _drop(self) -> None:
        dragged, self._press, self._dragging = self._dragging, None, False
        if dragged:
            self.clearFocus()  # so that keys go where they went before
        else:
            self._editing = True
            self.selectAll()

    def show_unit(self, shown: bool) -> None:
        """Hide the unit where the value is a word."""
        if self._unit.text():
            self._unit.setVisible(shown)
            self._place_unit()

    def _place_unit(self) -> None:
        edit = self.lineEdit()
        width = self._unit.sizeHint().width() if self._unit.text() and not self._unit.isHidden() else 0
        self._unit.setGeometry(edit.width() - width, 0, width, edit.height())
        edit.setTextMargins(0, 0, width + 4 if width else 0, 0)

    def minimumSizeHint(self) -> QSize:
        unit = self._unit.sizeHint().width() + 4 if self._unit.text() else 0
        digits = self.fontMetrics().horizontalAdvance("0000")
        return QSize(34 + unit + digits, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        least = self.minimumSizeHint()
        return QSize(max(WIDTH, least.width()), least.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        share = self.share()
        if share is None or not self.isEnabled():
            return
        # A thin bar along the lower edge: where the value stands in its range.
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        inside = QPainterPath()
        inside.addRoundedRect(box, 5, 5)
        painter.setClipPath(inside)
        painter.fillRect(
            QRectF(box.left(), box.bottom() - 2, box.width() * share, 2), QColor(self._theme.accent)
        )

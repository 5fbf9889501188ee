"""The pop-up in which one weight or bias is set by number or by slider, while the network answers at once."""

from __future__ import annotations

import itertools
import math

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.errors import SpecError
from engine.spec import Float
from playground.ui.kit.forms import NumberField
from playground.ui.kit.icons import icon
from playground.ui.kit.numbers import fmt
from playground.ui.kit.theme import Theme
from playground.ui.kit.widgets import ComboBox, filled, label, named
from playground.ui.panels.canvas.targets import Cell
from playground.ui.panels.canvas.tooltip import full

STEPS = 1000  #: of the slider, from its middle to each end
WIDTH = 290

_drags = itertools.count(1)


class NumberEditor(QFrame):
    """Edits one number of a layer; the box at its top says which, and goes to any other of the same unit.

    It knows no document: ``changed(cell, value, merge key)`` says what a person wants, ``show_value`` what is so. All steps of one drag
    of the slider carry the same merge key.
    """

    changed = Signal(object, float, str)
    moved = Signal(object)  #: another cell was chosen
    closed = Signal()

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setObjectName("number_editor")
        self.setAccessibleName("Edit a weight or bias")
        self.setProperty("card", True)
        self.setFixedWidth(WIDTH)
        self.cell: Cell | None = None
        self._value = math.nan
        self._reach = 3.0
        self._drag = ""
        self.title = label("", wraps=False, heading=True)
        self.close_button = named(QToolButton(), "close_editor", "Close", "Close (Esc)")
        tip = "Which number of this unit is edited."
        self.which = named(ComboBox(), "which_number", "Which number", tip)
        tip = "The number itself; type any, or step it with the arrow keys."
        self.field = named(NumberField(Float(), "", theme, around=1.0), "number", "Value", tip)
        tip = "Drag to change the number; one drag is one step of undo."
        slider = QSlider(Qt.Orientation.Horizontal)
        self.slider = named(slider, "number_slider", "Value, as a slider", tip)
        self.ends = tuple(label("", wraps=False, muted=True) for _ in range(3))
        self.note = label("number_note", muted=True)
        self.close_button.setAutoRaise(True)
        self.close_button.setIcon(icon("close", theme, "muted"))
        self._connect()
        self._lay_out()
        self.hide()

    def _connect(self) -> None:
        self.close_button.clicked.connect(self.dismiss)
        self.which.setMaxVisibleItems(16)
        self.which.activated.connect(lambda i: self.moved.emit(self.which.itemData(i)))
        self.field.entered.connect(self._entered)
        self.slider.setRange(-STEPS, STEPS)
        self.slider.setPageStep(STEPS // 10)
        self.slider.setSingleStep(STEPS // 100)
        self.slider.sliderPressed.connect(self._begin)
        self.slider.sliderReleased.connect(self._end)
        self.slider.valueChanged.connect(self._slid)

    def _lay_out(self) -> None:
        top = filled(QHBoxLayout(), self.title, self.close_button)
        top.setStretch(0, 1)
        ends = QHBoxLayout()
        for end, align in zip(self.ends, ("AlignLeft", "AlignHCenter", "AlignRight"), strict=True):
            end.setAlignment(getattr(Qt.AlignmentFlag, align))
            ends.addWidget(end, 1)
        row = filled(QHBoxLayout(), self.slider, self.field, gap=10)
        row.setStretch(0, 1)
        ends.addSpacing(self.field.sizeHint().width() + 10)
        filled(QVBoxLayout(self), top, self.which, row, ends, self.note, gap=7, margins=(12, 8, 12, 10))
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    # --- opening and closing ------------------------------------------------------------------------------------------

    def open(self, cell: Cell, title: str, cells: list[tuple[str, Cell]], value: float | None) -> None:
        """Edit ``cell``; ``cells`` names all numbers that can be gone to from here."""
        self.cell, self._drag = cell, ""
        self.title.setText(title)
        self.which.clear()
        for words, each in cells:
            self.which.addItem(words, each)
        self.which.setCurrentIndex(next((i for i, (_, each) in enumerate(cells) if each == cell), 0))
        self._reach = 3.0
        self._value = math.nan
        self.show_value(value)
        self.adjustSize()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)
        self.field.selectAll()

    def stand_beside(self, target: QRectF, room: QRect) -> None:
        """Next to what is edited, right of it where there is room, and never over it."""
        box = QRect(QPoint(0, 0), self.size())
        right, left = target.right() + 18, target.left() - 18 - box.width()
        x = right if right + box.width() <= room.right() - 6 else left
        y = target.center().y() - box.height() / 2
        if x < room.left() + 6:  # neither beside it: above or below
            x = target.center().x() - box.width() / 2
            y = (
                target.bottom() + 14
                if target.bottom() + 14 + box.height() < room.bottom()
                else target.top() - 14 - box.height()
            )
        self.move(
            round(min(max(x, room.left() + 6), max(room.right() - box.width() - 6, 6))),
            round(min(max(y, room.top() + 6), max(room.bottom() - box.height() - 6, 6))),
        )

    def dismiss(self) -> None:
        """Close, keeping what was set."""
        if not self.isHidden():
            self.cell = None
            self.hide()
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.field.commit()
        else:
            super().keyPressEvent(event)

    # --- the number ---------------------------------------------------------------------------------------------------

    @property
    def held(self) -> bool:
        """Whether the slider is being dragged: then the number is the person's, not the training's."""
        return self.slider.isSliderDown()

    def show_value(self, value: float | None, gradient: float | None = None) -> None:
        """What the number is now. What is being typed stays."""
        if self.held:
            return
        for part in (self.field, self.slider):
            part.setEnabled(value is not None)
        if value is None:
            self.note.setText("Its value is known once the network can run.")
            return
        self._reach_out(value)
        if value != self._value:
            typing = self.field.hasFocus() and self.field.pending() and not math.isnan(self._value)
            self._value = value
            if not typing:
                self.field.show_value(float(full(value).replace("−", "-")))
            self._show_on_slider(value)
        self.note.setText("" if gradient is None else f"gradient at the last step {fmt(gradient)}")
        self.note.setVisible(gradient is not None)

    def _reach_out(self, value: float) -> None:
        """Let the slider's ends hold the value."""
        while abs(value) > self._reach:
            self._reach *= 2.0
        for end, at in zip(self.ends, (-self._reach, 0.0, self._reach), strict=True):
            end.setText(fmt(at))

    def _show_on_slider(self, value: float) -> None:
        blocked = self.slider.blockSignals(True)
        self.slider.setValue(round(value / self._reach * STEPS))
        self.slider.blockSignals(blocked)

    def _entered(self, value: object, merge: str) -> None:
        try:
            number = Float().check(value)
        except SpecError as error:
            self.field.mark(True)
            self.note.setText(f"The value {error}.")
            self.note.show()
            return
        self._take(number, merge)

    def _begin(self) -> None:
        self._drag = f"~slider{next(_drags)}"

    def _end(self) -> None:
        self._drag = ""

    def _slid(self, position: int) -> None:
        # Arrow keys on the slider come without a press: each key is an entry of its own.
        self._take(position / STEPS * self._reach, self._drag)

    def _take(self, number: float, merge: str) -> None:
        self._value = number
        self.field.show_value(number)
        if not self.held:
            self._reach_out(number)
            self._show_on_slider(number)
        if self.cell is not None:
            key = f"{self.cell.block_id}.{self.cell.name}{self.cell.index}{merge}" if merge else ""
            self.changed.emit(self.cell, number, key)

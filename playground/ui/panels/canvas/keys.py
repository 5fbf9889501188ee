"""The canvas by keyboard alone.

← → and Tab go from block to block, Shift adds to the selection, Alt moves the layers; ↑ ↓ go through the units of a block; Enter edits what
is chosen (the block's options, or the unit's numbers), W what the block reads, F2 its name, A goes to the palette; Esc gives up, step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

from playground.ui.kit.actions import SPEC
from playground.ui.panels.canvas.targets import Unit

if TYPE_CHECKING:
    from playground.ui.panels.canvas.view import CanvasView

Key = Qt.Key
_SHIFT, _ALT, _CONTROL = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
)


class Keys(QObject):
    """Turns key presses on the network into what the canvas can do.

    Del, Ctrl+C and their like are usually shortcuts of the window, which come first; here they work for a canvas that stands alone.
    """

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._plain: dict[Qt.Key, Callable[[], object]] = {
            Key.Key_F: canvas.acts["view.fit"],
            Key.Key_Plus: canvas.acts["view.zoom_in"],
            Key.Key_Equal: canvas.acts["view.zoom_in"],
            Key.Key_Minus: canvas.acts["view.zoom_out"],
            Key.Key_Return: self._edit,
            Key.Key_Enter: self._edit,
            Key.Key_F2: self._name,
            Key.Key_Escape: self._give_up,
            Key.Key_W: self._wires,
            Key.Key_A: canvas.context.focus.layers_asked.emit,
            Key.Key_Backspace: canvas.acts["edit.delete"],
            Key.Key_Up: lambda: self._unit(-1),
            Key.Key_Down: lambda: self._unit(+1),
            Key.Key_PageUp: lambda: self._page(-1),
            Key.Key_PageDown: lambda: self._page(+1),
        }
        self._shortcuts = [
            (sequence, act)
            for action_id, act in canvas.acts.items()
            for key in SPEC[action_id].keys
            for sequence in (
                QKeySequence.keyBindings(key)
                if isinstance(key, QKeySequence.StandardKey)
                else [QKeySequence(key)]
            )
        ]
        self._reason = Qt.FocusReason.OtherFocusReason
        canvas.network.installEventFilter(self)
        cast("QApplication", QApplication.instance()).focusChanged.connect(self._focus_changed)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self.press(event)
        if isinstance(event, QFocusEvent) and event.gotFocus():
            self._reason = event.reason()
        return False

    def press(self, event: QKeyEvent) -> bool:
        """Do what the key says; False where it says nothing."""
        key = Key(event.key())
        if key in (Key.Key_Tab, Key.Key_Backtab):
            return self._tab(+1 if key == Key.Key_Tab else -1)
        held = event.modifiers() & (_SHIFT | _ALT | _CONTROL)
        if key in (Key.Key_Left, Key.Key_Right, Key.Key_Home, Key.Key_End) and not held & _CONTROL:
            return self._sideways(key, held)
        pressed = QKeySequence(QKeyCombination(held, key))
        act = next((do for keys, do in self._shortcuts if keys == pressed), None)
        if act is None and not held & (_ALT | _CONTROL):
            act = self._plain.get(key)
        if act is None:
            return False
        act()
        return True

    # --- blocks -------------------------------------------------------------------------------------------------------

    def _sideways(self, key: Qt.Key, held: Qt.KeyboardModifier) -> bool:
        commands = self._canvas.commands
        extend = bool(held & _SHIFT)
        by = {Key.Key_Left: -1, Key.Key_Right: +1}.get(key, 0)
        if not by:
            commands.click(commands.order[0 if key == Key.Key_Home else -1], extend=extend)
        elif held & _ALT:
            commands.move_by(by)
        else:
            commands.step(by, extend=extend)
        return True

    def _tab(self, by: int) -> bool:
        """To the next block; from the last one on to the next widget, as Tab does everywhere."""
        commands = self._canvas.commands
        order = commands.order
        at = order.index(commands.current) if commands.current in order else (-1 if by > 0 else len(order))
        if not 0 <= at + by < len(order):
            return False
        commands.click(order[at + by])
        return True

    def _focus_changed(self, old: QWidget | None, now: QWidget | None) -> None:
        # Qt says "Tab", too, when it looks for another place because the one that had the focus is hidden or disabled.
        if now is self._canvas.network and (old is None or (old.isVisible() and old.isEnabled())):
            self._arrive(self._reason)

    def _arrive(self, reason: Qt.FocusReason) -> None:
        """By Tab one comes to the first block (backwards: the last), unless one is selected already."""
        commands = self._canvas.commands
        if commands.current in commands.order:
            return
        if reason == Qt.FocusReason.TabFocusReason:
            commands.click(commands.order[0])
        elif reason == Qt.FocusReason.BacktabFocusReason:
            commands.click(commands.order[-1])

    # --- units --------------------------------------------------------------------------------------------------------

    def _unit(self, by: int) -> None:
        """The next unit of the current block; past the first one none."""
        canvas = self._canvas
        plan, current = canvas.scene.plan, canvas.commands.current
        if current not in plan or not plan[current].units:
            return
        pinned = canvas.stage.pinned
        at = pinned.unit + by if pinned is not None and pinned.block_id == current else 0 if by > 0 else -1
        canvas.pin(Unit(current, min(at, plan[current].units - 1)) if at >= 0 else None, by_keyboard=True)

    def _page(self, by: int) -> None:
        current = self._canvas.commands.current
        if current in self._canvas.scene.plan:
            self._canvas.scene.page(current, by)

    def _edit(self) -> None:
        pinned, current = self._canvas.stage.pinned, self._canvas.commands.current
        if pinned is not None:
            self._canvas.edit_unit(pinned)
        elif current:
            self._canvas.context.focus.ask_edit(current)

    def _wires(self) -> None:
        """What the current block reads, to be changed."""
        self._canvas.context.focus.ask_wires(self._canvas.commands.current)

    def _name(self) -> None:
        """What the current block is called, to be changed."""
        self._canvas.context.focus.ask_name(self._canvas.commands.current)

    def _give_up(self) -> None:
        canvas = self._canvas
        if canvas.network.cancel_gesture():
            return
        if canvas.join.node_id:
            canvas.stop_asking()
            return
        if not canvas.editor.isHidden():
            canvas.editor.dismiss()
        elif canvas.stage.pinned is not None:
            canvas.pin(None)
        else:
            canvas.commands.clear()

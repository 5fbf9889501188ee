"""What the mouse does on the canvas: each gesture an object that begins, moves, and ends or is cancelled (Esc)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from engine.layers import registry
from playground.ui.panels.canvas.targets import Card, Port, Target

if TYPE_CHECKING:
    from playground.ui.panels.canvas.commands import Commands
    from playground.ui.panels.canvas.network_view import NetworkView
    from playground.ui.panels.canvas.scene import NetworkScene

FADED = 0.45  #: how a block looks at its old place while it is being moved


class Gesture:
    """Base of gestures. It has begun when it is made; positions are the viewport's. One of ``end`` and ``cancel`` comes last."""

    cursor = Qt.CursorShape.ArrowCursor

    def move(self, at: QPoint) -> None:
        """The mouse has moved."""

    def end(self, at: QPoint) -> None:
        """The button was released, the thing dropped."""

    def cancel(self) -> None:
        """Put everything back to where it was."""


class Pan(Gesture):
    """Drags the canvas under the mouse."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, view: NetworkView, at: QPoint, clicked: Callable[[], None] | None = None) -> None:
        self._view, self._last, self._start = view, at, at
        self._clicked = clicked
        self._before = view.scroll_position()

    def move(self, at: QPoint) -> None:
        self._view.scroll_by(self._last - at)
        self._last = at

    def end(self, at: QPoint) -> None:
        if self._clicked is not None and _near(self._start, at):
            self._clicked()

    def cancel(self) -> None:
        self._view.scroll_to(self._before)


class Click(Gesture):
    """Presses what is under the mouse, if the button is released there too."""

    cursor = Qt.CursorShape.PointingHandCursor

    def __init__(self, view: NetworkView, target: Target, at: QPoint, act: Callable[[Target], None]) -> None:
        self._view, self._target, self._start, self._act = view, target, at, act

    def end(self, at: QPoint) -> None:
        if _near(self._start, at) or self._view.target_at(at) == self._target:
            self._act(self._target)


class MoveBlock(Gesture):
    """Drags a layer by its card to another gap; a press without a drag selects it."""

    cursor = Qt.CursorShape.OpenHandCursor

    def __init__(
        self,
        view: NetworkView,
        scene: NetworkScene,
        commands: Commands,
        card: Card,
        at: QPoint,
        click: Callable[[], None],
    ) -> None:
        self._view, self._scene, self._commands = view, scene, commands
        self._id, self._start, self._click = card.block_id, at, click
        self._dragging = False
        self._movable = scene.plan[card.block_id].is_node

    def move(self, at: QPoint) -> None:
        if not self._dragging:
            if not self._movable or _near(self._start, at):
                return
            self._dragging = True
            self._view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
            self._scene.blocks[self._id].setOpacity(FADED)
        gap, x = self._gap(at)
        words = f"Move {self._scene.plan[self._id].title} here"
        self._scene.mark.show_at(x, words, self._scene.layout_.level(gap))
        self._view.lead_to(at)

    def end(self, at: QPoint) -> None:
        if not self._dragging:
            self._click()
            return
        gap, _ = self._gap(at)
        self.cancel()
        self._commands.move_to(self._id, gap)
        self._commands.select([self._id])

    def cancel(self) -> None:
        self._scene.mark.hide()
        if self._id in self._scene.blocks:
            self._scene.blocks[self._id].setOpacity(1.0)

    def _gap(self, at: QPoint) -> tuple[int, float]:
        at_scene = self._view.mapToScene(at)
        return self._scene.layout_.gap_for(self._id, at_scene.x(), at_scene.y())


class PullWire(Gesture):
    """Pulls a wire from a block's output to a later block; those that accept it are marked."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, view: NetworkView, scene: NetworkScene, commands: Commands, port: Port) -> None:
        self._view, self._scene, self._commands, self._source = view, scene, commands, port.block_id
        scene.mark_candidates(commands.readers(self._source))

    def move(self, at: QPoint) -> None:
        self._scene.skips.pull(self._source, self._view.mapToScene(at))
        self._view.lead_to(at)

    def end(self, at: QPoint) -> None:
        target = self._view.target_at(at)
        self.cancel()
        if target is None or target.block_id == self._source:
            return
        if self._scene.plan[target.block_id].is_node:
            self._commands.connect_wire(self._source, target.block_id)
            self._commands.select([target.block_id])
        else:
            self._commands.said.emit(
                "A wire ends at a layer: pull it to the card that is to read this block."
            )

    def cancel(self) -> None:
        self._scene.mark_candidates(())
        if self._source in self._scene.blocks:
            self._scene.skips.pull(self._source, None)


class DropLayer(Gesture):
    """A palette entry hovers over the canvas: shows the gap it would go to."""

    def __init__(self, view: NetworkView, scene: NetworkScene, commands: Commands, key: str) -> None:
        self._view, self._scene, self._commands, self.key = view, scene, commands, key

    def move(self, at: QPoint) -> None:
        layout, gap = self._scene.layout_, self._gap(at)
        self._scene.mark.show_at(
            layout.gaps[gap], f"Insert {registry.get(self.key).label}", layout.level(gap)
        )
        self._view.lead_to(at)

    def end(self, at: QPoint) -> None:
        gap = self._gap(at)
        self.cancel()
        self._commands.insert(self.key, gap)

    def _gap(self, at: QPoint) -> int:
        at_scene = self._view.mapToScene(at)
        return self._scene.layout_.gap_at(at_scene.x(), at_scene.y())

    def cancel(self) -> None:
        self._scene.mark.hide()


def _near(a: QPoint, b: QPoint) -> bool:
    return (a - b).manhattanLength() < QApplication.startDragDistance()

"""A canvas with its document, moved by real events and shown frames whose numbers the tests know."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.data import sources
from engine.layers import Layer
from playground.document import edits
from playground.document.project import Project, data_of
from playground.runner.messages import Frame, State, Surface, Weights
from playground.ui.kit.mime import layer_mime
from playground.ui.panels.canvas.targets import Card, Target
from playground.ui.panels.canvas.view import CanvasView
from tests.ui.bench import Bench

NO_BUTTON, LEFT = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
NO_KEY = Qt.KeyboardModifier.NoModifier


def project_of(*chain: Layer, source: str = "Circle") -> Project:
    """A chain of layers on a data set; their ids are "linear1", "tanh1", …"""
    return edits.paste(edits.set_source(Project(), sources.get(source)()), chain, 0)


class Rig(Bench):
    """``view`` is a shown CanvasView."""

    view: CanvasView

    def __init__(self, qtbot, project: Project, size: tuple[int, int] = (900, 600)) -> None:
        super().__init__(qtbot, CanvasView, project)
        self.show(*size)
        self.network, self.scene = self.view.network, self.view.scene
        self.viewport = self.network.viewport()
        self.scene.settle()
        self.network.setFocus()

    @property
    def ids(self) -> list[str]:
        return [n.id for n in self.project.network.nodes]

    @property
    def layers(self) -> list[str]:
        return [n.layer.key for n in self.project.network.nodes]

    # --- frames -------------------------------------------------------------------------------------------------------

    def show_frame(self, answers: dict[Any, Any], project: Project | None = None, **fields: Any) -> Frame:
        project = project or self.project
        fields = {"state": State.READY} | fields
        frame = Frame(project, data_of(project), answers=MappingProxyType(answers), **fields)
        self.view.show_frame(frame)
        return frame

    def weights(self, node: str, weight: Any, bias: Any) -> dict[Any, Any]:
        return {Weights(node): {"weight": np.array(weight, np.float32), "bias": np.array(bias, np.float32)}}

    def surface(self, node: str, values: np.ndarray) -> dict[Any, Any]:
        return {Surface(node, every=self.view.stage.every): np.asarray(values, np.float32)}

    # --- where things are ---------------------------------------------------------------------------------------------

    def at(self, target: Target) -> QPoint:
        """The middle of a target, in the viewport."""
        return self.network.mapFromScene(self.scene.rect_of(target).center())

    def gap(self, i: int) -> QPoint:
        """The middle of a gap between blocks, at the height of the cards."""
        layout = self.scene.layout_
        return self.network.mapFromScene(QPointF(layout.gaps[i], layout.level(i) or 25))

    def nowhere(self) -> QPoint:
        """A place where there is nothing."""
        at = QPoint(self.viewport.width() - 4, self.viewport.height() - 4)
        assert self.network.target_at(at) is None
        return at

    def colour(self, target: Target, dx: float = 0.0, dy: float = 0.0) -> QColor:
        """What is painted at the middle of a target, or so many scene pixels beside it."""
        at = self.scene.rect_of(target).center() + QPointF(dx, dy)
        return self.colour_at(self.network.mapFromScene(at))

    def colour_at(self, at: QPoint) -> QColor:
        return self.viewport.grab().toImage().pixelColor(at)

    # --- events -------------------------------------------------------------------------------------------------------

    def hover(self, where: Target | QPoint) -> None:
        at = where if isinstance(where, QPoint) else self.at(where)
        self._mouse(QMouseEvent.Type.MouseMove, at, NO_BUTTON, NO_BUTTON)

    def click(self, where: Target | QPoint, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        at = where if isinstance(where, QPoint) else self.at(where)
        QTest.mouseClick(self.viewport, LEFT, keys, at)

    def press(self, at: QPoint, button: Qt.MouseButton = LEFT) -> None:
        QTest.mousePress(self.viewport, button, NO_KEY, at)

    def drag_to(self, at: QPoint, button: Qt.MouseButton = LEFT) -> None:
        self._mouse(QMouseEvent.Type.MouseMove, at, NO_BUTTON, button)

    def release(self, at: QPoint, button: Qt.MouseButton = LEFT) -> None:
        QTest.mouseRelease(self.viewport, button, NO_KEY, at)

    def _mouse(
        self, kind: QMouseEvent.Type, at: QPoint, button: Qt.MouseButton, held: Qt.MouseButton
    ) -> None:
        point = QPointF(at)
        QApplication.sendEvent(
            self.viewport, QMouseEvent(kind, point, self.viewport.mapToGlobal(point), button, held, NO_KEY)
        )

    def wheel(self, at: QPoint, notches: float, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        point = QPointF(at)
        QApplication.sendEvent(
            self.viewport,
            QWheelEvent(
                point,
                self.viewport.mapToGlobal(point),
                QPoint(),
                QPoint(0, round(120 * notches)),
                NO_BUTTON,
                keys,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            ),
        )

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        QTest.keyClick(self.network, key, keys)

    def drag_layer(self, mime: QMimeData, at: QPoint) -> bool:
        """A drag comes in from outside and moves to ``at``; whether it may be dropped there."""
        enter = QDragEnterEvent(QPoint(2, 2), Qt.DropAction.CopyAction, mime, LEFT, NO_KEY)
        QApplication.sendEvent(self.viewport, enter)
        move = QDragMoveEvent(at, Qt.DropAction.CopyAction, mime, LEFT, NO_KEY)
        move.ignore()
        QApplication.sendEvent(self.viewport, move)
        return move.isAccepted()

    def drop_layer(self, key: str, at: QPoint) -> None:
        """A palette entry is dragged in and let go."""
        mime = layer_mime(key)
        assert self.drag_layer(mime, at)
        drop = QDropEvent(QPointF(at), Qt.DropAction.CopyAction, mime, LEFT, NO_KEY)
        QApplication.sendEvent(self.viewport, drop)
        self.scene.settle()

    def leave(self) -> None:
        """The drag goes away again."""
        QApplication.sendEvent(self.viewport, QDragLeaveEvent())

    def card(self, block_id: str) -> QPoint:
        return self.at(Card(block_id))


def is_blue(colour: QColor) -> bool:
    """On the positive side of the signed scale."""
    return colour.blue() > colour.red() + 40


def is_orange(colour: QColor) -> bool:
    """On its negative side."""
    return colour.red() > colour.blue() + 40

"""The window onto the scene: zoom, pan, fit, and the events that gestures are made of."""

from __future__ import annotations

from PySide6.QtCore import (
    QEasingCurve,
    QEvent,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    QVariantAnimation,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QHelpEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGestureEvent, QGraphicsView, QPinchGesture

from playground.ui.kit import motion
from playground.ui.kit.ink import LEGIBLE
from playground.ui.kit.mime import LAYER, layer_key
from playground.ui.kit.text import escaped
from playground.ui.panels.canvas.commands import Commands
from playground.ui.panels.canvas.gestures import Click, DropLayer, Gesture, MoveBlock, Pan, PullWire
from playground.ui.panels.canvas.look import SMALLEST
from playground.ui.panels.canvas.scene import NetworkScene
from playground.ui.panels.canvas.targets import Card, More, Port, Target

ZOOM_STEP = 1.2
LEAST, MOST = 0.35, 4.0  #: zoom
LEAST_FIT = LEGIBLE / SMALLEST  #: smaller, words could not be read: then the canvas scrolls
EDGE, NUDGE = 28, 14  #: near an edge, a drag scrolls the canvas by so much
GLIDE = 220  #: milliseconds


class NetworkView(QGraphicsView):
    """Shows a ``NetworkScene``. As long as nobody zooms, the network fills the view at every size."""

    hovered = Signal(object, QPoint)  #: target under the mouse or None, and where the mouse is
    clicked = Signal(object)  #: a tile, wire, dot or button
    asked = Signal(str)  #: a card was double-clicked: somebody wants its options
    menu_asked = Signal(object, QPoint)  #: target or None, and the global position
    looked_elsewhere = Signal()  #: zoomed, scrolled or laid out anew

    def __init__(self, scene: NetworkScene, commands: Commands) -> None:
        super().__init__(scene)
        self._scene, self._commands = scene, commands
        self.setObjectName("network")
        self.setAccessibleName("Network")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHints(QPainter.RenderHint.Antialiasing)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setStyleSheet("QGraphicsView { background: transparent; }")
        self.viewport().setAutoFillBackground(False)
        self.viewport().setMouseTracking(True)
        self.setAcceptDrops(True)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.gesture: Gesture | None = None
        self._fitted, self._fitted_to = True, QSize()
        self._mouse: QPoint | None = None
        self._glide = QVariantAnimation(self)
        self._glide.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._glide.valueChanged.connect(self.scroll_to)
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self.looked_elsewhere)

    # --- looking ------------------------------------------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        return self.transform().m11()

    @property
    def fitted(self) -> bool:
        """Whether the network is laid out to fill the view."""
        return self._fitted

    @property
    def mouse(self) -> QPoint:
        """Where the mouse was seen last, in the viewport."""
        return self._mouse if self._mouse is not None else QPoint(-1, -1)

    def seen(self) -> QRectF:
        """The part of the canvas that is in the view."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def fit(self, animate: bool = False) -> None:
        """Lay the network out to fill the view, and show all of it as far as it stays legible."""
        self._glide.stop()
        self._fitted, self._fitted_to = True, self.maximumViewportSize()
        room = QSizeF(self._fitted_to)
        if room.isEmpty() or not self._scene.plan.blocks:
            self._scene.relayout()
            return
        bar = self.horizontalScrollBar().sizeHint().height()
        zoom = self._scene.fit_to(room, LEAST_FIT, bar, animate)
        bounds = self._scene.layout_.bounds
        needed, never = Qt.ScrollBarPolicy.ScrollBarAsNeeded, Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(needed if bounds.width() * zoom > room.width() + 1.0 else never)
        # What has been laid out for this height fits it, but for rounding.
        self.setVerticalScrollBarPolicy(needed if bounds.height() * zoom > room.height() + 1.0 else never)
        self._set_zoom(zoom)

    def refit(self, animate: bool) -> None:
        """After the network has changed: fill the view again, unless somebody has zoomed."""
        if self._fitted:
            self.fit(animate)
        else:
            self._scene.relayout(animate)
        self.looked_elsewhere.emit()

    def zoom_by(self, factor: float, keep: QPoint | None = None) -> None:
        """Zoom, the point ``keep`` of the viewport (by default its middle) staying where it is."""
        self._glide.stop()
        self._fitted = False
        for turn in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            turn(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        keep = keep if keep is not None else self.viewport().rect().center()
        before = self.mapToScene(keep)
        self._set_zoom(min(max(self.zoom * factor, LEAST), MOST))
        away = self.mapFromScene(before) - keep
        self.scroll_by(away)

    def _set_zoom(self, zoom: float) -> None:
        if abs(zoom - self.zoom) > 1e-6:
            anchor = self.transformationAnchor()
            self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
            self.resetTransform()
            self.scale(zoom, zoom)
            self.setTransformationAnchor(anchor)
        self.looked_elsewhere.emit()

    def scroll_by(self, way: QPoint) -> None:
        self.scroll_to(self.scroll_position() + way)

    def scroll_to(self, position: QPoint) -> None:
        self.horizontalScrollBar().setValue(position.x())
        self.verticalScrollBar().setValue(position.y())

    def scroll_position(self) -> QPoint:
        return QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def lead_to(self, at: QPoint) -> None:
        """Scroll when a drag comes near an edge."""
        way = QPoint(NUDGE * (at.x() > self.viewport().width() - EDGE) - NUDGE * (at.x() < EDGE), 0)
        if not way.isNull():
            self.scroll_by(way)

    def bring_into_view(self, rect: QRectF, sideways: bool = False, gliding: bool = False) -> None:
        """Scroll as far as needed to see a part of the canvas.

        ``sideways``: the height one looks at stays; ``gliding``: so slowly that the eye can follow.
        """
        self._glide.stop()
        if sideways:
            rect = QRectF(rect.left(), self.seen().center().y(), rect.width(), 1.0)
        start = self.scroll_position()
        self.ensureVisible(rect, 24, 0 if sideways else 24)
        end, time = self.scroll_position(), motion.lasting(GLIDE)
        if gliding and time and start != end and self.isVisible():
            self.scroll_to(start)
            self._glide.setDuration(time)
            self._glide.setStartValue(start)
            self._glide.setEndValue(end)
            self._glide.start()

    def show_block(self, block_id: str) -> None:
        """Glide to a block, unless all of it is in view."""
        if block_id in self._scene.blocks:
            self.bring_into_view(self._scene.room_of(block_id), sideways=True, gliding=True)

    def settle(self) -> None:
        """Be where a glide leads, at once."""
        if self._glide.state() is QVariantAnimation.State.Running:
            self._glide.setCurrentTime(self._glide.duration())

    def target_at(self, at: QPoint | QPointF) -> Target | None:
        """What is at a point of the viewport."""
        return self._scene.target_at(self.mapToScene(at.toPoint() if isinstance(at, QPointF) else at))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # A scroll bar that comes or goes takes nothing of what the network was fitted to, and must not end its motion.
        if self._fitted and self.maximumViewportSize() != self._fitted_to:
            self.fit()
        self.looked_elsewhere.emit()

    # --- mouse --------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._glide.stop()
        at = self._mouse = event.position().toPoint()
        self.cancel_gesture()
        target = self.target_at(at)
        if event.button() == Qt.MouseButton.MiddleButton:
            self._begin(Pan(self, at))
        elif event.button() == Qt.MouseButton.LeftButton:
            if isinstance(target, Card):
                keys = event.modifiers()
                toggle = bool(keys & Qt.KeyboardModifier.ControlModifier)
                extend = bool(keys & Qt.KeyboardModifier.ShiftModifier)

                def click(block_id: str = target.block_id) -> None:
                    self._commands.click(block_id, toggle, extend)

                self._begin(MoveBlock(self, self._scene, self._commands, target, at, click))
            elif isinstance(target, Port):
                self.hovered.emit(None, QPoint(-1, -1))  # what is said of the dot would lie over the cards
                self._begin(PullWire(self, self._scene, self._commands, target))
            elif target is not None:
                self._begin(Click(self, target, at, self.clicked.emit))
            else:
                self._begin(Pan(self, at, lambda: self.clicked.emit(None)))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if self.gesture is not None:
            self.gesture.move(at)
        else:
            self.look_at(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture, self.gesture = self.gesture, None
        if gesture is not None:
            at = event.position().toPoint()
            gesture.end(at)
            self.look_at(at)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        target = self.target_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and isinstance(target, Card):
            self.asked.emit(target.block_id)
            event.accept()
        else:
            self.mousePressEvent(event)

    def look_at(self, at: QPoint | None) -> None:
        """The mouse is there, or (``None``) nowhere on the canvas."""
        self._mouse = at
        target = self.target_at(at) if at is not None else None
        if target is None:
            self.viewport().unsetCursor()
        elif isinstance(target, Card):
            movable = self._scene.plan[target.block_id].is_node
            self.viewport().setCursor(
                Qt.CursorShape.OpenHandCursor if movable else Qt.CursorShape.PointingHandCursor
            )
        else:
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        self.hovered.emit(target, at if at is not None else QPoint(-1, -1))

    def look_again(self) -> None:
        """What is under the mouse may have changed without a move of it."""
        if self.gesture is None:
            self.look_at(self._mouse)

    def _begin(self, gesture: Gesture) -> None:
        self.gesture = gesture
        if not isinstance(gesture, DropLayer):
            self.viewport().setCursor(gesture.cursor)

    def cancel_gesture(self) -> bool:
        """Give up the gesture under way; whether there was one."""
        gesture, self.gesture = self.gesture, None
        if gesture is not None:
            gesture.cancel()
            self.viewport().unsetCursor()
        return gesture is not None

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            current = self._commands.current
            if current in self._scene.blocks:
                at = self.mapFromScene(self._scene.blocks[current].room().center().x(), 30)
                self.menu_asked.emit(Card(current), self.viewport().mapToGlobal(at))
                return
        self.menu_asked.emit(self.target_at(event.pos()), event.globalPos())

    # --- wheel and touch ----------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._glide.stop()
        notches = event.angleDelta().y() / 120.0
        at = event.position().toPoint()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(ZOOM_STEP**notches, at)
        elif notches and self._page(at, -1 if notches > 0 else 1):
            pass
        elif self.verticalScrollBar().maximum() == self.verticalScrollBar().minimum():
            self.scroll_by(QPoint(round(-notches * 80 - event.angleDelta().x()), 0))
        else:
            super().wheelEvent(event)
        event.accept()
        self.look_at(at)

    def _page(self, at: QPoint, pages: int) -> bool:
        """Turn the page of a long column by the wheel over its button."""
        target = self.target_at(at)
        if isinstance(target, More):
            self._scene.page(target.block_id, pages)
            return True
        return False

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.NativeGesture and isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_by(1.0 + event.value(), event.position().toPoint())
                return True
        elif isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self.zoom_by(pinch.scaleFactor(), self.mapFromGlobal(pinch.centerPoint().toPoint()))
                return True
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave and self.gesture is None:
            self.look_at(None)
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            target = self.target_at(event.pos())
            tip = self.card_tip(target.block_id) if isinstance(target, Card) else ""
            self.viewport().setToolTip(tip)
            if not tip:
                event.ignore()
                return True
        return super().viewportEvent(event)

    def card_tip(self, block_id: str) -> str:
        """What a block does, for whoever rests on its card."""
        block = self._scene.plan[block_id]
        words = block.layer.help() if block.layer is not None else "The data, as the network reads them."
        return f"<p><b>{escaped(block.title)}</b><br>{escaped(words)}</p>"

    # --- dropping -----------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        key = layer_key(event.mimeData())
        if key is None:
            event.ignore()
            return
        self.cancel_gesture()
        drop = DropLayer(self, self._scene, self._commands, key)
        self._begin(drop)
        drop.move(event.position().toPoint())
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if isinstance(self.gesture, DropLayer):
            self.gesture.move(event.position().toPoint())
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        if isinstance(self.gesture, DropLayer):
            self.cancel_gesture()

    def dropEvent(self, event: QDropEvent) -> None:
        if not event.mimeData().hasFormat(LAYER) or not isinstance(self.gesture, DropLayer):
            event.ignore()
            return
        gesture, self.gesture = self.gesture, None
        gesture.end(event.position().toPoint())
        event.acceptProposedAction()
        self.setFocus(Qt.FocusReason.MouseFocusReason)

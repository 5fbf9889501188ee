"""What the three levels have in common: a drawing that scrolls, and places on it that answer the mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip

from playground.runner.messages import Want
from playground.ui.kit.text import tip
from playground.ui.panels.convolution.scope import Scope


@dataclass(frozen=True, eq=False)
class Spotlight:
    """A place that answers the mouse.

    Args:
        rect: in contents' coordinates.
        tip: what is said about a point in it.
        hover: the mouse is at a point.
        press: it was pressed, or dragged, at a point.
        click: it was pressed and let go.
    """

    rect: QRectF
    tip: Callable[[QPointF], str] | None = None
    hover: Callable[[QPointF], None] | None = None
    press: Callable[[QPointF], None] | None = None
    click: Callable[[QPointF], None] | None = None


class Level(QAbstractScrollArea):
    """Base of the levels. Drawing is by hand: only what is exposed, from pictures made when they are first seen."""

    def __init__(self, scope: Scope, name: str, words: str) -> None:
        super().__init__()
        self.scope = scope
        self.setObjectName(name)
        self.setAccessibleName(words)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumHeight(80)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.spotlights: list[Spotlight] = []
        self.size_needed = QSize()
        self._pressed: Spotlight | None = None
        scope.pointed.connect(self.viewport().update)
        scope.restyled.connect(self.arrange)

    # --- for the levels to say ---

    def wants(self) -> Iterable[Want]:
        """What it needs in frames."""
        return ()

    def place(self, width: int, height: int) -> QSize:
        """Lay everything out for a viewport of this size; returns what the contents need, and fills ``spotlights``."""
        raise NotImplementedError

    def paint(self, painter: QPainter, exposed: QRectF) -> None:
        """Draw what is in ``exposed``, in contents' coordinates."""
        raise NotImplementedError

    def forget(self) -> None:
        """New numbers have come: pictures made of the last ones are out of date."""

    def light(self) -> None:
        """Fill ``spotlights`` anew: after scrolling, what stays in sight is elsewhere."""

    # --- scrolling ---

    @property
    def origin(self) -> QPointF:
        return QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def arrange(self) -> None:
        """Lay out anew."""
        self.forget()
        self.spotlights.clear()
        self._pressed = None
        size = self.viewport().size()
        self.size_needed = self.place(size.width(), size.height())
        for bar, needed, there in (
            (self.horizontalScrollBar(), self.size_needed.width(), size.width()),
            (self.verticalScrollBar(), self.size_needed.height(), size.height()),
        ):
            bar.setPageStep(there)
            bar.setSingleStep(40)
            bar.setRange(0, max(0, needed - there))
        self.viewport().update()

    def show_numbers(self) -> None:
        """A frame has come."""
        self.forget()
        self.viewport().update()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self.light()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self.scope.ink.panel)
        origin = self.origin
        painter.translate(-origin)
        self.paint(painter, QRectF(event.rect()).translated(origin))
        painter.end()

    # --- the mouse ---

    def spotlight_at(self, at: QPointF) -> Spotlight | None:
        return next((s for s in reversed(self.spotlights) if s.rect.contains(at)), None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position() + self.origin
        if self._pressed is not None:
            if self._pressed.press is not None:
                self._pressed.press(_held_in(at, self._pressed.rect))
            return
        under = self.spotlight_at(at)
        if under is None or under.hover is None:
            self.leave()
        else:
            under.hover(at)
        clickable = under is not None and (under.click is not None or under.press is not None)
        self.viewport().setCursor(
            Qt.CursorShape.PointingHandCursor if clickable else Qt.CursorShape.ArrowCursor
        )

    def leave(self) -> None:
        """The mouse is over nothing that answers."""
        self.scope.point(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        at = event.position() + self.origin
        self._pressed = self.spotlight_at(at)
        if self._pressed is not None and self._pressed.press is not None:
            self._pressed.press(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        at = event.position() + self.origin
        if pressed is not None and pressed.click is not None and pressed.rect.contains(at):
            pressed.click(at)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.leave()
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = QPointF(event.pos()) + self.origin
            found = self.spotlight_at(at)
            said = found.tip(at) if found is not None and found.tip is not None else ""
            QToolTip.showText(event.globalPos(), tip(said), self.viewport())
            return True
        return super().viewportEvent(event)

    def event(self, event: QEvent) -> bool:
        # Space and Esc are the window's too; here they play the window and go a level up.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            taken = event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Escape)
            if taken and self.scope.spot.level > 1:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Arrow keys move the cursor, not the scroll bars: the view that holds the levels knows how.
        event.ignore()


def _held_in(at: QPointF, rect: QRectF) -> QPointF:
    """The point of ``rect`` nearest to ``at``: a drag that leaves a map moves along its edge."""
    return QPointF(
        min(max(at.x(), rect.left()), rect.right() - 1e-3), min(max(at.y(), rect.top()), rect.bottom() - 1e-3)
    )

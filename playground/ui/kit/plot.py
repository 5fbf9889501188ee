"""A calm plot: two labelled axes, no menus, no zoom by accident, and a cursor that mouse and arrow keys move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen
from PySide6.QtWidgets import (
    QApplication,
    QGraphicsGridLayout,
    QGraphicsLineItem,
    QGraphicsView,
    QGraphicsWidget,
    QLabel,
    QWidget,
)

from playground.ui.kit.axes import NumberAxis
from playground.ui.kit.fonts import small
from playground.ui.kit.text import Label, escaped
from playground.ui.kit.theme import Theme

#: how many pixels an arrow key moves the cursor, alone and with Shift
KEY_STEP, KEY_LEAP = 2, 20
#: free space above the axes and at their right end, in pixels: half of the last number stands there
_TOP, _EDGE, _EDGE_SQUARE = 6.0, 20.0, 10.0
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class IndexedImage(pg.GraphicsObject):
    """A picture of table entries laid over a rectangle of the plot; row 0 is at the bottom, where the axis begins."""

    def __init__(self) -> None:
        super().__init__()
        self.image = QImage()
        self._rect = QRectF()

    def show_image(
        self, image: QImage, low: float, high: float, up: tuple[float, float] | None = None
    ) -> None:
        """Lay ``image`` so that the middles of its first and last pixels lie at ``low`` and ``high``, on both axes, or at ``up`` on the
        upright one."""
        bottom, top = (low, high) if up is None else up
        half, tall = (high - low) / (image.width() - 1) / 2, (top - bottom) / (image.height() - 1) / 2
        rect = QRectF(low - half, bottom - tall, high - low + 2 * half, top - bottom + 2 * tall)
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = rect
        self.image = image
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        if not self.image.isNull():
            self.image = QImage()
            self.update()

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(self, painter: QPainter, option: object, widget: QWidget | None = None) -> None:
        """Draw it, smoothly enlarged."""
        if not self.image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self._rect, self.image)


class ReadOut(Label):
    """The numbers under the cursor, in a box beside it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent=parent)
        self._parent = parent
        self.setObjectName("read_out")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFont(small(QApplication.font()))
        self.hide()

    def say(self, text: str, at: QPointF) -> None:
        """Show ``text`` beside the point ``at`` of the parent, on the side where there is room."""
        if text != self.text():
            self.setText(text)
            self.adjustSize()
        room, gap = self._parent.size(), 12
        x, y = round(at.x()) + gap, round(at.y()) + gap
        if x + self.width() > room.width():
            x = round(at.x()) - gap - self.width()
        if y + self.height() > room.height():
            y = round(at.y()) - gap - self.height()
        x, y = max(0, min(x, room.width() - self.width())), max(0, min(y, room.height() - self.height()))
        self.move(x, y)
        self.show()


class Hand(Protocol):
    """What works on a plot with the mouse, in the plot's units, in place of its cursor."""

    def press(self, at: tuple[float, float], modifiers: Qt.KeyboardModifier) -> None:
        """The left button goes down."""

    def drag(self, at: tuple[float, float], modifiers: Qt.KeyboardModifier) -> None:
        """The mouse moves with the button down; ``at`` stays between the axes."""

    def release(self, at: tuple[float, float], modifiers: Qt.KeyboardModifier) -> None:
        """The button goes up."""

    def hover(self, at: tuple[float, float] | None) -> None:
        """The mouse is there, or (``None``) somewhere else."""

    def key(self, key: int) -> bool:
        """A key that moves no cursor; whether it was for the hand."""


class Plot(pg.GraphicsView):
    """Two axes and what is drawn between them. ``box`` takes pyqtgraph items.

    Args:
        square: keep the area between the axes square.
        whole_x: the horizontal axis counts things.
    """

    probed = Signal(object)  #: (x, y) under the cursor, or None when it has left
    chosen = Signal(float, float)  #: where the person clicked or pressed Return

    def __init__(self, theme: Theme, name: str, *, square: bool = False, whole_x: bool = False) -> None:
        super().__init__(background=None)
        self.setObjectName(name)
        # A new range reaches the items only when they are painted: what Qt has counted as changed till then is too little.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.theme, self.square = theme, square
        self.box = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0.0)
        self.box.disableAutoRange()
        self.left, self.bottom = NumberAxis("left"), NumberAxis("bottom", whole=whole_x)
        self._labels = ("", "")
        self._range: tuple[float, ...] = ()
        self._cursor: QPointF | None = None  # in pixels of the viewport
        self._hand: Hand | None = None
        self._pressed = False
        self.cross = (QGraphicsLineItem(), QGraphicsLineItem())
        if square:  # both axes measure the same and should look the same
            self.left.space = self.bottom.space = 34.0
        self._lay_out()
        self.read_out = ReadOut(self.viewport())
        self.note = _note(self.viewport())
        theme.follow(self._restyle)

    def _lay_out(self) -> None:
        for axis in (self.left, self.bottom):
            axis.linkToView(self.box)
        central, grid = QGraphicsWidget(), QGraphicsGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addItem(self.left, 0, 0)
        grid.addItem(self.box, 0, 1)
        grid.addItem(self.bottom, 1, 1)
        central.setLayout(grid)
        self.setCentralItem(central)
        for line in self.cross:
            line.setZValue(50)
            line.hide()
            self.box.addItem(line, ignoreBounds=True)

    # ---- look ----------------------------------------------------------------------------------------------------------

    def _restyle(self) -> None:
        """Take the theme's colours and the widget's font."""
        theme, font = self.theme, small(self.font())
        metrics = QFontMetrics(font)
        line, text = QPen(QColor(theme.border)), QPen(QColor(theme.muted))
        for axis in (self.left, self.bottom):
            axis.setPen(line)
            axis.setTickPen(line)
            axis.setTextPen(text)
            axis.setStyle(tickFont=font)
        self.bottom.setHeight(2 * metrics.height() + 4)
        self._fit_left()
        self.setBackground(theme.panel)
        self.box.setBackgroundColor(theme.sunken)
        pen = QPen(QColor(theme.text), 1, Qt.PenStyle.DotLine)
        pen.setCosmetic(True)
        for cross in self.cross:
            cross.setPen(pen)
        self.note.setFont(font)
        self._write_labels()
        self._fit_square()

    def set_labels(self, x: str, y: str) -> None:
        """What the axes measure, with its unit where it has one."""
        if (x, y) != self._labels:
            self._labels = (x, y)
            self._write_labels()

    def _write_labels(self) -> None:
        size = f"{small(self.font()).pointSizeF():g}pt"
        for axis, text in zip((self.bottom, self.left), self._labels, strict=True):
            axis.setLabel(escaped(text), **{"color": self.theme.muted, "font-size": size})
            axis.resizeEvent()  # pyqtgraph centres a label when its axis is resized, and only then

    def set_range(self, x: Sequence[float], y: Sequence[float]) -> None:
        """Show ``x[0] … x[1]`` and ``y[0] … y[1]``."""
        wanted = (*x, *y)
        if wanted != self._range:
            self._range = wanted
            self.box.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)
            if self.square:
                self._fit_left()
                self._fit_square()

    def _fit_left(self) -> None:
        """Room for the numbers at the left: for these, where the range seldom changes, else always the same."""
        metrics, widest = QFontMetrics(small(self.font())), "−0.00"
        if self.square and self._range:
            step, ticks = self.left.tickValues(self._range[2], self._range[3], 200.0)[0]
            widest = max(self.left.tickStrings(ticks, 1.0, step), key=len, default=widest)
        self.left.setWidth(metrics.horizontalAdvance(widest) + metrics.height() + 8)

    def set_note(self, text: str) -> None:
        """A sentence in the middle of the plot, for when there is nothing to draw; "" takes it away."""
        if text != self.note.text():
            self.note.setText(text)
            self.note.setVisible(bool(text))

    def minimumSizeHint(self) -> QSize:
        return QSize(140, 100)

    def height_for_square(self, width: int) -> int:
        """How high the widget must be for a square as wide as it allows."""
        return round(width - self.left.maximumWidth() - _EDGE_SQUARE + self.bottom.maximumHeight() + _TOP)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        if hasattr(self, "note"):  # the base class resizes before it is finished
            self._fit_square()

    def _fit_square(self) -> None:
        area = QRectF(self.viewport().rect())
        left, bottom, top = self.left.maximumWidth(), self.bottom.maximumHeight(), _TOP
        right = _EDGE_SQUARE if self.square else _EDGE
        width, height = area.width() - left - right, area.height() - bottom - top
        if self.square:
            width = height = max(20.0, min(width, height))
        # A square stands in the middle of the widget, as far as the numbers at its axis let it.
        x = min(max(0.0, (area.width() - width) / 2 - left), max(0.0, area.width() - left - width - right))
        self.centralWidget.setGeometry(QRectF(x, top, left + width, height + bottom))
        self.note.setGeometry(round(x + left) + 8, int(top), max(20, int(width) - 16), max(20, int(height)))

    # ---- cursor --------------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event) -> None:
        """Move the cursor. pyqtgraph's own search for items under the mouse is not needed here, and slow."""
        self._move_cursor(event.position(), clamp=self._pressed)
        if self._hand is not None and self._pressed and self._cursor is not None:
            self._hand.drag(self.to_data(self._cursor), event.modifiers())

    def mousePressEvent(self, event) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._move_cursor(event.position())
            if self._hand is None:
                self._choose()
            elif self.area().contains(event.position()):
                self._pressed = True
                self._hand.press(self.to_data(event.position()), event.modifiers())
        else:
            event.ignore()

    def mouseReleaseEvent(self, event) -> None:
        if self._pressed and event.button() == Qt.MouseButton.LeftButton:
            self._let_go(event.modifiers())
        else:
            event.ignore()

    def take_hand(self, hand: Hand | None) -> None:
        """From now on the mouse is for ``hand``; ``None``: for the cursor again."""
        if self._pressed:
            self._let_go(Qt.KeyboardModifier.NoModifier)
        self.hide_cursor()
        self._hand = hand
        shape = Qt.CursorShape.ArrowCursor if hand is None else Qt.CursorShape.CrossCursor
        self.viewport().setCursor(shape)

    def _let_go(self, modifiers: Qt.KeyboardModifier) -> None:
        self._pressed = False
        if self._hand is not None:
            at = self._cursor if self._cursor is not None else self.area().center()
            self._hand.release(self.to_data(at), modifiers)

    def mouseDoubleClickEvent(self, event) -> None:
        event.ignore()

    def wheelEvent(self, event) -> None:
        event.ignore()

    def contextMenuEvent(self, event) -> None:
        event.ignore()

    def leaveEvent(self, event) -> None:
        self.hide_cursor()

    def focusOutEvent(self, event) -> None:
        super().focusOutEvent(event)
        if not self.underMouse():
            self.hide_cursor()

    def keyPressEvent(self, event) -> None:
        arrow = _ARROWS.get(event.key())
        if arrow is not None:
            step = KEY_LEAP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else KEY_STEP
            at = self._cursor or self.area().center()
            self._move_cursor(QPointF(at.x() + step * arrow[0], at.y() + step * arrow[1]), clamp=True)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cursor is not None:
            self._choose()
        elif self._hand is not None and self._hand.key(event.key()):
            event.accept()
        elif event.key() == Qt.Key.Key_Escape and self._cursor is not None:
            self.hide_cursor()
        else:
            event.ignore()

    def area(self) -> QRectF:
        """Where the axes' inside lies, in pixels of the viewport."""
        return self.box.sceneBoundingRect()

    def to_data(self, pixel: QPointF) -> tuple[float, float]:
        """The axes' values at a pixel of the viewport."""
        point = self.box.mapSceneToView(pixel)
        return point.x(), point.y()

    def to_pixel(self, x: float, y: float) -> QPointF:
        """The pixel of the viewport at the axes' values."""
        return self.box.mapViewToScene(QPointF(x, y))

    def refresh_cursor(self) -> None:
        """Ask again what is under the cursor, because the picture has changed."""
        if self._cursor is not None and self._hand is None:
            self.probed.emit(self.to_data(self._cursor))

    def hide_cursor(self) -> None:
        """Forget the cursor, with its lines and numbers."""
        self._cursor = None
        self.hide_lines()
        if self._hand is not None:
            self._hand.hover(None)
        self.probed.emit(None)

    def hide_lines(self) -> None:
        """Take away the lines and numbers of the cursor, as there is nothing to say here."""
        self.read_out.hide()
        for line in self.cross:
            line.hide()

    def point_at(self, x: float, y: float, text: str, horizontal: bool = True) -> None:
        """Put the lines of the cursor at ``x, y`` and ``text`` beside them."""
        (x0, x1), (y0, y1) = self.box.viewRange()
        self.cross[0].setLine(x, y0, x, y1)
        self.cross[1].setLine(x0, y, x1, y)
        self.cross[0].show()
        self.cross[1].setVisible(horizontal)
        self.read_out.say(text, self.to_pixel(x, y) if horizontal else self._cursor or self.to_pixel(x, y))

    def _move_cursor(self, pixel: QPointF, clamp: bool = False) -> None:
        area = self.area()
        if clamp:
            x = min(max(pixel.x(), area.left()), area.right())
            pixel = QPointF(x, min(max(pixel.y(), area.top()), area.bottom()))
        if area.contains(pixel):
            self._cursor = pixel
            if self._hand is not None:
                self._hand.hover(self.to_data(pixel))
            else:
                self.probed.emit(self.to_data(pixel))
        elif self._cursor is not None:
            self.hide_cursor()

    def _choose(self) -> None:
        if self._cursor is None:
            return
        at = self.to_data(self._cursor)
        if self._hand is None:
            self.chosen.emit(*at)
        else:
            self._hand.press(at, Qt.KeyboardModifier.NoModifier)
            self._hand.release(at, Qt.KeyboardModifier.NoModifier)


def _note(parent: QWidget) -> QLabel:
    note = Label(parent=parent)
    note.setObjectName("note")
    note.setProperty("muted", True)
    note.setWordWrap(True)
    note.setAlignment(Qt.AlignmentFlag.AlignCenter)
    note.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    note.hide()
    return note

"""A pad to draw on with the mouse, or to put a picture of one's own on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPen

from playground.ui.kit.colours import draw_part
from playground.ui.kit.ink import ink_of, write
from playground.ui.kit.own_pictures import PictureDrop, pasted
from playground.ui.kit.theme import Theme

Array = NDArray[Any]

#: the drawing's own pixels a side, and the pad's, usually
FINE, SIDE = 112, 160
#: milliseconds between two pictures that are sent while somebody draws
PACE = 30


class Pad(PictureDrop):
    """Draw with the left button, rub out with the right; or drop a picture."""

    drawn = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("drawing_pad")
        self.setAccessibleName("Drawing pad")
        self.setToolTip(
            "Draw with the mouse; the right button rubs out. Drop or paste a picture to use it instead."
        )
        self.setFixedSize(SIDE, SIDE)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.image = QImage(FINE, FINE, QImage.Format.Format_Grayscale8)
        self.image.fill(0)
        self.photo: QImage | None = None
        self._last: QPointF | None = None

    @property
    def empty(self) -> bool:
        return self.photo is None and not self.drawing().any()

    def drawing(self) -> Array:
        """``(FINE, FINE)``, 0 paper to 1 ink."""
        flat = np.frombuffer(self.image.constBits(), np.uint8).reshape(FINE, self.image.bytesPerLine())
        return flat[:, :FINE].astype(np.float64) / 255.0

    def clear(self) -> None:
        self.image.fill(0)
        self.photo = None
        self.update()

    def show_photo(self, image: QImage) -> None:
        self.image.fill(0)
        self.photo = image
        self.update()

    def _stroke(self, at: QPointF, rub: bool) -> None:
        scale = FINE / self.width()
        here = at * scale
        last, self._last = self._last or here, here
        self.photo = None
        painter = QPainter(self.image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        colour = QColor(Qt.GlobalColor.black if rub else Qt.GlobalColor.white)
        width = FINE / 11.0 * (1.6 if rub else 1.0)
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(last, here + QPointF(0.01, 0))
        painter.end()
        self.update()
        self.drawn.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._last = None
        self._stroke(event.position(), event.button() == Qt.MouseButton.RightButton)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons():
            self._stroke(event.position(), bool(event.buttons() & Qt.MouseButton.RightButton))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._last = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self.dropped.emit(pasted())
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        ink = ink_of(self._theme)
        painter.fillRect(rect, Qt.GlobalColor.black)
        if self.photo is not None:
            side = min(self.photo.width(), self.photo.height())
            middle = QRectF((self.photo.width() - side) / 2, (self.photo.height() - side) / 2, side, side)
            draw_part(painter, rect, self.photo, middle)
        else:
            painter.drawImage(rect, self.image)
            if not self.drawing().any():
                write(painter, rect, "draw here", QColor("#9aa4b2"), ink.small, Qt.AlignmentFlag.AlignCenter)
        painter.setPen(ink.border)
        painter.drawRect(rect)
        painter.end()

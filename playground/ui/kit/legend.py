"""What the colours mean, with numbers."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.ui.kit.colours import binary_table, indexed_image, share_index, signed_table
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.points import draw_marker, look, marker_of
from playground.ui.kit.theme import Theme

BAR = 8  #: height of the colour bar in pixels

_RAMP = np.linspace(0.0, 1.0, 256, dtype=np.float32)[None, :]


class Legend(QWidget):
    """A colour bar with what stands at its ends, or the markers of several classes."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("legend")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(small(self.font()))
        self._theme = theme
        self._classes: tuple[str, ...] = ()
        self._limit: float | None = None
        self._rows = 1

    def show_classes(self, classes: tuple[str, ...]) -> None:
        """Classes: two with the scale of probability between them, more as markers."""
        if (classes, None) != (self._classes, self._limit):
            self._classes, self._limit = classes, None
            self.setToolTip(
                f"Colour: how probable the class {classes[1]!r} is." if len(classes) == 2 else
                "Colour: the most probable class; the stronger, the surer."
            )  # fmt: skip
            self._changed("classes " + ", ".join(classes))

    def show_range(self, limit: float) -> None:
        """The signed scale from −``limit`` to ``limit``."""
        if self._limit != limit:
            if self._limit is None:
                self.setToolTip("Colour: the value; orange below 0, blue above.")
            self._limit, self._classes = limit, ()
            self._changed(f"values from {fmt(-limit)} to {fmt(limit)}")

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes it names; none while it shows a range."""
        return self._classes

    @property
    def limit(self) -> float | None:
        """The end of the range it shows, if it shows one."""
        return self._limit

    def _changed(self, words: str) -> None:
        self.setAccessibleName("Legend: " + words)
        self._count_rows()
        self.update()

    def _count_rows(self) -> None:
        rows = self._arrange()[1]
        if rows != self._rows:
            self._rows = rows
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        if len(self._classes) > 2:
            return QSize(90, self._rows * (line + 2))
        return QSize(90, BAR + 3 + line)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: object) -> None:
        self._count_rows()

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(QColor(self._theme.text)))
        if len(self._classes) > 2:
            self._paint_markers(painter)
        elif self._classes or self._limit is not None:
            self._paint_bar(painter)
            self._paint_ends(painter)
        painter.end()

    def _paint_bar(self, painter: QPainter) -> None:
        table = binary_table(self._theme) if self._classes else signed_table(self._theme)
        painter.drawImage(QRectF(0, 0, self.width(), BAR), indexed_image(share_index(_RAMP), table))

    def _paint_ends(self, painter: QPainter) -> None:
        text = QRectF(0, BAR + 2, self.width(), self.height() - BAR - 2)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        if self._limit is not None:
            painter.drawText(text, left, fmt(-self._limit))
            painter.drawText(text, right, fmt(self._limit))
            painter.drawText(text, Qt.AlignmentFlag.AlignHCenter, "0")
            return
        room = self.width() / 2 - 22
        middle = text.top() + self.fontMetrics().height() / 2
        for label, name in enumerate(self._classes[:2]):
            mark = look(self._theme, "train", self._theme.class_colour(label), marker_of(label))
            draw_marker(painter, QPointF(6 if label == 0 else self.width() - 6, middle), mark)
            name = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, round(room))
            painter.drawText(text.adjusted(15, 0, -15, 0), left if label == 0 else right, name)

    def _arrange(self) -> tuple[list[tuple[float, int, str]], int]:
        """Where the class names stand, ``(x, row, name)``, and how many rows there are."""
        metrics, places, x, row = self.fontMetrics(), [], 0.0, 0
        for name in self._classes:
            name = metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(40, self.width() - 20))
            width = 15 + metrics.horizontalAdvance(name)
            if x > 0 and x + width > self.width():
                x, row = 0.0, row + 1
            places.append((x, row, name))
            x += width + 10
        return places, row + 1

    def _paint_markers(self, painter: QPainter) -> None:
        line = self.fontMetrics().height() + 2
        for label, (x, row, name) in enumerate(self._arrange()[0]):
            mark = look(self._theme, "train", self._theme.class_colour(label), marker_of(label))
            draw_marker(painter, QPointF(x + 6, row * line + line / 2), mark)
            painter.drawText(
                QRectF(x + 15, row * line, self.width(), line), Qt.AlignmentFlag.AlignVCenter, name
            )

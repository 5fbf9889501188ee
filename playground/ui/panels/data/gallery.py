"""One picture of each class, with its name and how many there are."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.data import Dataset
from playground.ui.kit.colours import sample_image
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme

SIDE, SPACE = 38, 6  #: of a picture and between two, in pixels
MOST = 20  #: classes that are shown


class Gallery(QWidget):
    """The classes of pictures; hidden for data of another kind."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("gallery")
        self.setAccessibleName("Classes")
        # Not Fixed: the height follows from the width that it is given, which sizeHint cannot know.
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._theme = theme
        self._images: list[QImage] = []
        self.names: list[str] = []
        self.counts: list[int] = []
        self._rest = 0

    def show_data(self, data: Dataset | None) -> None:
        """Show the first picture of each class of ``data``."""
        self._images, self.names, self.counts, self._rest = [], [], [], 0
        if data is not None and data.is_image and data.classes:
            labels, first, counts = np.unique(data.y, return_index=True, return_counts=True)
            self._rest = max(0, len(labels) - MOST)
            for label, row, count in list(zip(labels, first, counts, strict=True))[:MOST]:
                sample = data.x[row]
                low, high = float(sample.min()), float(sample.max())
                # In 0..1 a picture is shown as bright as it is.
                self._images.append(sample_image(sample, min(low, 0.0), max(high, 1.0)))
                self.names.append(data.classes[label])
                self.counts.append(int(count))
        self.setVisible(bool(self._images))
        words = "; ".join(f"{n}: {c:,}" for n, c in zip(self.names, self.counts, strict=True))
        self.setAccessibleDescription(words + (f"; and {self._rest} more classes" if self._rest else ""))
        self.updateGeometry()
        self.update()

    # --- layout -------------------------------------------------------------------------------------------------------

    def _line(self) -> int:
        return self.fontMetrics().height()

    def _columns(self, width: int) -> int:
        return max(1, (width + SPACE) // (SIDE + 2 * SPACE))

    def _rows(self, width: int) -> int:
        return -(-len(self._images) // self._columns(width))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        more = self._line() if self._rest else 0
        return self._rows(width) * (SIDE + 2 * self._line() + SPACE) + more

    def sizeHint(self) -> QSize:
        return QSize(220, self.heightForWidth(self.width()))

    def minimumSizeHint(self) -> QSize:
        return QSize(SIDE, self.heightForWidth(max(self.width(), SIDE)))

    def _cell(self, number: int) -> QRect:
        columns = self._columns(self.width())
        step = self.width() / columns
        row, column = divmod(number, columns)
        height = SIDE + 2 * self._line() + SPACE
        return QRect(round(column * step), row * height, round(step), height - SPACE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        line, metrics = self._line(), self.fontMetrics()
        middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
        for number, image in enumerate(self._images):
            cell = self._cell(number)
            if not cell.intersects(event.rect()):
                continue
            left = cell.x() + (cell.width() - SIDE) / 2
            size = image.size().scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF(left, cell.y(), SIDE, SIDE)
            place = QRectF(0, 0, size.width(), size.height()).translated(
                place.center().x() - size.width() / 2, place.center().y() - size.height() / 2
            )
            # Large pictures are made smaller smoothly; small ones show their pixels.
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > SIDE)
            painter.drawImage(place, image)
            name = metrics.elidedText(self.names[number], Qt.TextElideMode.ElideRight, cell.width() - 2)
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QRect(cell.x(), cell.y() + SIDE, cell.width(), line), middle, name)
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(
                QRect(cell.x(), cell.y() + SIDE + line, cell.width(), line),
                middle,
                f"{self.counts[number]:,}",
            )
        if self._rest:
            painter.setPen(QColor(self._theme.muted))
            bottom = QRect(0, self.height() - line, self.width(), line)
            painter.drawText(bottom, Qt.AlignmentFlag.AlignLeft, f"and {self._rest} more classes")

    def event(self, event: QEvent) -> bool:
        """A class under the mouse tells its whole name."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            for number, name in enumerate(self.names):
                if self._cell(number).contains(event.pos()):
                    said = tip(f"{name}: {self.counts[number]:,} pictures")
                    QToolTip.showText(event.globalPos(), said, self)
                    return True
        return super().event(event)

"""What two networks give over the plane, beside each other, and where they differ."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from engine.data import Prepared
from engine.errors import EngineError
from playground.document.project import Project, data_of, loss_of
from playground.ui.kit.colours import indexed_image, shares_image, signed_index, signed_table
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.points import rows_of
from playground.ui.kit.theme import Theme

Array = NDArray[Any]


class Tile(QWidget):
    """A square picture under a title."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setFont(small(self.font()))
        self._theme, self._image, self._title = theme, QImage(), ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(72, 72 + self.fontMetrics().height())

    def sizeHint(self) -> QSize:
        return QSize(130, 130 + self.fontMetrics().height())

    def show_image(self, image: QImage, title: str, help: str) -> None:
        self._image, self._title = image, title
        self.setAccessibleName(help)
        self.setToolTip(help)
        self.update()

    def paintEvent(self, event: object) -> None:
        painter, line = QPainter(self), self.fontMetrics().height() + 2
        painter.setPen(QColor(self._theme.text))
        title = self.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(0, 0, self.width(), line), Qt.AlignmentFlag.AlignCenter, title)
        side = min(self.width(), self.height() - line)
        rect = QRectF((self.width() - side) / 2, line, side, side)
        if not self._image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            # Row 0 is the lowest value of the second feature.
            painter.drawImage(rect, self._image.flipped(Qt.Orientation.Vertical))
        painter.setPen(QColor(self._theme.border))
        painter.drawRect(rect.adjusted(0, 0, -1, -1))
        painter.end()


class Surfaces(QWidget):
    """A, B, and B − A; hidden where there is no plane to show."""

    def __init__(self, theme: Theme, name: str = "runs_surface") -> None:
        super().__init__()
        self.setObjectName(f"{name}s")
        self._theme = theme
        self._shown: tuple[Project, Array | None, Project, Array | None] | None = None
        self.tiles = [Tile(theme, f"{name}_{which}") for which in ("a", "b", "difference")]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for tile in self.tiles:
            row.addWidget(tile)
        self.hide()
        theme.follow(self._redraw)

    def show_pair(self, a: Project, first: Array | None, b: Project, second: Array | None) -> None:
        """The surfaces ``(outputs, n, n)`` of two projects on the same data."""
        self._shown = (a, first, b, second)
        self._redraw()

    def clear(self) -> None:
        self._shown = None
        self.hide()

    def _redraw(self) -> None:
        if self._shown is None:
            return
        a, first, b, second = self._shown
        try:
            data = data_of(a)
        except EngineError:
            self.hide()
            return
        if data.raw.in_shape != (2,) or first is None:
            self.hide()
            return
        answers = [answer(a, data, first)]
        self.tiles[0].show_image(self._picture(data, answers[0]), "A", "What A gives over the plane")
        both = second is not None and (b.source, b.preparation) == (a.source, a.preparation)
        for tile in self.tiles[1:]:
            tile.setVisible(both)
        if both and second is not None:
            answers.append(answer(b, data, second))
            self.tiles[1].show_image(self._picture(data, answers[1]), "B", "What B gives over the plane")
            gap, limit, said = difference(data, *answers)
            image = indexed_image(signed_index(gap, limit), signed_table(self._theme))
            self.tiles[2].show_image(image, "B − A", said)
        self.show()

    def picture(self, project: Project, values: Array | None) -> QImage | None:
        """What one network gives over the plane, the first feature to the right; ``None`` where there is no plane."""
        try:
            data = data_of(project)
        except EngineError:
            return None
        if values is None or data.raw.in_shape != (2,):
            return None
        return self._picture(data, answer(project, data, values)).flipped(Qt.Orientation.Vertical)

    def _picture(self, data: Prepared, values: Array) -> QImage:
        if data.raw.classes:
            return shares_image(self._theme, values.reshape(-1, values.shape[-1]), values.shape[:2])
        limit = float(np.abs(data.raw.y[rows_of(data, "train"), 0]).max()) or 1.0
        return indexed_image(signed_index(values, limit), signed_table(self._theme))


def answer(project: Project, data: Prepared, values: Array) -> Array:
    """What the outputs ``(outputs, n, n)`` mean: probabilities ``(n, n, classes)``, or the number ``(n, n)`` in the data's own units."""
    if data.raw.classes:
        flat = loss_of(project).probabilities(values.reshape(len(values), -1).T)
        classes = len(data.raw.classes)
        shares: Array = flat[:, :classes].reshape(*values.shape[1:], classes)
        return shares
    number: Array = data.transform.inverse_target(np.moveaxis(values, 0, -1))[..., 0]
    return number


def difference(data: Prepared, a: Array, b: Array) -> tuple[Array, float, str]:
    """Where two answers differ ``(n, n)``, the end of its scale, and the largest of it in words."""
    classes = data.raw.classes
    if len(classes) == 2:
        gap, limit, what = b[..., 1] - a[..., 1], 1.0, f"the probability of {classes[1]}"
    elif classes:
        gap, limit, what = np.abs(b - a).sum(-1) / 2, 1.0, "the probabilities"
    else:
        gap = b - a
        limit, what = float(np.abs(gap).max()) or 1.0, data.raw.targets[0]
    return gap, limit, f"B − A of {what}: by {fmt(float(np.abs(gap).max()))} at most"

"""A picture that is learned pixel by pixel: how the network paints it, beside the picture itself."""

from __future__ import annotations

import math
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from engine.data import Prepared
from engine.data.picture import COLOURS, picture_of
from playground.document.project import Project, loss_of
from playground.runner.messages import Frame, State, Surface, Want
from playground.ui.kit.colours import draw_image, sample_image
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Context
from playground.ui.panels.output.picture import Picture

Array = NDArray[Any]

RESOLUTION = 100  #: points of the grid along each axis
#: seconds between two drawings while the run goes on
PAUSE = 0.04


class Canvas(QWidget):
    """Two pictures side by side, or one above the other where the panel is high; what lies beyond the learned one is painted too."""

    GAP = 10

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("learned_canvas")
        self.setAccessibleName("The picture as the network paints it, and the picture itself")
        self.setFont(small(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.theme = theme
        self.painted, self.wanted = QImage(), QImage()
        self.inside = QRectF(0, 0, 1, 1)  # where on the painted picture the learned one lies, in shares of it
        self.colours: Array | None = None  # (3, R, R), the painted numbers, top row first

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 120)

    def sizeHint(self) -> QSize:
        return QSize(320, 200)

    def places(self) -> tuple[QRectF, QRectF]:
        """Where the two pictures are, squares, each with a line of words below."""
        line = self.fontMetrics().height() + 2
        across = min((self.width() - self.GAP) / 2, self.height() - line)
        down = min(self.width(), (self.height() - self.GAP) / 2 - line)
        side = max(across, down, 8.0)
        if across >= down:
            left, top = (self.width() - 2 * side - self.GAP) / 2, (self.height() - side - line) / 2
            return QRectF(left, top, side, side), QRectF(left + side + self.GAP, top, side, side)
        left = (self.width() - side) / 2
        return QRectF(left, 0, side, side), QRectF(left, side + line + self.GAP, side, side)

    def paintEvent(self, event: object) -> None:
        painter, theme = QPainter(self), self.theme
        for place, image, words in zip(
            self.places(),
            (self.painted, self.wanted),
            ("as the network paints it", "the picture"),
            strict=True,
        ):
            painter.fillRect(place, QColor(theme.sunken))
            if image is self.wanted and not image.isNull():
                place = QRectF(place)
                shown = self._within(place)
                draw_image(painter, image, shown)
            elif not image.isNull():
                draw_image(painter, image, place)
                painter.setPen(QPen(QColor(theme.muted), 1.0, Qt.PenStyle.DotLine))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(self._within(place))
            painter.setPen(QColor(theme.muted))
            below = QRectF(place.x(), place.bottom() + 1, place.width(), self.fontMetrics().height())
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()

    def _within(self, place: QRectF) -> QRectF:
        """Where the learned picture lies on a square that shows the whole extent."""
        share = self.inside
        return QRectF(
            place.x() + share.x() * place.width(), place.y() + share.y() * place.height(),
            share.width() * place.width(), share.height() * place.height(),
        )  # fmt: skip

    def mouseMoveEvent(self, event) -> None:
        words = self._in_words(event.position())
        QToolTip.showText(event.globalPosition().toPoint(), words, self) if words else QToolTip.hideText()

    def _in_words(self, at: QPointF) -> str:
        """The three numbers that the network gives under the cursor."""
        place = self.places()[0]
        if self.colours is None or not place.contains(at):
            return ""
        count = self.colours.shape[1]
        i, j = (
            min(count - 1, int(share * count))
            for share in ((at.y() - place.y()) / place.height(), (at.x() - place.x()) / place.width())
        )
        return "\n".join(
            f"{name} {fmt(float(value))}" for name, value in zip(COLOURS, self.colours[:, i, j], strict=True)
        )


class LearnedPicture(Picture):
    """What the network gives at every point of the plane, as colour."""

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__(context, project, data)
        self.setObjectName("learned_picture")
        self.set_title("Learned picture")
        self.canvas = Canvas(context.theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas, 1)
        self._drawn_at = -math.inf
        context.theme.follow(self.canvas.update)

    @staticmethod
    def suits(data: Prepared) -> bool:
        return picture_of(data.raw) is not None

    def wants(self) -> list[Want]:
        return [Surface(self.project.network.output_id, RESOLUTION)]

    def fill(self) -> None:
        picture = picture_of(self.data.raw)
        self.canvas.painted, self.canvas.colours = QImage(), None
        if picture is not None:
            self.canvas.wanted = sample_image(np.moveaxis(picture, -1, 0).astype(np.float32), 0.0, 1.0)
        self.canvas.update()

    def show_frame(self, frame: Frame) -> None:
        if frame.state is State.EMPTY:
            self.clear()
            return
        values = frame.answer(Surface(frame.project.network.output_id, RESOLUTION))
        now = perf_counter()
        if values is None or len(values) != len(COLOURS):
            return
        if frame.state is State.RUNNING and now - self._drawn_at < PAUSE:
            return
        self._drawn_at = now
        said = np.moveaxis(loss_of(frame.project).numbers(values), 0, -1)
        colours = np.moveaxis(self.data.transform.inverse_target(said), -1, 0)[:, ::-1]  # x2 points up
        self.canvas.colours = colours
        self.canvas.painted = sample_image(np.nan_to_num(colours).astype(np.float32), 0.0, 1.0)
        self.canvas.inside = self._inside(frame.extent)
        self.canvas.update()

    def _inside(self, extent: tuple[float, float]) -> QRectF:
        """Where the learned picture lies on the square of ``extent``, pixels reaching half of one beyond their middles."""
        low, high = extent
        x = self.data.raw.x
        sides = []
        for axis in (0, 1):
            middles = np.unique(x[:, axis])
            half = (middles[1] - middles[0]) / 2 if len(middles) > 1 else 0.5
            sides.append((float(middles[0] - half), float(middles[-1] + half)))
        (left, right), (bottom, top) = sides
        size = high - low
        return QRectF((left - low) / size, (high - top) / size, (right - left) / size, (top - bottom) / size)

    def clear(self) -> None:
        if self.canvas.colours is not None:
            self.canvas.painted, self.canvas.colours = QImage(), None
            self.canvas.update()

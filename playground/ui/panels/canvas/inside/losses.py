"""Under the loss card: what the loss is now, on both parts, and the penalty that training adds to it."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from engine.regularizers import NoPenalty
from playground.runner.messages import Frame, State
from playground.ui.kit.numbers import fmt
from playground.ui.panels.canvas.inside.base import Inside
from playground.ui.panels.canvas.look import write

LINE = 15.0


class LossReadOut(Inside):
    """Numbers by name: training loss, validation loss where there is such a part, penalty where there is one."""

    def __init__(self, stage) -> None:
        super().__init__(stage)
        self._rows: list[tuple[str, str, QColor]] = []

    def show_frame(self, frame: Frame) -> None:
        theme = self.stage.look.theme
        if not self.stage.calm.due(frame):
            return
        if frame.state is State.EMPTY:
            self._rows = []
            self.update()
            return
        rows = [
            ("train loss", frame.train_loss, theme.train),
            ("validation loss", frame.validation_loss, theme.validation),
        ]
        penalized = frame.penalty or not isinstance(frame.project.fit.regularizer, NoPenalty)
        if penalized:
            rows.insert(1, ("+ penalty", frame.penalty, theme.muted))
        shown = [(name, fmt(value), QColor(colour)) for name, value, colour in rows if not math.isnan(value)]
        if shown != self._rows:
            self._rows = shown
            self.update()

    def cover(self) -> QRectF:
        under = QRectF(0, self.place.card.bottom(), self.place.width, 52)
        return under if self.place.below is None else under.united(self.place.below)

    def draw(self, painter: QPainter) -> None:
        look, rect = self.stage.look, self.place.below or QRectF()
        painter.setFont(look.small)
        painter.setPen(look.muted)
        under = QRectF(0, self.place.card.bottom() + 18, self.place.width, 32)
        wrap = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        write(painter, under, wrap, self.block.summary)
        y = rect.center().y() - LINE * len(self._rows)
        shown = self._rows if self.place.below is not None and self.stage.light is None else []
        for name, value, colour in shown:
            painter.setFont(look.small)
            painter.setPen(look.muted)
            write(painter, QRectF(rect.left(), y, rect.width(), LINE), Qt.AlignmentFlag.AlignCenter, name)
            painter.setFont(look.title)
            painter.setPen(colour)
            write(
                painter,
                QRectF(rect.left(), y + LINE - 2, rect.width(), LINE + 2),
                Qt.AlignmentFlag.AlignCenter,
                value,
            )
            y += 2 * LINE

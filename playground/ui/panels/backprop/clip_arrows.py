"""What clipping does to the whole gradient, as two arrows: by norm it keeps its direction, by value it bends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.trace import Trace
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.theme import Theme

HEIGHT, LEAST = 74, 7.0  #: pixels; an arrow is at least so long
STAYS = 0.05  #: degrees that are none


@dataclass(frozen=True)
class Clipped:
    """The whole gradient before and after: two lengths, and the angle between the two in degrees."""

    before: float
    after: float
    angle: float

    @property
    def in_words(self) -> str:
        if self.before == self.after:
            return f"‖g‖ = {fmt(self.before)}: within the limit, nothing is clipped."
        turned = "its direction stays" if self.angle < STAYS else f"it turns by {fmt(self.angle, 2)}°"
        return f"‖g‖ = {fmt(self.before)} → {fmt(self.after)}; {turned}."


def clipped(trace: Trace) -> Clipped | None:
    """What clipping does in this update; ``None`` where there is none, or not all of the gradient is kept."""
    if (
        trace.fit.clipping is None
        or not trace.learners()
        or any("parameters of" in said for said in trace.left_out)
    ):
        return None
    stages = trace.parameters
    source = stages.get("penalized") or stages["gradient"]
    found = stages.get("clipped", source)
    g, c = (
        np.concatenate([np.asarray(part[i], np.float64) for i in trace.learners()])
        for part in (source, found)
    )
    before, after = float(np.linalg.norm(g)), float(np.linalg.norm(c))
    if not (np.isfinite(before) and before and after):
        return None
    cosine = float(np.clip(g @ c / (before * after), -1.0, 1.0))
    return Clipped(before, after, math.degrees(math.acos(cosine)))


class ClipArrows(QWidget):
    """The two arrows in the plane that they span."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("clip_arrows")
        self.setFont(small(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            "The whole gradient as one arrow, before clipping (thin) and after (thick), in the plane that both lie in. "
            "By global norm it is only shortened; by value single numbers are cut off, and it points elsewhere."
        )
        self.theme = theme
        self.shown: Clipped | None = None
        self.hide()

    def show_update(self, trace: Trace | None, known: bool) -> None:
        """The clipping of an update; nothing where there is none, or it is not ``known`` yet."""
        self.shown = clipped(trace) if trace is not None and known else None
        self.setVisible(self.shown is not None)
        if self.shown is not None:
            self.setAccessibleName(f"Clipping. {self.shown.in_words}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(280, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        shown, theme = self.shown, self.theme
        if shown is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        words = QRectF(0, self.height() - 18, self.width(), 18)
        painter.setPen(QColor(theme.muted))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown.in_words)
        bend = math.radians(shown.angle)
        rise = shown.after / shown.before * math.sin(bend)
        room = self.height() - 30.0
        full = min(self.width() - 60.0, 240.0, room / rise if rise > 0 else math.inf)
        start = QPointF(8, self.height() - 26.0 if rise * full > 8 else self.height() / 2 - 8)
        length = max(LEAST, full * shown.after / shown.before)
        before, after = (
            start + QPointF(full, 0),
            start + QPointF(length * math.cos(bend), -length * math.sin(bend)),
        )
        _arrow(painter, start, before, QColor(theme.muted), 1.4)
        _arrow(painter, start, after, QColor(theme.gradient), 3.0)
        painter.setPen(QColor(theme.muted))
        painter.drawText(before + QPointF(6, 4), "g")
        painter.end()


def _arrow(painter: QPainter, start: QPointF, end: QPointF, colour: QColor, width: float) -> None:
    way = end - start
    length = math.hypot(way.x(), way.y())
    along = way / length
    across = QPointF(-along.y(), along.x())
    head = min(4.0 + 1.5 * width, length)
    neck = end - along * head
    painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    painter.drawLine(start, neck)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([end, neck + across * (head * 0.5), neck - across * (head * 0.5)]))

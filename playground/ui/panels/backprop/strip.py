"""The batch as a row of its samples: what goes through the network together, and which one is followed."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QToolTip, QWidget

from engine.network import INPUT
from engine.trace import Outcomes, Trace, sample_outcomes
from playground.ui.kit.colours import draw_image, indexed_image, sample_image, signed_index, signed_table
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.text import RIGHT, WRONG
from playground.ui.kit.theme import Theme

SIDE, GAP, FOOT = 30, 5, 14  #: of a sample's picture, between two, and of the line below, in pixels
MOST = 64  #: samples that have a picture of their own
FEATURES = 8  #: values of a sample that is no picture, as coloured bars
_MOVES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class BatchStrip(QWidget):
    """A picture per sample, its class below and whether the network names it; a click follows that sample."""

    chosen = Signal(int)  #: place in the batch

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("batch_strip")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setFont(small(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.theme = theme
        self._trace: Trace | None = None
        self._outcomes: Outcomes | None = None
        self._images: list[QImage] = []
        self.current: int | None = None
        self.area = (
            QScrollArea()
        )  #: what it is put into a layout as: a batch may be longer than the card is wide
        self.area.setObjectName("batch_strip_scroll")
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        bar = self.area.horizontalScrollBar().sizeHint().height()
        self.area.setFixedHeight(self.sizeHint().height() + bar)
        self.area.setWidget(self)

    def show_batch(self, trace: Trace | None, current: int | None) -> None:
        """The samples of an update, those that are kept; ``current`` is the one that is followed, ``None`` all of them."""
        if trace is not self._trace:
            self._trace, self._images = trace, []
            self._outcomes = sample_outcomes(trace) if trace is not None else None
            self.resize(self.sizeHint())
        self.current = current
        if current in self.shown:
            place = self.place_of(self.shown.index(current))
            self.area.ensureVisible(round(place.center().x()), 0, SIDE, 0)
        if trace is not None:
            one = "the whole batch" if current is None else f"sample {current + 1}"
            self.setAccessibleName(f"{trace.size} samples of the batch; {one} is followed")
        self.update()

    @property
    def shown(self) -> tuple[int, ...]:
        """Which samples have a picture."""
        return self._trace.samples[:MOST] if self._trace is not None else ()

    # --- layout -------------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(len(self.shown) * (SIDE + GAP) + 2, SIDE + FOOT + 4)

    def place_of(self, i: int) -> QRectF:
        """Where the picture of the ``i``-th shown sample is."""
        return QRectF(1 + i * (SIDE + GAP), 1, SIDE, SIDE)

    # --- drawing ------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        trace, outcomes = self._trace, self._outcomes
        if trace is None or outcomes is None:
            return
        if not self._images:
            self._images = self._drawn(trace)
        painter = QPainter(self)
        theme = self.theme
        for i, n in enumerate(self.shown):
            rect = self.place_of(i)
            painter.setOpacity(1.0 if self.current in (None, n) else 0.55)
            draw_image(painter, self._images[i], rect)
            painter.setOpacity(1.0)
            followed = n == self.current
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.accent if followed else theme.border), 2.0 if followed else 1.0))
            painter.drawRect(rect)
            below = QRectF(rect.x() - 2, rect.bottom() + 1, SIDE + 4, FOOT)
            right = None if outcomes.right is None else bool(outcomes.right[i])
            painter.setPen(QColor(theme.muted if right in (None, True) else theme.error))
            label = trace.labels[n]
            word = f"{int(label)}" if outcomes.right is not None else fmt(float(np.ravel(label)[0]), 2)
            mark = "" if right is None else RIGHT if right else WRONG
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, word + mark)
        painter.end()

    def _drawn(self, trace: Trace) -> list[QImage]:
        values = np.asarray(trace.values[INPUT][: len(self.shown)], np.float32)
        if values.ndim == 4:
            low, high = float(values.min()), float(values.max())
            return [sample_image(one, low, high) for one in values]
        columns = values.reshape(len(values), -1)[:, :FEATURES]
        index = signed_index(columns, float(np.abs(columns).max()) or 1.0)
        return [
            indexed_image(np.ascontiguousarray(one.reshape(-1, 1)), signed_table(self.theme)) for one in index
        ]

    def restyle(self) -> None:
        """Colours are others."""
        self._images = []
        self.update()

    # --- mouse and keys -----------------------------------------------------------------------------------------------

    def _at(self, at: QPointF) -> int | None:
        return next(
            (n for i, n in enumerate(self.shown) if self.place_of(i).adjusted(-2, -2, 2, FOOT).contains(at)),
            None,
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _MOVES.get(Qt.Key(event.key()))
        if move is None or not self.shown:
            super().keyPressEvent(event)
            return
        now = self.shown.index(self.current) if self.current in self.shown else -1
        self.chosen.emit(self.shown[min(max(now + move, 0), len(self.shown) - 1)])

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self._at(QPointF(event.pos()))
            words = ""
            if found is not None and self._outcomes is not None:
                loss = fmt(float(self._outcomes.losses[self.shown.index(found)]))
                words = f"Sample {found + 1} of the batch, loss {loss}. Click to follow it."
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

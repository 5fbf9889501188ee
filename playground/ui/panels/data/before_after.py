"""One input before and after it is normalized: how its numbers are spread, and what was measured in the training part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.probe import histogram
from playground.ui.kit.numbers import fmt
from playground.ui.kit.plot import small

if TYPE_CHECKING:
    from engine.data import Prepared
    from playground.ui.kit.theme import Theme

BINS = 24
#: rows that are looked at
MOST = 100_000


class BeforeAfter(QWidget):
    """Two histograms side by side; hidden while no input is looked at."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("before_after")
        self.setAccessibleName("One input before and after it is normalized")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(small(self.font()))
        self._theme = theme
        self._sides: list[tuple[str, str, np.ndarray]] = []
        self.hide()

    def show_input(self, data: Prepared | None, index: int) -> None:
        """Input ``index`` of the training part of ``data``; nothing where there are none."""
        self._sides = []
        if data is not None and 0 <= index < data.raw.x.shape[1]:
            before = data.raw.x[data.index.train[:MOST], index]
            after = data.train.x[:MOST, index]
            name = data.raw.features[index]
            for title, values in (
                (name, before),
                ("normalized" if data.transform.inputs.kind != "none" else "not normalized", after),
            ):
                counts, _ = histogram(values, BINS)
                mean, deviation = (float(f(dtype=np.float64)) for f in (values.mean, values.std))
                mean = 0.0 if abs(mean) < 1e-5 * deviation else mean  # what rounding leaves of 0
                says = (
                    f"μ {fmt(mean)}, σ {fmt(deviation)}  "
                    f"{fmt(float(values.min()))} … {fmt(float(values.max()))}"
                )
                self._sides.append((title, says, counts))
            words = "; ".join(f"{title}: {says}" for title, says, _ in self._sides)
            self.setAccessibleDescription(words)
            self.setToolTip(f"Of the training part. {words.replace('  ', ', ')}.")
        self.setVisible(bool(self._sides))
        self.update()

    @property
    def words(self) -> list[str]:
        """What stands below each histogram."""
        return [says for _, says, _ in self._sides]

    def sizeHint(self) -> QSize:
        return QSize(200, 46 + 3 * self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, metrics = QPainter(self), self._theme, self.fontMetrics()
        line, gap = metrics.height(), 10
        width = (self.width() - gap) / 2
        colours = (theme.muted, theme.accent)
        for side, ((title, says, counts), colour) in enumerate(zip(self._sides, colours, strict=True)):
            left = side * (width + gap)
            painter.setPen(QColor(theme.muted if side else theme.text))
            title = metrics.elidedText(title, Qt.TextElideMode.ElideRight, int(width))
            painter.drawText(QRectF(left, 0, width, line), Qt.AlignmentFlag.AlignLeft, title)
            place = QRectF(left, line + 2, width, 40)
            painter.fillRect(place, QColor(theme.sunken))
            step, top = width / len(counts), max(int(counts.max()), 1)
            for i, count in enumerate(counts.tolist()):
                height = count / top * (place.height() - 2)
                bar = QRectF(left + i * step, place.bottom() - height, max(step - 1, 1.0), height)
                painter.fillRect(bar, QColor(colour))
            painter.setPen(QColor(theme.muted))
            first, _, second = (
                metrics.elidedText(t, Qt.TextElideMode.ElideRight, int(width)) for t in says.partition("  ")
            )
            painter.drawText(QRectF(left, place.bottom() + 2, width, line), Qt.AlignmentFlag.AlignLeft, first)
            painter.drawText(
                QRectF(left, place.bottom() + 2 + line, width, line), Qt.AlignmentFlag.AlignLeft, second
            )

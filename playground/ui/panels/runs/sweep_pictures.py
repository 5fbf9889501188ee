"""Pictures of many runs that differ in one setting or in several: loss by value, all settings at once, and what each run has learned."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from engine.log import COLUMNS
from playground.document.paths import in_words
from playground.runner.sweep import Sweep
from playground.runs.trial import Result
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme
from playground.ui.kit.widgets import ComboBox
from playground.ui.panels.runs.isolation import Isolation, places_of

#: tiles that are drawn, runs that are drawn as lines, pixels of a tile at least
MOST_TILES, MOST_LINES, TILE = 24, 300, 64


class SweepPictures(QWidget):
    """One of the pictures, and what it is of; hidden while no sweep is shown. ``chosen`` carries the digest of a run."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, pictured: Callable[[Sweep, int], QImage | None]) -> None:
        """``pictured``: what the run of this number has learned over the plane, where that is to be had."""
        super().__init__()
        self.setObjectName("runs_sweep")
        self.isolation, self.parallel = Isolation(theme), Parallel(theme)
        self.tiles = Tiles(theme, pictured)
        self.tiles.chosen.connect(self.chosen)
        self.what, self.setting = ComboBox(), ComboBox()
        self.what.setObjectName("runs_picture")
        self.what.setAccessibleName("Picture of the runs")
        self.what.setToolTip(
            "Loss by value: one setting alone. All settings: a line for each run. Each run: what it has learned."
        )
        self.what.addItems(["Loss by value", "All settings", "Each run"])
        self.setting.setObjectName("runs_setting")
        self.setting.setAccessibleName("Setting along the axis")
        self.setting.setToolTip("The setting that is shown alone.")
        self._stack = QStackedWidget()
        for one in (self.isolation, self.parallel, self.tiles):
            self._stack.addWidget(one)
        self.what.currentIndexChanged.connect(self._turn)
        self.setting.currentIndexChanged.connect(lambda i: self.isolation.show_setting(max(i, 0)))
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.what)
        head.addWidget(self.setting)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self._sweep: Sweep | None = None
        self.hide()

    def show_sweep(self, sweep: Sweep | None, results: Mapping[str, Result]) -> None:
        """Show what is done of ``sweep``; ``None``: nothing."""
        other = sweep is not self._sweep
        self._sweep = sweep
        self.setVisible(sweep is not None)
        if sweep is None:
            return
        if other:
            names = [one.path for one in sweep.settings]
            if names != [self.setting.itemText(i) for i in range(self.setting.count())]:
                self.setting.blockSignals(True)
                self.setting.clear()
                self.setting.addItems(names)
                self.setting.blockSignals(False)
            self._turn()
        self.isolation.show_sweep(sweep, results, max(self.setting.currentIndex(), 0))
        self.parallel.show_sweep(sweep, results)
        self.tiles.show_sweep(sweep, results)

    def _turn(self) -> None:
        self._stack.setCurrentIndex(self.what.currentIndex())
        several = self._sweep is not None and len(self._sweep.settings) > 1
        self.setting.setVisible(several and self.what.currentIndex() == 0)


class Parallel(QWidget):
    """An axis for each setting and one for the best loss, and a line for each run: blue the best, grey the others, failed ones to a cross."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("runs_parallel")
        self.setFont(small(self.font()))
        self.setMinimumSize(160, 100)
        self._theme = theme
        self._sweep: Sweep | None = None
        #: of each run that is done, its place along each axis from 0 to 1, the loss last (NaN for one that failed), and its score
        self.lines: list[tuple[tuple[float, ...], float]] = []
        self._ends: list[tuple[str, str]] = []
        theme.follow(self.update)

    def sizeHint(self) -> QSize:
        return QSize(300, 170)

    def show_sweep(self, sweep: Sweep, results: Mapping[str, Result]) -> None:
        self._sweep = sweep
        points, each = sweep.points, len(sweep.seeds)
        axes = [places_of(one, [p[i] for p in points]) for i, one in enumerate(sweep.settings)]
        found = [(i // each, results[d].score) for i, d in enumerate(sweep.digests) if d in results]
        sound = [math.log10(score) for _, score in found if 0 < score < math.inf]
        low, high = (min(sound), max(sound)) if sound else (0.0, 1.0)
        self._ends = [_ends(one, [p[i] for p in points]) for i, one in enumerate(sweep.settings)]
        self._ends.append((fmt(10**low), fmt(10**high)) if sound else ("", ""))
        scaled = [_shares(axis) for axis in axes]
        self.lines = []
        for at, score in sorted(found, key=lambda one: -one[1])[-MOST_LINES:]:  # the best on top
            loss = (math.log10(score) - low) / ((high - low) or 1.0) if 0 < score < math.inf else math.nan
            self.lines.append(((*(axis[at] for axis in scaled), loss), score))
        best = min((score for _, score in self.lines), default=math.nan)
        failed = sum(math.isnan(places[-1]) for places, _ in self.lines)
        self.setAccessibleName(
            f"{len(self.lines)} runs over {len(axes)} settings; best loss {fmt(best)}; {failed} failed"
        )
        self.update()

    def paintEvent(self, event: object) -> None:
        if self._sweep is None:
            return
        painter, metrics = QPainter(self), self.fontMetrics()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = metrics.height()
        names = [*(one.path for one in self._sweep.settings), "best loss"]
        room = QRectF(36, 2 * line + 4, self.width() - 72, self.height() - 3 * line - 8)
        each = room.width() / max(len(names) - 1, 1)
        xs = [room.left() + i * each for i in range(len(names))]
        self._axes(painter, room, xs, names, each, line)
        best = len(self.lines) - 1
        for number, (places, score) in enumerate(self.lines):
            failed = math.isnan(places[-1])
            points = [QPointF(x, room.bottom() - share * room.height()) for x, share in zip(xs, places, strict=True)
                      if not math.isnan(share)]  # fmt: skip
            colour = QColor(self._theme.error if failed else self._theme.muted)
            colour.setAlphaF(0.35)
            pen = QPen(colour, 1.0)
            if number == best and score < math.inf:
                pen = QPen(QColor(self._theme.accent), 2.2)
            if failed:
                pen.setStyle(Qt.PenStyle.DotLine)
                points.append(QPointF(xs[-1], room.top() - 6))
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF(points))
            if failed:
                painter.setPen(QPen(QColor(self._theme.error), 1.8))
                for sign in (-1, 1):
                    painter.drawLine(points[-1] + QPointF(-3, -3 * sign), points[-1] + QPointF(3, 3 * sign))
        painter.end()

    def _axes(
        self,
        painter: QPainter,
        room: QRectF,
        xs: Sequence[float],
        names: Sequence[str],
        each: float,
        line: int,
    ) -> None:
        metrics = self.fontMetrics()
        for i, (x, name) in enumerate(zip(xs, names, strict=True)):
            painter.setPen(QPen(QColor(self._theme.border), 1.2))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
            painter.setPen(QColor(self._theme.text))
            wide = int(min(each, 160) if 0 < i < len(xs) - 1 else min(each / 2 + 34, 120))
            said = metrics.elidedText(name, Qt.TextElideMode.ElideLeft, wide)
            self._written(painter, said, x, metrics.ascent())
            painter.setPen(QColor(self._theme.muted))
            low, high = self._ends[i]
            self._written(
                painter,
                metrics.elidedText(high, Qt.TextElideMode.ElideRight, wide),
                x,
                line + metrics.ascent(),
            )
            self._written(
                painter, metrics.elidedText(low, Qt.TextElideMode.ElideRight, wide), x, room.bottom() + line
            )

    def _written(self, painter: QPainter, text: str, middle: float, base: float) -> None:
        width = self.fontMetrics().horizontalAdvance(text)
        painter.drawText(QPointF(min(max(middle - width / 2, 0), self.width() - width), base), text)


def _ends(one: Any, values: Sequence[Any]) -> tuple[str, str]:
    """What stands at the lower and the upper end of a setting's axis."""
    places = places_of(one, values)
    return in_words(values[int(np.argmin(places))]), in_words(values[int(np.argmax(places))])


def _shares(places: Sequence[float]) -> list[float]:
    low, high = min(places), max(places)
    return [(x - low) / (high - low) if high > low else 0.5 for x in places]


class Tiles(QWidget):
    """A small picture for each run: its boundary, or where there is no plane, its loss by epoch. A click chooses the run."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, pictured: Callable[[Sweep, int], QImage | None]) -> None:
        super().__init__()
        self.setObjectName("runs_tiles")
        self.setFont(small(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(TILE * 2, TILE + 16)
        self._theme, self._pictured = theme, pictured
        self._sweep: Sweep | None = None
        #: of each run that is done its number, title, picture (or none) and losses
        self.tiles: list[tuple[int, str, QImage | None, tuple[float, ...]]] = []
        self._images: dict[str, QImage | None] = {}
        theme.follow(self._redraw)

    def show_sweep(self, sweep: Sweep, results: Mapping[str, Result]) -> None:
        if sweep is not self._sweep:
            self._images = {}
        self._sweep, each, self.tiles = sweep, len(sweep.seeds), []
        at = COLUMNS.index("validation_loss")
        done = [i for i, digest in enumerate(sweep.digests) if digest in results]
        if len(done) > MOST_TILES:  # the best, in the order of the plan
            done = sorted(sorted(done, key=lambda i: results[sweep.digests[i]].score)[:MOST_TILES])
        for i in done:
            digest, found = sweep.digests[i], results[sweep.digests[i]]
            if digest not in self._images:
                self._images[digest] = self._pictured(sweep, i)
            losses = tuple(row[at] if not math.isnan(row[at]) else row[1] for row in found.rows)
            name = " ".join(map(in_words, sweep.points[i // each]))
            self.tiles.append((i, name, self._images[digest], losses if found.score < math.inf else ()))
        self.setAccessibleName(f"{len(self.tiles)} runs: " + "; ".join(name for _, name, _, _ in self.tiles))
        self.update()

    def _redraw(self) -> None:
        self._images = {}
        self.update()

    def places(self) -> list[QRectF]:
        """Where each tile stands."""
        count = max(len(self.tiles), 1)
        line = self.fontMetrics().height()
        rows = 1
        while True:
            columns = math.ceil(count / rows)
            side = min(self.width() / columns - 6, self.height() / rows - line - 4)
            wider = min(
                self.width() / math.ceil(count / (rows + 1)) - 6, self.height() / (rows + 1) - line - 4
            )
            if wider <= side:
                break
            rows += 1
        side = max(side, 8.0)
        return [
            QRectF((i % columns) * (side + 6), (i // columns) * (side + line + 4) + line, side, side) for i in range(len(self.tiles))
        ]  # fmt: skip

    def paintEvent(self, event: object) -> None:
        painter, metrics = QPainter(self), self.fontMetrics()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for rect, (_, name, image, losses) in zip(self.places(), self.tiles, strict=True):
            painter.setPen(QColor(self._theme.text))
            said = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(rect.width()))
            painter.drawText(QPointF(rect.left(), rect.top() - metrics.descent() - 1), said)
            painter.setPen(QColor(self._theme.border))
            painter.fillRect(rect, QColor(self._theme.sunken))
            if not losses:
                painter.setPen(QPen(QColor(self._theme.error), 2))
                painter.drawLine(rect.center() + QPointF(-6, -6), rect.center() + QPointF(6, 6))
                painter.drawLine(rect.center() + QPointF(-6, 6), rect.center() + QPointF(6, -6))
            elif image is not None:
                painter.drawImage(rect, image)
            else:
                self._curve(painter, rect, losses)
            painter.setPen(QColor(self._theme.border))
            painter.drawRect(rect)
        painter.end()

    def _curve(self, painter: QPainter, rect: QRectF, losses: Sequence[float]) -> None:
        """On one scale for all, so that they can be compared."""
        known = [math.log10(v) for _, _, _, some in self.tiles for v in some if 0 < v < math.inf]
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        points = [
            QPointF(rect.left() + rect.width() * i / max(len(losses) - 1, 1), rect.bottom() - 2 - (rect.height() - 4) * (math.log10(v) - low) / ((high - low) or 1.0))
            for i, v in enumerate(losses)
            if 0 < v < math.inf
        ]  # fmt: skip
        painter.setPen(QPen(QColor(self._theme.accent), 1.4))
        painter.drawPolyline(QPolygonF(points))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        for rect, (i, _, _, _) in zip(self.places(), self.tiles, strict=True):
            if rect.contains(event.position()) and self._sweep is not None:
                self.chosen.emit(self._sweep.digests[i])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        for rect, (_, name, _, _) in zip(self.places(), self.tiles, strict=True):
            if rect.contains(event.position()):
                self.setToolTip(tip(name))

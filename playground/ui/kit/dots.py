"""Points in a plot that are drawn once and then laid over each new picture as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap, QTransform
from PySide6.QtWidgets import QWidget

from playground.ui.kit.colours import signed_index, signed_table
from playground.ui.kit.points import (
    CROWD,
    MOST,
    PARTS,
    Look,
    look,
    marker_of,
    symbol,
    value_look,
)
from playground.ui.kit.theme import Theme, cached

Array = NDArray[Any]

_NONE = np.zeros((0, 2))


class Dots(pg.GraphicsObject):
    """Symbols of a size in pixels. Those at places that are no finite numbers are left out.

    Unlike pyqtgraph's ScatterPlotItem it costs one blit per frame as long as nothing has changed, and takes NaN.
    """

    def __init__(self) -> None:
        super().__init__()
        self.at: Array = _NONE  #: where they are, (N, 2) in the plot's units
        self._looks: list[Look] = []
        self._drawn = QPixmap()
        self._drawn_for: tuple[object, ...] = ()

    def fill(self, at: Array, looks: Sequence[Look], which: Array | None = None) -> None:
        """Dots at ``at`` (N, 2); the i-th looks like ``looks[which[i]]``, by default like the first."""
        finite = np.isfinite(at).all(axis=1)
        self.at = at[finite]
        which = np.zeros(len(self.at), int) if which is None else which[finite]
        self._looks = [looks[k] for k in which.tolist()]
        self._drawn_for = ()
        self.update()

    def clear(self) -> None:
        """Show none."""
        if len(self.at):
            self.fill(_NONE, ())

    def boundingRect(self) -> QRectF:
        return QRectF(self.viewRect())

    def viewTransformChanged(self) -> None:
        super().viewTransformChanged()  # or viewRect stays as it was
        self.prepareGeometryChange()

    def paint(self, painter: QPainter, option: object, widget: QWidget | None = None) -> None:
        """Lay the drawn dots over what is there; draw them anew where scale or place have changed."""
        if not len(self.at):
            return
        to_pixels = painter.transform()
        ratio = widget.devicePixelRatioF() if widget is not None else 1.0
        area = to_pixels.mapRect(self.boundingRect()).toAlignedRect()
        wanted = (to_pixels, area, ratio)
        if wanted != self._drawn_for:
            self._drawn_for = wanted
            self._draw(to_pixels, area, ratio)
        painter.resetTransform()
        painter.drawPixmap(area.topLeft(), self._drawn)

    def _draw(self, to_pixels: QTransform, area: QRect, ratio: float) -> None:
        self._drawn = QPixmap(area.size() * ratio)
        self._drawn.setDevicePixelRatio(ratio)
        self._drawn.fill(Qt.GlobalColor.transparent)
        x = to_pixels.m11() * self.at[:, 0] + to_pixels.m21() * self.at[:, 1] + to_pixels.dx() - area.x()
        y = to_pixels.m12() * self.at[:, 0] + to_pixels.m22() * self.at[:, 1] + to_pixels.dy() - area.y()
        inside = (np.abs(x) < 1e5) & (np.abs(y) < 1e5)  # what is far outside would overflow Qt's coordinates
        symbols: dict[int, tuple[QPixmap, float]] = {}
        painter = QPainter(self._drawn)
        for i in np.flatnonzero(inside).tolist():
            one = self._looks[i]
            if id(one) not in symbols:
                pixmap = symbol(one, ratio)
                symbols[id(one)] = pixmap, pixmap.width() / ratio / 2
            pixmap, half = symbols[id(one)]
            # To whole pixels of the screen: in between, each would be blurred, and take ten times as long.
            at = QPointF(round((x[i] - half) * ratio) / ratio, round((y[i] - half) * ratio) / ratio)
            painter.drawPixmap(at, pixmap)
        painter.end()


class Points(Dots):
    """The samples of one part, of which at most ``most`` are drawn, by default MOST."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self.part, self.scale_, self.most = part, 1.0, MOST
        self.setZValue(10 + PARTS.index(part))

    def fill_classes(self, theme: Theme, at: Array, labels: Array) -> None:
        """Points at ``at`` (N, 2) with class ``labels`` (N,)."""
        classes = range(int(labels.max(initial=0)) + 1)
        looks = [look(theme, self.part, theme.class_colour(k), marker_of(k)) for k in classes]
        self._fill_sized(at, looks, labels)

    def fill_values(self, theme: Theme, at: Array, values: Array, limit: float) -> None:
        """Points at ``at`` (N, 2) in the signed scale of ±``limit``."""
        colours = _signed_colours(theme)
        looks = [value_look(theme, self.part, colour) for colour in colours]
        self._fill_sized(at, looks, signed_index(values, limit).astype(int) * (len(colours) - 1) // 255)

    def fill_plain(self, theme: Theme, at: Array, colour: str) -> None:
        """Points at ``at`` (N, 2), all of one colour."""
        self._fill_sized(at, [look(theme, self.part, colour)], np.zeros(len(at), int))

    def _fill_sized(self, at: Array, looks: list[Look], which: Array) -> None:
        shrink = self.scale_ * (1.0 if min(len(at), MOST) <= CROWD else 0.8)
        self.fill(
            at[: self.most], [replace(one, size=shrink * one.size) for one in looks], which[: self.most]
        )


@cached
def _signed_colours(theme: Theme, steps: int = 33) -> list[str]:
    """Few colours of the signed scale: each point symbol of its own colour is drawn once and kept."""
    table = signed_table(theme)
    return [f"#{table[round(i * 255 / (steps - 1))] & 0xFFFFFF:06x}" for i in range(steps)]

"""The plane of a code of two numbers: where the samples lie on it, and what the network makes of any point of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.bottleneck import code_of
from engine.data import Prepared
from engine.slices import span
from playground.document.project import Project
from playground.runner.messages import Codes, Decoded, Frame, State, Want
from playground.ui.kit.colours import draw_image, sample_image
from playground.ui.kit.dots import Dots, Points
from playground.ui.kit.fonts import small
from playground.ui.kit.legend import Legend
from playground.ui.kit.numbers import fmt
from playground.ui.kit.points import PARTS, SIZE, ring, rows_of, size_of
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Context
from playground.ui.panels.output.picture import PlotPicture

Array = NDArray[Any]
Place = tuple[float, float]

#: samples of a part that are shown
SHOWN = 300
#: pixels from a point within which a click chooses its sample
REACH = 5


class DecodedCard(QWidget):
    """A picture that a code becomes, and the code below it."""

    SIDE = 96

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("decoded")
        self.setAccessibleName("What the network makes of this code")
        self.setToolTip(
            "What the network makes of the code at the cross: move the mouse over the plane, or use the arrow keys."
        )
        self.setFont(small(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._theme = theme
        self.image, self.words = QImage(), ""

    def show_decoded(self, image: QImage, at: Place | None) -> None:
        """A null image: it is not known yet."""
        self.image = image
        self.words = "" if at is None else f"{fmt(at[0])}, {fmt(at[1])}"
        self.setAccessibleDescription(self.words)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.SIDE, self.SIDE + self.fontMetrics().height() + 2)

    def paintEvent(self, event: object) -> None:
        painter, theme = QPainter(self), self._theme
        line = self.fontMetrics().height() + 2
        side = min(self.width(), self.height() - line)
        place = QRectF((self.width() - side) / 2, 0, side, side)
        painter.fillRect(place, QColor(theme.sunken))
        if not self.image.isNull():
            draw_image(painter, self.image, place)
        painter.setPen(QPen(QColor(theme.border), 1.0))
        painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(QColor(theme.muted))
        painter.drawText(
            QRectF(0, side + 2, self.width(), line - 2), Qt.AlignmentFlag.AlignCenter, self.words
        )
        painter.end()


class CodePlane(PlotPicture):
    """Samples at their codes; the code under the mouse, or at the last click, is decoded."""

    name = "Plane of the code"

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__(context, project, data, "code_plane", square=True)
        self.set_title("Plane of the code")
        self.points = {part: Points(part) for part in PARTS}
        self.rings, self.cross = Dots(), Dots()
        self.rings.setZValue(20)
        self.cross.setZValue(21)
        for item in (*self.points.values(), self.rings, self.cross):
            self.plot.box.addItem(item, ignoreBounds=True)
        self.decoded, self.legend = DecodedCard(context.theme), Legend(context.theme)
        self.head.addWidget(self.decoded)
        self.head.addWidget(self.legend, 1)
        self.add_part_switches(lambda on: self.fill_points())
        self._pinned: Place | None = None  # by a click
        self._hovered: Place | None = None
        self._codes: dict[str, Array] = {}
        self._code = ""
        self.plot.probed.connect(self._probe)
        self.plot.chosen.connect(self._choose)
        context.focus.sample_changed.connect(lambda sample: self._ring())
        context.theme.follow(self.fill_points)

    @staticmethod
    def suits(data: Prepared) -> bool:
        return len(data.raw.target_shape) == 3

    @staticmethod
    def has(project: Project, data: Prepared) -> bool:
        return bool(code_of(project.network, project.network.known_shapes(data.in_shape)))

    # ---- what it is given ----------------------------------------------------------------------------------------------

    @property
    def at(self) -> Place:
        """The code that is decoded: under the mouse, or where somebody clicked, or in the middle of the training samples."""
        chosen = self._hovered or self._pinned
        if chosen is not None:
            return chosen
        codes = self._codes.get("train")
        if codes is None or not np.isfinite(codes).all():
            return 0.0, 0.0
        middle = np.median(codes, axis=0)
        # of few digits, so that the question stays the same while the run goes on
        return float(f"{middle[0]:.1e}"), float(f"{middle[1]:.1e}")

    def wants(self) -> list[Want]:
        if not self._code:
            return []
        shown = [Codes(self._code, part, SHOWN) for part in PARTS if self.shown(part)]
        return [*shown, Decoded(self._code, self.at)]

    def show_data(self, project: Project, data: Prepared) -> None:
        code = code_of(project.network, project.network.known_shapes(data.in_shape))
        if code != self._code:
            self._pinned, self._codes = None, {}
        self._code = code
        super().show_data(project, data)
        self.plot.set_labels(f"{code}, unit 1", f"{code}, unit 2")

    def fill(self) -> None:
        super().fill()
        self._codes.clear()
        self._pinned = self._hovered = None
        classes = self.data.made.classes
        self.legend.show_classes(classes)
        self.legend.setVisible(bool(classes))
        self.fill_points()

    def show_frame(self, frame: Frame) -> None:
        if frame.state is State.EMPTY:
            self.clear()
            return
        new = False
        for part in PARTS:
            found = frame.answer(Codes(self._code, part, SHOWN))
            if found is not None and found is not self._codes.get(part):
                self._codes[part], new = found, True
        if new:
            self.fill_points()
        made = frame.answer(Decoded(self._code, self.at))
        if made is not None and made.ndim == 3:
            raw = self.data.raw
            ends = float(raw.y.min()), float(raw.y.max())
            self.decoded.show_decoded(sample_image(np.nan_to_num(made), *ends), self.at)
        self._mark()

    def clear(self) -> None:
        if self._codes:
            self._codes.clear()
            self.decoded.show_decoded(QImage(), None)
            self.fill_points()

    # ---- drawing -------------------------------------------------------------------------------------------------------

    def fill_points(self) -> None:
        theme, made = self.context.theme, self.data.made
        for part, points in self.points.items():
            codes = self._codes.get(part)
            points.scale_ = self.point_scale
            points.setVisible(self.shown(part) and codes is not None)
            if codes is None:
                points.clear()
            elif made.classes:
                points.fill_classes(theme, codes, made.y[rows_of(self.data, part)[: len(codes)]])
            else:
                points.fill_plain(theme, codes, self.part_colour(part))
        every = [codes for codes in self._codes.values() if np.isfinite(codes).all()]
        if every:
            places = np.concatenate(every)
            self.plot.set_range(_steady(places[:, 0]), _steady(places[:, 1]))
        self._ring()
        self._mark()

    def _ring(self) -> None:
        part, index = self.context.focus.sample
        codes = self._codes.get(part, np.zeros((0, 2)))
        self.rings.fill(codes[index : index + 1], [ring(self.context.theme.text, SIZE + 7)])

    def _mark(self) -> None:
        """A cross where the code is that is decoded, unless the mouse shows it."""
        at = np.array([self.at]) if self._codes and self._hovered is None else np.zeros((0, 2))
        self.cross.fill(at, [ring(self.context.theme.accent, SIZE + 3)])

    # ---- pointing ------------------------------------------------------------------------------------------------------

    def _probe(self, at: Place | None) -> None:
        self._hovered = None if at is None else (float(f"{at[0]:.4g}"), float(f"{at[1]:.4g}"))
        if self._hovered is not None and self._codes:
            self.plot.point_at(*self._hovered, f"code {fmt(self._hovered[0])}, {fmt(self._hovered[1])}")
        self._mark()

    def _choose(self, x: float, y: float) -> None:
        """The code at a click stays the one that is decoded; a sample that lies there is chosen."""
        self._pinned = float(f"{x:.4g}"), float(f"{y:.4g}")
        here, best = self.plot.to_pixel(x, y), (math.inf, "", -1)
        for part in filter(self.shown, PARTS):
            for index, (across, up) in enumerate(self._codes.get(part, np.zeros((0, 2))).tolist()):
                there = self.plot.to_pixel(across, up)
                away = math.hypot(there.x() - here.x(), there.y() - here.y())
                best = min(best, (away, part, index))
        if best[0] <= REACH and best[2] < size_of(self.data, best[1]):
            self.context.focus.choose_sample(best[1], best[2])
        self._mark()


def _steady(values: Array) -> Place:
    """A range round the values in round numbers, so that the axes stand still while codes move a little."""
    low, high = span(values)
    step = 10.0 ** math.floor(math.log10(max(high - low, 1e-6))) / 2
    return math.floor(low / step) * step, math.ceil(high / step) * step

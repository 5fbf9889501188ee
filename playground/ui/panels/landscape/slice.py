"""A plane through the weights, coloured by the loss, with the way of the run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.runner.messages import LossPlane
from playground.ui.kit.colours import indexed_image, loss_table, share_index
from playground.ui.kit.dots import Dots
from playground.ui.kit.fonts import small
from playground.ui.kit.lines import Line
from playground.ui.kit.numbers import fmt
from playground.ui.kit.plot import IndexedImage
from playground.ui.kit.points import Look
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Context, Table
from playground.ui.kit.widgets import ComboBox, named, tool
from playground.ui.panels.landscape.cells import CellPicker
from playground.ui.panels.landscape.mode import Mode
from playground.ui.panels.landscape.words import of_plane

if TYPE_CHECKING:
    from engine.landscape import Plane
    from playground.runs.kept import Entry

Array = NDArray[Any]

#: steps of colour, points of the picture each way, and from which ratio of losses on the scale is logarithmic
BANDS, PIXELS, WIDE = 14, 240, 20.0
#: what a plane may lie along: key, in the list, tip
WAYS = (
    ("path", "Way of the run", "The two directions in which the run has moved most."),
    ("weights", "Two weights", "Two numbers of the network, all others as they are."),
    ("gradient", "Gradient and random", "Against the gradient, and a random direction at right angles."),
    ("random", "Random, filter by filter", "Two random directions, each unit's part as long as its weights."),
    ("start", "From the start", "From the first moment that is kept to the present weights."),
)


class Bands:
    """Losses as shares of a scale.

    Args:
        losses: all of a plane; what is no finite number is beyond the scale.
    """

    def __init__(self, losses: Array) -> None:
        finite = losses[np.isfinite(losses)]
        self.low, self.high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        self.log = self.low > 0 and self.high > WIDE * self.low

    def shares(self, losses: Array) -> Array:
        """From 0 at the lowest to 1 at the highest."""
        low, high, values = self.low, self.high, np.clip(losses, self.low, self.high)
        if self.log:
            low, high, values = np.log(low), np.log(high), np.log(values)
        found: Array = (values - low) / (high - low) if high > low else np.zeros_like(values)
        return found


def banded(plane: Plane, bands: Bands) -> NDArray[np.uint8]:
    """Indices into a table of colours, ``(PIXELS, PIXELS)``: the plane, enlarged, in steps with a line between them."""
    rows = np.flatnonzero(~np.isnan(plane.losses).any(axis=1))
    k = np.linspace(0, len(plane.across) - 1, PIXELS)
    shares = bands.shares(np.where(np.isfinite(plane.losses[rows]), plane.losses[rows], bands.high))
    # First across each row that there is, then between the rows.
    wide = np.array([np.interp(k, np.arange(len(plane.across)), row) for row in shares])
    after = (
        np.clip(np.searchsorted(rows, k), 1, max(len(rows) - 1, 1))
        if len(rows) > 1
        else np.zeros(PIXELS, int)
    )
    before = np.maximum(after - 1, 0)
    gap = np.where(rows[after] > rows[before], rows[after] - rows[before], 1)
    part = np.clip((k - rows[before]) / gap, 0.0, 1.0)[:, None]
    fine = wide[before] * (1 - part) + wide[after] * part
    steps = np.minimum((fine * BANDS).astype(int), BANDS - 1)
    found = share_index((steps + 0.5) / BANDS).astype(np.int16)
    edge = np.zeros(steps.shape, bool)
    edge[:, 1:] |= steps[:, 1:] != steps[:, :-1]
    edge[1:] |= steps[1:] != steps[:-1]
    return np.clip(found + 26 * edge, 0, 255).astype(np.uint8)


class LossScale(QWidget):
    """What the colours mean."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("landscape_scale")
        self.setFont(small(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = theme
        self._bands: Bands | None = None

    def sizeHint(self) -> QSize:
        return QSize(180, 2 * self.fontMetrics().height() + 8)

    def show_bands(self, bands: Bands | None) -> None:
        self._bands = bands
        if bands is not None:
            scale = "logarithmic" if bands.log else "even steps"
            self.setAccessibleName(f"Colours: loss from {fmt(bands.low)} to {fmt(bands.high)}, {scale}")
            self.setToolTip("The loss at each point of the plane; lines join points of equal loss.")
        self.update()

    def paintEvent(self, event: object) -> None:
        if self._bands is None:
            return
        painter, theme, line = QPainter(self), self._theme, self.fontMetrics().height()
        bar = QRectF(0.5, 2, self.width() - 1, 9)
        steps = share_index((np.arange(BANDS) + 0.5) / BANDS)[None]
        painter.drawImage(bar, indexed_image(steps, loss_table(theme)))
        painter.setPen(QColor(theme.border))
        painter.drawRect(bar)
        painter.setPen(QColor(theme.muted))
        foot = QRectF(0, bar.bottom() + 2, self.width(), line)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, fmt(self._bands.low))
        painter.drawText(foot, Qt.AlignmentFlag.AlignHCenter, "loss, log" if self._bands.log else "loss")
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, fmt(self._bands.high))
        painter.end()


class Ways(ComboBox):
    """A list that says when it is about to open, as what is in it may have become old."""

    opening = Signal()

    def showPopup(self) -> None:
        self.opening.emit()
        super().showPopup()


class SliceMode(Mode["Plane"]):
    """The loss over a plane."""

    key, name = "slice", "Slice"
    tip = "The loss over a plane through the weights, with the way of the run on it."

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.way = named(Ways(), "landscape_way", "Along which directions")
        self.way.setToolTip("Which plane through the weights.")
        self._runs: tuple[tuple[str, str], ...] = ()
        self.way.addItems([name for _, name, _ in WAYS])
        for i, (_, _, tip) in enumerate(WAYS):
            self.way.setItemData(i, tip, Qt.ItemDataRole.ToolTipRole)
        self.way.currentIndexChanged.connect(self._way_chosen)
        self.first, self.second = CellPicker("slice_first", "First"), CellPicker("slice_second", "Second")
        tip = "Compute the plane through the weights as they are now; random directions are drawn anew."
        self.anew = tool("landscape_anew", "Through the present weights", tip, self.ask, little=True)
        self.scale = LossScale(context.theme)
        for part in (self.way, self.first, self.second, self.anew, self.scale):
            self.column.addWidget(part)
        self.finish()
        self.image, self.path, self.moments, self.here = IndexedImage(), Line(), Dots(), Dots()
        for item in (self.image, self.path, self.moments, self.here):  # in this order, one over the other
            self.plot.box.addItem(item, ignoreBounds=True)
        self._bands: Bands | None = None
        self._painted: Plane | None = None
        self.plot.probed.connect(self._probe)
        self._way_chosen()
        context.theme.follow(self.restyle)

    @property
    def along(self) -> str:
        """Which way is chosen: one of ``WAYS``, or "run"."""
        at = self.way.currentIndex()
        return WAYS[at][0] if at < len(WAYS) else "run"

    def show_shapes(self, shapes: dict[tuple[str, str], tuple[int, ...]]) -> None:
        """The parameters that there are."""
        self.first.show_shapes(shapes, 0)
        self.second.show_shapes(shapes, 1)

    def show_runs(self, entries: list[Entry], folder: Path) -> None:
        """Runs that are kept, to draw the way from one of them; the newest first."""
        runs = tuple(
            (
                f"From run {one.made.astimezone():%H:%M:%S}, seed {one.trial.seed}",
                str(folder / f"{one.key}.chainrule"),
            )
            for one in entries
        )
        if runs == self._runs:
            return
        chosen = self.want()
        self.way.blockSignals(True)
        while self.way.count() > len(WAYS):
            self.way.removeItem(self.way.count() - 1)
        self._runs = runs
        self.way.addItems([name for name, _ in runs])
        if chosen.along == "run":
            files = [file for _, file in runs]
            self.way.setCurrentIndex(len(WAYS) + files.index(chosen.file) if chosen.file in files else 0)
        self.way.blockSignals(False)
        self._way_chosen()

    def want(self) -> LossPlane:
        along = self.along
        if along == "weights":
            return LossPlane(self.asked, along, self.first.cell, self.second.cell)
        if along == "run":
            name, file = self._runs[self.way.currentIndex() - len(WAYS)]
            return LossPlane(self.asked, along, file=file, called=name.removeprefix("From "))
        return LossPlane(self.asked, along)

    def _way_chosen(self) -> None:
        for part in (self.first, self.second):
            part.setVisible(self.along == "weights")

    # --- drawing ------------------------------------------------------------------------------------------------------

    def draw(self, found: Plane) -> None:
        self.say(*of_plane(found))
        if self._painted is None or not np.array_equal(found.losses, self._painted.losses, equal_nan=True):
            self._painted = found
            self._paint(found)
        path = found.path
        self.path.set_data(path[:, 0], path[:, 1])
        self.moments.fill(path[:-1], [self._look(3.0)])
        self.here.fill(path[-1:], [self._look(9.0)])

    def _paint(self, plane: Plane) -> None:
        if np.isnan(plane.losses).all():
            return
        self._bands = Bands(plane.losses)
        self.scale.show_bands(self._bands)
        self.plot.set_labels(*plane.names)
        across, up = (
            (float(plane.across[0]), float(plane.across[-1])),
            (float(plane.up[0]), float(plane.up[-1])),
        )
        self.plot.set_range(across, up)
        image = indexed_image(banded(plane, self._bands), loss_table(self.context.theme))
        self.image.show_image(image, *across, up)

    def _look(self, size: float) -> Look:
        theme = self.context.theme
        rim = QPen(QColor(theme.panel), 1.0)
        return Look("o", rim if size > 4 else QPen(Qt.PenStyle.NoPen), QBrush(QColor(theme.accent)), size)

    def restyle(self) -> None:
        self.path.style(self.context.theme.accent, weight=2)
        self._painted = None
        if self.found is not None:
            self.draw(self.found)

    def clear(self) -> None:
        self.image.clear()
        self.path.clear()
        self.moments.clear()
        self.here.clear()
        self._painted = self._bands = None
        self.scale.show_bands(None)

    def _probe(self, at: tuple[float, float] | None) -> None:
        plane = self.found
        if at is None or plane is None:
            return
        column, row = int(np.abs(plane.across - at[0]).argmin()), int(np.abs(plane.up - at[1]).argmin())
        x, y, loss = plane.across[column], plane.up[row], plane.losses[row, column]
        said = f"loss {fmt(loss)}\nacross {fmt(x)}\nup {fmt(y)}"
        self.plot.point_at(float(x), float(y), said)

    def as_table(self) -> Table | None:
        plane = self.found
        if plane is None:
            return None
        rows = [
            (float(x), float(y), float(plane.losses[i, j]))
            for i, y in enumerate(plane.up)
            for j, x in enumerate(plane.across)
        ]
        return Table((*plane.names, "loss"), tuple(rows))

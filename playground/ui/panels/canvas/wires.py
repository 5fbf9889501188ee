"""All wires of the canvas as one item: each weight a curve, coloured by its sign, as wide as the weight is large.

A weight's pen is one of a few: wires are painted anew only when one of them changes its pen. Each is stroked alone, since one path of
many wires that cross costs Qt twice as much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from playground.ui.kit.numbers import fmt
from playground.ui.panels.canvas.inside import Stage
from playground.ui.panels.canvas.item import Item
from playground.ui.panels.canvas.layout import Place, Tile
from playground.ui.panels.canvas.look import DIM, HAIR, LEVELS, THICK, WIRE_SCALE, write
from playground.ui.panels.canvas.plan import LOSS, Link, Wiring
from playground.ui.panels.canvas.targets import Bundle, Cell, Target

Array = NDArray[Any]

REACH = 5.0  #: how far beside a wire the mouse may be
STEPS = 24  #: points along a wire in which the mouse is looked for
LABELS = 12  #: at most so many wires carry their numbers at once
UNKNOWN = 2 * LEVELS  #: the bucket of wires whose weight is not known yet
DIMMED = UNKNOWN + 1  #: added to a bucket: its wires stand back


@dataclass(frozen=True)
class Wire:
    """One weight: from a unit of ``source`` to a unit of ``target``."""

    source: str
    source_unit: int
    target: str
    target_unit: int

    @property
    def cell(self) -> Cell:
        return Cell(self.target, "weight", (self.target_unit, self.source_unit))


def buckets_of(weights: Array) -> NDArray[np.int64]:
    """The bucket (pen) of each weight: strength 0..LEVELS−1, from LEVELS on for positive ones; UNKNOWN where it is NaN."""
    width = np.clip(np.abs(weights) * WIRE_SCALE, HAIR, THICK)
    level = np.nan_to_num((width - HAIR) / (THICK - HAIR) * (LEVELS - 1)).round().astype(np.int64)
    return np.where(np.isnan(weights), UNKNOWN, level + LEVELS * (weights >= 0))


class WiresItem(Item):
    """Draws the links of a plan. The scene tells it where the columns are, and the weights of each frame."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.setZValue(-1)
        self.stage = stage
        self.wires: list[Wire] = []
        self.weights = np.zeros(0)  #: one per wire, NaN while not known
        self._of: dict[str, slice] = {}  # target block → its wires
        self._index: dict[str, tuple[Array, Array]] = {}  # target block → (target units, source units)
        self._curves: list[tuple[float, ...]] = []  # start, two control points, end
        self._samples = np.zeros((0, STEPS, 2))
        self._buckets = np.zeros(0, np.int64)
        self._paths: list[QPainterPath] = []
        self._plain: list[tuple[Link, QPainterPath]] = []  # wires without a weight
        self._bundles: list[tuple[Link, QPainterPath]] = []

    # --- geometry -----------------------------------------------------------------------------------------------------

    def arrange(
        self, links: Sequence[Link], places: Mapping[str, Place], x_of: Callable[[str], float], bounds: QRectF
    ) -> None:
        """Lay all wires anew, the blocks being at ``x_of(id)``."""
        self.set_bounds(bounds)
        known = dict(zip(self.wires, self.weights.tolist(), strict=True))
        self.wires, self._curves, self._of, self._index = [], [], {}, {}
        self._plain, self._bundles = [], []
        for link in links:
            source, target = places[link.source], places[link.target]
            starts = [(t, t.exit + QPointF(x_of(link.source), 0)) for t in source.tiles]
            ends = [(t, t.entry + QPointF(x_of(link.target), 0)) for t in target.tiles]
            if link.wiring is Wiring.WEIGHTS:
                self._add_wires(link, starts, ends)
            elif link.skip:
                continue  # an arc says it, which does not lie over the columns between
            elif link.wiring is Wiring.EACH:
                self._add_plain(link, starts, ends)
            else:
                self._add_bundle(link, source, target, x_of)
        self.weights = np.array([known.get(w, np.nan) for w in self.wires])
        self._samples = _along(self._curves)
        self._paths = [_path(curve) for curve in self._curves]
        self._buckets = self._wanted_buckets()
        self.update()

    def _add_wires(
        self, link: Link, starts: list[tuple[Tile, QPointF]], ends: list[tuple[Tile, QPointF]]
    ) -> None:
        first = len(self.wires)
        for to, end in ends:
            for origin, start in starts:
                self.wires.append(Wire(link.source, origin.unit, link.target, to.unit))
                self._curves.append(_curve(start, end))
        self._of[link.target] = slice(first, len(self.wires))
        added = self.wires[first:]
        self._index[link.target] = (
            np.array([w.target_unit for w in added], int), np.array([w.source_unit for w in added], int)
        )  # fmt: skip

    def _add_plain(
        self, link: Link, starts: list[tuple[Tile, QPointF]], ends: list[tuple[Tile, QPointF]]
    ) -> None:
        at = {tile.unit: point for tile, point in starts}
        path = QPainterPath()
        for tile, end in ends:
            if tile.unit in at:
                _draw(path, _curve(at[tile.unit], end))
        self._plain.append((link, path))

    def _add_bundle(self, link: Link, source: Place, target: Place, x_of: Callable[[str], float]) -> None:
        start, end = (
            source.column.translated(x_of(link.source), 0),
            target.column.translated(x_of(link.target), 0),
        )
        if link.target == LOSS:
            if target.below is None:
                return
            end = target.below.translated(x_of(LOSS), 0)
            start.setRight(x_of(link.source) + source.after)
            if len(source.tiles) == 1:
                curve = _curve(
                    QPointF(start.right(), start.center().y()), QPointF(end.left() + 4, end.center().y())
                )
                self._plain.append((link, _path(curve)))
                return
            end = QRectF(end.left() + 4, end.center().y() - 12, end.width(), 24)
        if start.isEmpty() or end.isEmpty():
            return
        middle = (start.right() + end.left()) / 2
        path = QPainterPath(start.topRight())
        path.cubicTo(QPointF(middle, start.top()), QPointF(middle, end.top()), end.topLeft())
        path.lineTo(end.bottomLeft())
        path.cubicTo(QPointF(middle, end.bottom()), QPointF(middle, start.bottom()), start.bottomRight())
        path.closeSubpath()
        self._bundles.append((link, path))

    # --- weights ------------------------------------------------------------------------------------------------------

    def show_weights(self, target: str, weight: Array) -> None:
        """Take the weights ``(units, inputs)`` of a block."""
        if target in self._of:
            units, inputs = self._index[target]
            self.weights[self._of[target]] = weight[units, inputs]

    def refresh(self) -> None:
        """Redraw if a wire's pen has changed since ``show_weights``, or since another unit was pinned."""
        now = self._wanted_buckets()
        if not np.array_equal(now, self._buckets):
            self._buckets = now
            self.update()

    def _wanted_buckets(self) -> NDArray[np.int64]:
        buckets = buckets_of(self.weights)
        mask = self._of_pinned() if self.stage.light is None else self._lit()
        return buckets if mask is None else np.where(mask, buckets, buckets + DIMMED)

    def _of_pinned(self) -> NDArray[np.bool_] | None:
        """Which wires come to or go from the pinned unit; ``None`` where no wire does."""
        pinned = self.stage.pinned
        if pinned is None:
            return None
        mask = np.array(
            [
                (w.target, w.target_unit) == (pinned.block_id, pinned.unit)
                or (w.source, w.source_unit) == (pinned.block_id, pinned.unit)
                for w in self.wires
            ],
            bool,
        )
        return mask if mask.any() else None

    def _lit(self) -> NDArray[np.bool_]:
        """Which wires are in the light of the step somebody stands at."""
        light = self.stage.light
        if light is None:
            return np.ones(len(self.wires), bool)
        return np.array(
            [
                (w.source, w.target) in light.links and (light.cells is None or w.cell in light.cells)
                for w in self.wires
            ],
            bool,
        )

    def lit_cells(self) -> list[Cell]:
        """The weights on wires that are in that light."""
        return [w.cell for w, lit in zip(self.wires, self._lit().tolist(), strict=True) if lit]

    # --- what is where ------------------------------------------------------------------------------------------------

    def target_at(self, at: QPointF) -> Target | None:
        """The wire, or else the bundle, at a point of the canvas."""
        if len(self._samples):
            i, away = _nearest(self._samples, np.array([at.x(), at.y()]))
            if away <= max(REACH, self._width(i) / 2 + 2):
                return self.wires[i].cell
        for link, path in self._bundles:
            if path.contains(at):
                return Bundle(link.target, link.source)
        return None

    def _width(self, i: int) -> float:
        weight = self.weights[i]
        return HAIR if np.isnan(weight) else float(np.clip(abs(weight) * WIRE_SCALE, HAIR, THICK))

    def middle_of(self, cell: Cell) -> QPointF | None:
        """The middle of the wire of a weight, if it is drawn."""
        points = self.points_of(cell)
        return None if points is None else QPointF(*points[STEPS // 2])

    def points_of(self, cell: Cell) -> Array | None:
        """Points ``(STEPS, 2)`` along the wire of a weight, if it is drawn."""
        i = self._find(cell)
        return None if i is None else self._samples[i]

    def path_of(self, cell: Cell) -> QPainterPath | None:
        """The wire of a weight, if it is drawn."""
        i = self._find(cell)
        return None if i is None else self._paths[i]

    def _find(self, cell: Cell) -> int | None:
        return next((i for i, wire in enumerate(self.wires) if wire.cell == cell), None)

    # --- painting -----------------------------------------------------------------------------------------------------

    def draw(self, painter: QPainter) -> None:
        look = self.stage.look
        painter.setPen(Qt.PenStyle.NoPen)
        for link, path in self._bundles:
            hovered = self.stage.hovered == Bundle(link.target, link.source)
            painter.setBrush(look.faint if hovered else look.bundle)
            painter.setOpacity(self._strength(link))
            painter.drawPath(path)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for link, path in self._plain:
            painter.setOpacity(self._strength(link))
            painter.strokePath(path, look.neutral_wire)
        painter.setOpacity(1.0)
        pens = (*look.wires, look.neutral_wire, *look.dimmed_wires, look.neutral_wire)
        # Thin ones first: thick wires cross over them, and those that stand back lie under all.
        buckets = self._buckets
        order = np.lexsort((buckets % DIMMED % LEVELS, buckets < DIMMED)).tolist()
        stroke, paths, pen_of = painter.strokePath, self._paths, buckets.tolist()
        for i in order:
            stroke(paths[i], pens[pen_of[i]])
        self._paint_hovered(painter)
        self._paint_numbers(painter)

    def _strength(self, link: Link) -> float:
        """Of wires that carry no weights."""
        light = self.stage.light
        return 1.0 if light is None or (link.source, link.target) in light.links else DIM

    def _paint_hovered(self, painter: QPainter) -> None:
        target = self.stage.hovered
        if not isinstance(target, Cell) or target.name != "weight":
            return
        for i, wire in enumerate(self.wires):
            if wire.cell == target:
                path = self._paths[i]
                width, look = self._width(i), self.stage.look
                colour = look.muted if np.isnan(self.weights[i]) else look.end(self.weights[i])
                painter.strokePath(path, QPen(look.text, width + 4.0))
                painter.strokePath(path, QPen(colour, width + 1.6))
                return

    def _paint_numbers(self, painter: QPainter) -> None:
        """Beside the wires that come to the pinned unit, their weights: near their other ends, where there is room."""
        pinned = self.stage.pinned
        if self.stage.light is not None or pinned is None or pinned.block_id not in self._of:
            return
        part = self._of[pinned.block_id]
        incoming = [i for i in range(part.start, part.stop) if self.wires[i].target_unit == pinned.unit]
        if len(incoming) > LABELS or any(np.isnan(self.weights[i]) for i in incoming):
            return
        look = self.stage.look
        painter.setFont(look.small)
        for i in incoming:
            text = fmt(float(self.weights[i]))
            width = look.small_metrics.horizontalAdvance(text) + 8
            x, y = self._samples[i, 3]
            box = QRectF(max(x, self._curves[i][0] + 6), y - 8, width, 16)
            painter.setPen(QPen(QColor(look.theme.border), 1))
            painter.setBrush(look.panel)
            painter.drawRoundedRect(box, 5, 5)
            painter.setPen(look.text)
            write(painter, box, Qt.AlignmentFlag.AlignCenter, text)


def _curve(start: QPointF, end: QPointF) -> tuple[float, ...]:
    """A calm curve that leaves and arrives level: start, two control points, end."""
    bend = (end.x() - start.x()) * 0.5
    return (start.x(), start.y(), start.x() + bend, start.y(), end.x() - bend, end.y(), end.x(), end.y())


def _draw(path: QPainterPath, curve: tuple[float, ...]) -> None:
    path.moveTo(curve[0], curve[1])
    path.cubicTo(*curve[2:])


def _path(curve: tuple[float, ...]) -> QPainterPath:
    path = QPainterPath()
    _draw(path, curve)
    return path


def _along(curves: Sequence[tuple[float, ...]]) -> Array:
    """Points along each curve, ``(n, STEPS, 2)``."""
    if not curves:
        return np.zeros((0, STEPS, 2))
    p = np.array(curves).reshape(-1, 4, 1, 2)
    t = np.linspace(0.0, 1.0, STEPS)[:, None]
    u = 1.0 - t
    points: Array = u**3 * p[:, 0] + 3 * u * u * t * p[:, 1] + 3 * u * t * t * p[:, 2] + t**3 * p[:, 3]
    return points


def _nearest(lines: Array, at: Array) -> tuple[int, float]:
    """Which of the lines ``(n, points, 2)`` comes nearest to ``at``, and how near."""
    a, b = lines[:, :-1], lines[:, 1:]
    ab, ap = b - a, at - a
    share = np.clip((ap * ab).sum(-1) / np.maximum((ab * ab).sum(-1), 1e-9), 0.0, 1.0)
    away = np.hypot(*np.moveaxis(a + share[..., None] * ab - at, -1, 0))
    i = int(np.argmin(away.min(axis=1)))
    return i, float(away[i].min())

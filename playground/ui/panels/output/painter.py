"""Painting: what the mouse does on a picture of the samples becomes edits of the project, one for each stroke."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, Qt, QTimer, Signal

from engine.data import Source
from engine.data.points import ACROSS, MOST_POINTS, UP, VALUE, Painted
from engine.errors import EngineError
from playground.document import edits
from playground.document.project import Project, data_of
from playground.runner.messages import Reset
from playground.ui.kit.dots import Dots
from playground.ui.kit.points import SIZE, ring
from playground.ui.kit.view import Context
from playground.ui.panels.output import strokes
from playground.ui.panels.output.class_edits import ClassEdits
from playground.ui.panels.output.outline import Outline
from playground.ui.panels.output.paint_bar import PaintBar
from playground.ui.panels.output.picture import PlotPicture

At = tuple[float, float]
Floats = NDArray[np.float64]

#: milliseconds between two edits of one stroke, and between two dabs of a brush that is held still
EVERY, DAB = 50, 90
#: a brush dabs anew when it has moved so many of its radii
STEP = 0.6
#: and at most so often between two places of the mouse
MOST_DABS = 60
#: how near a point the mouse must be to take it, in pixels
NEAR = 9
#: how far the height tool goes at each dab
RAISE = 0.25


class Painter(QObject):
    """The hand on a picture's plot. It asks the bar what to do.

    Attributes:
        picture: what is painted on; ``None`` while nobody paints.
        selected: rows of the points that are selected.
    """

    changed = Signal()  #: what is selected

    def __init__(self, context: Context, bar: PaintBar, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._bar = context, bar
        self.picture: PlotPicture | None = None
        self.selected = np.zeros(0, np.intp)
        self.outline, self.rings = Outline(), Dots()
        self.rings.setZValue(59)
        self._rng = np.random.default_rng()  # what is painted is kept; how it fell is by chance
        self._strokes = 0
        self._working: Painted | None = None  # as it will be, when the timer has let it
        self._told: Painted | None = None  # as the document has it from here
        self._made: tuple[object, Painted | None] | None = None  # the points of another set, and of which
        self._over: Source | None = None  # the samples that it was painted over
        self._text = ""
        self._start: At = (0.0, 0.0)
        self._path: list[At] = []
        self._base: Floats = np.zeros((0, 4))
        self._mode = ""
        self._pressed = False
        self._late = QTimer(self, singleShot=True, interval=EVERY)
        self._late.timeout.connect(self.commit)
        self._still = QTimer(self, interval=DAB)
        self._still.timeout.connect(self._dab)
        bar.tool_changed.connect(lambda tool: self.select(np.zeros(0, np.intp)))
        bar.acted.connect(self.act)
        self.classes = ClassEdits(context, bar, self)
        context.theme.follow(self._restyle)

    def _restyle(self) -> None:
        self.outline.style(self._context.theme.text, weight=1, dotted=True)
        self._draw_selection()

    # ---- where -----------------------------------------------------------------------------------------------------------

    def begin(self, picture: PlotPicture) -> None:
        """The mouse paints on ``picture`` from now on."""
        if picture is not self.picture:
            self.end()
            self.picture = picture
            for item in (self.outline, self.rings):
                picture.plot.box.addItem(item, ignoreBounds=True)
            picture.plot.take_hand(self)
            for box in picture.parts.values():
                box.setChecked(
                    True
                )  # a point that vanished as it was put, as one to test with, would be a riddle
        self.follow()

    def end(self) -> None:
        """The mouse reads numbers again."""
        if self.picture is not None:
            self.select(np.zeros(0, np.intp))
            self.picture.plot.take_hand(None)
            for item in (self.outline, self.rings):
                self.picture.plot.box.removeItem(item)
            self.picture = None

    def follow(self) -> None:
        """The project is another one: say what there is to paint."""
        if self._working is not None and self._context.document.value.source is not self._over:
            self._working = None
        source = self.source
        if source is None:
            return
        if self._told is not source and self._working is None:
            self._told = source
            self.select(np.zeros(0, np.intp))
        values = source.points.array[:, VALUE]
        counts = np.bincount(values.astype(int), minlength=len(source.classes)) if source.classes else ()
        limit = float(np.abs(values).max(initial=0.0)) if source.shape == "heights" else 1.0
        self._bar.show_points(source.shape, source.classes, tuple(int(n) for n in counts), max(limit, 1.0))
        self._draw_selection()

    @property
    def source(self) -> Painted | None:
        """The points as they are, those of any other set as painted ones; ``None`` where they cannot be painted."""
        if self._working is not None:
            return self._working
        project = self._context.document.value
        if isinstance(project.source, Painted):
            return project.source
        key = project.source, project.preparation
        if self._made is None or self._made[0] != key:
            try:
                self._made = key, edits.painted(project)
            except EngineError:
                return None
        return self._made[1]

    @property
    def _range(self) -> tuple[At, At]:
        """What the picture shows across and up, in the plot's units."""
        if self.picture is None:
            return (0.0, 1.0), (0.0, 1.0)
        across, up = self.picture.plot.box.viewRange()
        return (across[0], across[1]), (up[0], up[1])

    @property
    def _size(self) -> At:
        """The radius of the brush across and up, in the plot's units."""
        (x0, x1), (y0, y1) = self._range
        return self._bar.sigma * (x1 - x0), self._bar.sigma * (y1 - y0)

    @property
    def _near(self) -> At:
        """A pixel, in the plot's units."""
        (x0, x1), (y0, y1) = self._range
        area = self.picture.plot.area() if self.picture is not None else QRectF()
        return (x1 - x0) / max(area.width(), 1), (y1 - y0) / max(area.height(), 1)

    def _seen(self, places: Floats) -> Floats:
        """Those of ``places`` that lie in the picture."""
        (x0, x1), (y0, y1) = self._range
        return places[strokes.inside(places, (x0, y0), (x1, y1))]

    # ---- the hand --------------------------------------------------------------------------------------------------------

    def press(self, at: At, modifiers: Qt.KeyboardModifier) -> None:
        source = self.source
        if source is None:
            return
        self._context.document.settle()
        self.commit()
        self._strokes += 1
        self._pressed, self._start, self._path, self._mode = True, at, [at], self._bar.tool
        self._base = source.points.array
        match self._mode:
            case "brush" | "eraser" | "raise":
                self._dab()
                if self._mode != "eraser":
                    self._still.start()
            case "point":
                self._put(source.added(np.array([at]), self._bar.value), "Add a point")
                self.select(np.array([len(source.points)]))
                self._base, self._mode = self._points, "move"
            case "select":
                self._take(at, modifiers)

    @property
    def _points(self) -> Floats:
        source = self.source
        return source.points.array if source is not None else np.zeros((0, 4))

    def _take(self, at: At, modifiers: Qt.KeyboardModifier) -> None:
        """Begin to move, turn or resize what is selected, or to select something else."""
        row, far = strokes.nearest(self._base[:, :VALUE], at, self._near)
        if far > NEAR:
            held = len(self.selected) and modifiers & (
                Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
            )
            if not held:
                self.select(np.zeros(0, np.intp))
                self._mode = "frame"
                return
        elif row not in self.selected:
            self.select(np.array([row]))
        self._mode = "move"

    def drag(self, at: At, modifiers: Qt.KeyboardModifier) -> None:
        if not self._pressed:
            return
        straight = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        match self._mode:
            case "brush" | "eraser" | "raise":
                self._sweep(at)
            case "line":
                self._path = [self._start, at] if straight else [*self._path, at]
                self.outline.show_path(self._path)
            case "ring":
                self.outline.show_ring(self._start, at, self._size)
            case "box" | "frame":
                self.outline.show_frame(self._start, at)
            case "move":
                self._move(at, modifiers)

    def _sweep(self, at: At) -> None:
        """The brush moves there: it dabs evenly on the way, however fast the mouse is."""
        (x, y), (across, up) = self._path[-1], self._size
        steps = math.hypot((at[0] - x) / across, (at[1] - y) / up) / STEP
        count = min(math.ceil(steps) if self._mode == "eraser" else int(steps), MOST_DABS)
        for k in range(1, count + 1):
            self._start = x + (at[0] - x) * k / count, y + (at[1] - y) * k / count
            self._dab()
        self._start = at
        if count:
            self._path = [at]

    def release(self, at: At, modifiers: Qt.KeyboardModifier) -> None:
        if not self._pressed:
            return
        self._pressed = False
        self._still.stop()
        source, size, count = self.source, self._size, strokes.FIGURE * self._bar.amount.value()
        match self._mode:
            case "line" if source is not None:
                places = strokes.along(self._rng, self._path, size, count)
                self._put(source.added(self._seen(places), self._bar.value), "Paint a line")
            case "ring" if source is not None:
                places = strokes.ring(self._rng, self._start, at, size, count)
                self._put(source.added(self._seen(places), self._bar.value), "Paint a ring")
            case "box" if source is not None:
                places = strokes.box(self._rng, self._start, at, count)
                self._put(source.added(self._seen(places), self._bar.value), "Paint a box")
            case "frame":
                self.select(np.flatnonzero(strokes.inside(self._points[:, :VALUE], self._start, at)))
        self.commit()
        self.hover(at)
        if self._mode not in ("frame", "") and self._bar.anew.isChecked():
            self._context.send(Reset())
        self._mode = ""

    def hover(self, at: At | None) -> None:
        """Draw the brush where the mouse is."""
        if self._pressed and self._mode in ("line", "ring", "box", "frame"):
            return
        if at is None or self.picture is None or self._bar.tool not in ("brush", "eraser", "raise"):
            self.outline.clear()
            return
        self.outline.show_brush(at, self._size, strokes.REACH)

    def key(self, key: int) -> bool:
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and len(self.selected):
            self.act("delete")
            return True
        if key == Qt.Key.Key_Escape and len(self.selected):
            self.select(np.zeros(0, np.intp))
            return True
        return False

    # ---- strokes ---------------------------------------------------------------------------------------------------------

    def _dab(self) -> None:
        """The brush touches the picture where it is."""
        source, at, size = self.source, self._start, self._size
        if source is None or not self._pressed:
            return
        table = source.points.array
        match self._mode:
            case "brush":
                places = strokes.spray(self._rng, at, size, self._bar.amount.value())
                self._put(source.added(self._seen(places), self._bar.value), "Paint points")
            case "eraser":
                kept = ~strokes.within(table[:, :VALUE], at, size)
                if not kept.all():
                    self._put(source.with_points(table[kept]), "Erase points")
            case "raise":
                changed = table.copy()
                places = table[:, :VALUE]
                changed[:, VALUE] = strokes.raised(table[:, VALUE], places, at, size, self._bar.value, RAISE)
                self._put(source.with_points(changed), "Paint heights")

    def _move(self, at: At, modifiers: Qt.KeyboardModifier) -> None:
        source, rows = self.source, self.selected
        if source is None or not len(rows):
            return
        places, size = self._base[rows, :VALUE], self._size
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            middle = places.mean(axis=0)
            angles = [
                math.atan2((p[1] - middle[1]) / size[1], (p[0] - middle[0]) / size[0])
                for p in (self._start, at)
            ]
            self._replace(rows, strokes.turned(places, angles[1] - angles[0], size), "Turn points")
        elif modifiers & Qt.KeyboardModifier.ShiftModifier and len(rows) > 1:
            middle = places.mean(axis=0)
            far = [math.hypot(*((np.asarray(p) - middle) / size)) for p in (self._start, at)]
            self._replace(rows, strokes.scaled(places, far[1] / max(far[0], 1e-9)), "Resize points")
        else:
            step = np.subtract(at, self._start)
            self._replace(rows, places + step, "Move points" if len(rows) > 1 else "Move a point")

    def _replace(self, rows: NDArray[np.intp], places: Floats, text: str) -> None:
        """Put points elsewhere, as far as the picture reaches."""
        source = self.source
        if source is not None:
            self._put(self._held(strokes.moved(source, rows, places)), text)

    def _held(self, source: Painted) -> Painted:
        """``source`` with every point in the picture."""
        table = source.points.array
        (x0, x1), (y0, y1) = self._range
        held = table.copy()
        held[:, ACROSS], held[:, UP] = table[:, ACROSS].clip(x0, x1), table[:, UP].clip(y0, y1)
        return source if np.array_equal(held, table) else source.with_points(held)

    def _put(self, source: Painted, text: str) -> None:
        """Have the project take ``source``, soon: a stroke has more movements than can be followed one by one."""
        self._working, self._text = source, text
        self._over = self._context.document.value.source
        if len(source.points) >= MOST_POINTS:
            self._bar.say(
                f"There are {MOST_POINTS:,} points, the most there may be. Erase some, or clear all."
            )
        self._draw_selection()
        if not self._late.isActive():
            self._late.start()

    def commit(self) -> None:
        """Make what has been painted an edit of the project; the movements of one stroke become one."""
        self._late.stop()
        source, self._working = self._working, None
        if source is None:
            return
        document = self._context.document
        if document.value.source is not self._over:
            return  # another project, or undo, came in between: what was painted is not of these points
        if not isinstance(document.value.source, Painted):
            self._bar.say(
                f"The points of {document.value.source.label} are yours now; Undo brings that set back."
            )
        self.apply(edits.paint, source, self._text, f"stroke {id(self)}.{self._strokes}")

    def apply(self, edit: Callable[..., Project], source: Painted, text: str, merge: str = "") -> None:
        """Make ``source`` the project's by an ``edit``, whatever was painted before it first."""
        self.commit()
        project = self._context.document.value.replace(source=source)
        with suppress(EngineError):  # what is wrong with them is said where the data are
            data_of(project, wait=True)  # or it would be made by another thread, and be pending for a moment
        self._told = source
        self._context.document.do(edit, source, text=text, merge=merge)

    # ---- what is selected ------------------------------------------------------------------------------------------------

    def select(self, rows: NDArray[np.intp]) -> None:
        """Select these points, and no others."""
        self.selected = rows
        self._bar.show_selection(len(rows))
        self._draw_selection()
        self.changed.emit()

    def _draw_selection(self) -> None:
        table = self._points if len(self.selected) else np.zeros((0, 4))
        rows = self.selected[self.selected < len(table)]
        self.rings.fill(table[rows, :VALUE], [ring(self._context.theme.accent, SIZE + 6)])

    def act(self, what: str) -> None:
        """One of the bar's actions, on the points that are selected."""
        source, rows = self.source, self.selected
        if source is None or self.picture is None:
            return
        self.commit()
        self._strokes += 1
        changed, text = strokes.acted(what, source, rows, self._size, self._bar.value, self._rng)
        if what in ("delete", "clear", "ground"):
            self.select(np.zeros(0, np.intp))
        self._put(self._held(changed), text)
        self.commit()

    def add_point(self, at: At, value: float, text: str) -> None:
        """One more point, as an edit of its own."""
        source = self.source
        if source is not None:
            self._strokes += 1
            self._put(source.added(np.array([at]), value), text)
            self.commit()

"""How training has gone: loss and accuracy of both parts, epoch by epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from engine.errors import clipped
from engine.log import COLUMNS, LogView
from playground.runner.messages import Frame, State
from playground.runs.run import Mark
from playground.ui.kit.dots import Dots
from playground.ui.kit.fonts import small
from playground.ui.kit.lines import Line
from playground.ui.kit.numbers import fmt
from playground.ui.kit.plot import Plot
from playground.ui.kit.points import Look, draw_marker, look, part_colour
from playground.ui.kit.style import MARGIN
from playground.ui.kit.switches import switch
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Context, Table, View
from playground.ui.panels.curves.history import (
    LOSS,
    METRIC,
    Trace,
    decimate,
    known,
    logarithm,
    loss_range,
    metric_range,
    round_up,
)
from playground.ui.panels.curves.zoom import ZoomPlot

Array = NDArray[Any]

NEAR = 6.0  #: pixels from an edit's line within which it is said what it changed
#: pixels from the beginning of a curve's line in the legend to its name, and from there to the next
TO_WORDS, BETWEEN = 22, 14
MARKS = 5  #: markers along a curve, which tell the parts apart without colour


def trace_colour(theme: Theme, trace: Trace) -> str:
    """That of its part; the penalty's is plain."""
    return part_colour(theme, trace.part)


def trace_look(theme: Theme, trace: Trace) -> Look:
    """Its markers: as the points of its part are drawn, one size smaller."""
    plain = look(theme, trace.part, trace_colour(theme, trace))
    return Look("o", plain.pen, plain.brush, 7.0 if trace.part == "train" else 6.0)


class CurveLegend(QWidget):
    """Names the curves, above the plot, where it hides none of them.

    It begins where the plot does; where that leaves too little room, further left; and where that is not enough, names are shortened.
    """

    def __init__(self, plot: Plot) -> None:
        super().__init__()
        self.setObjectName("curve_legend")
        self.setFont(small(self.font()))
        self.setFixedHeight(self.fontMetrics().height() + 2)
        self._plot = plot
        self._traces: tuple[Trace, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What it names."""
        return tuple(trace.name for trace in self._traces)

    def show_traces(self, traces: tuple[Trace, ...]) -> None:
        if traces != self._traces:
            self._traces = traces
            self.setAccessibleName("Curves: " + ", ".join(self.names))
            self.update()

    def paintEvent(self, event: object) -> None:
        theme, painter = self._plot.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        for trace, (x, name, width) in zip(self._traces, self.places(), strict=True):
            painter.setPen(QPen(QColor(trace_colour(theme, trace)), 1.6 if trace.part else 1.0))
            painter.drawLine(QPointF(x, middle), QPointF(x + 18, middle))
            if trace.part:
                draw_marker(painter, QPointF(x + 9, middle), trace_look(theme, trace))
            painter.setPen(QColor(theme.text))
            words = QRectF(x + TO_WORDS, 0, width, self.height())
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, name)
        painter.end()

    def places(self) -> list[tuple[float, str, float]]:
        """Of each curve where its line begins, its name as it is written, and how wide that is."""
        metrics, count = self.fontMetrics(), max(len(self._traces), 1)
        room = self.width() - count * TO_WORDS - (count - 1) * BETWEEN
        names = list(self.names)
        if sum(map(metrics.horizontalAdvance, names)) + 2 * count > room:
            each = max(room // count - 2, 0)
            names = [metrics.elidedText(name, Qt.TextElideMode.ElideRight, each) for name in names]
        widths = [metrics.horizontalAdvance(name) + 2 for name in names]
        x = max(0.0, min(self._plot.area().left(), room - sum(widths)))
        found = []
        for name, width in zip(names, widths, strict=True):
            found.append((x, name, float(width)))
            x += TO_WORDS + width + BETWEEN
        return found


class LossView(View):
    """Curves of loss and accuracy, with the numbers under the cursor."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("loss_view")
        self.plot = ZoomPlot(context.theme, "loss_plot", whole_x=True)
        # Where its panel is the one that gives way; docks whose least heights do not fit lie upon each other.
        self.plot.setMinimumHeight(72)
        self.plot.setAccessibleName("Loss and accuracy by epoch")
        self.plot.setToolTip("The wheel zooms, dragging moves, a double-click shows all again. (+, −, 0)")
        self.legend = CurveLegend(self.plot)
        self._lines = [Line() for _ in LOSS]
        self._cursor = Dots()
        self._cursor.setZValue(60)
        self._edits, self._present = Line(), pg.InfiniteLine(angle=90, movable=False)
        self._present.hide()
        self._edits.setZValue(20)  # over curves that go up and down
        self._best, self._is_best = (
            pg.InfiniteLine(angle=90, movable=False),
            pg.TextItem("best", anchor=(0.5, 0)),
        )
        self._best.hide()
        self._is_best.hide()
        self._marks: tuple[Mark, ...] = ()
        self._broken, self._why = pg.InfiniteLine(angle=90, movable=False), pg.TextItem()
        self._broken.hide()
        self._why.hide()
        for item in (
            self._edits,
            self._present,
            self._best,
            self._is_best,
            *self._lines,
            self._cursor,
            self._broken,
            self._why,
        ):
            self.plot.box.addItem(item, ignoreBounds=True)
        self._log, self._key = LogView(), b""
        self._traces: tuple[Trace, ...] = ()
        self._here: float | None = None  # the epoch that is looked at, where it is not the latest
        self._best_epoch: int | None = None  # whose weights early stopping holds
        self._break: tuple[int, str] | None = None  # after which epoch the run broke off, and in which node
        self._metric_name = "accuracy"
        self._loss_tab = self._tab("show_loss", "Loss", "Curves of the loss, which training makes small.")
        self._metric_tab = self._tab("show_metric", "Accuracy", "Curves of the share of right answers.")
        self.reset = QToolButton()
        self.reset.setObjectName("curves_reset")
        self.reset.setText("Reset")
        self.reset.setToolTip("Show all of the curves again. (0, or a double-click on them)")
        self.reset.setAccessibleName("Show all of the curves again")
        self.reset.setFont(small(self.reset.font()))
        self.reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reset.clicked.connect(self.plot.show_all)
        self.reset.hide()
        self.plot.zoomed.connect(self.reset.setVisible)
        tip = "Logarithmic scale: equal steps are equal ratios, so that small losses can be told apart."
        self.log_switch = switch("log_scale", "log", tip, True, self._changed)
        self._lay_out()
        self.plot.probed.connect(self._probe)
        self.plot.box.sigRangeChanged.connect(lambda *_: self._mark())
        self._label()
        context.theme.follow(self._restyle)

    def _tab(self, name: str, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(text)
        button.setCheckable(True)
        button.setFont(small(button.font()))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _lay_out(self) -> None:
        group = QButtonGroup(self)
        group.addButton(self._loss_tab)
        group.addButton(self._metric_tab)
        self._loss_tab.setChecked(True)
        self._loss_tab.toggled.connect(self._changed)  # the other tab always changes with it
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self._loss_tab)
        row.addWidget(self._metric_tab)
        row.addStretch(1)
        row.addWidget(self.reset)
        row.addWidget(self.log_switch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 6, MARGIN, 6)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.legend)
        layout.addWidget(self.plot, 1)

    def as_table(self) -> Table | None:
        """A row for each moment that was logged; what is not known stays empty."""
        rows = (
            (int(row[0]), *("" if value != value else value for value in row[1:]))
            for row in self._log.rows.tolist()
        )
        return Table(COLUMNS, tuple(rows)) if len(self._log) else None

    # ---- what it is given ----------------------------------------------------------------------------------------------

    def show_frame(self, frame: Frame) -> None:
        """Draw the curves if the log has grown, or is another one."""
        if frame.metric_name != self._metric_name:
            self._metric_name = frame.metric_name
            self._metric_tab.setText(frame.metric_name[:1].upper() + frame.metric_name[1:])
            self._metric_tab.setAccessibleName(frame.metric_name)
            self._label()
        broken = None
        if frame.state is State.DIVERGED:  # the weights are back at an earlier epoch
            broken = (int(frame.log["epoch"][-1]) if len(frame.log) else frame.epoch, frame.broken_node)
        if broken != self._break:
            self._break = broken
            self._mark()
        here = float(frame.epoch) if frame.step < frame.latest_step else None
        if (frame.marks, here, frame.best_epoch) != (self._marks, self._here, self._best_epoch):
            self._marks, self._here, self._best_epoch = frame.marks, here, frame.best_epoch
            self._mark()
        if not self.context.calm.due(frame) and self._key:
            return
        rows = frame.log.rows
        key = len(rows).to_bytes(4) + rows[-1].tobytes() if len(rows) else b""
        if key != self._key:
            self._log, self._key = frame.log, key
            self._draw()

    def _restyle(self) -> None:
        self._style()
        self._draw()

    # ---- drawing -------------------------------------------------------------------------------------------------------

    @property
    def _is_loss(self) -> bool:
        return self._loss_tab.isChecked()

    @property
    def _log_scale(self) -> bool:
        return self._is_loss and self.log_switch.isChecked()

    def _style(self) -> None:
        theme = self.context.theme
        self._edits.style(theme.muted, weight=1, dotted=True)
        self._present.setPen(pg.mkPen(theme.accent, width=1.4))
        self._best.setPen(pg.mkPen(theme.good, width=1.4, style=Qt.PenStyle.DashLine))
        self._is_best.setColor(theme.good)
        self._is_best.fill = pg.mkBrush(theme.sunken)
        self._is_best.setFont(small(self.font()))
        self._broken.setPen(pg.mkPen(theme.error, width=1.4, style=Qt.PenStyle.DashLine))
        self._why.setColor(theme.error)
        self._why.fill = pg.mkBrush(theme.sunken)
        self._why.setFont(small(self.font()))
        for line, trace in zip(self._lines, self._traces, strict=False):
            mark = trace_look(theme, trace) if trace.part else None
            line.style(trace_colour(theme, trace), weight=2 if trace.part else 1, mark=mark)

    def _changed(self, on: bool) -> None:
        self.log_switch.setVisible(self._is_loss)
        self.plot.show_all()  # the other axis measures something else
        self.plot.hide_cursor()
        self._label()
        self._draw()

    def _label(self) -> None:
        self.plot.left.setLogMode(self._log_scale)
        self.plot.set_labels("epoch", "loss" if self._is_loss else self._metric_name)

    def _draw(self) -> None:
        """All curves anew."""
        log, curves = self._log, []
        traces = known(log, LOSS if self._is_loss else METRIC)
        if traces != self._traces:
            self._traces = traces
            self._style()
        epochs = log["epoch"]
        for i, line in enumerate(self._lines):
            if i >= len(traces):
                line.clear()
                continue
            x, y = decimate(epochs, log[traces[i].column])
            y = logarithm(y) if self._log_scale else y
            # The penalty is told by having no markers; those of the parts stand side by side.
            line.set_data(x, y, _spread(len(x), (0.5, 1.0)[i]) if traces[i].part else None)
            curves.append(y)
        end = float(epochs[-1]) if len(log) else 0.0
        wide = (0.0, round_up(max(end, 10.0)))
        high = loss_range(curves, self._log_scale) if self._is_loss else metric_range(curves)
        self.plot.set_range(wide, high)
        begun = bool(traces) and len(log) > 1  # of one moment there is no curve
        self.plot.set_note("" if begun else "The curves begin with the first epoch.")
        self.legend.show_traces(traces)
        self._mark()
        self.plot.refresh_cursor()

    def _mark(self) -> None:
        """Where edits were made, which moment is looked at where that is not the latest, the best one, and where the run broke off."""
        bottom, top = self.plot.box.viewRange()[1]
        at = np.repeat([mark.epoch for mark in self._marks], 3)
        self._edits.set_data(at, np.tile([bottom, top, np.nan], len(self._marks)))
        self._present.setVisible(self._here is not None)
        if self._here is not None:
            self._present.setValue(self._here)
        self._best.setVisible(self._best_epoch is not None)
        self._is_best.setVisible(self._best_epoch is not None)
        if self._best_epoch is not None:
            self._best.setValue(self._best_epoch)
            self._is_best.setPos(self._best_epoch, top)
        if self._break is not None:
            epoch, node = self._break
            (left, right), (bottom, top) = self.plot.box.viewRange()
            self._broken.setValue(epoch)
            # On the side where there is room, where mostly no curves are.
            self._why.setAnchor((0 if epoch < (left + right) / 2 else 1, 0.5))
            self._why.setText(f"diverged in {node}" if node else "diverged")
            self._why.setPos(epoch, bottom + (0.2 if self._is_loss else 0.5) * (top - bottom))
        self._broken.setVisible(self._break is not None)
        self._why.setVisible(self._break is not None)

    # ---- read-out ------------------------------------------------------------------------------------------------------

    def _probe(self, at: tuple[float, float] | None) -> None:
        """The exact values of the logged epoch next to the cursor."""
        if at is None or not len(self._log):
            self._cursor.clear()
            return
        epochs = self._log["epoch"]
        i = int(np.abs(epochs - at[0]).argmin())
        values = [float(self._log[t.column][i]) for t in self._traces]
        lines = [
            f"epoch {int(epochs[i]):,}",
            *(f"{t.name} {fmt(v)}" for t, v in zip(self._traces, values, strict=True)),
            *(clipped(mark.text, 60) for mark in self._marks if abs(mark.epoch - at[0]) <= self._near()),
        ]
        shown = logarithm(np.array(values)) if self._log_scale else np.array(values)
        places = np.column_stack((np.full(len(shown), epochs[i]), shown))
        self._cursor.fill(places, [look(self.context.theme, "validation", self.context.theme.text)])
        self.plot.point_at(float(epochs[i]), at[1], "\n".join(lines), horizontal=False)

    def _near(self) -> float:
        """Epochs from the cursor within which an edit is named: some pixels."""
        left, right = self.plot.box.viewRange()[0]
        return float(NEAR * (right - left) / max(self.plot.area().width(), 1.0))


def _spread(n: int, shift: float) -> Array:
    """Indices of MARKS points among ``n``; ``shift`` in 0..1 moves them along."""
    return np.unique(((np.arange(MARKS) + shift) / MARKS * (n - 1)).astype(int))

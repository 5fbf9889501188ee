"""How strongly gradients arrive at each layer: bars on a log scale that fill as the walk goes back, and who stops them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from engine.layers import Sigmoid, Tanh
from engine.network import INPUT
from engine.trace import Saturation, Trace, gradient_norms, saturation
from playground.ui.kit.colours import mix
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import count, fmt
from playground.ui.kit.step_progress import Progress
from playground.ui.kit.style import GAP, MARGIN
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Focus
from playground.ui.kit.widgets import filled, scroller

ROW, NAME, NUMBER = 20.0, 84.0, 62.0
HEAD = 34.0
#: what the slope of a curve is called
SLOPES: dict[type, str] = {Sigmoid: "σ′", Tanh: "tanh′"}


@dataclass(frozen=True)
class Bar:
    """One layer.

    Args:
        node_id: which.
        name: for people.
        norm: ‖∂L/∂output‖.
        known: the walk has come past it.
        words: about an activation that stops gradients; "" where there is nothing to say.
        blocked, units: how many of its units let nothing pass, of how many.
    """

    node_id: str
    name: str
    norm: float
    known: bool
    words: str = ""
    blocked: int = 0
    units: int = 0


@dataclass(frozen=True, eq=False)
class Facts:
    """What does not change from step to step: of ``trace``, for one sample or (``None``) the batch."""

    trace: Trace
    sample: int | None
    norms: Mapping[str, float]
    gates: Mapping[str, Saturation]

    @classmethod
    def of(cls, trace: Trace, sample: int | None) -> Facts:
        return cls(trace, sample, gradient_norms(trace, sample), saturation(trace, sample))


def bars(facts: Facts, progress: Progress) -> tuple[Bar, ...]:
    """A bar for the data and each layer, from the first to the last."""
    trace, norms, gates = facts.trace, facts.norms, facts.gates
    found = []
    for node_id, norm in norms.items():
        arrived = progress.gradient(node_id)
        known = arrived is not None and not np.isnan(arrived).any()
        name = "Input" if node_id == INPUT else node_id
        if node_id.isdigit():
            name = f"{node_id} · {trace.network[node_id].layer.label}"
        gate = gates.get(node_id)
        if gate is None:
            found.append(Bar(node_id, name, norm, known))
        else:
            units = trace.shapes[node_id][0]
            slope = SLOPES.get(type(trace.network[node_id].layer), "slope")
            found.append(
                Bar(node_id, name, norm, known, gate_words(gate, units, slope), len(gate.blocked), units)
            )
    return tuple(found)


def gate_words(gate: Saturation, units: int, slope: str) -> str:
    """What an activation stops, in words; "" where it lets enough pass."""
    smallest = float(np.abs(gate.slopes).min())
    if gate.blocked:
        n = len(gate.blocked)
        return f"{count(n)} of {count(units)} {'unit lets' if n == 1 else 'units let'} nothing pass: slope 0"
    if not gate.share:
        return ""
    if smallest == 0:
        return f"slope 0 or nearly 0 for {gate.share:.0%} of the values"
    stopped = f"{100 * (1 - smallest):.3g}"
    return f"{slope} = {fmt(smallest)}: {stopped} % of the gradient stops there ({gate.share:.0%} saturated)"


class FlowBars(QWidget):
    """The bars; a click selects the layer."""

    def __init__(self, focus: Focus, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("backprop_flow_bars")
        self.setMouseTracking(True)
        self._focus, self.theme = focus, theme
        self.bars: tuple[Bar, ...] = ()
        self._rows: list[tuple[QRectF, Bar]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_bars(self, bars: tuple[Bar, ...]) -> None:
        """Show these; the first layer on top, as the gradient comes from below."""
        if bars == self.bars:
            return
        self.bars = bars
        self._arrange()
        known = [f"{b.name}: {fmt(b.norm)}" for b in bars if b.known]
        self.setAccessibleName("Gradient norms. " + (", ".join(known) if known else "None has arrived yet."))
        self.update()

    def _arrange(self) -> None:
        self._rows, y = [], HEAD
        for bar in self.bars:
            height = ROW + (ROW - 4 if bar.words and bar.known else 0.0)
            self._rows.append((QRectF(0, y, self.width(), height), bar))
            y += height + 3
        self.setFixedHeight(round(y + 4))

    def resizeEvent(self, event) -> None:
        if event.size().width() != event.oldSize().width():
            self._arrange()

    def scale(self) -> tuple[int, int]:
        """The powers of ten at the ends of the axis."""
        norms = [b.norm for b in self.bars if b.norm > 0 and math.isfinite(b.norm)]
        if not norms:
            return -1, 0
        low, high = math.floor(math.log10(min(norms))), math.ceil(math.log10(max(norms)))
        return max(low, high - 12), max(high, low + 1)

    def _x(self, norm: float) -> float:
        """Where a norm ends on the axis."""
        low, high = self.scale()
        room = self.width() - NAME - NUMBER
        if norm <= 0 or not math.isfinite(norm):
            return NAME if norm <= 0 else NAME + room
        return NAME + room * min(1.0, max(0.02, (math.log10(norm) - low) / (high - low)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_axis(painter)
        for rect, bar in self._rows:
            self._paint_bar(painter, rect, bar)
        painter.end()

    def _paint_axis(self, painter: QPainter) -> None:
        low, high = self.scale()
        painter.setFont(small(self.font()))
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(QRectF(0, 0, self.width(), 16), "‖∂L/∂output‖ of each layer, log scale")
        stride = max(1, (high - low) // 5)
        for power in range(low, high + 1, stride):
            x = self._x(10.0**power) if power > low else NAME
            painter.setPen(QPen(QColor(self.theme.border), 1))
            painter.drawLine(QPointF(x, HEAD - 2), QPointF(x, self.height() - 2))
            painter.setPen(QColor(self.theme.muted))
            label = QRectF(x - 26, HEAD - 18, 52, 14)
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, fmt(10.0**power, 1))

    def _paint_bar(self, painter: QPainter, rect: QRectF, bar: Bar) -> None:
        theme = self.theme
        font = small(self.font())
        font.setStrikeOut(bool(bar.blocked) and bar.blocked == bar.units and bar.known)
        painter.setFont(font)
        painter.setPen(QColor(theme.text if bar.known else theme.muted))
        name = painter.fontMetrics().elidedText(bar.name, Qt.TextElideMode.ElideRight, round(NAME) - 8)
        row = QRectF(rect.x(), rect.y(), NAME - 6, ROW)
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.setFont(small(self.font()))
        end = self._x(bar.norm)
        body = QRectF(NAME, rect.y() + 4, max(2.0, end - NAME), ROW - 8)
        painter.setPen(QPen(QColor(theme.gradient if bar.known else theme.border), 1.0))
        painter.setBrush(
            QColor(mix(theme.panel, theme.gradient, 0.55)) if bar.known else Qt.BrushStyle.NoBrush
        )
        if bar.known:
            painter.drawRoundedRect(body, 3, 3)
            painter.setPen(QColor(theme.text))
            label = QRectF(body.right() + 5, rect.y(), NUMBER, ROW)
            painter.drawText(label, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, fmt(bar.norm))
        else:
            painter.drawLine(QPointF(NAME, body.center().y()), QPointF(NAME + 10, body.center().y()))
        if bar.words and bar.known:
            painter.setPen(QColor(theme.warning))
            below = QRectF(10, rect.y() + ROW - 3, self.width() - 10, ROW - 4)
            words = painter.fontMetrics().elidedText(
                bar.words, Qt.TextElideMode.ElideRight, round(below.width())
            )
            painter.drawText(below, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)

    def place_of(self, node_id: str) -> QRectF | None:
        """Where the bar of a layer is."""
        return next((rect for rect, bar in self._rows if bar.node_id == node_id), None)

    def _bar_at(self, at: QPointF) -> Bar | None:
        return next((bar for rect, bar in self._rows if rect.contains(at)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        bar = self._bar_at(event.position())
        if bar is not None and event.button() == Qt.MouseButton.LeftButton:
            self._focus.select(bar.node_id)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            bar = self._bar_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), "" if bar is None else tip(self._tip(bar)), self)
            return True
        return super().event(event)

    @staticmethod
    def _tip(bar: Bar) -> str:
        if not bar.known:
            return f"{bar.name}: no gradient has arrived here yet."
        return f"{bar.name}: {fmt(bar.norm, 6)}" + (f"\n{bar.words}" if bar.words else "")


class FlowCard(QWidget):
    """Vanishing and exploding gradients at a glance."""

    def __init__(self, focus: Focus, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("backprop_flow")
        self._focus = focus
        self._stale = True
        self._facts: Facts | None = None
        self.bars = FlowBars(focus, theme)
        holder = QWidget()
        filled(QVBoxLayout(holder), self.bars, None, margins=(0, 0, GAP, 0))
        self._area = scroller("backprop_flow_scroll", holder)
        filled(QVBoxLayout(self), self._area, margins=(MARGIN, MARGIN // 2, 0, 0))
        focus.step_changed.connect(self._touch)

    def _touch(self, step: object) -> None:
        self._stale = True
        if step is None or self.isVisible():  # a trace that nobody looks at any more is not kept
            self._freshen()

    def _freshen(self) -> None:
        self._stale = False
        step = self._focus.step
        if step is None:
            self._facts = None
            self.bars.set_bars(())
            return
        facts = self._facts
        if facts is None or facts.trace is not step.trace or facts.sample != step.sample:
            facts = self._facts = Facts.of(step.trace, step.sample)
        self.bars.set_bars(bars(facts, Progress(step.trace, step.moment, step.sample)))
        place = self.bars.place_of(step.moment.node_id)
        if place is not None:
            self._area.ensureVisible(0, round(place.center().y()), 0, round(3 * ROW))

    def showEvent(self, event) -> None:
        super().showEvent(event)
        if self._stale:
            self._freshen()

    def sizeHint(self) -> QSize:
        return QSize(360, 240)

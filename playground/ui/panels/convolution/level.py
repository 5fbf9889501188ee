"""What the three levels have in common: a drawing that scrolls, whose numbers and maps answer the mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from engine.network import INPUT
from engine.trace.terms import Kind
from playground.runner.messages import Want
from playground.ui.kit.grid import Grid, Laid, cell_at
from playground.ui.kit.ink import Text
from playground.ui.kit.linked import Linking, Zone, zone_of
from playground.ui.panels.convolution.parts import Framed
from playground.ui.panels.convolution.scope import Scope
from playground.ui.panels.convolution.structure import Spot, Stage


class Level(Linking, QAbstractScrollArea):
    """Base of the levels. Drawing is by hand: only what is exposed, from pictures made when they are first seen."""

    def __init__(self, scope: Scope, name: str, words: str) -> None:
        super().__init__()
        self.scope = scope
        self.setObjectName(name)
        self.setAccessibleName(words)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumHeight(80)
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.size_needed = QSize()
        self._kept: dict[object, Laid] = {}
        self.link(scope.context.focus, scope.context.theme)
        scope.pointed.connect(self.viewport().update)
        scope.restyled.connect(self.arrange)

    # --- for the levels to say ---

    def wants(self) -> Iterable[Want]:
        """What it needs in frames."""
        return ()

    def place(self, width: int, height: int) -> QSize:
        """Lay everything out for a viewport of this size; returns what the contents need, and makes ``zones``."""
        raise NotImplementedError

    def paint(self, painter: QPainter, exposed: QRectF) -> None:
        """Draw what is in ``exposed``, in contents' coordinates."""
        raise NotImplementedError

    def forget(self) -> None:
        """New numbers have come: maps made of the last ones are out of date."""
        self._kept.clear()

    def light(self) -> None:
        """Make ``zones`` anew: after scrolling, what stays in sight is elsewhere."""

    def laids(self) -> Iterable[Laid | None]:
        """The grids of numbers that are shown, maps among them, where they are now; ``None`` for what is not known."""
        return ()

    def texts(self) -> Iterable[Text]:
        """What is written beside them."""
        return ()

    def zone_of_input(
        self, stage: Stage, framed: Framed, words: Callable[[QPointF], str], drags: bool = False
    ) -> Zone:
        """An input: the window follows the mouse, and a click, or with ``drags`` a press, looks into it."""
        return self._zone(framed.outer, words, lambda at: framed.window_at(at, stage), drags)

    def zone_of_output(
        self, stage: Stage, rect: QRectF, words: Callable[[QPointF], str], drags: bool = False
    ) -> Zone:
        """A map of the outputs, likewise."""
        return self._zone(rect, words, lambda at: cell_at(rect, at, *stage.map_shape[1:]), drags)

    def _zone(
        self,
        rect: QRectF,
        words: Callable[[QPointF], str],
        cell: Callable[[QPointF], tuple[int, int] | None],
        drags: bool,
    ) -> Zone:
        scope, spot = self.scope, self.scope.spot

        def go(at: QPointF) -> None:
            if (found := cell(at)) is not None:
                scope.go(Spot(spot.node_id, spot.channel, found))

        press, click = (go, None) if drags else (None, go)
        return Zone(rect, words, None, lambda at: scope.point(cell(at)), press, click)

    def map_of(self, node_id: str, channel: int, rect: QRectF, backward: bool = False) -> Laid | None:
        """One map of a node, its values or what arrives at it from behind, kept until new numbers come; ``None`` while unknown."""
        key = (node_id, channel, backward, rect.getRect())
        if key not in self._kept:
            scope = self.scope
            values = scope.deltas(node_id) if backward else scope.maps(node_id)
            if values is None or channel >= len(values):
                return None
            kind: Kind = "gradient" if backward else "value"
            place = lambda i, j: scope.place(node_id, kind, "", (channel, i, j))
            picture = node_id == INPUT and not backward
            grid = Grid(
                r"\delta" if backward else "x", node_id, values[channel], backward, place,
                limit=1.0 if picture else scope.limit(node_id, channel, values, backward),
                grey=(float(np.nanmin(values)), float(np.nanmax(values))) if picture else None,
            )  # fmt: skip
            self._kept[key] = Laid.whole(grid, rect)
        return self._kept[key]

    # --- scrolling ---

    @property
    def surface(self) -> QWidget:
        return self.viewport()

    @property
    def origin(self) -> QPointF:
        return QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def arrange(self) -> None:
        """Lay out anew."""
        self.forget()
        self.zones = ()
        self._pressed = None
        size = self.viewport().size()
        self.size_needed = self.place(size.width(), size.height())
        for bar, needed, there in (
            (self.horizontalScrollBar(), self.size_needed.width(), size.width()),
            (self.verticalScrollBar(), self.size_needed.height(), size.height()),
        ):
            bar.setPageStep(there)
            bar.setSingleStep(40)
            bar.setRange(0, max(0, needed - there))
        self.viewport().update()

    def show_numbers(self) -> None:
        """A frame has come."""
        self.forget()
        self.viewport().update()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self.light()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self.scope.ink.panel)
        origin = self.origin
        painter.translate(-origin)
        self.paint(painter, QRectF(event.rect()).translated(origin))
        for text in self.texts():
            text.paint(painter)
        if self.trace is not None:
            self.paint_lights(painter, filter(None, self.laids()))
        painter.end()

    # --- the mouse ---

    def zone_at(self, at: QPointF) -> Zone | None:
        """What answers at a point; over a number it says that too."""
        zone, number = super().zone_at(at), zone_of(filter(None, self.laids()), at)
        if zone is None or number is None:
            return zone or number
        words = "\n".join(said for said in (number.said(at), zone.said(at)) if said)
        return replace(zone, words=words, place=number.place)

    def leave(self) -> None:
        self.scope.point(None)

    def viewportEvent(self, event: QEvent) -> bool:
        return self.hear(event) or super().viewportEvent(event)

    def event(self, event: QEvent) -> bool:
        # Space and Esc are the window's too; here they play the window and go a level up.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            taken = event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Escape)
            if taken and self.scope.spot.level > 1:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Arrow keys move the cursor, not the scroll bars: the view that holds the levels knows how.
        event.ignore()

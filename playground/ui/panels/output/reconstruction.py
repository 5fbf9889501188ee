"""Pictures from pictures: what goes in, what the network makes of it, and what it should be, side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from engine.data import Prepared
from playground.document.project import Project
from playground.runner.messages import OWN, Predictions, Want
from playground.ui.kit.colours import draw_image, sample_image
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.points import rows_of, size_of
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Context
from playground.ui.panels.output.part_bar import PartBar
from playground.ui.panels.output.picture import PacedPicture

Array = NDArray[Any]

#: what the three pictures of a sample are called
NAMES = ("input", "output", "target")


@dataclass(frozen=True, eq=False)
class Triple:
    """One sample.

    Args:
        index: where it stands in its part.
        given, wanted: its pictures; null where it reads no picture.
        made: what the network gives; null while unknown.
        error: mean squared difference of what it gives and what it should, in the data's units; NaN while unknown.
    """

    index: int
    given: QImage
    made: QImage
    wanted: QImage
    error: float = math.nan

    @property
    def images(self) -> tuple[QImage, QImage, QImage]:
        return self.given, self.made, self.wanted


class Triples(QWidget):
    """Samples of a page, each as three pictures in a frame; with ``large``, one alone, and what each picture is called."""

    chosen = Signal(int)  #: index in the part
    paged = Signal(int)  #: one page back (-1) or on (1)

    CARD, GAP = QSize(150, 58), 6

    def __init__(self, theme: Theme, large: bool) -> None:
        super().__init__()
        self.setObjectName("chosen_triple" if large else "triples")
        self.setAccessibleName("Input, output and target")
        self.setFont(small(self.font()))
        self.setMouseTracking(True)
        self.theme, self.large = theme, large
        self.triples: list[Triple] = []
        self._chosen = -1
        ways = QSizePolicy.Policy
        self.setSizePolicy(ways.Expanding, ways.Fixed if large else ways.Expanding)
        if not large:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_triples(self, triples: list[Triple], chosen: int) -> None:
        """``chosen`` is an index in the part, perhaps on another page."""
        self.triples, self._chosen = triples, chosen
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 132) if self.large else QSize(320, 2 * (self.CARD.height() + self.GAP))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 132) if self.large else self.CARD

    def columns(self) -> int:
        return max(1, (self.width() + self.GAP) // (self.CARD.width() + self.GAP))

    def rows(self) -> int:
        return max(1, (self.height() + self.GAP) // (self.CARD.height() + self.GAP))

    def capacity(self) -> int:
        """Samples on a page."""
        return 1 if self.large else self.columns() * self.rows()

    def card(self, place: int) -> QRectF:
        """Where the sample at ``place`` of the page is."""
        if self.large:
            return QRectF(self.rect())
        row, column = divmod(place, self.columns())
        width = min((self.width() + self.GAP) / self.columns() - self.GAP, 1.5 * self.CARD.width())
        height = min((self.height() + self.GAP) / self.rows() - self.GAP, 1.5 * self.CARD.height())
        return QRectF(column * (width + self.GAP), row * (height + self.GAP), width, height)

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        for place, triple in enumerate(self.triples):
            self._paint(painter, self.card(place), triple)
        painter.end()

    def _paint(self, painter: QPainter, card: QRectF, triple: Triple) -> None:
        theme, picked = self.theme, triple.index == self._chosen and not self.large
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.accent if picked else theme.border), 2.0 if picked else 1.0))
        painter.setBrush(QColor(theme.sunken))
        painter.drawRoundedRect(card.adjusted(1, 1, -1, -1), 5, 5)
        inside = card.adjusted(6, 5, -6, -5)
        line = self.fontMetrics().height() if self.large else 0
        width = (inside.width() - 2 * self.GAP) / 3
        for k, (name, image) in enumerate(zip(NAMES, triple.images, strict=True)):
            cell = QRectF(inside.x() + k * (width + self.GAP), inside.y(), width, inside.height() - line)
            if not image.isNull():
                draw_image(painter, image, cell)
            if self.large:
                below = QRectF(cell.x(), inside.bottom() - line, width, line)
                painter.setPen(QColor(theme.muted))
                known = k == 1 and not math.isnan(triple.error)
                words = f"{name} · squared error {fmt(triple.error)}" if known else name
                if painter.fontMetrics().horizontalAdvance(words) > width:
                    words = f"{name} · {fmt(triple.error)}" if known else name
                painter.drawText(below, Qt.AlignmentFlag.AlignCenter, words)

    # ---- choosing ------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event) -> None:
        place = self._place_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None and not self.large:
            self.chosen.emit(self.triples[place].index)

    def wheelEvent(self, event) -> None:
        if event.angleDelta().y() and not self.large:
            self.paged.emit(-1 if event.angleDelta().y() > 0 else 1)
            event.accept()

    def keyPressEvent(self, event) -> None:
        key, keys = event.key(), Qt.Key
        moves = {
            keys.Key_Left: -1,
            keys.Key_Right: 1,
            keys.Key_Up: -self.columns(),
            keys.Key_Down: self.columns(),
        }
        if key in (keys.Key_PageUp, keys.Key_PageDown):
            self.paged.emit(-1 if key == keys.Key_PageUp else 1)
        elif key in moves and self.triples and not self.large:
            places = [i for i, triple in enumerate(self.triples) if triple.index == self._chosen]
            place = places[0] + moves[key] if places else 0
            if 0 <= place < len(self.triples):
                self.chosen.emit(self.triples[place].index)
            elif places:
                self.paged.emit(-1 if place < 0 else 1)
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._place_at(QPointF(event.pos()))
            QToolTip.showText(
                event.globalPos(), tip(in_words(self.triples[place]) if place is not None else ""), self
            )
            return True
        return super().event(event)

    def _place_at(self, at: QPointF) -> int | None:
        return next((i for i in range(len(self.triples)) if self.card(i).contains(at)), None)


def in_words(triple: Triple) -> str:
    """ "Sample 12: input, output, target; squared error 0.0123." """
    error = "" if math.isnan(triple.error) else f"; squared error {fmt(triple.error)}"
    return f"Sample {triple.index + 1}: input, output, target{error}."


class Reconstruction(PacedPicture):
    """The chosen sample large, above a page of others."""

    name = "Input, output, target"

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__(context, project, data)
        self.setObjectName("reconstruction")
        self.set_title("Input, output, target")
        self.bar = PartBar(pages=True)
        self.bar.wrong.hide()
        self.card, self.grid = Triples(context.theme, large=True), Triples(context.theme, large=False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.card)
        layout.addWidget(self.bar)
        layout.addWidget(self.grid, 1)
        self._first = 0  # of the page, among the samples shown
        self._fixed: dict[tuple[str, int], tuple[QImage, QImage]] = {}  # input and target, which stay
        self.bar.part_changed.connect(lambda _: self._turn_to(0))
        self.bar.part_changed.connect(lambda _: self.part_changed.emit())
        self.bar.paged.connect(self._turn)
        self.grid.paged.connect(self._turn)
        self.grid.chosen.connect(lambda index: context.focus.choose_sample(self.bar.part, index))
        context.focus.sample_changed.connect(lambda _: self.redraw())

    @staticmethod
    def suits(data: Prepared) -> bool:
        return len(data.raw.target_shape) == 3

    @property
    def part(self) -> str:
        return self.bar.part

    # ---- what it is given ----------------------------------------------------------------------------------------------

    def wants(self) -> list[Want]:
        chosen = self._chosen()
        return [self._page_want(), *([Predictions(*chosen, 1)] if chosen else [])]

    def _page_want(self) -> Predictions:
        size = size_of(self.data, self.bar.part)
        return Predictions(self.bar.part, self._first, max(1, min(self.grid.capacity(), size - self._first)))

    def _chosen(self) -> tuple[str, int] | None:
        """The sample that everybody looks at, if the data have it."""
        part, index = self.context.focus.seen
        return (part, index) if part != OWN and 0 <= index < size_of(self.data, part) else None

    def fill(self) -> None:
        self.bar.show_data(self.data)
        self._frame, self._first = None, 0
        self._fixed.clear()
        self.redraw()

    # ---- drawing -------------------------------------------------------------------------------------------------------

    def redraw(self) -> None:
        chosen, part, want = self._chosen(), self.bar.part, self._page_want()
        size = size_of(self.data, part)
        made = self._made(want)
        count = min(want.count, max(0, size - self._first))
        page = [self._triple(part, self._first + i, None if made is None else made[i]) for i in range(count)]
        self.grid.show_triples(page, chosen[1] if chosen and chosen[0] == part else -1)
        self.bar.show_page(self._first + 1 if page else 0, self._first + len(page), size)
        one = None if chosen is None else self._made(Predictions(*chosen, 1))
        self.card.show_triples(
            [] if chosen is None else [self._triple(*chosen, None if one is None else one[0])], -1
        )

    def _made(self, want: Predictions) -> Array | None:
        """What the network gives for the samples of ``want``, as pictures ``(n, C, H, W)``; ``None`` while there is no answer."""
        found = None if self._frame is None else self._frame.answer(want)
        shape = self.data.raw.target_shape
        if found is None or found.shape[1] != math.prod(shape):
            return None
        return found.reshape(len(found), *shape)

    def _triple(self, part: str, index: int, made: Array | None) -> Triple:
        wanted = self._wanted(part, index)
        if (part, index) not in self._fixed:
            self._fixed[part, index] = self._given(part, index), self._image(wanted)
        given, target = self._fixed[part, index]
        if made is None:
            return Triple(index, given, QImage(), target)
        with np.errstate(all="ignore"):
            error = float(((made.astype(np.float64) - wanted) ** 2).mean())
        return Triple(index, given, self._image(made), target, error)

    def _wanted(self, part: str, index: int) -> Array:
        raw = self.data.raw
        found: Array = raw.y[int(rows_of(self.data, part)[index])].reshape(raw.target_shape)
        return found

    def _given(self, part: str, index: int) -> QImage:
        """The sample as the network reads it, noise included, in the data's own units."""
        x = getattr(self.data, part).x[index]
        if x.ndim != 3:
            return QImage()
        raw = self.data.raw
        shown = self.data.transform.inputs.inverse(x)
        return sample_image(shown.astype(np.float32), float(raw.x.min()), float(raw.x.max()))

    def _image(self, picture: Array) -> QImage:
        """A picture of what is asked for: the brightest target is white, the darkest black."""
        raw = self.data.raw
        return sample_image(np.nan_to_num(picture).astype(np.float32), float(raw.y.min()), float(raw.y.max()))

    # ---- gestures ------------------------------------------------------------------------------------------------------

    def _turn(self, step: int) -> None:
        self._turn_to(self._first + step * self.grid.capacity())

    def _turn_to(self, first: int) -> None:
        size, room = size_of(self.data, self.bar.part), self.grid.capacity()
        self._first = max(0, min(first, (size - 1) // room * room))
        self.redraw()

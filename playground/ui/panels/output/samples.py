"""Single samples with what the network makes of them: a grid of small cards, and one large card."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QImage, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from playground.ui.kit.colours import draw_image, mix
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.text import RIGHT, WRONG, tip
from playground.ui.kit.theme import Theme

Array = NDArray[Any]

#: so many classes have a row each; more stand side by side
FEW = 4


@dataclass(frozen=True, eq=False)
class Sample:
    """One sample of a part.

    Args:
        index: where it stands in its part.
        image: its picture; null where it has none.
        truth: its class; -1 where nobody knows it, as with a picture of one's own.
        shares: what the network gives each class, ``(classes,)``; ``None`` while unknown.
    """

    index: int
    image: QImage
    truth: int
    shares: Array | None = None

    @cached_property
    def guess(self) -> int | None:
        """The class that the network names."""
        return None if self.shares is None else int(np.argmax(self.shares))

    @property
    def right(self) -> bool | None:
        return None if self.shares is None or self.truth < 0 else self.guess == self.truth


def draw_bars(painter: QPainter, theme: Theme, sample: Sample, rect: QRectF) -> None:
    """An upright bar per class, as high as its share; the true class stands on a mark."""
    if sample.shares is None:
        return
    step = rect.width() / len(sample.shares)
    gap = 1.0 if step >= 4 else 0.0
    width, base = max(1.0, step - gap), rect.bottom() - 3
    heights = np.fmax(1.0, sample.shares * (rect.height() - 3)).tolist()  # NaN is no height
    bars = [QRectF(rect.x() + k * step + gap / 2, base - h, width, h) for k, h in enumerate(heights)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(mix(theme.accent, theme.panel, 0.5)))
    painter.drawRects(bars)
    painter.fillRect(bars[sample.guess or 0], QColor(theme.accent))
    if sample.truth >= 0:
        painter.fillRect(QRectF(bars[sample.truth].x(), base + 1, width, 2), QColor(theme.text))


class SampleGrid(QWidget):
    """Cards in rows. One of them is chosen, by click or arrow keys."""

    chosen = Signal(int)  #: index in the part
    paged = Signal(int)  #: one page back (-1) or on (1)

    CARD, GAP = QSize(58, 84), 6

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("sample_grid")
        self.setAccessibleName("Samples with predicted classes")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setFont(small(self.font()))
        self.theme = theme
        self.classes: tuple[str, ...] = ()
        self._samples: list[Sample] = []
        self._chosen = -1
        self._back = QPixmap()
        self._back_key: tuple[object, ...] = ()

    def show_samples(self, samples: list[Sample], classes: tuple[str, ...], chosen: int) -> None:
        """The cards of this page; ``chosen`` is an index in the part, perhaps on another page."""
        self._samples, self.classes, self._chosen = samples, classes, chosen
        self.update()

    @property
    def samples(self) -> list[Sample]:
        """What is on the page."""
        return self._samples

    def minimumSizeHint(self) -> QSize:
        return self.CARD

    def sizeHint(self) -> QSize:
        return QSize(4 * (self.CARD.width() + self.GAP), 2 * (self.CARD.height() + self.GAP))

    def columns(self) -> int:
        """Cards side by side."""
        return max(1, (self.width() + self.GAP) // (self.CARD.width() + self.GAP))

    def rows(self) -> int:
        """Cards one below the other."""
        return max(1, (self.height() + self.GAP) // (self.CARD.height() + self.GAP))

    def capacity(self) -> int:
        """Cards on a page."""
        return self.columns() * self.rows()

    def card(self, place: int) -> QRectF:
        """Where the card at ``place`` of the page is."""
        row, column = divmod(place, self.columns())
        # The cards take the whole place between them, up to a size.
        width = min((self.width() + self.GAP) / self.columns() - self.GAP, 1.5 * self.CARD.width())
        height = min((self.height() + self.GAP) / self.rows() - self.GAP, 1.5 * self.CARD.height())
        return QRectF(column * (width + self.GAP), row * (height + self.GAP), width, height)

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._back_of_page())
        line = self.fontMetrics().height()
        for place, sample in enumerate(self._samples):
            inside = self._inside(self.card(place))
            words = QRectF(inside.x(), inside.bottom() - line - 14, inside.width(), line)
            draw_verdict(painter, self.theme, sample, self.classes, words)
            bars = QRectF(inside.x(), inside.bottom() - 13, inside.width(), 13)
            draw_bars(painter, self.theme, sample, bars)
        painter.end()

    @staticmethod
    def _inside(card: QRectF) -> QRectF:
        return card.adjusted(5, 5, -5, -4)

    def _back_of_page(self) -> QPixmap:
        """Frames and pictures of the cards, which stay the same while the network learns."""
        ratio = self.devicePixelRatioF()
        key = (self.theme.now, self.size(), ratio, self._chosen, tuple(id(s.image) for s in self._samples))
        if key != self._back_key:
            self._back_key = key
            self._back = QPixmap(self.size() * ratio)
            self._back.setDevicePixelRatio(ratio)
            self._back.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._back)
            for place, sample in enumerate(self._samples):
                self._paint_back(painter, self.card(place), sample)
            painter.end()
        return self._back

    def _paint_back(self, painter: QPainter, card: QRectF, sample: Sample) -> None:
        theme, picked = self.theme, sample.index == self._chosen
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.accent if picked else theme.border), 2.0 if picked else 1.0))
        painter.setBrush(QColor(theme.sunken))
        painter.drawRoundedRect(card.adjusted(1, 1, -1, -1), 5, 5)
        inside = self._inside(card)
        draw_image(painter, sample.image, inside.adjusted(0, 0, 0, -self.fontMetrics().height() - 15))

    # ---- choosing ------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event) -> None:
        place = self._place_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self.chosen.emit(self._samples[place].index)

    def wheelEvent(self, event) -> None:
        if event.angleDelta().y():
            self.paged.emit(-1 if event.angleDelta().y() > 0 else 1)
            event.accept()

    def keyPressEvent(self, event) -> None:
        moves = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self.columns(),
            Qt.Key.Key_Down: self.columns(),
        }
        if event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.paged.emit(-1 if event.key() == Qt.Key.Key_PageUp else 1)
        elif event.key() in moves and self._samples:
            places = [i for i, s in enumerate(self._samples) if s.index == self._chosen]
            place = places[0] + moves[event.key()] if places else 0
            if 0 <= place < len(self._samples):
                self.chosen.emit(self._samples[place].index)
            elif places:
                self.paged.emit(-1 if place < 0 else 1)
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._place_at(QPointF(event.pos()))
            text = in_words(self._samples[place], self.classes) if place is not None else ""
            QToolTip.showText(event.globalPos(), tip(text), self)
            return True
        return super().event(event)

    def _place_at(self, at: QPointF) -> int | None:
        return next((i for i in range(len(self._samples)) if self.card(i).contains(at)), None)


def draw_verdict(
    painter: QPainter, theme: Theme, sample: Sample, classes: tuple[str, ...], rect: QRectF
) -> None:
    """The predicted class with a tick, or with a cross and the true class: "✓ 7", "✗ 1, is 7"."""
    left, elide = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, Qt.TextElideMode.ElideRight
    if sample.guess is None:
        painter.setPen(QColor(theme.muted))
        painter.drawText(rect, left, classes[sample.truth] if sample.truth >= 0 else "")
        return
    if sample.right is None:
        painter.setPen(QColor(theme.text))
        painter.drawText(rect, left, f"sees {classes[sample.guess]}")
        return
    painter.setPen(QColor(theme.good if sample.right else theme.error))
    painter.drawText(rect, left, RIGHT if sample.right else WRONG)
    metrics = QFontMetrics(painter.font())
    words = classes[sample.guess] if sample.right else f"{classes[sample.guess]}, is {classes[sample.truth]}"
    rest = rect.adjusted(metrics.horizontalAdvance(WRONG) + 3, 0, 0, 0)
    painter.setPen(QColor(theme.text))
    painter.drawText(rest, left, metrics.elidedText(words, elide, round(rest.width())))


def in_words(sample: Sample, classes: tuple[str, ...]) -> str:
    """The whole of it, samples counted from 1: "Sample 12: is 7, predicted 1 (0.832)." """
    start = f"Sample {sample.index + 1}: is {classes[sample.truth]}"
    if sample.shares is None:
        return start + "."
    guess = int(np.argmax(sample.shares))
    return f"{start}, predicted {classes[guess]} ({fmt(float(sample.shares[guess]))})."


class SampleCard(QWidget):
    """The chosen sample, large: its picture, and a bar with name and number for every class."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("sample_card")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(small(self.font()))
        self.theme = theme
        self._sample: Sample | None = None
        self._part = ""
        self._classes: tuple[str, ...] = ()
        self.setToolTip("How probable the network finds each class; a dark mark stands at the true one.")

    @property
    def sample(self) -> Sample | None:
        """What it shows."""
        return self._sample

    def show_sample(self, sample: Sample | None, part: str, classes: tuple[str, ...]) -> None:
        """``None``: nothing is chosen."""
        more = len(classes) != len(self._classes)
        self._sample, self._part, self._classes = sample, part, classes
        if more:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        few = 2 <= len(self._classes) <= FEW
        return QSize(200, 20 + line + len(self._classes) * (line + 6) if few else 4 * line + 46)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: object) -> None:
        painter, theme = QPainter(self), self.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.border))
        painter.setBrush(QColor(theme.sunken))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        if self._sample is not None:
            self._paint_sample(painter, self._sample, QRectF(self.rect()).adjusted(8, 6, -8, -6))
        painter.end()

    def _paint_sample(self, painter: QPainter, sample: Sample, rect: QRectF) -> None:
        theme, line = self.theme, self.fontMetrics().height()
        if not sample.image.isNull():
            side = min(rect.height(), rect.width() * 0.3)
            draw_image(painter, sample.image, QRectF(rect.x(), rect.y(), side, rect.height()))
            rect = rect.adjusted(side + 10, 0, 0, 0)
        head = QRectF(rect.x(), rect.y(), rect.width(), line)
        painter.setPen(QColor(theme.muted))
        title = "your picture" if sample.truth < 0 else f"{self._part} sample {sample.index + 1}"
        painter.drawText(head, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, title)
        room = head.adjusted(0, 0, -self.fontMetrics().horizontalAdvance(title) - 8, 0)
        draw_verdict(painter, theme, sample, self._classes, room)
        body = rect.adjusted(0, line + 4, 0, 0)
        if sample.shares is None:
            painter.setPen(QColor(theme.muted))
            painter.drawText(body, Qt.AlignmentFlag.AlignCenter, "No prediction yet")
        elif len(self._classes) > FEW:
            self._paint_upright(painter, sample, sample.shares, body)
        else:
            self._paint_lying(painter, sample, sample.shares, body)

    def _paint_upright(self, painter: QPainter, sample: Sample, shares: Array, rect: QRectF) -> None:
        """Many classes: upright bars, the number above each that is worth one, the name below."""
        theme, metrics = self.theme, self.fontMetrics()
        line, step = metrics.height(), rect.width() / len(shares)
        bars = rect.adjusted(0, line, 0, -line)
        draw_bars(painter, theme, sample, bars)
        middle = Qt.AlignmentFlag.AlignCenter
        for k, share in enumerate(shares):
            cell = QRectF(rect.x() + k * step, rect.bottom() - line, step, line)
            painter.setPen(QColor(theme.text if k in (sample.truth, sample.guess) else theme.muted))
            name = metrics.elidedText(self._classes[k], Qt.TextElideMode.ElideRight, round(step))
            painter.drawText(cell, middle, name)
            if k == sample.guess or (share >= 0.1 and step > metrics.horizontalAdvance("0.00")):
                top = bars.bottom() - 3 - float(np.nan_to_num(share)) * (bars.height() - 3)
                wide = QRectF(cell.center().x() - 30, top - line, 60, line)
                wide.moveLeft(min(max(wide.x(), rect.x() - 12), rect.right() - 48))
                painter.setPen(QColor(theme.text))
                painter.drawText(wide, middle, fmt(float(share), 2))

    def _paint_lying(self, painter: QPainter, sample: Sample, shares: Array, rect: QRectF) -> None:
        """Few classes: a row for each, with name, bar and number."""
        theme, metrics = self.theme, self.fontMetrics()
        line = min(rect.height() / len(self._classes), metrics.height() + 6.0)
        names = min(max(metrics.horizontalAdvance(name) for name in self._classes) + 8.0, rect.width() * 0.4)
        number = metrics.horizontalAdvance("0.00e−00")
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for k, share in enumerate(shares):
            row = QRectF(rect.x(), rect.y() + k * line, rect.width(), line)
            name = metrics.elidedText(self._classes[k], Qt.TextElideMode.ElideRight, round(names) - 4)
            painter.setPen(QColor(theme.text if k in (sample.truth, sample.guess) else theme.muted))
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, name)
            painter.drawText(row, right, fmt(float(share)))
            room = row.adjusted(names, 3, -number - 4, -3)
            colour = theme.accent if k == sample.guess else mix(theme.accent, theme.panel, 0.5)
            length = max(1.0, float(np.nan_to_num(share)) * room.width())
            painter.fillRect(QRectF(room.x(), room.y(), length, room.height()), QColor(colour))
            if k == sample.truth:
                painter.fillRect(QRectF(room.x() - 4, room.y(), 2, room.height()), QColor(theme.text))

"""Which sample is looked at, up to four others pinned beside it, and the ones that move a channel most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QToolTip, QVBoxLayout, QWidget

from engine.network import INPUT
from playground.runner.messages import OWN, Maps, Strongest, Want
from playground.ui.kit.grid import fitted
from playground.ui.kit.grid_paint import draw
from playground.ui.kit.icons import icon
from playground.ui.kit.ink import write
from playground.ui.kit.numbers import fmt
from playground.ui.kit.samples import count_of, present, sample_in_words
from playground.ui.kit.widgets import filled, label, tool
from playground.ui.panels.convolution.paint import input_image, map_image
from playground.ui.panels.convolution.scope import Scope

#: samples that can be pinned, and strongest ones that are shown
PINS, STRONGEST = 4, 4
#: the side of a picture: at least, at most, and what is enough to have all cards in one column; what is between them
LEAST, LARGEST, ENOUGH, GAP = 24, 54, 28, 4
WORDS, TITLE = 84, 20  #: pixels for what is said beside the pictures, and above them


class Picker(QWidget):
    """◀ validation 3/90 · class 7 ▶ and a pin."""

    pinned = Signal()

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope
        self.said = label("convolution_sample", wraps=False)
        self.said.setToolTip("The sample that all maps are of. Every view that shows a sample follows.")
        sign = lambda name: icon(name, scope.context.theme)
        name, words = "convolution_sample_back", "The sample before"
        self.back = tool(name, words, words, lambda: self.turn(-1), sign("chevron-left"), bare=True)
        name, words = "convolution_sample_on", "The next sample"
        self.on = tool(name, words, words, lambda: self.turn(1), sign("chevron-right"), bare=True)
        name, words = "convolution_pin", f"Pin this sample, to compare up to {PINS}"
        self.pin = tool(name, words, words, self.pinned.emit, sign("pin-outline"), bare=True)
        filled(QHBoxLayout(self), self.back, self.said, self.on, self.pin, gap=2)
        scope.context.focus.sample_changed.connect(self.refresh)
        scope.restyled.connect(self.refresh)

    def turn(self, by: int) -> None:
        """To another sample of the same part, or of the batch that is stepped through, round and round."""
        scope = self._scope
        if scope.project is None:
            return
        progress, stepper = scope.progress, scope.context.stepper
        if progress is not None and stepper is not None:
            stepper.choose_sample((progress.sample + by) % progress.trace.size)
            return
        part, index = present(scope.project, scope.context.focus.sample)
        count = count_of(scope.project, part)
        if count:
            scope.context.focus.choose_sample(part, (index + by) % count)

    def refresh(self) -> None:
        scope = self._scope
        if scope.project is None:
            return
        which, answer = sample_in_words(scope.project, scope.sample)
        if scope.progress is not None:
            which = f"{scope.progress.sample + 1} of batch of {scope.progress.trace.size}"
        said = " · ".join(w for w in (which, answer) if w)
        if self.said.text() != said:
            self.said.setText(said)
        self.pin.setEnabled(not scope.context.focus.picture)


@dataclass(frozen=True)
class Card:
    """One sample of the strip.

    Args:
        sample: ``(part, index)``.
        cell: row and column of the channel's strongest value, where that is why it is shown.
        value: that value.
    """

    sample: tuple[str, int]
    cell: tuple[int, int] | None = None
    value: float = 0.0


class Strip(QWidget):
    """Small cards: a sample and the map of the channel looked at. A click looks at that sample."""

    unpinned = Signal(object)

    def __init__(self, scope: Scope, name: str, words: str) -> None:
        super().__init__()
        self._scope = scope
        self.setObjectName(name)
        self.setAccessibleName(words)
        self.side = LARGEST
        self.cards: list[Card] = []
        self._images: dict[object, QImage] = {}
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_cards(self, cards: list[Card]) -> None:
        self.cards = cards
        self._images.clear()
        self.fit(self.side)

    def fit(self, side: int) -> None:
        """Show pictures of ``side`` pixels."""
        self.side = side
        self.setFixedSize(2 * (side + GAP) + WORDS, max(1, (side + GAP) * len(self.cards)))
        self.update()

    def forget(self) -> None:
        self._images.clear()
        self.update()

    def node(self) -> str:
        """Whose map is shown beside a sample: what the channel looked at has become; "" in the overview."""
        stage = self._scope.stage
        return "" if stage is None else stage.last

    def wants(self) -> Iterable[Want]:
        for card in self.cards:
            yield Maps(INPUT, *card.sample)
            if self.node():
                yield Maps(self.node(), *card.sample)

    def _image(self, card: Card, node_id: str) -> QImage | None:
        scope, key = self._scope, (card.sample, node_id)
        if key not in self._images:
            values = scope.maps(node_id, card.sample)
            if values is None:
                return None
            channel = scope.spot.channel
            if node_id == INPUT:
                self._images[key] = input_image(values)
            else:
                reference = scope.maps(node_id)
                limit = scope.limit(node_id, channel, values if reference is None else reference)
                self._images[key] = map_image(values[channel], limit, scope.ink.tables["values"])
        return self._images[key]

    def card_at(self, at: QPointF) -> Card | None:
        row = int(at.y() // (self.side + GAP))
        return self.cards[row] if 0 <= row < len(self.cards) else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        card = self.card_at(event.position())
        if card is None:
            return
        if event.button() == Qt.MouseButton.RightButton:
            self.unpinned.emit(card.sample)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._scope.context.focus.choose_sample(*card.sample)

    def event(self, event) -> bool:
        if isinstance(event, QHelpEvent):
            card = self.card_at(QPointF(event.pos()))
            if card is not None:
                more = "Right-click: take the pin out." if card.cell is None else ""
                QToolTip.showText(event.globalPos(), f"Click to look at this sample. {more}".strip(), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        scope, ink = self._scope, self._scope.ink
        painter = QPainter(self)
        for row, card in enumerate(self.cards):
            top, step = float(row * (self.side + GAP)), self.side + GAP
            for k, node_id in enumerate([INPUT, *([self.node()] if self.node() else [])]):
                room = QRectF(k * step, top, self.side, self.side)
                image = self._image(card, node_id)
                if image is None:
                    painter.fillRect(room, ink.neutral)
                else:
                    draw(painter, image, fitted(room, image.height(), image.width()), ink.border)
            x = (2 if self.node() else 1) * step + 2
            if scope.project is not None:
                which, answer = sample_in_words(scope.project, card.sample)
                words = QRectF(x, top, self.width() - x, 14)
                write(painter, words, which.replace("validation", "val."), ink.muted, ink.tiny)
                words.translate(0, 14)
                write(painter, words, answer, ink.text, ink.tiny)
                if card.cell is not None:
                    words.translate(0, 14) if self.side >= 40 else words.translate(46, 0)
                    write(painter, words, fmt(card.value), ink.end(card.value), ink.tiny)
        painter.end()


class Compare(QWidget):
    """The side panel with pinned samples, and the ones that move the channel most."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope
        self.setObjectName("compare_panel")
        self.pins = Strip(scope, "pinned_samples", "Pinned samples")
        self.strongest = Strip(scope, "strongest_samples", "The samples that move this channel most")
        titles = ("Pinned", "Strongest here")
        self._titles = tuple(label("", title, wraps=False, muted=True) for title in titles)
        self._titles[1].setToolTip("The training samples that move the channel looked at most.")
        self._hint = label("", "The pin beside the\nsample keeps it here.", wraps=False, muted=True)
        columns = [
            filled(QVBoxLayout(), *parts, None, gap=2)
            for parts in ((self._titles[0], self.pins, self._hint), (self._titles[1], self.strongest))
        ]
        self._parts = filled(QBoxLayout(QBoxLayout.Direction.TopToBottom, self), *columns, None)
        self.pins.unpinned.connect(self.unpin)
        scope.moved.connect(lambda before: self._tidy())
        scope.restyled.connect(self._tidy)
        self._tidy()

    def pin(self) -> bool:
        """Pin the sample that is looked at; the oldest gives way where there are too many. Whether it was not pinned yet."""
        sample = self._scope.sample
        cards = self.pins.cards
        if sample[0] == OWN or any(c.sample == sample for c in cards):
            return False
        self.pins.show_cards([*cards, Card(sample)][-PINS:])
        self._tidy()
        return True

    def unpin(self, sample: tuple[str, int]) -> None:
        self.pins.show_cards([c for c in self.pins.cards if c.sample != sample])
        self._tidy()

    def _tidy(self) -> None:
        stage = self._scope.stage
        if self._scope.project is not None:
            there = [c for c in self.pins.cards if c.sample[1] < count_of(self._scope.project, c.sample[0])]
            if len(there) != len(self.pins.cards):
                self.pins.show_cards(there)
        self._hint.setVisible(not self.pins.cards)
        if stage is None:
            self.strongest.show_cards([])
        self._titles[1].setVisible(stage is not None)
        self.strongest.setVisible(stage is not None)
        self._fit()
        self.pins.forget()
        self.strongest.forget()

    def _fit(self) -> None:
        """Pictures as large as lets all be seen: in one column, or where that is too low, in two."""
        two = self._scope.stage is not None
        rows = max(len(self.pins.cards), 1) + (STRONGEST if two else 0)
        side = (self.height() - (2 if two else 1) * TITLE - 8) // rows - GAP
        beside = two and side < ENOUGH
        if beside:
            side = (self.height() - TITLE) // max(len(self.pins.cards), STRONGEST) - GAP
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._parts.direction() != way:
            self._parts.setDirection(way)
        for strip in (self.pins, self.strongest):
            strip.fit(min(max(side, LEAST), LARGEST))
        self.setFixedWidth((self.pins.width() + 8) * (2 if beside else 1))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.width(), 4 * (LEAST + GAP))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @property
    def _strongest_want(self) -> Strongest | None:
        stage = self._scope.stage
        return None if stage is None else Strongest(stage.last, self._scope.spot.channel, STRONGEST)

    def wants(self) -> Iterable[Want]:
        yield from self.pins.wants()
        yield from self.strongest.wants()
        if self._strongest_want is not None:
            yield self._strongest_want

    def show_frame(self) -> None:
        frame, want = self._scope.frame, self._strongest_want
        found = frame.answer(want) if frame is not None and want is not None else None
        if found is not None:
            rows = zip(found.samples.tolist(), found.cells.tolist(), found.values.tolist(), strict=True)
            cards = [Card(("train", n), (cell[0], cell[1]), value) for n, cell, value in rows]
            if [c.sample for c in cards] != [c.sample for c in self.strongest.cards]:
                self.strongest.show_cards(cards)
            self.strongest.cards = cards
        self.pins.forget()
        self.strongest.forget()

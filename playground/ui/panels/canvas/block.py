"""A block on the canvas: its card, the picture in it, and the column under it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem

from engine.network import INPUT
from engine.problems import Level
from playground.runner.messages import Frame, Want
from playground.ui.kit.colours import mix
from playground.ui.panels.canvas.inside import Inside, Stage, Tiles, column_under_card, picture_in_card
from playground.ui.panels.canvas.inside.marks import subscript
from playground.ui.panels.canvas.item import Item
from playground.ui.panels.canvas.layout import CARD_HEIGHT, Measure, Place
from playground.ui.panels.canvas.look import RADIUS, Look, badge, write
from playground.ui.panels.canvas.plan import LOSS, Block
from playground.ui.panels.canvas.ports import PORT, port_at
from playground.ui.panels.canvas.targets import Card, Target

PAD, TIGHT_PAD, LEAST_PAD = (
    12.0,
    9.0,
    5.0,
)  #: free space in a card, left and right of its text; where room is short, and very short
LEAST_CARD, LEAST_PICTURE = 90.0, 70.0  #: widths of cards
NAMES = 108.0  #: the most room for names beside tiles
FOOT = "waits for the block before it"

_CENTRE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter


def measure(block: Block, look: Look, compact: bool, narrow: bool = False) -> Measure:
    """How much room a block's words need."""
    pad = LEAST_PAD if narrow else TIGHT_PAD if compact else PAD
    title = max(look.title_metrics.horizontalAdvance(line) for line in title_lines(block)) + 2 * pad
    title += 12 if block.category else 0
    picture = picture_in_card(block)
    if picture is not None:
        return _with_names(block, look, max(title, LEAST_PICTURE), title)
    lines = [look.small_metrics.horizontalAdvance(t) + 2 * pad for t in words_of(block, compact)]
    least = LEAST_PICTURE if block.attached or compact else LEAST_CARD
    return _with_names(block, look, max(title, least, *lines), title)


def title_lines(block: Block) -> list[str]:
    """The title; that of a loss, which is long, in two lines."""
    first, _, rest = block.title.partition(" ")
    return [first, rest] if block.id == LOSS and rest else [block.heading or block.title]


def words_of(block: Block, compact: bool) -> list[str]:
    """The lines under the title; of a loss what it needs, as what it is the mean of stands below the card."""
    words = block.needs if block.id == LOSS else block.summary
    return [t for t in (words.split(" · ") if compact else (words,)) if t]


def _with_names(block: Block, look: Look, card: float, title: float) -> Measure:
    if not block.names or not block.units or len(block.shape) == 3:
        return Measure(card, title)
    widest = max(look.small_metrics.horizontalAdvance(subscript(n)) for n in block.names)
    room = min(widest, NAMES) + 10
    return Measure(card, title, left=room) if block.id == INPUT else Measure(card, title, right=room)


class CardItem(Item):
    """The card itself. Kept as a picture by Qt, since text is dear and changes seldom."""

    def __init__(self, stage: Stage, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.stage = stage
        self.block = Block("", "", "")
        self.rect = QRectF()
        self.has_picture = False
        self.selected = self.hovered = self.lit = self.broken = self.candidate = self.has_port = False

    def show_block(self, block: Block, rect: QRectF, has_picture: bool) -> None:
        self.set_bounds(rect.adjusted(-10, -10, 10, 4))
        self.block, self.rect, self.has_picture = block, rect, has_picture
        self.update()

    def set_state(self, selected: bool, hovered: bool, lit: bool = False, has_port: bool = False) -> None:
        """Show how it is looked at.

        Args:
            lit: another view shows what is about it, under the mouse.
            has_port: a wire can be pulled from it; the dot for that is shown while the mouse is there, or it is selected.
        """
        now = selected, hovered, lit, has_port
        if now != (self.selected, self.hovered, self.lit, self.has_port):
            self.selected, self.hovered, self.lit, self.has_port = now
            self.update()

    def set_candidate(self, candidate: bool) -> None:
        """Whether a wire that is being led could go here."""
        if candidate != self.candidate:
            self.candidate = candidate
            self.update()

    def set_broken(self, broken: bool) -> None:
        """Whether the first number that was not finite arose here."""
        if broken != self.broken:
            self.broken = broken
            self.update()

    def draw(self, painter: QPainter) -> None:
        look, rect = self.stage.look, self.rect
        painter.setBrush(QBrush(self._paper()))
        painter.setPen(self._rim())
        painter.drawRoundedRect(rect, RADIUS, RADIUS)
        self._paint_text(painter)
        level = self._level()
        if self.has_port and (self.hovered or self.selected):
            painter.setPen(QPen(look.panel, 1.5))
            painter.setBrush(QColor(look.theme.accent))
            painter.drawEllipse(QPointF(rect.right(), rect.center().y()), PORT, PORT)
        if level is not None:
            badge(painter, QRectF(rect.right() - 11, rect.top() - 7, 18, 18), level, look)

    def _level(self) -> Level | None:
        """Of what is wrong here, if anything is."""
        problem = self.block.problem
        return "error" if self.broken else problem.level if problem is not None else None

    def _paper(self) -> QColor:
        look = self.stage.look
        if self.selected:
            return QColor(mix(look.theme.panel, look.theme.accent, 0.10))
        if self.lit:
            return QColor(mix(look.theme.panel, look.theme.accent, 0.06))
        if self.block.id == LOSS:
            return QColor(mix(look.theme.panel, look.theme.warning, 0.07))
        return look.panel

    def _rim(self) -> QPen:
        look = self.stage.look
        if self.candidate:
            return QPen(QColor(look.theme.good), 2.4)
        if self.selected:
            return look.chosen
        level = self._level()
        if level is not None:
            return QPen(look.problem(level), 2.0)
        if self.lit:
            return look.hover
        if self.hovered:
            return QPen(QColor(mix(look.theme.border, look.theme.muted, 0.6)), 1.4)
        if self.block.id == LOSS:
            return QPen(QColor(mix(look.theme.panel, look.theme.warning, 0.45)), 1.2)
        return look.outline

    def _paint_text(self, painter: QPainter) -> None:
        look, rect = self.stage.look, self.rect
        titles = title_lines(self.block)
        lines = (
            []
            if self.has_picture or rect.height() < CARD_HEIGHT
            else words_of(self.block, self.stage.compact)
        )
        height = 17.0 * len(titles) + 15.0 * len(lines)
        y = rect.top() + 4 if self.has_picture else rect.center().y() - height / 2 - 0.5
        for line in titles:
            self._paint_title(painter, line, QRectF(rect.left(), y, rect.width(), 17))
            y += 17
        painter.setFont(look.small)
        painter.setPen(look.muted)
        for line in lines:
            write(painter, QRectF(rect.left(), y, rect.width(), 15), _CENTRE, line)
            y += 15

    def _paint_title(self, painter: QPainter, title: str, rect: QRectF) -> None:
        look, block = self.stage.look, self.block
        painter.setFont(look.title)
        painter.setPen(look.text)
        width = look.title_metrics.horizontalAdvance(title)
        dot = 12 if block.category else 0
        left = rect.center().x() - (width + dot) / 2
        write(
            painter,
            QRectF(left + dot, rect.top(), width + 2, rect.height()),
            Qt.AlignmentFlag.AlignVCenter,
            title,
        )
        if block.category:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.theme.category_colour(block.category)))
            painter.drawRoundedRect(QRectF(left, rect.center().y() - 3.5, 8, 8), 2, 2)


class BlockItem(Item):
    """A card with what belongs to it; its own position is the block's."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.stage = stage
        self.block = Block("", "", "")
        self.place = Place(0.0, 0.0, QRectF())
        self.card = CardItem(stage, self)
        self.note = NoteItem(stage, self)
        self.picture: Inside | None = None
        self.column: Inside | None = None

    def show_block(self, block: Block, place: Place) -> None:
        """Become this block, keeping what still fits."""
        self.block, self.place = block, place
        low = place.card.height() < CARD_HEIGHT  # stacked: for a picture there is no room
        self.picture = self._child(self.picture, None if low else picture_in_card(block))
        self.column = self._child(self.column, column_under_card(block, self.stage.mode))
        self.card.show_block(block, place.card, self.picture is not None)
        self.note.show_block(block, place)
        for inside in self.insides:
            inside.show_block(block, place)

    def _child(self, inside: Inside | None, kind: type[Inside] | None) -> Inside | None:
        if type(inside) is kind:
            return inside
        if inside is not None:
            self.scene().removeItem(inside)
        if kind is None:
            return None
        made = kind(self.stage)
        made.setParentItem(self)
        return made

    @property
    def insides(self) -> tuple[Inside, ...]:
        return tuple(i for i in (self.picture, self.column) if i is not None)

    @property
    def tiles(self) -> Tiles | None:
        return self.column if isinstance(self.column, Tiles) else None

    def wants(self) -> set[Want]:
        return {want for inside in self.insides for want in inside.wants()}

    def show_frame(self, frame: Frame) -> None:
        for inside in self.insides:
            inside.show_frame(frame)

    def look_again(self) -> None:
        """What is under the mouse or pinned has changed."""
        if self.column is not None:
            self.column.look_again()

    def target_at(self, at: QPointF) -> Target | None:
        """What is at a point of the canvas."""
        at = at - self.pos()
        port = port_at(self.place.card, at, self.block.id) if self.block.id != LOSS else None
        if port is not None:
            return port
        if self.place.card.contains(at):
            return Card(self.block.id)
        return self.column.target_at(at) if self.column is not None else None

    def room(self) -> QRectF:
        """All that it covers on the canvas."""
        rect = QRectF(self.place.card)
        for inside in self.insides:
            rect = rect.united(inside.boundingRect())
        return rect.translated(self.pos())


class NoteItem(Item):
    """Under a card without a column: the sentence that says what is wrong, or that it waits."""

    def __init__(self, stage: Stage, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self.stage = stage
        self.rect, self.text, self.severe = QRectF(), "", False
        self.box = QRectF()  #: of a sentence that says what is wrong

    def show_block(self, block: Block, place: Place) -> None:
        self.rect = QRectF() if place.note is None or block.id == LOSS else place.note
        self.set_bounds(self.rect)
        self.severe = block.explains
        waits = FOOT if block.is_node and not block.attached else ""
        self.text = block.problem.message if block.problem is not None and block.explains else waits
        self.box = self._box() if self.severe else QRectF()
        self.setVisible(not self.rect.isEmpty() and bool(self.text))
        self.update()

    def _box(self) -> QRectF:
        inner = self.rect.adjusted(10, 8, -10, -8)
        needed = self.stage.look.small_metrics.boundingRect(
            inner, Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignHCenter, self.text
        )
        return QRectF(self.rect.left(), self.rect.top(), self.rect.width(), needed.height() + 16)

    def draw(self, painter: QPainter) -> None:
        look = self.stage.look
        painter.setFont(look.small)
        inner = self.rect.adjusted(10, 8, -10, -8)
        wrap = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignHCenter
        needed = painter.boundingRect(inner, wrap, self.text)
        if self.severe:
            colour = look.problem("error")
            painter.setPen(QPen(colour, 1.0))
            painter.setBrush(QColor(mix(look.theme.panel, look.theme.error, 0.06)))
            painter.drawRoundedRect(self.box, 6, 6)
            painter.setPen(colour)
        else:
            painter.setPen(look.muted)
        write(painter, needed, wrap, self.text)

"""Where everything on the canvas stands: pure geometry in scene pixels, of a plan and of the room there is.

Cards stand in one row at the top; under each card that has a column, its tiles. Where width is very short, the cards of layers that share a
column are stacked above it, low ones without pictures. The gaps between blocks grow and shrink with the room,
so that text keeps its size; only when the narrowest gaps do not fit is the view to be zoomed out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF

from engine.network import INPUT
from playground.ui.panels.canvas.plan import LOSS, Block, Mode, Plan, Wiring

CARD_HEIGHT = 56.0
STACKED, STEP = 22.0, 25.0  #: height of a stacked card, and from one to the next
BAND = 32.0  #: below the cards, for the shapes between blocks
MARGIN = 12.0
GAP, WIDE_GAP, CLOSE_GAP = 14.0, 92.0, 6.0  #: between blocks: least, most, before an attached block
TILE, SMALL_TILE = 80.0, 24.0  #: most and least
#: where width is short, tiles give way down to these sizes; where filters stand beside them, further
NARROW_TILE, NARROW_PAIR, STACKED_PAIR = 56.0, 44.0, 38.0
PITCH = (32.0, 112.0)  #: least and most from tile to tile
PICTURE = 116.0  #: the only tile of a column, a picture of the data: as large as two tiles, or at most this
RUN, SHORT_RUN = 60.0, 26.0  #: the least length of wires, and of bundles
LANE, OVER = 15.0, 13.0  #: between arcs above the cards; from the cards to the lowest one
LANES = 8  #: heights of arcs; where there are more that cross, they share
CLOSE = 0.7  #: the share of the least gaps that is enough where cards are stacked
INVITING = 340.0  #: the gap of an empty network
NOTE, WAITING = 188.0, 112.0  #: widths of a sentence under a card: what is wrong; that it waits
READ_OUT = QSizeF(104.0, 92.0)  #: the numbers under the loss card
CHOOSER = QSizeF(112.0, 42.0)  #: the chosen sample, under the data
MORE = QSizeF(84.0, 20.0)  #: "+ 52 more"
#: columns of up to so many units show them all; longer ones show PAGE at a time
MOST, PAGE = 10, 8


@dataclass(frozen=True)
class Measure:
    """What only a font can say of a block: how wide its card, and the names left and right of its tiles, need to be.

    ``title``: its card with the title alone.
    """

    card: float = 96.0
    title: float = 96.0
    left: float = 0.0
    right: float = 0.0


@dataclass(frozen=True)
class Tile:
    """One unit's place; ``filter`` is the place of its weights' picture, if it has one."""

    unit: int
    rect: QRectF
    filter: QRectF | None = None

    @property
    def bias(self) -> QPointF:
        """The middle of its bias dot: at the lower left corner, as a thing that comes in."""
        return self.rect.bottomLeft()

    @property
    def entry(self) -> QPointF:
        """Where wires come in."""
        left = self.filter or self.rect
        return QPointF(left.left(), self.rect.center().y())

    @property
    def exit(self) -> QPointF:
        return QPointF(self.rect.right(), self.rect.center().y())


@dataclass(frozen=True)
class Place:
    """A block's places, relative to its own origin: the left end of its room, at the top of the cards.

    Args:
        x, width: its room on the canvas.
        card: its card.
        tiles: of its column.
        more: the button that pages through a long column.
        hidden: how many units it does not show.
        below: the chosen sample (data) or the numbers of the loss.
        note: room for a sentence.
        after: where the names right of its tiles end.
    """

    x: float
    width: float
    card: QRectF
    tiles: tuple[Tile, ...] = ()
    more: QRectF | None = None
    hidden: int = 0
    below: QRectF | None = None
    note: QRectF | None = None
    after: float = 0.0

    def tile(self, unit: int) -> Tile | None:
        return next((t for t in self.tiles if t.unit == unit), None)

    @property
    def column(self) -> QRectF:
        """What all its tiles cover; empty where it has none."""
        if not self.tiles:
            return QRectF()
        first, last = self.tiles[0], self.tiles[-1]  # they stand one below the other
        return (first.filter or first.rect).united(last.rect)


@dataclass(frozen=True)
class Layout:
    """Places by block id, the middles of the gaps (one more than layers), and what all of it covers.

    Args:
        head: where the cards end, stacked ones included.
        levels: of each gap between stacked cards, how far down it is; 0 for any other.
    """

    places: Mapping[str, Place]
    gaps: tuple[float, ...]
    bounds: QRectF
    tile: float = TILE
    order: tuple[str, ...] = field(default=())
    lanes: Mapping[tuple[str, str], int] = field(
        default_factory=dict
    )  #: how high each skip goes, 0 the lowest
    head: float = CARD_HEIGHT
    levels: tuple[float, ...] = ()

    def gap_at(self, x: float, y: float = 0.0) -> int:
        """The number of the gap that a point is nearest to: a new layer dropped there becomes layer number so-and-so.

        Between stacked cards that is where the point is on them, anywhere else ``x`` alone counts.
        """
        for i, level in enumerate(self.levels):
            if level and abs(y - level) <= STEP / 2:
                place = self.places[self.order[i]]
                if 0 <= x - place.x <= place.width:
                    return i
        plain = [i for i in range(len(self.gaps)) if not self.level(i)]
        return min(plain, key=lambda i: abs(self.gaps[i] - x))

    def level(self, gap: int) -> float:
        """How far down a gap between stacked cards is; 0 for any other."""
        return self.levels[gap] if self.levels else 0.0

    def gap_for(self, moved: str, x: float, y: float = 0.0) -> tuple[int, float]:
        """As ``gap_at``, with the gap's middle, for a layer that is moved: the gaps before and behind it are one place."""
        gap, at = self.gap_at(x, y), self.order.index(moved) - 1
        return (at, self.places[moved].x - CLOSE_GAP / 2) if gap in (at, at + 1) else (gap, self.gaps[gap])


def lay_out(
    plan: Plan,
    measures: Mapping[str, Measure],
    room: QSizeF,
    first: Mapping[str, int] | None = None,
    shrink: bool = False,
    stack: bool = False,
) -> Layout:
    """Places for a plan in a view of size ``room``.

    ``first`` says at which unit a long column begins, by block id; ``shrink``: tiles may be smaller, so that all is less wide; ``stack``: so
    may cards be stacked.
    """
    stacks = _stacks(plan) if stack else {}
    whole, lanes = plan, lanes_of(plan)
    below = {i for ids in stacks.values() for i in ids}
    plan = replace(plan, blocks=tuple(b for b in plan.blocks if b.id not in below))
    head = CARD_HEIGHT + STEP * max(map(len, stacks.values()), default=0)
    top = head + BAND
    above = OVER + LANE * max(lanes.values()) if lanes else 0.0
    height = max(room.height() - top - above - 2 * MARGIN, 120.0)
    rows = max((_rows(b) for b in plan.blocks), default=0.0)
    pitch = min(max(height / max(rows, 1.0), PITCH[0]), PITCH[1])
    largest = min(max(pitch * 0.75, SMALL_TILE), TILE)
    pair = STACKED_PAIR if stacks else NARROW_PAIR
    least = pair if any(b.filter for b in plan.blocks) else NARROW_TILE
    tiles = np.arange(largest, least - 1e-6, -6.0).tolist() if shrink else []

    @cache
    def place(tile: float) -> tuple[dict[str, Place], list[float], float]:
        """All blocks with tiles of that size, the gaps before them, and how wide that is."""
        made = {
            b.id: _place(b, plan, measures.get(b.id, Measure()), tile, pitch, (first or {}).get(b.id, 0))
            for b in plan.blocks
        }
        for owner, ids in stacks.items():
            width = max(made[owner].width, *(measures.get(i, Measure()).title for i in ids))
            made[owner] = _widened(made[owner], width)
        before = _gaps(plan, made, room.width(), CLOSE if stacks else 1.0)
        return made, before, sum(before) + sum(p.width for p in made.values()) + 2 * MARGIN

    tile = largest
    if tiles:
        # The largest that fits; where none does, the largest that is no wider than the smallest: cards may need the room.
        limit = max(room.width(), place(tiles[-1])[2]) + 1.0
        tile = tiles[bisect_left(tiles, True, key=lambda tile: place(tile)[2] <= limit)]
    made, before, _ = place(tile)
    used = max((_bottom(p) for p in made.values()), default=0.0)
    middle = top + max(used, height) / 2
    places: dict[str, Place] = {}
    x, gaps, levels = 0.0, list[float](), list[float]()
    for block, gap in zip(plan.blocks, before, strict=True):
        if places:
            gaps.append(x + gap / 2)
            levels.append(0.0)
        x += gap
        place_ = places[block.id] = _moved(made[block.id], x, top, middle)
        for number, attached in enumerate(stacks.get(block.id, ())):
            width = min(measures.get(attached, Measure()).title, place_.width)
            card = QRectF(
                (place_.width - width) / 2, CARD_HEIGHT + STEP - STACKED + STEP * number, width, STACKED
            )
            gaps.append(x + place_.width / 2)
            levels.append(card.top() - (STEP - STACKED) / 2)
            places[attached] = Place(x, place_.width, card)
        x += place_.width
    bounds = QRectF(-MARGIN, -MARGIN - above, x + 2 * MARGIN, top + max(used, height) + above + 2 * MARGIN)
    order = tuple(b.id for b in whole.blocks)
    return Layout(places, tuple(gaps), bounds, tile, order, lanes, head, tuple(levels))


def _stacks(plan: Plan) -> dict[str, list[str]]:
    """The blocks whose cards are stacked below another one's: those that share its column and come right behind it."""
    stacks: dict[str, list[str]] = {}
    owner = INPUT
    for before, block in pairwise(plan.blocks):
        joined = block.attached and not block.explains and block.inputs[:1] == (before.id,)
        if joined and block.id != LOSS:
            stacks.setdefault(owner, []).append(block.id)
        else:
            owner = block.id
    return stacks


def _widened(place: Place, width: float) -> Place:
    """The same in the middle of a wider room."""
    by = (width - place.width) / 2
    if by <= 0:
        return place

    def aside(rect: QRectF | None) -> QRectF | None:
        return None if rect is None else rect.translated(by, 0.0)

    return replace(
        place, width=width, card=place.card.translated(by, 0.0), more=aside(place.more), below=aside(place.below), note=aside(place.note),
        tiles=tuple(Tile(t.unit, t.rect.translated(by, 0.0), aside(t.filter)) for t in place.tiles), after=place.after + by,
    )  # fmt: skip


def lanes_of(plan: Plan) -> dict[tuple[str, str], int]:
    """How high each skip goes, so that no two run along one line: short ones below long ones."""
    at = {block.id: i for i, block in enumerate(plan.blocks)}
    spans = sorted(plan.skips, key=lambda skip: at[skip[1]] - at[skip[0]])
    taken: list[list[tuple[int, int]]] = [[]]
    found = {}
    for source, target in spans:
        start, end = at[source], at[target]
        free = (i for i, lane in enumerate(taken) if all(end <= a or b <= start for a, b in lane))
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((start, end))
        found[source, target] = lane % LANES
    return found


def shown_units(units: int, first: int) -> tuple[int, ...]:
    """Which units of a column have tiles: all of a short one, a page of a long one (the last page is a full one)."""
    if units <= MOST:
        return tuple(range(units))
    start = min(max(first, 0), units - PAGE)
    return tuple(range(start, start + PAGE))


def _rows(block: Block) -> float:
    """The height of a column, counted in tiles."""
    extra = 1.0 if block.id == INPUT and block.shape and len(block.shape) == 3 else 0.0
    return block.units + extra if block.units <= MOST else PAGE + 0.6


def _gaps(plan: Plan, places: Mapping[str, Place], room: float, share: float) -> list[float]:
    """The gap before each block, such that all of them are as wide as the view, within limits.

    ``share``: of the least gaps, so much is enough.
    """
    least = [0.0, *(_least_gap(plan, places, i, share) for i in range(1, len(plan.blocks)))]
    if not plan.nodes:
        return [0.0, INVITING]
    growing = [i > 0 and not block.attached for i, block in enumerate(plan.blocks)]
    leasts = [g for g, grows in zip(least, growing, strict=True) if grows]
    free = room - 2 * MARGIN - sum(p.width for p in places.values()) - (sum(least) - sum(leasts))
    narrow = sorted(leasts)
    # one that must be wider than its share leaves less for the others
    while narrow and free < narrow[-1] * len(narrow):
        free -= narrow.pop()
    gap = min(max(free / max(len(narrow), 1), GAP * share), WIDE_GAP)
    return [max(g, gap) if grows else g for g, grows in zip(least, growing, strict=True)]


def _least_gap(plan: Plan, places: Mapping[str, Place], i: int, share: float) -> float:
    """The least gap before block number ``i``: wires between neighbouring columns need some way to be told apart."""
    before, block = plan.blocks[i - 1], plan.blocks[i]
    if block.attached:
        return CLOSE_GAP
    link = plan.link(before.id, block.id)
    if link is None or block.id == LOSS:
        return GAP * share
    left, right = places[before.id], places[block.id]
    run = RUN if link.wiring is Wiring.WEIGHTS else SHORT_RUN
    return max(run * share - (left.width - left.column.right()) - right.column.left(), GAP * share)


def _place(block: Block, plan: Plan, measure: Measure, tile: float, pitch: float, first: int) -> Place:
    """The block with its column beginning at y = 0, to be moved to the middle afterwards."""
    card = measure.card
    if block.explains or (block.is_node and not block.shape):
        width = max(card, NOTE if block.explains else WAITING)
        note = QRectF(0, 0, width, 0)
        return Place(0, width, QRectF((width - card) / 2, 0, card, CARD_HEIGHT), note=note)
    if block.id == LOSS:
        width = max(card, READ_OUT.width())
        below = QRectF(QPointF(0, 0), QSizeF(width, READ_OUT.height()))
        return Place(0, width, QRectF((width - card) / 2, 0, card, CARD_HEIGHT), below=below)
    if not block.units:
        return Place(0, card, QRectF(0, 0, card, CARD_HEIGHT))
    return _column(block, plan, measure, tile, pitch, first)


def _column(block: Block, plan: Plan, measure: Measure, tile: float, pitch: float, first: int) -> Place:
    units = shown_units(block.units, first)
    alone = block.id == INPUT and block.units == 1 and len(block.shape) == 3
    size = min(PICTURE, 2 * tile + 6) if alone else tile
    step = max(min(pitch, 1.4 * size), size + 6)
    strip = tile + 6 if block.filter else 0.0
    chooser = block.id == INPUT and plan.mode is Mode.SAMPLE
    inner = measure.left + strip + size + measure.right
    chooser_width = min(max(inner, CHOOSER.width()), 170.0)
    width = max(measure.card, inner, chooser_width if chooser else 0.0, MORE.width())
    # The tile stands below the middle of the card where the names on both sides leave room for it.
    x = min(max((width - strip - size) / 2, measure.left), width - strip - size - measure.right) + strip
    tiles = []
    y = 0.0
    for unit in units:
        rect = QRectF(x, y, size, size)
        tiles.append(Tile(unit, rect, QRectF(x - strip, y, tile, tile) if block.filter else None))
        y += step
    more, hidden, end = None, block.units - len(units), tiles[-1].rect.bottom()
    middle = x + size / 2 - strip / 2
    if hidden:
        left = min(max(middle - MORE.width() / 2, 0.0), width - MORE.width())
        more = QRectF(QPointF(left, end + 10), MORE)
        end = more.bottom()
    below = None
    if chooser:
        below = QRectF((width - chooser_width) / 2, end + 12, chooser_width, CHOOSER.height())
    card = QRectF(
        min(max(middle - measure.card / 2, 0.0), width - measure.card), 0, measure.card, CARD_HEIGHT
    )
    return Place(0, width, card, tuple(tiles), more, hidden, below, after=x + size + measure.right)


def _bottom(place: Place) -> float:
    """Where its column ends."""
    ends = [t.rect.bottom() for t in place.tiles[-1:]]
    return max([*ends, *(r.bottom() for r in (place.more, place.below) if r is not None)], default=0.0)


def _moved(place: Place, x: float, top: float, middle: float) -> Place:
    """The same with the column's middle at ``middle``."""
    start = middle - _bottom(place) / 2

    def down(rect: QRectF | None) -> QRectF | None:
        return None if rect is None else rect.translated(0, start)

    tiles = tuple(Tile(t.unit, t.rect.translated(0, start), down(t.filter)) for t in place.tiles)
    note = None if place.note is None else QRectF(place.note.left(), top + 4, place.note.width(), 160)
    return replace(place, x=x, tiles=tiles, more=down(place.more), below=down(place.below), note=note)

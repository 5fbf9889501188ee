"""Where things stand: pure geometry."""

import itertools
import random

import pytest
from PySide6.QtCore import QRectF, QSizeF

from engine import layers
from playground.ui.panels.canvas.layout import (
    CARD_HEIGHT,
    GAP,
    MOST,
    PAGE,
    RUN,
    WIDE_GAP,
    Layout,
    Measure,
    lay_out,
    shown_units,
)
from playground.ui.panels.canvas.plan import plan
from tests.ui.panels.canvas.rig import project_of

ROOM = QSizeF(900, 600)

DENSE = (
    layers.Linear(6),
    layers.Tanh(),
    layers.Linear(64),
    layers.ReLU(),
    layers.Dropout(),
    layers.Linear(1),
)
PICTURES = (layers.Conv2d(6), layers.ReLU(), layers.MaxPool2d(), layers.Flatten(), layers.Linear(10))


def layout_of(*chain, source: str = "Circle", room: QSizeF = ROOM, first=None) -> Layout:
    return lay_out(plan(project_of(*chain, source=source)), {}, room, first)


def boxes(layout: Layout) -> list[QRectF]:
    """Everything that must not touch anything else."""
    found = []
    for place in layout.places.values():
        parts = [
            place.card,
            *(t.rect for t in place.tiles),
            *(t.filter for t in place.tiles),
            place.more,
            place.below,
        ]
        found += [part.translated(place.x, 0) for part in parts if part is not None]
    return found


@pytest.mark.parametrize("room", [QSizeF(640, 420), QSizeF(740, 560), ROOM, QSizeF(1500, 950)])
@pytest.mark.parametrize(
    ("chain", "source"), [(DENSE, "Circle"), (PICTURES, "Digits"), (DENSE, "Iris"), ((), "Wine")]
)
def test_nothing_overlaps_and_all_is_inside(chain, source, room):
    layout = layout_of(*chain, source=source, room=room)
    for a, b in itertools.combinations(boxes(layout), 2):
        assert not a.intersects(b)
    for box in boxes(layout):
        assert layout.bounds.contains(box)


def test_cards_stand_in_a_row_and_tiles_below():
    layout = layout_of(*DENSE)
    for place in layout.places.values():
        assert (place.card.top(), place.card.height()) == (0, CARD_HEIGHT)
        assert all(tile.rect.top() > CARD_HEIGHT for tile in place.tiles)
    xs = [layout.places[i].x for i in layout.order]
    assert xs == sorted(xs)


def test_gaps_grow_with_the_room_and_no_further_than_they_may():
    narrow, wide = (layout_of(*DENSE, room=QSizeF(width, 600)) for width in (300, 1100))
    assert wide.bounds.width() > narrow.bounds.width()
    assert wide.bounds.width() == pytest.approx(1100, abs=1)
    assert min(b - a for a, b in itertools.pairwise(narrow.gaps)) >= GAP


def test_wires_have_some_way_to_go():
    layout = layout_of(layers.Linear(3), layers.Linear(3), layers.Linear(1), room=QSizeF(100, 600))
    for a, b in itertools.pairwise(layout.order[:-1]):
        left, right = layout.places[a], layout.places[b]
        assert right.x + right.column.left() - left.x - left.column.right() >= RUN - 0.5


def test_long_columns_show_a_page():
    assert shown_units(MOST, 0) == tuple(range(MOST))
    assert shown_units(64, 0) == tuple(range(PAGE))
    assert shown_units(64, 20) == tuple(range(20, 28))
    assert shown_units(64, 63) == tuple(range(56, 64))
    place = layout_of(layers.Linear(64), first={"linear1": 8}).places["linear1"]
    assert [t.unit for t in place.tiles] == list(range(8, 16))
    assert place.hidden == 56
    assert place.more is not None


def test_a_drop_goes_to_the_nearest_gap():
    layout = layout_of(*DENSE)
    assert len(layout.gaps) == len(DENSE) + 1
    for i, x in enumerate(layout.gaps):
        assert layout.gap_at(x) == layout.gap_at(x + 3) == i
    assert layout.gap_at(-1000) == 0
    assert layout.gap_at(9000) == len(DENSE)


def test_both_gaps_beside_a_moved_block_are_its_own_place():
    layout = layout_of(layers.Linear(2), layers.Tanh(), layers.Linear(1))
    for gap in (1, 2):
        assert layout.gap_for("tanh1", layout.gaps[gap])[0] == 1
    assert layout.gap_for("tanh1", layout.gaps[0])[0] == 0
    assert layout.gap_for("tanh1", layout.gaps[3])[0] == 3


def test_names_have_their_room():
    project = project_of(layers.Linear(2), source="Iris")
    found = plan(project)
    layout = lay_out(found, {"input": Measure(90, left=80)}, ROOM)
    place = layout.places["input"]
    assert all(t.rect.left() >= 80 for t in place.tiles)
    assert all(t.rect.right() <= place.width for t in place.tiles)


@pytest.mark.parametrize("seed", range(20))
def test_gaps_share_the_room_that_there_is(seed: int) -> None:
    """Each gap is as wide as the others, or as what stands there needs; together they take what is left."""
    rng = random.Random(seed)
    shown = plan(project_of(*(layers.Linear(rng.randint(1, 6)) for _ in range(rng.randint(2, 30)))))
    measures = {b.id: Measure(rng.uniform(40, 160), rng.uniform(0, 60)) for b in shown.blocks}
    room = QSizeF(rng.uniform(60, 240) * len(shown.blocks), 600)
    layout = lay_out(shown, measures, room)
    before = [layout.places[a].x + layout.places[a].width for a in layout.order[:-1]]
    gaps = [layout.places[b].x - end for b, end in zip(layout.order[1:], before, strict=True)]
    assert min(gaps) >= GAP - 1e-9
    spare = room.width() - layout.bounds.width()
    if min(gaps) == pytest.approx(GAP):
        assert spare <= 1e-6, "narrower than it need be"
    elif min(gaps) == pytest.approx(WIDE_GAP):
        assert spare >= -1e-6
    else:
        assert spare == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("chain", "source"), [(DENSE, "Circle"), (PICTURES, "Digits")])
def test_stacked_cards_lie_under_one_another_and_take_less_width(chain, source) -> None:
    made = plan(project_of(*chain, source=source))
    room = QSizeF(300, 500)
    plain, stacked = (lay_out(made, {}, room, shrink=True, stack=stack) for stack in (False, True))
    assert stacked.bounds.width() < plain.bounds.width()
    assert stacked.order == plain.order
    for a, b in itertools.combinations(boxes(stacked), 2):
        assert not a.intersects(b)
    for before, after in itertools.pairwise(made.blocks):
        if after.attached:
            one, other = stacked.places[before.id], stacked.places[after.id]
            assert other.x == one.x
            assert other.card.top() > one.card.bottom()
            assert other.card.bottom() <= stacked.head
    first_tile = min(t.rect.top() for place in stacked.places.values() for t in place.tiles)
    assert first_tile > stacked.head


def test_a_layer_can_be_dropped_between_stacked_cards_as_well() -> None:
    layout = lay_out(plan(project_of(*DENSE)), {}, QSizeF(300, 500), shrink=True, stack=True)
    assert [bool(layout.level(i)) for i in range(7)] == [False, True, False, True, True, False, False]
    for i, x in enumerate(layout.gaps):
        assert layout.gap_at(x, layout.level(i)) == i
    assert layout.gap_for("tanh1", layout.gaps[4], layout.level(4))[0] == 4

"""Live numbers: what a canvas wants, how frames are drawn, and how a weight is looked at and set by hand."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine import layers
from playground.document import edits
from playground.runner.messages import OWN, Curve, Gradients, Histogram, Maps, State, Surface, Weights
from playground.runner.rows import Rows
from playground.ui.panels.canvas.inside import tiles
from playground.ui.panels.canvas.look import LEVELS
from playground.ui.panels.canvas.targets import Bundle, Cell, More, Sample, Unit
from playground.ui.panels.canvas.tooltip import WIDEST, full
from playground.ui.panels.canvas.wires import UNKNOWN, buckets_of
from tests.ui.panels.canvas.rig import Rig, is_blue, is_orange, project_of

Key = Qt.Key

WEIGHT = [[2.0, -1.5], [0.0, 0.5], [-0.25, 3.0]]
BIAS = [0.5, -0.5, 0.0]
OUT = [[1.0, -2.0, 0.125]]


def weights(rig: Rig) -> dict:
    return rig.weights("linear1", WEIGHT, BIAS) | rig.weights("linear2", OUT, [-0.75])


def halves(rig: Rig) -> np.ndarray:
    """Three units: negative at low x1, negative at low x2, and 0 everywhere."""
    axis = np.linspace(-1, 1, 50)
    x2, x1 = np.meshgrid(axis, axis, indexing="ij")
    return np.stack([np.sign(x1), np.sign(x2), 0 * x1])


# --- wants ------------------------------------------------------------------------------------------------------------


def test_it_wants_what_is_on_screen(rig):
    assert set(rig.view.wants()) == {
        Surface("input", every=2), Surface("tanh1", every=2), Surface("linear2", every=2),
        Weights("linear1"), Weights("linear2"), Histogram("tanh1", 24),
    }  # fmt: skip


def test_gradients_are_wanted_of_what_is_looked_at(rig):
    rig.hover(Unit("linear1", 1))
    assert Gradients("linear1") in rig.view.wants()
    rig.hover(rig.nowhere())
    assert not any(isinstance(w, Gradients) for w in rig.view.wants())


def test_of_a_large_layer_only_the_numbers_that_can_be_seen_are_sent(qtbot, monkeypatch):
    monkeypatch.setattr(tiles, "LARGE", 50)
    rig = Rig(qtbot, project_of(layers.Linear(40), layers.Linear(1)))
    weight, bias = np.arange(80.0).reshape(40, 2), np.arange(40.0)

    def send() -> None:
        (want,) = (w for w in rig.view.wants() if isinstance(w, Weights) and w.node_id == "linear1")
        rig.show_frame({want: {"weight": Rows.of(weight, *want.units), "bias": bias}})

    send()
    column = rig.scene.blocks["linear1"].column
    assert column.filters.limit == 1.0  # two inputs make no picture
    shown = [tile.unit for tile in column.place.tiles]
    assert rig.scene.number("linear1", "weight", (shown[-1], 1)) == weight[shown[-1], 1]
    assert rig.scene.number("linear1", "weight", (shown[-1] + 1, 1)) is None
    wires = rig.scene.wires
    assert {w.target_unit for w in wires.wires if w.target == "linear1"} == set(shown)
    assert not np.isnan(
        [n for w, n in zip(wires.wires, wires.weights, strict=True) if w.target == "linear1"]
    ).any()
    rig.hover(Unit("linear1", shown[0]))
    assert Gradients("linear1", (shown[0], shown[-1] + 1)) in rig.view.wants()
    rig.scene.page("linear1", 1)
    rig.network.looked_elsewhere.emit()
    other = [tile.unit for tile in column.place.tiles]
    assert other != shown
    assert rig.scene.number("linear1", "weight", (other[-1], 1)) is None  # not yet
    send()
    assert rig.scene.number("linear1", "weight", (other[-1], 1)) == weight[other[-1], 1]


def test_pictures_and_tables_want_the_chosen_sample(digits):
    wants = set(digits.view.wants())
    assert {
        Maps("input", "validation", 0),
        Maps("relu1", "validation", 0),
        Maps("linear2", "validation", 0),
    } <= wants
    digits.focus.choose_sample("train", 7)
    wants = set(digits.view.wants())
    assert Maps("relu1", "train", 7) in wants
    assert not any(isinstance(w, Maps) and w.part == "validation" for w in wants)


def test_a_picture_of_ones_own_is_shown_everywhere_until_a_sample_is_chosen(digits):
    digits.focus.look_at_picture(3)
    wants = set(digits.view.wants())
    assert {Maps("input", OWN, 3), Maps("relu1", OWN, 3)} <= wants
    assert digits.view.stage.sample_name == ("your picture", "")
    digits.view.step_sample(+1)
    assert digits.focus.seen == ("validation", 1)
    assert Maps("relu1", "validation", 1) in set(digits.view.wants())


def test_one_input_wants_curves(qtbot):
    rig = Rig(qtbot, project_of(layers.Linear(2), source="Sine"))
    assert {Curve("input", 64), Curve("linear1", 64)} <= set(rig.view.wants())


def test_what_is_scrolled_out_of_sight_is_not_wanted(rig):
    for _ in range(12):
        rig.key(Key.Key_Plus)
    rig.key(Key.Key_End)
    assert not any(isinstance(w, Surface) and w.node_id == "input" for w in rig.view.wants())


def test_large_tiles_are_drawn_finer(rig):
    assert all(w.every == 2 for w in rig.view.wants() if isinstance(w, Surface))
    for _ in range(6):
        rig.key(Key.Key_Plus)
    assert any(isinstance(w, Surface) and w.every == 1 for w in rig.view.wants())


# --- pictures ---------------------------------------------------------------------------------------------------------


def test_a_tile_is_orange_below_zero_and_blue_above(rig):
    rig.show_frame(rig.surface("tanh1", halves(rig)))
    assert is_orange(rig.colour(Unit("linear1", 0), dx=-12))
    assert is_blue(rig.colour(Unit("linear1", 0), dx=12))
    assert is_orange(rig.colour(Unit("linear1", 1), dy=12))  # low x2 is at the bottom
    assert is_blue(rig.colour(Unit("linear1", 1), dy=-12))
    for side in (-12, 12):
        colour = rig.colour(Unit("linear1", 2), dx=side)
        assert not is_blue(colour)
        assert not is_orange(colour)


def test_curves_are_filled_towards_zero(qtbot):
    rig = Rig(qtbot, project_of(layers.Linear(1), source="Sine"))
    values = np.where(np.linspace(-1, 1, 64) < 0, -1.0, 1.0)[None]
    rig.show_frame({Curve("linear1", 64): values.astype(np.float32)})
    assert is_orange(rig.colour(Unit("linear1", 0), dx=-10, dy=8))
    assert is_blue(rig.colour(Unit("linear1", 0), dx=10, dy=-8))
    assert not is_blue(rig.colour(Unit("linear1", 0), dx=-10, dy=-8))


def test_maps_and_filters(digits):
    maps = np.zeros((4, 6, 6), np.float32)
    maps[0], maps[1] = 1.0, -1.0
    filters = np.zeros((4, 1, 3, 3), np.float32)
    filters[0, 0, 0, 2], filters[0, 0, 2, 0] = 1.0, -1.0
    digits.show_frame(
        {Maps("relu1", "validation", 0): maps} | digits.weights("conv2d1", filters, [0, 0, 0, 0])
    )
    assert is_blue(digits.colour(Unit("conv2d1", 0)))
    assert is_orange(digits.colour(Unit("conv2d1", 1)))
    assert is_blue(digits.colour(Cell("conv2d1", "weight", (0, 0, 0, 2))))
    assert is_orange(digits.colour(Cell("conv2d1", "weight", (0, 0, 2, 0))))


def test_the_sample_is_grey(digits):
    x = np.zeros((1, 8, 8), np.float32)
    x[0, :, 4:] = 16.0
    digits.show_frame({Maps("input", "validation", 0): x})
    dark, bright = (digits.colour(Unit("input", 0), dx=dx) for dx in (-30, 30))
    assert dark.lightness() < 60 < 200 < bright.lightness()


def test_values_are_told_in_numbers_too(digits):
    values = np.linspace(-2, 7, 10).astype(np.float32)
    digits.show_frame({Maps("linear2", "validation", 0): values})
    tiles = digits.scene.blocks["linear2"].tiles
    assert tiles.value(3) == pytest.approx(1.0)
    assert tiles.limit(3) == pytest.approx(7.0)
    assert is_blue(digits.colour(Unit("linear2", 9), dx=-14, dy=-14))
    assert is_orange(digits.colour(Unit("linear2", 0), dx=-14, dy=-14))


def test_a_late_frame_of_another_network_does_no_harm(rig):
    rig.show_frame(rig.surface("tanh1", halves(rig)) | weights(rig))
    before = rig.project
    rig.document.apply(edits.set_layer(before, "linear1", layers.Linear(5)), "5 units")
    rig.scene.settle()
    stale = rig.surface("tanh1", halves(rig)) | weights(rig)
    rig.show_frame(stale, project=before)
    assert rig.scene.number("linear1", "bias", (4,)) is None
    assert not is_blue(rig.colour(Unit("linear1", 0), dx=12))
    rig.document.apply(edits.remove(rig.project, ["linear1"]), "Delete")
    rig.show_frame(stale, project=before)
    assert "linear1" not in rig.scene.blocks


def test_where_training_broke_is_marked(rig):
    rig.show_frame({}, state=State.DIVERGED, broken_node="tanh1")
    assert rig.scene.blocks["tanh1"].card.broken
    assert not rig.scene.blocks["linear1"].card.broken
    rig.show_frame({}, state=State.PAUSED)
    assert not rig.scene.blocks["tanh1"].card.broken


def test_the_loss_is_told_with_its_penalty(rig):
    rig.show_frame({}, train_loss=0.25, validation_loss=0.5, penalty=0.125)
    rows = [(name, value) for name, value, _ in rig.scene.blocks["loss"].column._rows]
    assert rows == [("train loss", "0.250"), ("+ penalty", "0.125"), ("validation loss", "0.500")]


# --- wires ------------------------------------------------------------------------------------------------------------


def test_a_wire_has_the_colour_of_its_sign_and_the_width_of_its_weight(rig):
    rig.show_frame(weights(rig))
    assert is_blue(rig.colour(Cell("linear1", "weight", (0, 0))))
    assert is_orange(rig.colour(Cell("linear1", "weight", (0, 1))))
    assert is_orange(rig.colour(Cell("linear2", "weight", (0, 1))))


def test_pens():
    found = buckets_of(np.array([-100.0, -0.1, 0.0, 0.1, 100.0, np.nan]))
    assert found[0] == LEVELS - 1
    assert found[4] == 2 * LEVELS - 1
    assert found[5] == UNKNOWN
    assert found[1] < LEVELS <= found[3]
    strengths = buckets_of(np.linspace(0, 3, 50))
    assert (np.diff(strengths) >= 0).all()


def test_bias_dots_stand_at_every_unit_the_output_included(rig):
    rig.show_frame(weights(rig))
    assert is_blue(rig.colour(Cell("linear1", "bias", (0,)), dy=3.4))
    assert is_orange(rig.colour(Cell("linear1", "bias", (1,)), dy=3.4))
    assert is_orange(rig.colour(Cell("linear2", "bias", (0,)), dy=3.4))


def test_a_pinned_unit_dims_the_wires_of_others(rig):
    rig.show_frame(weights(rig))
    other = Cell("linear1", "weight", (2, 1))
    strong = rig.colour(other).saturation()
    rig.view.pin(Unit("linear1", 0))
    assert rig.colour(other).saturation() < strong / 2
    assert is_blue(rig.colour(Cell("linear1", "weight", (0, 0))))
    rig.key(Key.Key_Escape)
    assert rig.colour(other).saturation() == strong


def test_many_inputs_are_joined_by_a_bundle(digits):
    middle = digits.scene.wires._bundles[0][1].boundingRect().center()
    assert isinstance(digits.scene.target_at(middle), Bundle)


# --- hovering ---------------------------------------------------------------------------------------------------------


def words(rig: Rig) -> str:
    return rig.find("hover_card").text()


def test_a_hovered_unit_is_shown_to_everybody_and_explained(rig):
    gradients = {
        Gradients("linear1"): {
            "weight": np.zeros((3, 2), np.float32),
            "bias": np.array([0, 0.0127, 0], np.float32),
        }
    }
    rig.show_frame(weights(rig) | rig.surface("tanh1", halves(rig)) | gradients)
    rig.hover(Unit("linear1", 1))
    assert rig.focus.unit == ("tanh1", 1)  # what its tile shows
    assert "<b>unit 2 of linear1</b> · z = 0·x₁ + 0.500·x₂ − 0.500" in words(rig)
    assert "bias −0.500 · gradient 0.0127" in words(rig)
    rig.hover(Unit("linear1", 0))
    assert "z = 2.00·x₁ − 1.50·x₂ + 0.500" in words(rig)
    rig.hover(rig.nowhere())
    assert rig.focus.unit is None
    assert not rig.find("hover_card").isVisible()


def test_the_legend_says_the_range_of_the_hovered_tile(rig):
    scale = rig.find("colour_scale")
    assert scale.limit is None
    rig.show_frame(rig.surface("tanh1", 3.0 * halves(rig)))
    rig.hover(Unit("linear1", 0))
    assert scale.limit == pytest.approx(3.0)
    rig.hover(rig.nowhere())
    assert scale.limit is None


def test_a_wire_and_a_bias_tell_their_exact_value(rig):
    rig.show_frame(
        rig.weights("linear1", [[0.1234567, 1], [1, 1], [1, 1]], BIAS) | rig.weights("linear2", OUT, [-0.75])
    )
    rig.hover(Cell("linear1", "weight", (0, 0)))
    assert "from x₁ to unit 1 of linear1" in words(rig)
    assert "<b>0.1234567</b>" in words(rig)
    rig.hover(Cell("linear2", "bias", (0,)))
    assert "of unit 1 of linear2" in words(rig)
    assert "<b>−0.75</b>" in words(rig)


def test_the_text_is_live(rig, qtbot):
    rig.show_frame(weights(rig))
    rig.hover(Cell("linear2", "bias", (0,)))
    later = rig.weights("linear2", OUT, [0.25])
    qtbot.waitUntil(lambda: rig.show_frame(later) is not None and "<b>0.25</b>" in words(rig))


def test_a_full_float_is_as_short_as_it_can_be():
    assert full(np.float32(0.1)) == "0.1"
    assert full(np.float32(-1.0000001)) == "−1.0000001"
    assert full(0.0) == "0"


def test_a_filter_cell_and_a_flattened_weight_are_found(digits):
    assert digits.scene.target_at(
        digits.scene.rect_of(Cell("conv2d1", "weight", (3, 0, 1, 2))).center()
    ) == Cell("conv2d1", "weight", (3, 0, 1, 2))
    cell = Cell("linear1", "weight", (5, 2 * 9 + 4))
    assert digits.scene.target_at(digits.scene.rect_of(cell).center()) == cell


def test_a_block_that_goes_under_the_mouse_leaves_nothing_behind(rig):
    frame = weights(rig)
    rig.show_frame(frame)
    rig.hover(Unit("linear1", 2))
    rig.view.commands.select(["linear1"])
    rig.view.commands.delete()
    rig.scene.settle()
    rig.show_frame(frame)
    target = rig.view.stage.hovered
    assert target is None or target.block_id in rig.scene.blocks
    assert rig.focus.unit is None or rig.focus.unit[0] in rig.scene.blocks


# --- long columns, samples --------------------------------------------------------------------------------------------


def test_long_columns_are_paged_through(digits):
    assert digits.scene.place_of("linear1").hidden == 4
    first = [t.unit for t in digits.scene.place_of("linear1").tiles]
    digits.click(More("linear1"))
    second = [t.unit for t in digits.scene.place_of("linear1").tiles]
    assert first == list(range(8))
    assert second == list(range(4, 12))
    digits.click(More("linear1"))
    assert [t.unit for t in digits.scene.place_of("linear1").tiles] == first


def test_a_unit_chosen_by_keyboard_comes_into_the_column(digits):
    digits.click(digits.card("linear1"))
    for _ in range(11):
        digits.key(Key.Key_Down)
    assert digits.view.stage.pinned == Unit("linear1", 10)
    assert digits.scene.place_of("linear1").tile(10) is not None
    assert digits.focus.unit == ("linear1", 10)


def test_arrows_beside_the_sample_choose_another(digits):
    digits.click(Sample("input", +1))
    assert digits.focus.sample == ("validation", 1)
    digits.click(Sample("input", -1))
    digits.click(Sample("input", -1))
    assert digits.focus.sample[1] > 100  # round to the end


def test_the_wheel_pages_too(digits):
    digits.wheel(digits.at(More("linear1")), -1)
    assert [t.unit for t in digits.scene.place_of("linear1").tiles] == list(range(4, 12))
    digits.wheel(digits.at(More("linear1")), +1)
    assert [t.unit for t in digits.scene.place_of("linear1").tiles] == list(range(8))


# --- editing ----------------------------------------------------------------------------------------------------------


def edited(rig: Rig) -> list[tuple]:
    return [(e.node_id, e.name, e.index, e.before, e.after) for e in rig.project.weight_edits]


def test_a_click_on_a_wire_opens_its_number(rig):
    rig.show_frame(weights(rig))
    rig.click(Cell("linear1", "weight", (0, 0)))
    editor = rig.find("number_editor")
    assert editor.isVisible()
    assert editor.cell == Cell("linear1", "weight", (0, 0))
    assert editor.field.value() == 2.0
    assert rig.focus.node_id == "linear1"


def test_a_number_is_typed_and_undone(rig):
    rig.show_frame(weights(rig))
    rig.click(Cell("linear1", "bias", (1,)))
    field = rig.find("number")
    field.selectAll()
    QTest.keyClicks(field, "1,25")
    QTest.keyClick(field, Key.Key_Return)
    assert edited(rig) == [("linear1", "bias", (1,), -0.5, 1.25)]
    assert rig.history.undoText() == "Set bias of linear1"
    rig.history.undo()
    assert edited(rig) == []


def test_one_drag_of_the_slider_is_one_entry(rig):
    rig.show_frame(weights(rig))
    rig.click(Cell("linear2", "weight", (0, 2)))
    slider = rig.find("number_slider")
    for positions in ((300, 500, 700), (-100, -400)):
        slider.setSliderDown(True)
        for position in positions:
            slider.setSliderPosition(position)
        slider.setSliderDown(False)
    assert rig.history.count() == 2
    assert edited(rig)[-1][-1] == pytest.approx(-1.2)
    rig.history.undo()
    assert edited(rig) == [("linear2", "weight", (0, 2), 0.125, pytest.approx(2.1))]
    rig.history.undo()
    assert edited(rig) == []


def test_training_does_not_pull_the_slider_out_of_the_hand(rig):
    rig.show_frame(weights(rig))
    rig.click(Cell("linear2", "bias", (0,)))
    slider, field = rig.find("number_slider"), rig.find("number")
    slider.setSliderDown(True)
    slider.setSliderPosition(500)
    rig.show_frame(weights(rig))  # a frame from before the edit
    assert slider.sliderPosition() == 500
    assert field.value() == pytest.approx(1.5)
    slider.setSliderDown(False)
    rig.show_frame(rig.weights("linear2", OUT, [1.4]))
    assert field.value() == pytest.approx(1.4)


def test_what_is_no_number_is_refused_in_words(rig):
    rig.show_frame(weights(rig))
    rig.click(Cell("linear2", "bias", (0,)))
    field = rig.find("number")
    field.selectAll()
    QTest.keyClicks(field, "many")
    QTest.keyClick(field, Key.Key_Return)
    assert edited(rig) == []
    assert "expected a number" in rig.find("number_note").text()


def test_the_editor_goes_to_any_number_of_the_unit(rig):
    rig.show_frame(weights(rig))
    rig.click(Unit("linear1", 2))
    which = rig.find("which_number")
    assert [which.itemText(i) for i in range(which.count())] == ["bias", "weight from x₁", "weight from x₂"]
    which.setCurrentIndex(2)
    which.activated.emit(2)
    assert rig.find("number").value() == 3.0
    assert rig.view.stage.pinned == Unit("linear1", 2)


def test_by_keyboard_alone(rig):
    rig.show_frame(weights(rig))
    rig.key(Key.Key_Home)
    rig.key(Key.Key_Right)
    rig.key(Key.Key_Down)
    rig.key(Key.Key_Down)
    assert rig.view.stage.pinned == Unit("linear1", 1)
    assert rig.focus.unit == ("tanh1", 1)
    rig.key(Key.Key_Return)
    field = rig.find("number")
    assert field.hasFocus()
    QTest.keyClick(field, Key.Key_Up)
    assert len(edited(rig)) == 1
    QTest.keyClick(field, Key.Key_Escape)
    assert not rig.find("number_editor").isVisible()
    assert rig.network.hasFocus()
    rig.key(Key.Key_Escape)
    assert rig.view.stage.pinned is None
    rig.key(Key.Key_Escape)
    assert rig.focus.node_id == ""


def test_the_editor_closes_when_its_number_is_gone(rig):
    rig.show_frame(weights(rig))
    rig.click(Cell("linear1", "bias", (2,)))
    rig.document.apply(edits.set_layer(rig.project, "linear1", layers.Linear(2)), "2 units")
    assert not rig.find("number_editor").isVisible()


def test_before_the_first_frame_there_is_nothing_to_edit(rig):
    rig.click(Cell("linear1", "bias", (0,)))
    assert not rig.find("number").isEnabled()
    rig.show_frame(weights(rig))
    assert rig.find("number").isEnabled()
    assert rig.find("number").value() == 0.5


def test_a_long_sentence_is_wrapped_and_stays_in_the_view(rig):
    card = rig.find("hover_card")
    card.say("A word and another one, again and again. " * 20)
    assert card.width() <= WIDEST
    assert card.height() >= card.heightForWidth(card.width())
    card.stand_beside(QPoint(rig.view.width() - 10, 10))
    assert card.parentWidget().rect().contains(card.geometry())
    card.say("short")
    assert card.height() < 2 * card.fontMetrics().height() + 20


def test_a_tile_that_is_0_everywhere_says_so(rig):
    rig.show_frame(weights(rig) | rig.surface("tanh1", 0.0 * halves(rig)))
    rig.hover(Unit("linear1", 1))
    assert "tile after Tanh: 0 everywhere" in words(rig)
    rig.show_frame(weights(rig) | rig.surface("tanh1", halves(rig)))
    rig.hover(Unit("linear1", 0))
    assert "0 everywhere" not in words(rig)

"""The canvas while somebody steps: what the step is about stands out, its numbers are the trace's, and nothing stays behind."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine import layers
from engine.trace import Place, moments
from playground.document import edits
from playground.runner.messages import Weights
from playground.ui.kit.colours import gradient_table, signed_table
from playground.ui.kit.numbers import fmt
from playground.ui.kit.theme import DARK
from playground.ui.panels.canvas.look import DIM
from playground.ui.panels.canvas.plan import LOSS
from playground.ui.panels.canvas.step_plan import Spot
from playground.ui.panels.canvas.targets import Card, Cell, Unit
from tests.ui.panels.backprop.traced import Traced, small
from tests.ui.panels.canvas.rig import Rig

CNN = (
    layers.Conv2d(2, padding="same"),
    layers.ReLU(),
    layers.MaxPool2d(),
    layers.Flatten(),
    layers.Linear(10),
)


class Stepped(Rig, Traced):
    """A canvas with a trace; ``go`` goes to a step."""

    def __init__(self, qtbot, project, size=(900, 600)) -> None:
        Rig.__init__(self, qtbot, project, size)
        from tests.ui.panels.backprop.traced import trace_of

        self.trace = trace_of(project)
        self.item = self.scene.step

    def middle(self, spot: Spot):
        """Where a number is, in the viewport."""
        return self.network.mapFromScene(self.item.rect_of(spot).center())

    def opacity(self, block: str) -> tuple[float, float]:
        """Of a block's card, and of its column."""
        item = self.scene.blocks[block]
        return item.card.opacity(), item.column.opacity() if item.column is not None else 1.0


@pytest.fixture
def rig(qtbot):
    return Stepped(qtbot, small())


@pytest.fixture
def cnn(qtbot):
    return Stepped(qtbot, small(*CNN, source="Digits", batch_size=4), (1200, 700))


def test_the_active_layer_and_its_neighbours_stand_out(rig):
    rig.go("forward", "linear2")
    assert rig.opacity("linear2") == (1.0, 1.0)
    assert rig.opacity("relu1")[0] == 1.0  # it reads from there
    assert rig.opacity("linear1") == (DIM, 1.0)  # whose column shows what relu1 gives
    assert rig.opacity(LOSS)[0] == 1.0
    assert rig.opacity("input") == (DIM, DIM)
    assert set(rig.scene.wires.lit_cells()) == {Cell("linear2", "weight", (0, i)) for i in range(3)}


def test_the_tiles_show_the_trace_s_numbers(rig):
    rig.go("backward", "linear1")
    face = rig.item.faces["linear1"]
    np.testing.assert_array_equal(face.values, rig.trace.values["relu1"][0])
    np.testing.assert_array_equal(face.gradients, rig.trace.gradients["linear1"][0])
    np.testing.assert_array_equal(rig.item.faces["input"].gradients, rig.trace.gradients["input"][0])


def test_values_come_first_and_gradients_only_on_the_way_back(rig):
    rig.go("forward", "linear1")
    assert rig.item.faces["linear1"].gradients is None
    assert rig.item.faces["linear2"].values is None
    np.testing.assert_array_equal(rig.item.faces["linear1"].values, rig.trace.values["linear1"][0])
    rig.go("forward", "relu1")
    np.testing.assert_array_equal(rig.item.faces["linear1"].values, rig.trace.values["relu1"][0])
    rig.go("loss", LOSS)
    assert all(f.gradients is None for f in rig.item.faces.values())
    rig.go("backward", LOSS)
    assert rig.item.faces["linear2"].gradients is not None


def test_gradients_are_painted_in_their_own_colours_below_the_values(rig):
    rig.last()
    gradients = rig.trace.gradients["linear2"][0]
    spot = Spot(Unit("linear2", 0), (), True)
    half = rig.item.rect_of(spot)
    colour = rig.colour_at(
        rig.network.mapFromScene(half.topLeft())
        + rig.network.mapFromScene(5, 5)
        - rig.network.mapFromScene(0, 0)
    )
    table = gradient_table(rig.scene.stage.look.theme)
    end = table[255] if gradients[0] > 0 else table[0]
    painted = np.array([colour.red(), colour.green(), colour.blue()], int)

    def away(rgb: int) -> int:
        return int(np.abs(painted - [(rgb >> s) & 255 for s in (16, 8, 0)]).sum())

    assert away(end) < away(table[0] if gradients[0] > 0 else table[255])
    assert half.top() > rig.item.rect_of(Spot(Unit("linear2", 0), (), False)).bottom()


def test_at_unit_grain_the_unit_its_wires_and_where_they_come_from_are_marked(rig):
    rig.go("forward", "linear1", "value", "unit", (1,))
    light = rig.item.light
    assert light.cells == {
        Cell("linear1", "weight", (1, 0)),
        Cell("linear1", "weight", (1, 1)),
        Cell("linear1", "bias", (1,)),
    }
    assert light.units == {Unit("input", 0), Unit("input", 1), Unit("linear1", 1)}
    assert light.result == Spot(Unit("linear1", 1))


def test_at_term_grain_one_wire_is_marked(rig):
    rig.go("forward", "linear1", "value", "term", (1,), 1)
    assert rig.item.light.cells == {Cell("linear1", "weight", (1, 1))}


def test_gradients_go_against_the_flow(rig):
    rig.go("backward", "linear2")
    assert rig.item.light.arrows == (("linear2", "linear1"),)
    rig.go("backward", "relu1")  # stays in its column: the arrow shows where it came from
    assert rig.item.light.arrows == (("linear2", "linear1"),)
    rig.go("backward", LOSS)
    assert rig.item.light.arrows == ((LOSS, "linear2"),)
    rig.go("forward", "linear2")
    assert rig.item.light.arrows == ()


def test_a_number_under_the_mouse_is_told_to_everybody(rig):
    rig.last()
    rig.hover(rig.middle(Spot(Unit("linear1", 2), (), False)))
    assert rig.focus.place == Place("relu1", "value", "", (0, 2))
    assert "ReLU" in rig.view.hover_card.text()
    rig.hover(rig.middle(Spot(Unit("linear1", 2), (), True)))
    assert rig.focus.place == Place("linear1", "gradient", "", (0, 2))
    rig.hover(rig.network.mapFromScene(rig.scene.wires.middle_of(Cell("linear2", "weight", (0, 2)))))
    assert rig.focus.place == Place("linear2", "parameter", "weight", (0, 2))
    rig.hover(rig.nowhere())
    assert rig.focus.place is None


def test_the_scale_says_the_range_of_what_is_under_the_mouse(cnn):
    cnn.last()
    scale = cnn.find("colour_scale")
    cnn.hover(cnn.middle(Spot(Unit("conv2d1", 1), (3, 3), False)))
    largest = np.abs(cnn.trace.values["conv2d1"][0]).max()
    assert scale.limit == pytest.approx(max(largest, np.abs(cnn.trace.values["relu1"][0]).max()))
    assert "blue above" in scale.accessibleName()
    cnn.hover(cnn.middle(Spot(Unit("conv2d1", 1), (3, 3), True)))
    assert "violet above" in scale.accessibleName()
    cnn.focus.show_step(None)
    cnn.hover(cnn.nowhere())
    assert "blue above" in scale.accessibleName()


def test_a_number_pointed_at_elsewhere_is_ringed_here(rig):
    rig.last()
    places = {
        Place("relu1", "value", "", (0, 2)): Spot(Unit("linear1", 2), (), False),
        Place("relu1", "share", "0", (0, 1)): Spot(Unit("linear1", 1), (), True),
        Place("linear1", "parameter_gradient", "weight", (2, 1)): Spot(Cell("linear1", "weight", (2, 1))),
        Place(LOSS, "loss"): Spot(Card(LOSS)),
    }
    before = rig.viewport.grab().toImage()
    for place, spot in places.items():
        rig.focus.point_at(place)
        assert rig.item.pointed == spot
        assert rig.viewport.grab().toImage() != before
    rig.focus.point_at(None)
    assert rig.viewport.grab().toImage() == before


def test_a_click_chooses_a_number_and_edits_nothing(rig):
    rig.last()
    rig.click(rig.network.mapFromScene(rig.scene.wires.middle_of(Cell("linear2", "weight", (0, 2)))))
    assert rig.focus.chosen_place == Place("linear2", "parameter", "weight", (0, 2))
    assert rig.view.editor.isHidden()
    assert rig.item.chosen == Spot(Cell("linear2", "weight", (0, 2)))


def test_the_keyboard_goes_from_number_to_number_and_chooses(rig):
    rig.last()
    rig.view.commands.click("linear1")
    rig.key(Qt.Key.Key_Down)
    rig.key(Qt.Key.Key_Down)
    assert rig.focus.place == Place("relu1", "value", "", (0, 1))
    assert fmt(float(rig.trace.values["relu1"][0, 1]), 3)[:4] in rig.view.hover_card.text()
    rig.key(Qt.Key.Key_Return)
    assert rig.focus.chosen_place == Place("linear1", "parameter", "bias", (1,))
    assert rig.view.editor.isHidden()


def test_a_long_column_is_paged_to_the_number(qtbot):
    rig = Stepped(qtbot, small(layers.Linear(30), layers.Linear(1)))
    rig.go("forward", "linear1", "value", "unit", (25,))
    assert rig.scene.place_of("linear1").tile(25) is not None
    assert rig.item.rect_of(Spot(Unit("linear1", 25))) is not None


def test_the_whole_batch_shows_its_first_sample(rig):
    rig.go("backward", "linear1", "parameter", "unit", (1, 0), sample=None)
    np.testing.assert_array_equal(rig.item.faces["input"].values, rig.trace.values["input"][0])
    assert rig.item.light.result == Spot(Cell("linear1", "weight", (1, 0)))


def test_leaving_brings_the_usual_picture_back(rig):
    answers = rig.weights(
        "linear1", rig.trace.parameter("linear1", "weight"), rig.trace.parameter("linear1", "bias")
    )
    answers |= rig.weights(
        "linear2", rig.trace.parameter("linear2", "weight"), rig.trace.parameter("linear2", "bias")
    )
    assert Weights("linear1") in answers
    rig.show_frame(answers)
    usual, hint = rig.viewport.grab().toImage(), rig.find("canvas_hint").accessibleName()
    rig.go("backward", "linear1")
    assert rig.viewport.grab().toImage() != usual
    assert "sample 1 of 10 of the batch" in rig.find("canvas_hint").accessibleName()
    rig.focus.show_step(None)
    assert rig.viewport.grab().toImage() == usual
    assert rig.find("canvas_hint").accessibleName() == hint
    assert rig.scene.stage.light is None


def test_an_edit_of_the_network_ends_it(rig):
    rig.go("forward", "linear1")
    rig.document.set(edits.add_layer(rig.project, "Linear", 0))
    assert not rig.view.stepping.on
    assert not rig.item.isVisible()


def test_another_layout_keeps_the_numbers_with_their_tiles(rig):
    rig.go("forward", "linear2")
    rig.view.resize(700, 420)
    half, tile = rig.item.rect_of(Spot(Unit("linear2", 0))), rig.scene.rect_of(Unit("linear2", 0))
    assert tile.united(half).contains(half.center())
    rig.view.context.theme.become(DARK)
    rig.viewport.grab()


def test_maps_show_the_sample_s_values_as_far_as_they_are_computed(cnn):
    cnn.go("forward", "conv2d1", "value", "unit", (0, 2, 1))
    values = cnn.item.faces["conv2d1"].values
    assert np.isfinite(values).sum() == 2 * 8 + 2
    item, look = cnn.scene.blocks["conv2d1"], cnn.scene.stage.look
    image = cnn.item.laid(item, item.place.tile(0), lower=False).image(look)
    assert image.pixelColor(1, 2).alpha() == 255
    assert image.pixelColor(2, 2).alpha() == 0
    limit = np.abs(cnn.trace.values["conv2d1"][0]).max()
    index = int(np.clip(values[0, 2, 1] * 127.5 / limit + 128, 0, 255))
    expected = signed_table(look.theme)[index]
    assert abs(image.pixelColor(1, 2).red() - (expected >> 16 & 255)) <= 3


def test_the_window_of_a_convolution_is_marked_in_its_input(cnn):
    cnn.go("forward", "conv2d1", "value", "unit", (1, 3, 4))
    cells = {s.cell for s in cnn.item.light.parts if s.target == Unit("input", 0)}
    assert cells == {(i, j) for i in (2, 3, 4) for j in (3, 4, 5)}
    assert cnn.item.light.result == Spot(Unit("conv2d1", 1), (3, 4))


def test_a_cell_of_a_flattened_map_is_found_in_its_column(cnn):
    cnn.go("forward", "linear1")
    place = Place("flatten1", "value", "", (0, 16 + 5))
    cnn.focus.point_at(place)
    assert cnn.item.pointed == Spot(Unit("maxpool2d1", 1), (1, 1))
    cnn.hover(cnn.middle(Spot(Unit("maxpool2d1", 1), (1, 1))))
    # A Flatten's values are those of the pool; the later name is the one that the next layer reads.
    assert cnn.focus.place == place


def test_a_cell_of_a_filter_is_chosen_by_click(cnn):
    cnn.last()
    cnn.click(Cell("conv2d1", "weight", (1, 0, 2, 0)))
    assert cnn.focus.chosen_place == Place("conv2d1", "parameter", "weight", (1, 0, 2, 0))


def test_every_step_of_every_grain_can_be_drawn(cnn):
    for grain in ("pass", "layer", "unit", "term"):
        walk = moments(cnn.trace, grain, "conv2d1" if grain in ("unit", "term") else None)
        for i in sorted({0, len(walk) - 1, *range(0, len(walk), max(1, len(walk) // 25))}):
            from playground.ui.kit.view import StepAt

            cnn.focus.show_step(StepAt(cnn.trace, walk[i], 3))
            cnn.viewport.grab()


def test_a_veil_keeps_the_number_hidden(rig):
    rig.go("forward", "linear2")
    rig.focus.veil(True)
    assert rig.item.faces["linear2"].values is None
    rig.focus.veil(False)
    assert rig.item.faces["linear2"].values is not None

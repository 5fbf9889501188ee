"""Three levels, one cursor: by mouse, by keys, by Play; and every number is the engine's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine import losses
from engine.layers import AvgPool2d, Conv2d, GlobalAvgPool2d, MaxPool2d, ReLU, Unflatten
from engine.receptive import SampleGradients
from playground.document.examples import example
from playground.runner.messages import Deltas, Maps, Saliency, Weights
from playground.ui.kit import motion
from playground.ui.kit.grid import LEGIBLE
from playground.ui.kit.theme import DARK
from playground.ui.panels.convolution import scope as scope_module
from playground.ui.panels.convolution.structure import Spot
from tests.ui.bench import ink, pixels
from tests.ui.panels.convolution.following import USUAL, Following, middle_of, project

pytestmark = pytest.mark.slow

WINDOWED = [
    (Conv2d(out_channels=4, kernel_size=2), second)
    for second in (
        *(
            Conv2d(out_channels=4, kernel_size=k, stride=s, padding=p, dilation=d, groups=g, bias=b)
            for (k, s, p, d), g, b in itertools.product(
                [(3, 1, 0, 1), ((2, 3), 2, 1, 1), (3, 1, "same", 2), (2, 1, "full", 1)], [1, 2], [True, False]
            )
        ),
        MaxPool2d(kernel_size=3, stride=2, padding=1),
        AvgPool2d(kernel_size=3, stride=2, padding=1),
        GlobalAvgPool2d(),
    )
]


@pytest.fixture(autouse=True)
def still(qapp):
    motion.reduce(True)
    yield
    motion.reduce(False)


@pytest.fixture
def usual(qtbot) -> Following:
    made = Following(qtbot, project(*USUAL))
    made.show(1280, 420)
    return made.follow()


def press(level, at: QPointF) -> None:
    QTest.mouseClick(level.viewport(), Qt.MouseButton.LeftButton, pos=(at - level.origin).toPoint())


# --- every number is the engine's ------------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", WINDOWED, ids=lambda ls: str(ls[1])[:60].replace(" ", ""))
def test_every_number_of_the_window_is_the_engines(qtbot, layers) -> None:
    if isinstance(layers[1], GlobalAvgPool2d):
        layers = (*layers, Unflatten(channels=4))
    shown = Following(qtbot, project(*layers))
    shape = shown.scope.stages["b"].map_shape
    channel = shape[0] - 1
    for cell in ((0, 0), (shape[1] - 1, shape[2] - 1), (shape[1] // 2, shape[2] // 2)):
        shown.go("b", channel, cell)
        level = shown.page.levels.window_level
        value = shown.frame.answer(Maps("b", *shown.scope.sample)).reshape(shape)[(channel, *cell)]
        found = level.cell()
        seen = shown.frame.answer(Maps("a", *shown.scope.sample))
        for k, c in enumerate(found.patch.channels):
            for u, v in zip(*np.nonzero(found.patch.inside), strict=True):
                assert found.patch.values[k, u, v] == seen[c, found.patch.rows[u], found.patch.columns[v]]
        if isinstance(layers[1], Conv2d):
            weights = shown.frame.answer(Weights("b"))
            np.testing.assert_array_equal(found.kernel, weights["weight"][channel])
            assert found.z == pytest.approx(float(value), rel=1e-4, abs=1e-5)
            assert found.subtotals.sum() + found.bias == pytest.approx(found.z)
        else:
            assert found.result == pytest.approx(float(value), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("layer", [pair[1] for pair in WINDOWED if isinstance(pair[1], Conv2d)], ids=str)
def test_the_way_back_is_the_engines(qtbot, layer) -> None:
    shown = Following(qtbot, project(Conv2d(out_channels=4, kernel_size=2), layer))
    shown.scope.backward = True
    shown.go("b", 3)
    model, data = shown.session.trainer.model, shown.frame.data
    part, index = shown.scope.sample
    samples = getattr(data, part)
    back = SampleGradients(model, losses.CrossEntropyLoss())
    back.run(samples.x[index], samples.y[index])
    np.testing.assert_allclose(shown.scope.deltas("b"), back.gradient("b"), rtol=1e-4, atol=1e-7)
    _, gradients = model.value_and_grad(
        samples.x[index : index + 1], samples.y[index : index + 1], losses.CrossEntropyLoss()
    )
    spread = shown.page.levels.spread
    np.testing.assert_allclose(spread.kernel_gradient(), gradients["b.weight"][3], rtol=1e-3, atol=1e-6)
    shown.go("b", 3, (0, 0))
    window = shown.page.levels.window_level
    window.weight_cell = (0, 1, 1)
    terms, x, delta = window.weight_gradient()
    assert terms.sum() == pytest.approx(float(gradients["b.weight"][3][0, 1, 1]), rel=1e-3, abs=1e-6)
    np.testing.assert_allclose(terms, x * delta)


def test_channels_add_up_to_the_map(usual) -> None:
    usual.go("d", 2)
    terms = usual.page.levels.spread.terms()
    bias = usual.scope.weights("d")["bias"][2]
    np.testing.assert_allclose(terms.sum(0) + bias, usual.scope.maps("d")[2], rtol=1e-4, atol=1e-5)


# --- from level to level ---------------------------------------------------------------------------------------------


def test_a_click_spreads_a_map_out_another_opens_its_window_and_escape_leads_back(usual) -> None:
    levels = usual.page.levels
    press(levels.overview, levels.overview.columns[1].tile(2).rect.center())
    assert usual.scope.spot == Spot("a", 2)
    assert levels.level is levels.spread
    usual.follow()
    _, rect, size = levels.spread._outputs[0]
    press(levels.spread, middle_of(levels.spread._output_rect(rect), size, (4, 6)))
    assert usual.scope.spot == Spot("a", 2, (4, 6))
    assert levels.level is levels.window_level
    assert usual.find("crumb_window").text() == "window (5, 7)"
    levels.setFocus()
    for expected in (Spot("a", 2), Spot()):
        QTest.keyClick(usual.page, Qt.Key.Key_Escape)
        assert usual.scope.spot == expected


def test_a_click_on_the_activation_leads_to_its_convolution(usual) -> None:
    column = next(c for c in usual.page.levels.overview.columns if c.node_id == "e")
    press(usual.page.levels.overview, column.tile(1).rect.center())
    assert usual.scope.spot == Spot("d", 1)


def test_the_input_moves_the_cursor_too(usual) -> None:
    usual.go("a", 0)
    spread = usual.page.levels.spread
    _, framed, _, _ = spread._rows[0]
    press(spread, middle_of(framed.inner, (8, 8), (3, 5)))
    assert usual.scope.spot.cell == (3, 5)  # padding 1, kernel 3: the window has it in its middle


def test_hovering_moves_the_cursor_for_as_long_as_it_lasts(usual) -> None:
    usual.go("a", 0, (0, 0))
    level = usual.page.levels.window_level
    at = middle_of(level._output_rect(), (8, 8), (5, 2))
    QTest.mouseMove(level.viewport(), (at - level.origin).toPoint())
    usual.qtbot.waitUntil(lambda: usual.scope.cell == (5, 2))
    assert usual.scope.spot.cell == (0, 0)
    QTest.mouseMove(level.viewport(), QPoint(2, level.viewport().height() - 2))
    usual.qtbot.waitUntil(lambda: usual.scope.cell == (0, 0))


def test_dragging_on_a_map_moves_the_window(usual) -> None:
    usual.go("a", 0, (0, 0))
    level = usual.page.levels.window_level
    rect = level._output_rect()
    start, end = ((middle_of(rect, (8, 8), c) - level.origin).toPoint() for c in ((1, 1), (6, 3)))
    QTest.mousePress(level.viewport(), Qt.MouseButton.LeftButton, pos=start)
    assert usual.scope.spot.cell == (1, 1)
    QTest.mouseMove(level.viewport(), end)
    usual.qtbot.waitUntil(lambda: usual.scope.spot.cell == (6, 3))
    QTest.mouseRelease(level.viewport(), Qt.MouseButton.LeftButton, pos=end)


def test_arrow_keys_move_the_window_and_stop_at_the_edge(usual) -> None:
    usual.go("a", 0, (0, 6))
    for key, cell in (
        (Qt.Key.Key_Right, (0, 7)),
        (Qt.Key.Key_Right, (0, 7)),
        (Qt.Key.Key_Up, (0, 7)),
        (Qt.Key.Key_Down, (1, 7)),
        (Qt.Key.Key_Left, (1, 6)),
    ):
        QTest.keyClick(usual.page.levels.window_level, key)
        assert usual.scope.spot.cell == cell


def test_the_keyboard_alone_reaches_every_level(usual) -> None:
    levels = usual.page.levels
    levels.overview.setFocus()
    QTest.keyClick(levels.overview, Qt.Key.Key_Right)
    QTest.keyClick(levels.overview, Qt.Key.Key_Return)
    assert usual.scope.spot == Spot("a", 1)
    QTest.keyClick(levels.spread, Qt.Key.Key_Return)
    assert usual.scope.spot == Spot("a", 1, (4, 4))
    assert levels.window_level.hasFocus()


def test_play_slides_the_window_fills_the_output_and_stops_at_the_end(usual) -> None:
    usual.go("d", 0, (0, 0))
    usual.find("convolution_pace").setValue(20)
    usual.qtbot.mouseClick(usual.find("convolution_slide"), Qt.MouseButton.LeftButton)
    assert usual.scope.filled == (0, 0)
    usual.qtbot.waitUntil(lambda: usual.scope.filled is not None and usual.scope.filled > (0, 1))
    assert usual.scope.filled == usual.scope.spot.cell
    usual.qtbot.waitUntil(lambda: not usual.find("convolution_slide").isChecked())
    assert usual.scope.spot.cell == (1, 1)  # the last one
    assert usual.scope.filled is None


def test_play_begins_at_the_top_from_a_channel(usual) -> None:
    usual.go("a", 1)
    usual.qtbot.mouseClick(usual.find("convolution_slide"), Qt.MouseButton.LeftButton)
    assert usual.scope.spot == Spot("a", 1, (0, 0))
    assert usual.find("convolution_slide").isChecked()
    QTest.keyClick(usual.page.levels.window_level, Qt.Key.Key_Escape)
    assert not usual.find("convolution_slide").isChecked()


def test_levels_grow_out_of_one_another_and_any_key_ends_it(usual) -> None:
    motion.reduce(False)
    levels = usual.page.levels
    usual.scope.go(Spot("a", 0))
    assert levels.moving
    assert levels.level is levels.spread  # what is asked for is there at once
    QTest.keyClick(levels.spread, Qt.Key.Key_Escape)
    usual.qtbot.waitUntil(lambda: not levels.moving)
    assert usual.scope.spot == Spot()
    motion.reduce(True)
    usual.scope.go(Spot("a", 0))
    assert not levels.moving


def test_what_is_looked_at_goes_with_the_layer(usual) -> None:
    usual.go("d", 3, (1, 1))
    network = usual.project.network
    nodes = tuple(n for n in network.nodes if n.id != "e")
    usual.edit(type(network)(nodes))
    assert usual.scope.spot == Spot("d", 3, (1, 1))
    usual.edit(type(network)(tuple(n for n in nodes if n.id != "d")))
    assert usual.scope.spot == Spot()
    assert usual.page.levels.level is usual.page.levels.overview


# --- what is seen ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", [DARK], ids=["dark"])
def test_maps_are_painted_in_the_scales_colours(qtbot, theme) -> None:
    shown = Following(qtbot, project(*USUAL), theme)
    shown.show(1100, 400)
    shown.follow()
    overview = shown.page.levels.overview
    image = overview.viewport().grab().toImage()
    tile = overview.columns[1].tile(0)
    values = shown.scope.maps("a")
    i, j = np.unravel_index(np.abs(values[0]).argmax(), values[0].shape)
    shown.scope.scale = "per map"
    shown.scope.restyled.emit()
    image = overview.viewport().grab().toImage()
    at = middle_of(tile.rect, values[0].shape, (int(i), int(j))).toPoint()
    expected = theme.positive if values[0, i, j] > 0 else theme.negative
    assert image.pixelColor(at).name() == expected


def test_only_the_columns_in_sight_are_asked_for(qtbot) -> None:
    shown = Following(
        qtbot,
        project(
            Conv2d(out_channels=60, kernel_size=1), ReLU(), Conv2d(out_channels=60, kernel_size=1), ReLU()
        ),
    )
    shown.show(500, 260)
    asked = {w.node_id for w in shown.view.wants() if isinstance(w, Maps)}
    assert "a" in asked
    assert "out" not in asked
    bar = shown.page.levels.overview.horizontalScrollBar()
    bar.setValue(bar.maximum())
    assert "out" in {w.node_id for w in shown.view.wants() if isinstance(w, Maps)}


def test_hovering_a_unit_outlines_its_receptive_field(usual) -> None:
    overview = usual.page.levels.overview
    column = next(c for c in overview.columns if c.node_id == "d")
    at = middle_of(column.tile(0).rect, (2, 2), (0, 1))
    before = overview.viewport().grab().toImage()
    QTest.mouseMove(overview.viewport(), (at - overview.origin).toPoint())
    usual.qtbot.waitUntil(lambda: "input" in overview._fields)
    box = overview._fields["input"]
    assert (box.height, box.width) == (8, 8)
    assert (pixels(before) != pixels(overview.viewport().grab().toImage())).any()
    assert "7×7 pixels" in overview._tip(column.tile(0), at)
    assert usual.focus.unit == ("d", 0)


def test_captions_have_the_learners_numbers(usual) -> None:
    usual.go("d", 0)
    assert "each of the 3 input channels" in usual.find("convolution_caption").text()
    said = usual.find("convolution_sizes").text()
    assert "⌊(4 + 2·0 − 3)/1⌋ + 1 = 2" in said
    assert "4·3·3·3 + 4 = 112 parameters" in said
    assert "432 multiplications" in said
    assert "receptive field 8×8" in said
    usual.go("d", 0, (0, 0))
    assert "3·9 = 27 products plus a bias" in usual.find("convolution_caption").text()
    usual.go("c", 0, (0, 0))
    assert "3 of 4 are dropped" in usual.find("convolution_caption").text()


def test_columns_that_do_not_fit_are_named_with_what_would_fit(qtbot) -> None:
    shown = Following(qtbot, project(Conv2d(out_channels=2, kernel_size=3, stride=2)))
    shown.show(900, 400)
    shown.go("a", 0)
    said = shown.find("convolution_misfit")
    assert said.isVisible()
    assert "The last row 8 is in no window" in said.text()
    assert "stride 1" in said.text()


def test_backward_shows_gradients_and_says_so(usual) -> None:
    usual.go("a", 1)
    usual.qtbot.mouseClick(usual.find("convolution_backward"), Qt.MouseButton.LeftButton)
    assert Deltas("a", *usual.scope.sample) in set(usual.view.wants())
    usual.follow()
    assert "flipped kernel" in usual.find("convolution_caption").text()
    terms = usual.page.levels.spread.terms()
    assert terms.shape == (1, 8, 8)


def test_saliency_is_asked_for_the_cell_and_shown(usual) -> None:
    usual.go("d", 2, (1, 0))
    usual.qtbot.mouseClick(usual.find("convolution_saliency"), Qt.MouseButton.LeftButton)
    assert Saliency("d", (2, 1, 0), *usual.scope.sample) in set(usual.view.wants())
    before = usual.page.levels.window_level.viewport().grab().toImage()
    usual.follow()
    assert usual.scope.pixels_that_count().any()
    assert (pixels(before) != pixels(usual.page.levels.window_level.viewport().grab().toImage())).any()


def test_data_without_pictures_get_a_sentence(qtbot) -> None:
    shown = Following(qtbot, example("xor").project)
    shown.show(800, 300)
    assert shown.find("convolution_trouble").isVisible()
    assert not list(shown.view.wants())
    assert ink(shown.view.grab().toImage(), LIGHT_PANEL).max() > 200


LIGHT_PANEL = "#ffffff"


def test_every_control_says_what_it_is(usual) -> None:
    for index in range(usual.view.tabs.count()):
        usual.view.tabs.setCurrentIndex(index)
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QSlider, QWidget

    for widget in usual.view.findChildren(QWidget):
        if isinstance(
            widget, QAbstractButton | QComboBox | QLineEdit | QSlider
        ) and widget.parent().objectName() not in ("convolution_tabs",):
            if widget.objectName().startswith(("qt_", "ScrollLeft", "ScrollRight")):
                continue
            assert widget.objectName(), widget
            assert widget.toolTip(), widget.objectName()
            assert widget.accessibleName(), widget.objectName()
    QApplication.processEvents()


def test_the_view_fills_when_the_data_of_its_project_have_come(qtbot, monkeypatch) -> None:
    made = project(*USUAL)
    with monkeypatch.context() as patch:
        patch.setattr(scope_module, "shapes", lambda project: {})  # as long as the data are being made
        shown = Following(qtbot, made)
        shown.show(1280, 420)
        assert shown.view.trouble.isVisible()
    shown.view.show_project(None, made)
    assert not shown.view.trouble.isVisible()
    assert [c.node_id for c in shown.page.levels.overview.columns][:2] == ["input", "a"]


# --- one scale of colours for several maps ---------------------------------------------------------------------------


@pytest.mark.parametrize("backward", [False, True])
def test_the_scale_of_the_whole_net_counts_every_map_wherever_one_looks(usual: Following, backward) -> None:
    scope = usual.scope
    scope.scale, scope.backward = "whole net", backward
    scope.go(Spot("d", 1, (2, 2)))  # the other layers are out of sight
    usual.follow()
    kind = Deltas if backward else Maps
    ends = {i: np.abs(usual.frame.answer(kind(i, *scope.sample))).max() for i in "abcde"}
    assert min(ends.values()) < max(ends.values())
    for node_id in "abcde":
        values = usual.frame.answer(kind(node_id, *scope.sample))
        assert scope.limit(node_id, 0, values, backward) == pytest.approx(max(ends.values()))


def test_the_way_from_one_window_to_another_begins_with_a_picture_of_the_first(
    usual: Following, monkeypatch
) -> None:
    motion.reduce(False)
    scope, painted = usual.scope, []
    scope.backward = True
    scope.go(Spot("c", 1, (1, 1)))  # a pooling lays out fewer grids than a convolution
    usual.follow()
    paint = usual.page.levels.window_level.paint

    def note(painter, exposed) -> None:
        painted.append(scope.spot.node_id)
        paint(painter, exposed)

    monkeypatch.setattr(usual.page.levels.window_level, "paint", note)
    scope.go(Spot("a", 2, (3, 3)))
    assert usual.page.levels.moving
    assert painted == ["c", "a"]


# --- room ------------------------------------------------------------------------------------------------------------

LENET = (
    Conv2d(out_channels=6, kernel_size=5, padding=2),
    ReLU(),
    MaxPool2d(),
    Conv2d(out_channels=8, kernel_size=3),
)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("saliency", [False, True])
@pytest.mark.parametrize("size", [(911, 269), (1378, 401)])
def test_a_window_fits_the_width_and_has_room_for_its_numbers(qtbot, size, saliency, backward) -> None:
    shown = Following(qtbot, project(*LENET))
    shown.show(*size)
    shown.scope.backward, shown.scope.saliency = backward, saliency
    for node in ("a", "c", "d"):
        shown.go(node, 1, (1, 1))
        level = shown.page.levels.window_level
        assert level.horizontalScrollBar().maximum() == 0
        kh, kw = level._kernel(shown.scope.stage)
        for rect in level._rows[0][2]:
            assert rect.width() / kw >= LEGIBLE[0]
            assert rect.height() / kh >= LEGIBLE[1]
            assert rect.bottom() <= level.viewport().height()


def test_the_film_stands_beside_the_bar_or_gives_way_to_numbers(usual) -> None:
    replay, bar = usual.page.replay, usual.page.bar
    usual.show(1378, 401)
    usual.go("a", 0)
    assert replay.isVisible()
    assert replay.geometry().left() > bar.geometry().left()
    usual.show(600, 269)
    assert not replay.isVisible()
    usual.go("")
    assert replay.isVisible()


def test_the_film_is_beside_the_bar_again_when_the_bar_needs_less(usual, qtbot) -> None:
    replay, bar = usual.page.replay, usual.page.bar
    beside = lambda: replay.geometry().left() > bar.geometry().left()
    usual.show(1378, 401)
    needs = [bar.sizeHint().width()]
    usual.go("a", 0, (1, 1))
    qtbot.waitUntil(lambda: bar.sizeHint().width() > needs[0])
    needs.append(bar.sizeHint().width())
    usual.go("")
    usual.show(sum(needs) // 2 + replay.least + usual.view.width() - usual.page.width(), 401)
    qtbot.waitUntil(beside)
    usual.go("a", 0, (1, 1))
    qtbot.waitUntil(lambda: not beside())
    usual.go("")
    qtbot.waitUntil(beside)


def test_the_whole_network_is_shown_at_once_where_that_is_possible(qtbot) -> None:
    shown = Following(qtbot, project(*LENET))
    shown.show(1378, 401)
    shown.follow()
    overview = shown.page.levels.overview
    assert overview.horizontalScrollBar().maximum() == 0
    assert overview.columns[-1].rect.right() <= overview.viewport().width()


def test_the_key_has_the_colours_of_what_is_shown(usual) -> None:
    key = usual.find("convolution_key")
    assert "orange" in key.accessibleName()
    usual.find("convolution_backward").setChecked(True)
    assert "violet" in key.accessibleName()
    usual.view.tabs.setCurrentIndex(2)
    assert "orange" in key.accessibleName()
    assert key.isVisible()

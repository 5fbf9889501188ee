"""The inspector shows the selected block and edits it; it keeps what is being typed where it belongs."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QToolButton

from engine.data import Digits
from engine.fit import Fit
from engine.initializers import HeNormal
from engine.layers import Activation, Add, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sigmoid, Tanh
from engine.layers import registry as layers
from engine.losses import CrossEntropyLoss, MSELoss
from engine.network import Network
from playground.document import edits
from playground.document.examples import example
from playground.document.project import Project
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.inspector.curve import CurvePlot
from playground.ui.panels.inspector.view import InspectorView
from tests.ui.bench import Bench, pixels
from tests.ui.kit.forms.specs import child, pick, type_into

MLP = Project(network=Network.chain(Linear(6), Tanh(), Linear(6), Linear(1)))


def shown(bench: Bench, name: str) -> bool:
    return bench.find(name).isVisible()


def facts(bench: Bench) -> dict[str, str]:
    form = bench.view.facts
    return {
        form.itemAt(row, form.ItemRole.LabelRole).widget().text(): form.itemAt(row, form.ItemRole.FieldRole)
        .widget()
        .text()
        for row in range(form.rowCount())
    }


def test_nothing_selected_gives_a_hint(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP).show()
    assert shown(bench, "hint")
    assert not shown(bench, "body")


def test_a_selected_block_is_shown_whole(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP).show()
    bench.focus.select("0")
    assert not shown(bench, "hint")
    assert bench.view.title.text() == "Linear"
    assert bench.view.help.text() == Linear.help()
    assert facts(bench) == {"Shape": "2 values → 6 values", "Parameters": "6×2 + 6 = 18"}
    assert bench.view.forward.latex == Linear.formula
    assert bench.view.backward.latex == Linear.gradient_formula
    qtbot.waitUntil(lambda: bench.view.forward.ready and bench.view.backward.ready)
    assert bench.view.findChild(CurvePlot) is None
    assert not bench.view.problem.isVisible()


def test_a_layer_is_edited_and_the_edit_undone(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP, node="0").show()
    type_into(child(bench.view.form, "out_features"), "9")
    assert bench.project.network["0"].layer == Linear(9)
    assert bench.history.undoText() == "Change Linear"
    assert facts(bench) == {"Shape": "2 values → 9 values", "Parameters": "9×2 + 9 = 27"}
    bench.history.undo()
    assert child(bench.view.form, "out_features").text() == "6"
    assert facts(bench)["Parameters"] == "6×2 + 6 = 18"


def test_stepping_is_one_entry_of_undo_for_each_block(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP, node="0").show()
    for node in ("0", "2"):
        bench.focus.select(node)
        child(bench.view.form, "out_features").setFocus()
        for _ in range(3):
            QTest.keyClick(child(bench.view.form, "out_features"), Qt.Key.Key_Up)
    assert bench.history.count() == 2, "two blocks are two entries, however quick"
    assert [n.layer for n in bench.project.network.nodes if isinstance(n.layer, Linear)][:2] == [
        Linear(9),
        Linear(9),
    ]


def test_what_is_being_typed_belongs_to_the_block_it_was_typed_for(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP, node="0").show()
    field = child(bench.view.form, "out_features")
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "12")
    bench.focus.select("2")  # without the field losing the focus
    assert bench.project.network["0"].layer == Linear(12)
    assert bench.project.network["2"].layer == Linear(6)
    assert field.text() == "6"


def test_what_was_refused_is_not_carried_to_another_block(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP, node="0").show()
    type_into(child(bench.view.form, "out_features"), "0")
    assert child(bench.view.form, "out_features.error").isVisible()
    bench.focus.select("2")
    assert child(bench.view.form, "out_features").text() == "6"
    assert not child(bench.view.form, "out_features.error").isVisible()


def test_an_own_initializer_replaces_what_training_says(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP, node="0").show()
    note = child(bench.view.form, "initializer.note")
    assert note.isVisible()
    assert note.text() == "In Training: Xavier uniform"
    pick(child(bench.view.form, "initializer"), "He normal")
    assert bench.project.network["0"].layer.initializer == HeNormal()
    assert not note.isVisible()


def test_another_choice_in_training_changes_the_note(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP, node="0").show()
    bench.document.apply(edits.set_fit(bench.project, Fit(initializer=HeNormal())), "Change training")
    assert child(bench.view.form, "initializer.note").text() == "In Training: He normal"


def test_a_problem_stands_under_the_fields_which_stay_where_they_are(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP.replace(network=Network.chain(Conv2d())), node="0").show()
    assert bench.view.problem.isVisible()
    assert "reads pictures" in bench.view.problem.text()
    form, watch = bench.view.form, bench.view.watch
    qtbot.waitUntil(lambda: bench.view.problem.y() > form.geometry().bottom())
    assert watch.isVisible(), "what is above the fields is there with a problem and without"
    assert not watch.isEnabled()
    bench.document.apply(edits.set_source(bench.project, Digits()), "Choose Digits")
    bench.document.apply(edits.mend_output(bench.project), "Mend")
    assert not bench.view.problem.isVisible()
    assert watch.isVisible()
    assert watch.isEnabled()


def test_a_warning_has_its_word_its_colour_and_its_remedies(qtbot) -> None:
    late = MLP.replace(network=Network.chain(Linear(4), Tanh(), Linear(1), Sigmoid()))
    bench = Bench(qtbot, InspectorView, late, node="3").show()
    assert bench.view.problem.text().startswith("Warning: Sigmoid gives values from 0 to 1")
    assert bench.view.problem.property("warning")
    assert not bench.view.problem.property("problem"), "its colour is not that of an error"
    button = bench.find("mend")
    assert button.text() == "Remove the Sigmoid"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(bench.project.network) == 3
    bench.history.undo()
    bench.focus.select("3")
    assert bench.find("mend").isVisible()
    bench.focus.select("0")
    assert not bench.view.problem.isVisible()
    assert bench.view.remedies == []


def test_the_loss_says_as_what_the_classes_are_taught(qtbot) -> None:
    squared = MLP.replace(fit=Fit(loss=MSELoss()), network=Network.chain(Linear(1), Sigmoid()))
    bench = Bench(qtbot, InspectorView, squared, node="loss").show()
    assert "as 0 and 1; an output above 0.5 says the second" in facts(bench)["Classes"]
    bench.document.apply(edits.set_layer(bench.project, "1", Tanh()), "Use Tanh")
    assert "as −1 and +1; an output above 0 says the second" in facts(bench)["Classes"]
    bench.document.apply(edits.set_fit(bench.project, Fit()), "Change loss")
    assert "Classes" not in facts(bench)


def test_the_input_block_has_no_form(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP, node="input").show()
    assert bench.view.title.text() == "Input"
    assert not bench.view.form.isVisible()
    assert facts(bench)["Samples"] == "300 train · 100 validation · 100 test"


def test_the_loss_is_chosen_at_its_block(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP, node="loss").show()
    pick(child(bench.view.form, "loss"), "Mean squared error")
    assert bench.project.fit.loss == MSELoss()
    assert bench.view.forward.latex == MSELoss.formula
    assert facts(bench)["Factor"] == MSELoss.factor
    assert not child(bench.view.form, "batch_size").isVisible()


def test_a_loss_that_does_not_suit_cannot_be_chosen(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, edits.set_source(MLP, Digits()), node="loss").show()
    combo = child(bench.view.form, "loss")
    at = combo.findText("Binary cross-entropy")
    assert not combo.model().item(at).isEnabled()
    assert "multiclass" in combo.itemData(at, Qt.ItemDataRole.ToolTipRole)


def test_a_block_that_is_gone_leaves_the_hint(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP, node="1").show()
    bench.document.apply(edits.remove(bench.project, {"1"}), "Delete")
    assert shown(bench, "hint")
    bench.history.undo()
    assert bench.view.title.text() == "Tanh"


def test_changes_elsewhere_are_not_answered(qtbot, monkeypatch) -> None:
    bench = Bench(qtbot, InspectorView, MLP, node="0").show()
    monkeypatch.setattr(bench.view, "_refresh", lambda: pytest.fail("nothing it shows has changed"))
    bench.document.set(bench.project.replace(name="Other", seed=5))


def test_the_theme_changes_what_is_painted(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP, node="1").show()
    bench.view.context.theme.become(DARK)
    assert DARK.accent in bench.view.curve_caption.text()
    assert DARK.category_colour("Activation") in bench.view.dot.styleSheet()


ACTIVATIONS = [cls for cls in layers if issubclass(cls, Activation)]


@pytest.mark.parametrize("cls", ACTIVATIONS, ids=lambda cls: cls.__name__)
def test_every_activation_shows_its_curve_and_slope(qtbot, cls: type[Activation]) -> None:
    bench = Bench(qtbot, InspectorView, Project(network=Network.chain(cls())), node="0").show()
    plot: CurvePlot = bench.view.curve
    assert plot.isVisible()
    x, y = plot.value.getData()
    expected, slope = cls().curve(np.asarray(x))
    np.testing.assert_allclose(y, expected)
    np.testing.assert_allclose(plot.slope.getData()[1], slope)
    low, high = plot.box.viewRange()[1]
    assert low < min(y.min(), slope.min())
    assert high > max(y.max(), slope.max())


def test_the_curve_is_painted_where_it_is(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP.replace(network=Network.chain(ReLU())), node="0").show()
    plot: CurvePlot = bench.view.curve
    picture = pixels(plot.grab().toImage())
    accent = np.array(QColor(LIGHT.accent).getRgb()[:3])
    for x in (-2.0, 3.0):
        at = plot.to_pixel(x, max(0.0, x))
        near = picture[
            round(at.y()) - 2 : round(at.y()) + 3, round(at.x()) - 2 : round(at.x()) + 3, :3
        ].astype(int)
        assert np.abs(near - accent).sum(axis=2).min() < 60
    above = plot.to_pixel(-2.0, 2.0)
    off = picture[
        round(above.y()) - 2 : round(above.y()) + 3, round(above.x()) - 2 : round(above.x()) + 3, :3
    ].astype(int)
    assert np.abs(off - accent).sum(axis=2).min() > 150


def test_the_cursor_reads_the_curve_off(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, MLP.replace(network=Network.chain(ReLU())), node="0").show()
    plot: CurvePlot = bench.view.curve
    QTest.mouseMove(plot.viewport(), plot.to_pixel(3.0, 1.0).toPoint())
    words = plot.read_out.text()
    assert "slope = 1.00" in words
    x = float(words.split("x = ")[1].split()[0])
    assert x == pytest.approx(3.0, abs=0.1)
    assert f"y = {words.split('x = ')[1].split()[0]}" in words


def test_a_setting_of_an_activation_changes_its_curve(qtbot) -> None:
    from engine.layers import LeakyReLU

    bench = Bench(qtbot, InspectorView, Project(network=Network.chain(LeakyReLU())), node="0").show()
    type_into(child(bench.view.form, "negative_slope"), "0.5")
    x, y = bench.view.curve.value.getData()
    assert y[0] == pytest.approx(0.5 * x[0])


def test_a_convolution_can_be_watched_at_work_and_a_linear_cannot(qtbot) -> None:
    network = Network.chain(Conv2d(out_channels=2), MaxPool2d(), Flatten(), Linear(10))
    project = Project(source=Digits(), network=network, fit=Fit(loss=CrossEntropyLoss()))
    bench = Bench(qtbot, InspectorView, project, node="0").show()
    asked: list[str] = []
    bench.focus.watch_asked.connect(asked.append)
    QTest.mouseClick(bench.view.watch, Qt.MouseButton.LeftButton)
    assert asked == ["0"]
    bench.focus.select("1")
    assert bench.view.watch.isVisible()
    bench.focus.select("3")
    assert bench.view.watch.isHidden()


# --- what a block reads ------------------------------------------------------------------------------------------------


def test_what_a_block_reads_is_listed_and_can_be_changed(qtbot) -> None:
    project = edits.paste(Project(), [Linear(4), Tanh(), Linear(4), Add(), Linear(1)], 0)
    bench = Bench(qtbot, InspectorView, project)
    bench.show(360, 700)
    bench.view.context.focus.select("add1")
    reads = bench.view.reads
    assert [box.currentData() for box in reads.boxes] == ["tanh1", "linear2"]
    first = reads.boxes[0]
    words = [first.itemText(i) for i in range(first.count())]
    assert words[first.findData("linear1")].startswith("✓ linear1")
    assert words[first.findData("input")].startswith("✗ the data")
    first.setCurrentIndex(first.findData("linear1"))
    first.activated.emit(first.currentIndex())
    assert bench.project.network.inputs_of("add1") == ("linear1", "linear2")
    reads.findChildren(QPushButton, "read_more")[-1].click()
    assert bench.project.network.inputs_of("add1") == ("tanh1", "linear1", "linear2")
    reads.findChildren(QToolButton, "unread_0")[-1].click()
    assert bench.project.network.inputs_of("add1") == ("linear1", "linear2")


def test_the_first_block_of_a_chain_has_no_choice(qtbot) -> None:
    bench = Bench(qtbot, InspectorView, edits.paste(Project(), [Linear(4), Linear(1)], 0))
    bench.show(360, 700)
    bench.view.context.focus.select("linear1")
    assert bench.view.reads.isHidden()
    bench.view.context.focus.select("linear2")
    assert bench.view.reads.isVisible()
    bench.view.context.focus.select("loss")
    assert bench.view.reads.isHidden()


# --- names -------------------------------------------------------------------------------------------------------------


def test_a_layer_is_renamed_in_its_panel_and_stays_selected(qtbot):
    bench = Bench(qtbot, InspectorView, example("circle").project, "linear2").show()
    line = bench.find("layer_name")
    assert line.text() == "linear2"
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "head")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert "head" in bench.project.network
    assert bench.focus.node_id == "head"
    assert line.text() == "head"
    bench.history.undo()
    assert bench.focus.node_id == "linear2"
    assert line.text() == "linear2"


def test_a_name_that_cannot_be_is_refused_beside_its_line(qtbot):
    bench = Bench(qtbot, InspectorView, example("circle").project, "linear2").show()
    line, refused = bench.find("layer_name"), bench.find("name_refused")
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "linear1")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert "Another layer" in refused.text()
    assert refused.isVisible()
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert line.text() == "linear2"

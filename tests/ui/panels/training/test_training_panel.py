"""The training panel edits the project's Fit and seed, and says which changes draw new weights."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from engine.data import Digits, Iris, Plane
from engine.fit import Fit
from engine.initializers import HeUniform
from engine.layers import Linear, Tanh
from engine.losses import MSELoss
from engine.network import Network
from engine.optimizers import Adam
from playground.document import edits
from playground.document.project import Project
from playground.ui.kit.theme import DARK
from playground.ui.panels.training.view import FIRST_WEIGHTS, TrainingView
from tests.ui.bench import Bench, ink
from tests.ui.kit.forms.specs import child, enter, pick, type_into

MLP = Project(network=Network.chain(Linear(4), Tanh(), Linear(1)))


@pytest.fixture
def bench(qtbot) -> Bench:
    return Bench(qtbot, TrainingView, MLP).show(320, 900)


def test_every_parameter_stands_in_exactly_one_of_the_two_parts(bench: Bench) -> None:
    for param in Fit.params():
        first = not child(bench.view.first, f"{param.name}.row").isHidden()
        live = param.name not in bench.view.live._hidden
        assert first == (param.name in FIRST_WEIGHTS)
        assert live != first


def test_what_changes_live_and_what_draws_new_weights_is_said(bench: Bench) -> None:
    words = " ".join(label.text() for label in bench.view.findChildren(QLabel))
    assert "the weights stay" in words
    assert "draws new weights" in words


def test_a_change_is_an_undoable_edit(bench: Bench) -> None:
    enter(bench.view.live, "batch_size", 32)
    assert bench.project.fit == Fit(batch_size=32)
    assert bench.project.network is MLP.network
    assert bench.history.undoText() == "Change training"
    bench.history.undo()
    assert child(bench.view.live, "batch_size").text() == "10"


def test_the_optimizer_brings_its_fields(bench: Bench) -> None:
    pick(child(bench.view.live, "optimizer"), "Adam")
    inner = child(bench.view.live, "optimizer.row").editor.inner
    type_into(child(inner, "lr"), "1e-2")
    assert bench.project.fit.optimizer == Adam(lr=0.01)


def test_stepping_the_learning_rate_is_one_entry_of_undo(bench: Bench) -> None:
    lr = child(child(bench.view.live, "optimizer.row").editor.inner, "lr")
    lr.setFocus()
    for _ in range(4):
        QTest.keyClick(lr, Qt.Key.Key_Up)
    assert bench.project.fit.optimizer.lr == 0.5
    assert bench.history.count() == 1


def test_both_parts_show_the_same_fit(bench: Bench) -> None:
    pick(child(bench.view.first, "initializer"), "He uniform")
    enter(bench.view.live, "batch_size", 5)
    assert bench.project.fit == Fit(initializer=HeUniform(), batch_size=5)


def test_the_seed_and_new_weights(bench: Bench) -> None:
    enter(bench.view.seed, "seed", 41)
    assert bench.project.seed == 41
    QTest.mouseClick(bench.find("new_weights"), Qt.MouseButton.LeftButton)
    assert bench.project.seed == 42
    assert child(bench.view.seed, "seed").text() == "42"
    bench.history.undo()
    assert child(bench.view.seed, "seed").text() == "41"


@pytest.mark.parametrize("source", [Digits(), Iris(), Plane()], ids=lambda s: s.key)
def test_losses_that_do_not_suit_the_data_cannot_be_chosen(bench: Bench, source) -> None:
    bench.document.apply(edits.set_source(bench.project, source), "Choose")
    combo = child(bench.view.live, "loss")
    task = source.make().task
    for at, key in enumerate(child(bench.view.live, "loss.row").editor._keys):
        cls = child(bench.view.live, "loss.row").editor.registry.get(key)
        assert combo.model().item(at).isEnabled() == (task in cls.tasks)
        if task not in cls.tasks:
            assert task in combo.itemData(at, Qt.ItemDataRole.ToolTipRole)


def test_a_loss_that_does_not_suit_is_marked_beside_its_field(qtbot) -> None:
    bench = Bench(qtbot, TrainingView, Project(source=Digits(), fit=Fit(loss=MSELoss()))).show()
    error = child(bench.view.live, "loss.error")
    assert error.isVisible()
    assert "multiclass" in error.text()
    pick(child(bench.view.live, "loss"), "Cross-entropy")
    assert not error.isVisible()


def test_the_theme_changes(bench: Bench) -> None:
    bench.view.context.theme.become(DARK)
    assert (ink(bench.view.draw.icon().pixmap(32).toImage(), DARK.text) < 30).any()

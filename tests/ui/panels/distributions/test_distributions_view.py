"""The panel of distributions draws what the worker counts, goes to moments, and lays runs under one another."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.distributions import distributions
from engine.layers import Linear, ReLU
from engine.network import Network
from playground.document.project import Project
from playground.runner.messages import GoTo, KeptSpreads, SpreadFilm, State
from playground.runner.session import Session
from playground.runner.trials import outcome
from playground.runs import files
from playground.runs.kept import Entry, Kept, folder_of
from playground.runs.trial import Trial
from playground.ui.kit import places
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.distributions.model import SHOWN
from playground.ui.panels.distributions.view import NOTHING, DistributionsView
from tests.ui.bench import Bench, ink

PROJECT = Project(network=Network.chain(Linear(8), ReLU(), Linear(1)))


@pytest.fixture(autouse=True)
def _own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "runs_folder", lambda: tmp_path / "runs")


def run_of(project: Project = PROJECT, steps: int = 30) -> Session:
    session = Session()
    session.load(project)
    if steps:
        session.play()
        session.train(600.0, steps)
        session.pause()
    return session


class Told:
    """A view that is told of frames of a session, as it asks for them."""

    def __init__(self, qtbot, session: Session, theme=LIGHT) -> None:
        self.session = session
        self.bench = Bench(qtbot, DistributionsView, session.project, theme=theme).show(1000, 360)
        self.view = self.bench.view
        self.see()
        self.see()

    def see(self) -> None:
        wants = self.view.wants()
        self.session.work(wants, lambda want: True)
        self.view.show_frame(self.session.frame(wants))


def test_each_layer_has_a_row_with_its_hill(qtbot) -> None:
    told = Told(qtbot, run_of())
    assert [row.name for row in told.view.layers.rows] == ["0", "2"]
    expected = dict(distributions(told.session.trainer).of("sums"))
    assert told.view.layers.rows[0].spread.std == expected["0"].std
    area = told.view.layers.area(0).toRect()
    assert (ink(told.view.layers.grab(area).toImage(), LIGHT.panel) > 90).any()


@pytest.mark.parametrize("quantity", SHOWN, ids=lambda one: one.key)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda one: one.name)
def test_every_quantity_is_drawn_and_says_what_it_is(qtbot, quantity, theme) -> None:
    told = Told(qtbot, run_of(), theme)
    told.view.tabs.choose(quantity.key)
    told.see()
    assert told.view.says.text() == quantity.says
    assert {row.name for row in told.view.layers.rows} == (
        {"1"} if quantity.key == "activations" else {"0", "2"}
    )
    told.view.grab()


def test_before_the_first_step_there_is_something_to_see(qtbot) -> None:
    told = Told(qtbot, run_of(steps=0))
    assert "after 0 updates" in told.view.summary.text()
    assert told.view.film_title.text().endswith("press Play")


def test_what_cannot_run_says_so(qtbot) -> None:
    session = Session()
    session.load(Project(network=Network.chain(Linear(8), Linear(3))))
    told = Told(qtbot, session)
    assert told.view.summary.text() == NOTHING
    assert not told.view.layers.rows


@pytest.fixture
def kept_often(monkeypatch: pytest.MonkeyPatch) -> Session:
    """A run of 40 updates with a moment at every tenth."""
    monkeypatch.setattr("engine.checkpoints.EVERY", 0.0)
    monkeypatch.setattr("engine.checkpoints.COST", 1e9)
    session = run_of(steps=0)
    for _ in range(4):
        session.play()
        session.train(600.0, 10)
        session.pause()
    return session


def test_a_click_selects_the_block_and_shows_it_over_time(qtbot, kept_often: Session) -> None:
    told = Told(qtbot, kept_often)
    QTest.mouseClick(
        told.view.layers, Qt.MouseButton.LeftButton, pos=told.view.layers.place("2").center().toPoint()
    )
    assert told.bench.focus.node_id == "2"
    assert SpreadFilm("2", "sums") in told.view.wants()
    told.see()
    steps = [step for step, _, _ in told.view.film.moments]
    assert steps[0] == 0
    assert steps[-1] == 40
    assert told.view.film.now == 40


def test_a_click_on_a_moment_goes_there(qtbot, kept_often: Session) -> None:
    told = Told(qtbot, kept_often)
    film = told.view.film
    assert film.moments[0][0] == 0
    QTest.mouseClick(
        film, Qt.MouseButton.LeftButton, pos=QPoint(film.width() // 2, round(film.baseline(0)) - 4)
    )
    assert told.bench.sent == [GoTo(0)]
    told.session.go_to(0)
    told.see()
    assert film.now == 0
    QTest.keyClick(film, Qt.Key.Key_Down)
    assert told.bench.sent[-1] == GoTo(film.moments[1][0])


def test_arrow_keys_go_from_layer_to_layer(qtbot) -> None:
    told = Told(qtbot, run_of())
    told.view.layers.setFocus()
    QTest.keyClick(told.view.layers, Qt.Key.Key_Down)
    QTest.keyClick(told.view.layers, Qt.Key.Key_Down)
    assert told.bench.focus.node_id == "2"


def test_a_held_moment_is_laid_under_what_comes(qtbot) -> None:
    told = Told(qtbot, run_of(steps=0))
    box = told.view.beside
    box.setCurrentIndex(box.findText("Hold this moment"))
    box.activated.emit(box.currentIndex())
    assert box.currentText() == "held: epoch 0"
    assert told.view.key.isVisible()
    told.session.play()
    told.session.train(600.0, 50)
    told.session.pause()
    told.see()
    row = told.view.layers.rows[0]
    assert row.other_spread.std != row.spread.std
    assert row.figures[1].startswith("moved ")
    box.setCurrentIndex(0)
    box.activated.emit(0)
    assert told.view.layers.rows[0].other is None
    assert not told.view.key.isVisible()


def test_a_run_that_was_kept_is_laid_under(qtbot, tmp_path: Path) -> None:
    told = Told(qtbot, run_of(steps=5))
    other = run_of(PROJECT.replace(seed=7), 25)
    kept = Kept(folder_of(tmp_path / "runs", PROJECT, None))
    kept.folder.mkdir(parents=True)
    trial = Trial(other.project, 7, 3)
    files.save(other.project, kept.run_file(trial.digest), other.current())
    kept.put(Entry(trial.digest, trial, outcome(other, 1.0), datetime.now(UTC)))
    box = told.view.beside
    box.refill()  # as it does before it opens
    at = next(i for i in range(box.count()) if "seed 7" in box.itemText(i))
    box.setCurrentIndex(at)
    box.activated.emit(at)
    assert KeptSpreads(str(kept.run_file(trial.digest))) in told.view.wants()
    told.see()
    expected = dict(distributions(other.trainer).of("sums"))
    assert told.view.layers.rows[0].other_spread.std == expected["0"].std


def test_a_kept_run_that_is_gone_says_so(qtbot, tmp_path: Path) -> None:
    told = Told(qtbot, run_of(steps=5))
    box = told.view.beside
    box.addItem("gone", str(tmp_path / "gone.chainrule"))
    box.setCurrentIndex(box.count() - 1)
    box.activated.emit(box.count() - 1)
    told.see()
    assert told.view.summary.text().startswith("That run cannot be shown.")


def test_powers_of_ten_are_kept_for_each_quantity(qtbot) -> None:
    told = Told(qtbot, run_of())
    assert not told.view.powers.isChecked()
    told.view.tabs.choose("gradients")
    assert told.view.powers.isChecked()
    assert told.view.layers.rows[0].axis.logarithmic
    told.view.powers.click()
    assert not told.view.layers.rows[0].axis.logarithmic
    told.view.tabs.choose("weights")
    told.view.tabs.choose("gradients")
    assert not told.view.powers.isChecked()


def test_while_it_runs_the_same_figures_are_not_drawn_again(qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(qtbot, run_of())
    told.session.play()
    assert told.session.state is State.RUNNING
    wants = told.view.wants()
    frame = told.session.frame(wants)
    told.view.show_frame(frame)
    calls = []
    monkeypatch.setattr(told.view, "_changed", lambda: calls.append(1))
    told.view.show_frame(frame)
    assert not calls


def test_the_numbers_behind_it(qtbot) -> None:
    told = Told(qtbot, run_of())
    table = told.view.as_table()
    assert table.names[:3] == ("layer", "quantity", "numbers")
    assert [line[0] for line in table.rows] == ["0", "2"]
    assert table.rows[0][4] == told.view.layers.rows[0].spread.std

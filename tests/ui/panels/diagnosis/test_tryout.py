"""A remedy is tried on a copy beside the run; what is kept is the copy, and undo brings the old project back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.coach import Advice
from engine.layers import Linear, Tanh
from engine.network import Network
from engine.problems import InsertLayer, SetFit
from playground.document import edits
from playground.document.examples import example
from playground.document.files import load
from playground.document.project import Project
from playground.runner.messages import GoTo, Save
from playground.runner.session import Session
from playground.runs import files
from playground.ui.panels.diagnosis import tryout
from playground.ui.panels.diagnosis.view import WANT, DiagnosisView
from tests.ui.bench import Bench

STRAIGHT = example("circle").project.replace(network=Network.chain(Linear(8), Linear(1)))
BEND = InsertLayer("Put Tanh before 1", "1", Tanh())


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tryout, "EPOCHS", 25)


@pytest.fixture
def bench(qtbot) -> Iterator[Bench]:
    bench = Bench(qtbot, DiagnosisView, STRAIGHT).show(935, 620)
    yield bench
    bench.view.end()


def trained(project: Project, steps: int) -> Session:
    session = Session()
    session.load(project)
    session.play()
    session.train(600.0, steps)
    session.pause()
    return session


def advised(bench: Bench, rule: str, *remedies, epoch: int = 0, **more) -> Advice:
    advice = Advice(rule, "warning", epoch, "title", "words", "why", "likely", "1", remedies, **more)
    bench.view.advice.show_told(tryout_told(advice), "")
    return advice


def tryout_told(advice: Advice):
    from engine.coach import Told

    return Told(advice, "stuck")


def over(qtbot, bench: Bench) -> None:
    strip = bench.view.tryout
    qtbot.waitUntil(lambda: strip._view is not None and strip._view.over, timeout=60_000)


@pytest.mark.slow
def test_a_layer_is_tried_from_the_first_weights_kept_and_undone(qtbot, bench: Bench) -> None:
    advised(bench, "no-nonlinearity", BEND)
    bench.find("try").click()
    assert bench.project == STRAIGHT  # nothing is changed by trying
    over(qtbot, bench)
    strip = bench.view.tryout
    assert strip._view.began == 0
    assert bench.find("tryout_words").text().startswith("It helps: validation loss")
    assert bench.find("tryout_surfaces").isVisible()
    assert all(tile.isVisible() for tile in strip.surfaces.tiles)
    kept = []
    bench.document.subscribe(lambda before, after: kept.append(bench.document.taking_up))
    bench.find("tryout_keep").click()
    mended = edits.mend(STRAIGHT, BEND)
    assert bench.project == mended
    assert not strip.isVisible()
    # The very run of the mended project alone, and undo brings the old project back.
    run = files.load_run(kept[-1], load(kept[-1]))
    alone = trained(mended, run.snapshot.steps)
    assert alone.trainer is not None
    for name, array in alone.trainer.snapshot().arrays.items():
        assert (array == run.snapshot.arrays[name]).all(), name
    bench.history.undo()
    assert bench.project == STRAIGHT


@pytest.mark.slow
def test_a_rate_is_tried_from_the_last_sane_moment(qtbot, bench: Bench) -> None:
    session = trained(STRAIGHT, 30 * 12)
    bench.view.show_frame(session.frame([WANT]))
    rate = SetFit("Learning rate 0.001", "optimizer", STRAIGHT.fit.optimizer.replace(lr=0.001))
    advised(bench, "rate-too-large", rate, epoch=10, sane=7, moment="trains", step=300)
    bench.find("try").click()
    order = bench.sent[-1]
    assert isinstance(order, Save)
    assert order.number < 0  # the window's own orders are numbered from 1
    session.save(order)
    bench.view.show_frame(session.frame([WANT]))
    over(qtbot, bench)
    view = bench.view.tryout._view
    assert view.began == 7
    a, b = view.lanes
    assert a.rows[: view.began + 1] == b.rows[: view.began + 1]  # both have come the same way so far
    assert a.epoch == b.epoch == 7 + 25
    # The original beside it is what it would be alone.
    alone = trained(STRAIGHT, 30 * (7 + 25))
    assert alone.trainer is not None
    assert a.rows[-1][1] == alone.trainer.log.view()["train_loss"][-1]
    assert "epoch 32" in bench.find("tryout_words").text()
    bench.find("tryout_discard").click()
    assert bench.project == STRAIGHT
    assert not bench.view.tryout.isVisible()


@pytest.mark.slow
def test_another_edit_gives_up_what_is_tried(qtbot, bench: Bench) -> None:
    advised(bench, "no-nonlinearity", BEND)
    bench.find("try").click()
    assert bench.view.tryout.beside.running
    bench.document.do(edits.set_seed, 3)
    assert not bench.view.tryout.beside.running
    assert not bench.view.tryout.isVisible()


@pytest.mark.slow
def test_an_experiment_says_what_came_of_it(qtbot, bench: Bench) -> None:
    bench.view.show_frame(trained(STRAIGHT, 30).frame([WANT]))
    bench.find("experiment_shuffled-labels").click()
    words = bench.find("tryout_words")
    qtbot.waitUntil(lambda: "shuffled targets" in words.text(), timeout=60_000)
    assert bench.find("tryout_evidence").isVisible()
    assert not bench.find("tryout_keep").isVisible()


@pytest.mark.slow
def test_what_an_experiment_advises_is_an_edit(qtbot, bench: Bench) -> None:
    slow = STRAIGHT.fit.replace(optimizer=STRAIGHT.fit.optimizer.replace(lr=1e-6))
    bench.document.do(edits.set_fit, slow)
    bench.view.tryout.ask("rate-sweep", 0, 0)
    words = bench.find("tryout_words")
    qtbot.waitUntil(lambda: "comes lowest" in words.text(), timeout=60_000)
    bench.find("tryout_follow").click()
    assert bench.project.fit.optimizer.lr > 1e-4
    bench.history.undo()
    assert bench.project.fit == slow


def test_a_remedy_that_changes_nothing_is_not_trained(bench: Bench) -> None:
    advised(bench, "x", SetFit("As it is", "epochs", STRAIGHT.fit.epochs))
    bench.find("try").click()
    assert "would change nothing" in bench.find("tryout_words").text()
    assert not bench.view.tryout.beside.running


def test_look_goes_to_the_panel_and_back_to_the_moment(bench: Bench) -> None:
    asked = []
    bench.focus.panel_asked.connect(asked.append)
    advised(bench, "rate-too-large", epoch=4, moment="trains", about="fit", step=120)
    bench.find("advice_look").click()
    assert asked == ["training"]
    assert bench.focus.node_id == "1"
    bench.find("advice_back").click()
    assert bench.sent[-1] == GoTo(120)

"""What the window offers when a run has gone wrong, or could have ended better."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from engine.problems import SetFit, SetPreparation
from engine.regularizers import L2
from playground.document import edits
from playground.document.examples import example
from playground.runner.messages import Frame, GoTo, Play, State
from tests.ui.shell import Shell, ToldRunner

pytestmark = pytest.mark.slow

CIRCLE = example("circle").project


@pytest.fixture
def told(qtbot, tmp_path: Path) -> Shell:
    return Shell(qtbot, CIRCLE, tmp_path, ToldRunner()).show()


def show(told: Shell, state: State, **more: object) -> None:
    told.runner.frame = Frame(told.document.value, state=state, step=10, **more)
    told.until(state)


def test_the_remedy_that_fits_the_cause_is_offered_and_is_one_edit(told: Shell) -> None:
    milder = CIRCLE.fit.replace(regularizer=L2(0.001))
    remedy = SetFit("Lower the penalty to λ = 0.001 and go on", "regularizer", milder.regularizer)
    show(told, State.DIVERGED, message="The L2 penalty is too strong.", remedy=remedy)
    offer = told.window.banner.findChild(QPushButton, "banner_offer0")
    assert offer.text() == remedy.text
    told.click("banner_offer0")
    assert told.document.value.fit == milder
    assert told.runner.commands[-1] == Play()
    told.window.actions_["edit.undo"].trigger()
    assert told.document.value.fit == CIRCLE.fit


def test_inputs_of_huge_scale_are_standardized(told: Shell) -> None:
    remedy = SetPreparation("Standardize the inputs and begin anew", "normalize", "standardize")
    show(told, State.DIVERGED, message="The inputs reach 1e+17.", remedy=remedy)
    told.click("banner_offer0")
    assert told.document.value.preparation.normalize == "standardize"


def test_a_pause_after_the_best_epoch_offers_to_go_there(told: Shell) -> None:
    show(
        told,
        State.PAUSED,
        message="The validation loss was best (0.5) after epoch 3.",
        best_step=6,
        earliest_step=0,
    )
    assert told.window.banner.kind == "note"
    told.click("banner_offer0")
    assert told.runner.commands[-1] == GoTo(6)
    assert not told.window.banner.isVisible()


def test_what_early_stopping_did_is_said_and_goes_with_the_next_step(told: Shell) -> None:
    show(told, State.PAUSED, message="Stopped early after epoch 48.")
    assert told.window.banner.text.text() == "Stopped early after epoch 48."
    assert told.window.banner.findChild(QPushButton, "banner_offer0") is None
    told.runner.frame = Frame(told.document.value, state=State.PAUSED, step=11)
    told.qtbot.waitUntil(lambda: not told.window.banner.isVisible())


def test_in_a_small_window_nothing_of_a_long_message_is_cut_off(told: Shell) -> None:
    told.window.setWindowState(Qt.WindowState.WindowNoState)
    told.window.resize(960, 640)
    show(told, State.DIVERGED, message="A sentence of some length about what has happened. " * 10)
    banner = told.window.banner
    told.qtbot.waitUntil(lambda: told.window.rect().contains(banner.geometry()))
    assert banner.text.height() >= banner.text.heightForWidth(banner.text.width())
    for button in banner.findChildren(QPushButton):
        assert button.width() >= button.sizeHint().width()


def buttons(told: Shell) -> list[QPushButton]:
    """Those on the banner."""
    return [b for b in told.window.banner.findChildren(QPushButton) if not b.isHidden()]


def offers(told: Shell) -> list[str]:
    return [button.text() for button in buttons(told)]


def see(told: Shell, state: State, **more: object) -> None:
    """The next frame; on a machine that does much else it reaches all views a few turns later."""
    frame = told.runner.frame = Frame(told.document.value, state=state, step=10, **more)
    told.window.pump.tick()
    told.qtbot.waitUntil(lambda: told.window.pump.shown is frame)


def test_a_notice_leaves_what_was_offered(told: Shell) -> None:
    taken: list[str] = []
    banner, damaged = told.window.banner, "The run in the file is damaged."
    told.window.run.offer("Circle was left.", "Back", lambda: taken.append("back"))
    see(told, State.READY, message="drawing the weights", notice=damaged)
    assert (banner.text.text(), offers(told)) == (damaged, ["Back"])
    see(told, State.READY, notice=damaged)
    assert (banner.text.text(), offers(told)) == (damaged, ["Back"]), "also with the second frame"
    buttons(told)[0].click()
    assert taken == ["back"]
    assert not banner.isVisible()
    see(told, State.PAUSED, notice=damaged)
    assert (banner.text.text(), offers(told)) == (damaged, []), "it has been taken"


def test_an_offer_ends_when_the_person_goes_on_or_opens_another(told: Shell) -> None:
    run, banner = told.window.run, told.window.banner
    for end in (lambda: see(told, State.RUNNING, notice="N"), run.begin, run.withdraw):
        see(told, State.READY)
        run.offer("Circle was left.", "Back", lambda: None)
        see(told, State.PAUSED, notice="N")
        assert (banner.text.text(), offers(told)) == ("N", ["Back"])
        end()
        assert (banner.text.text(), offers(told)) == ("N", [])


def test_the_way_to_the_best_epoch_is_not_offered_with_a_notice(told: Shell) -> None:
    see(told, State.PAUSED, message="The validation loss was best after epoch 3.", best_step=6)
    assert offers(told) == ["Go to the best epoch"]
    see(told, State.PAUSED, notice="The process ended. There is no way back from there.")
    assert offers(told) == []


def test_what_was_good_to_know_goes_with_the_next_edit(told: Shell) -> None:
    told.window.run.offer("Something was put aside.", "Back to it", lambda: None)
    assert told.window.banner.isVisible()
    told.document.apply(edits.set_seed(told.document.value, 7), "Seed")
    assert not told.window.banner.isVisible()

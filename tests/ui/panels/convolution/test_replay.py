"""Training time as a film: every moment is the run's own, and nobody's hand is fought over."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from playground.runner.messages import GoTo, Inspect, Play, Reset, State, StepBack, Weights
from playground.runner.session import Session
from playground.ui.kit.theme import LIGHT
from playground.ui.kit.view import Focus, announced
from playground.ui.panels.convolution import replay as replay_module
from playground.ui.panels.convolution.replay import Replay, moments
from tests.ui.panels.convolution.following import USUAL, project


class Film:
    """The row with a session that carries out what it asks, as the worker does."""

    def __init__(self, qtbot, session) -> None:
        self.session, self.seen = session, []
        self.replay = Replay(self.do, LIGHT)
        qtbot.addWidget(self.replay)
        self.replay.show()
        self.show()

    def do(self, command) -> None:
        assert isinstance(command, GoTo)
        self.session.go_to(command.step)
        frame = self.session.frame((Weights("a"),))
        self.seen.append((command.step, frame))

    def show(self) -> None:
        self.replay.see(self.session.frame())

    def click(self) -> None:
        QTest.mouseClick(self.replay.play, Qt.MouseButton.LeftButton)


@pytest.fixture
def film(qtbot, monkeypatch) -> Film:
    monkeypatch.setattr(replay_module, "SHOWN", 20)
    session = Session()
    session.load(project(*USUAL))
    session.play()
    session.train(600.0, 12)
    session.pause()
    return Film(qtbot, session)


def test_moments_lead_from_the_first_to_the_last_and_are_closer_at_first() -> None:
    found = moments(100, 10_100)
    assert (found[0], found[-1]) == (100, 10_100)
    assert found == sorted(set(found))
    assert found[1] - found[0] < found[-1] - found[-2]
    assert moments(3, 5) == [3, 4, 5]


def test_a_film_shows_the_run_as_it_was_and_ends_where_it_began(film: Film, qtbot) -> None:
    last = film.session.frame((Weights("a"),)).answer(Weights("a"))["weight"].copy()
    film.click()
    while film.replay.play.isChecked():
        film.show()
        qtbot.waitUntil(lambda: not film.replay._timer.isActive())
    asked = [step for step, _ in film.seen]
    assert asked == moments(0, 12) == list(range(13))
    assert [frame.step for _, frame in film.seen] == asked
    shown = [frame.answer(Weights("a"))["weight"] for _, frame in film.seen]
    assert not any(np.array_equal(a, b) for a, b in pairwise(shown))
    np.testing.assert_array_equal(shown[-1], last)


def test_a_second_click_stays_at_the_moment(film: Film, qtbot) -> None:
    film.click()
    film.show()
    qtbot.waitUntil(lambda: len(film.seen) == 2)
    film.click()
    film.show()
    assert not film.replay._timer.isActive()
    assert film.session.frame().step == 1


def test_play_ends_the_film(film: Film) -> None:
    film.click()
    film.show()
    film.session.play()
    film.session.train(0.0, 1)
    assert film.session.state is State.RUNNING
    film.show()
    assert not film.replay.play.isChecked()


def test_the_handle_ends_the_film_and_goes_there(film: Film) -> None:
    film.click()
    film.show()
    film.replay.scrub.slider.setValue(7)
    assert film.seen[-1][0] == 7
    assert not film.replay.play.isChecked()


def test_another_hand_on_the_history_ends_the_film_between_two_moments(film: Film) -> None:
    film.replay.pace.slider.setValue(film.replay.pace.slider.maximum())
    film.click()
    film.show()
    film.session.go_to(9)  # the History slider of the window, say
    film.show()
    assert not film.replay.play.isChecked()
    assert not film.replay._timer.isActive()
    assert film.session.frame().step == 9


@pytest.mark.parametrize("command", [GoTo(9), StepBack("batch"), Play(), Reset(), Inspect()], ids=type)
def test_another_command_ends_the_film_before_its_next_moment(film: Film, qtbot, command) -> None:
    """Which would otherwise be sent after it, and have the last word."""
    film.click()
    film.show()
    assert film.replay._timer.isActive()
    film.replay.hear(command)
    assert not film.replay.play.isChecked()
    assert not film.replay._timer.isActive()
    assert [step for step, _ in film.seen] == [0]


def test_what_the_film_itself_sends_does_not_end_it(film: Film) -> None:
    focus = Focus()
    focus.moment_asked.connect(film.replay.hear)
    film.replay._send = announced(film.do, focus)
    film.click()
    assert film.replay.play.isChecked()
    film.replay._send(GoTo(0))  # the same place, asked for by somebody else
    assert not film.replay.play.isChecked()


def test_another_hand_that_comes_before_the_next_moment_ends_the_film(film: Film, qtbot, monkeypatch) -> None:
    film.click()
    film.show()
    # The worker leaves out a place that was asked for before another one.
    monkeypatch.setattr(film.replay, "_send", lambda command: None)
    qtbot.waitUntil(lambda: film.replay._asked == 1)
    film.session.go_to(9)
    film.show()
    assert not film.replay.play.isChecked()


def test_frames_on_the_way_to_a_moment_do_not_end_the_film(film: Film, qtbot, monkeypatch) -> None:
    film.session.go_to(12)
    film.click()
    film.show()
    monkeypatch.setattr(film.replay, "_send", lambda command: None)
    qtbot.waitUntil(lambda: film.replay._asked == 1)
    film.show()  # still at 0
    assert film.replay.play.isChecked()


def test_the_film_ends_when_nobody_can_see_it(film: Film) -> None:
    film.click()
    film.show()
    film.replay.hide()
    assert not film.replay.play.isChecked()
    assert not film.replay._timer.isActive()


def test_a_film_that_gets_no_answer_ends(film: Film, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(film.replay, "_send", lambda command: None)
    film.replay._lost.setInterval(1)
    film.click()
    qtbot.waitUntil(lambda: not film.replay.play.isChecked())


def test_the_pace_is_the_time_between_two_moments(film: Film) -> None:
    slider = film.replay.pace.slider
    for milliseconds in (slider.minimum(), 400, slider.maximum()):
        slider.setValue(milliseconds)
        assert film.replay._timer.interval() == milliseconds
        assert f"{milliseconds / 1000:.2f} s" in film.replay.pace.said.text()


def test_it_says_which_epoch_and_whether_it_is_the_past(film: Film) -> None:
    said = film.replay.said
    assert said.text() == "epoch 0 · newest"
    film.session.go_to(5)
    film.show()
    assert said.text() == "epoch 0 · looking back"
    film.session.go_to(12)
    film.click()
    film.show()
    assert said.text() == "epoch 0 · moment 1 of 13"
    film.click()
    film.session.play()
    film.session.train(600.0, until_epoch=1)
    film.show()
    assert said.text() == "epoch 1 · live"


def test_without_a_history_there_is_no_film(qtbot) -> None:
    session = Session()
    session.load(project(*USUAL))
    film = Film(qtbot, session)
    assert not film.replay.play.isEnabled()
    film.click()
    assert film.seen == []

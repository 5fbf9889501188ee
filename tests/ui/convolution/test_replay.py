"""Training time as a film: every moment is the run's own, and nobody's hand is fought over."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from playground.runner.messages import GoTo, State, Weights
from playground.runner.session import Session
from playground.ui.convolution import replay as replay_module
from playground.ui.convolution.replay import Replay, moments
from playground.ui.theme import LIGHT
from tests.ui.convolution.following import USUAL, project


class Film:
    """The row with a session that carries out what it asks, as the worker does."""

    def __init__(self, qtbot, session) -> None:
        self.session, self.seen = session, []
        self.replay = Replay(self.do)
        self.replay.set_theme(LIGHT)
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
    monkeypatch.setattr(replay_module, "SHOWN", 1)
    session = Session()
    session.load(project(*USUAL))
    session.play()
    session.train(60.0, 12)
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


def test_without_a_history_there_is_no_film(qtbot) -> None:
    session = Session()
    session.load(project(*USUAL))
    film = Film(qtbot, session)
    assert not film.replay.play.isEnabled()
    film.click()
    assert film.seen == []

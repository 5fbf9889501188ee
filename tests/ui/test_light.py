"""The coach's light stands in the bar, says one sentence, leads to Diagnosis, and leaves the numbers of the run their room."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.layers import Linear, Sigmoid
from engine.network import Network
from playground.document.project import Project
from playground.runner.messages import Coaching, Frame, State
from playground.runner.session import Session
from playground.ui.kit.theme import LIGHT
from playground.ui.shell.light import LIGHTS, WIDTH, LightView
from tests.ui.bench import Bench, ink
from tests.ui.shell import Shell, ToldRunner

SIGMOIDS = Project(
    network=Network.chain(*[one for _ in range(12) for one in (Linear(8), Sigmoid())], Linear(1))
)


def frames(project: Project, epochs: int) -> list[Frame]:
    """One before training, and one after each epoch."""
    session = Session()
    session.load(project)
    found = [session.frame([Coaching()])]
    for epoch in range(epochs):
        session.play()
        session.train(600.0, until_epoch=epoch + 1)
        session.pause()
        found.append(session.frame([Coaching()]))
    return found


def test_the_light_is_suspicious_before_play_and_stuck_after(qtbot) -> None:
    bench = Bench(qtbot, LightView, SIGMOIDS).show(WIDTH, 24)
    before, *_, last = frames(SIGMOIDS, 3)
    bench.view.show_frame(before)
    assert bench.view.light == "suspicious"
    bench.view.show_frame(last)
    assert (bench.view.light, bench.view.sentence) == ("stuck", "The gradient vanishes on its way back")
    assert "stuck: The gradient vanishes" in bench.view.accessibleName()
    assert (ink(bench.view.grab().toImage(), LIGHT.error) < 30).any()


def test_the_light_says_that_it_learns(qtbot) -> None:
    bench = Bench(qtbot, LightView, Project()).show(WIDTH, 24)
    bench.view.show_frame(Frame(Project()))
    assert (bench.view.light, bench.view.sentence) == ("", "nothing to say yet")
    from playground.document.examples import example

    bench.view.show_frame(frames(example("xor").project, 6)[-1])
    assert bench.view.light == "learning"
    assert np.count_nonzero(ink(bench.view.grab().toImage(), LIGHT.good) < 30) > 20


def test_a_run_that_has_burst_is_stuck(qtbot) -> None:
    bench = Bench(qtbot, LightView, Project()).show(WIDTH, 24)
    bench.view.show_frame(Frame(Project(), state=State.DIVERGED, message="Not finite."))
    assert (bench.view.light, bench.view.sentence) == ("stuck", "Training diverged")


def test_each_state_has_a_form_of_its_own() -> None:
    assert len({name for name, _, _ in LIGHTS.values()}) == len(LIGHTS)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_the_light_opens_diagnosis(qtbot, tmp_path, way: str) -> None:
    shell = Shell(qtbot, SIGMOIDS, tmp_path, ToldRunner()).show()
    light = shell.window.light
    if way == "mouse":
        QTest.mouseClick(light, Qt.MouseButton.LeftButton)
    else:
        light.setFocus(Qt.FocusReason.TabFocusReason)
        QTest.keyClick(light, Qt.Key.Key_Return)
    assert shell.window.docks["diagnosis"].isVisible()


@pytest.mark.slow
def test_the_light_leaves_the_validation_accuracy_its_room(qtbot, tmp_path) -> None:
    shell = Shell(qtbot, SIGMOIDS, tmp_path, ToldRunner()).show()
    light = shell.window.light
    assert light.isVisible()
    assert shell.window.metrics.readouts["validation_metric"].isVisible()
    assert light.mapTo(shell.window, light.rect().bottomRight()).x() <= 1280
    scrub = shell.window.transport.scrub
    assert (
        scrub.mapTo(shell.window, scrub.rect().topRight()).x()
        < light.mapTo(shell.window, light.rect().topLeft()).x()
    )
    assert scrub.slider.width() > 400

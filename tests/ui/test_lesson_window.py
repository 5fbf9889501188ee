"""A lesson in the whole window: what it locks does not answer, what it hides is gone, and what it needs has room; afterwards all is as before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from engine.optimizers import Adam
from playground.document import edits
from playground.document.examples import example
from playground.lessons.reading import parse
from playground.runner.messages import Play, Reset, State, Step
from playground.ui.panels.lesson import view as lesson_view
from tests.lessons.test_lesson_files import FRONT
from tests.ui.shell import Shell, ToldRunner

BODY = """## A
::: lock allow=play,fit.optimizer.lr until=q
:::

::: predict id=q kind=choice
What?
- [x] a
- [ ] b
:::

[train](do:train?epochs=7) [begin anew](do:reset)
"""


@pytest.fixture
def shell(qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(lesson_view, "own_folder", lambda: tmp_path / "own")
    return Shell(qtbot, example("circle").project, tmp_path, ToldRunner()).show()


def begin(shell: Shell, front: str = FRONT) -> lesson_view.LessonView:
    shell.window.docks.bring_forward("lesson")
    view = shell.window.docks.views["lesson"]
    assert isinstance(view, lesson_view.LessonView)
    view.begin(parse(front + BODY, "one"))
    QApplication.processEvents()
    return view


def enabled(widget: QWidget, name: str) -> bool:
    found = widget.findChild(QWidget, name)
    assert found is not None, name
    return found.isEnabled()


def test_only_what_is_opened_answers(shell: Shell) -> None:
    view, actions = begin(shell), shell.window.actions_
    assert (
        actions["run.play"].isEnabled(),
        actions["run.inspect"].isEnabled(),
        actions["run.reset"].isEnabled(),
    ) == (True, False, False)
    assert "locked" in actions["run.inspect"].toolTip()
    training = shell.window.docks.views["training"]
    assert not enabled(training, "batch_size")
    assert not enabled(training, "optimizer")
    assert enabled(training, "lr")
    assert not enabled(training, "new_weights")
    assert not shell.window.docks["palette"].isEnabled()
    before = shell.document.value
    shell.document.do(edits.remove, ["tanh1"])
    shell.document.do(edits.set_fit, before.fit.replace(optimizer=Adam()))
    assert shell.document.value is before
    assert "Locked by the lesson for now" in shell.window.banner.text.text()
    shell.window.run.reset()
    assert not any(isinstance(one, Reset) for one in shell.runner.commands)
    shell.document.do(edits.set_fit, before.fit.replace(optimizer=before.fit.optimizer.replace(lr=0.4)))
    assert shell.document.value.fit.optimizer.lr == 0.4
    view.questions[0].buttons[0].click()
    assert actions["run.inspect"].isEnabled()
    assert enabled(training, "batch_size")
    layers = [(node.id, node.layer) for node in shell.document.value.network.nodes]
    shell.document.do(edits.remove, ["tanh1"])
    rest = [layer for id, layer in layers if id != "tanh1"]
    assert [node.layer for node in shell.document.value.network.nodes] == rest


def test_a_lessons_own_links_are_not_locked(shell: Shell) -> None:
    view = begin(shell)
    view._follow("do:reset")
    assert isinstance(shell.runner.commands[-1], Reset)
    view._follow("do:train?epochs=7")
    assert shell.runner.commands[-1] == Step("epoch", 7)
    view._follow("do:play")
    assert isinstance(shell.runner.commands[-1], Play)
    view._follow("do:look?layer=linear1")
    assert not enabled(shell.window.docks.views["inspector"], "out_features"), (
        "what is pointed at stays locked"
    )


def test_who_closes_the_panel_has_everything_back(shell: Shell) -> None:
    begin(shell, FRONT.replace("start =", 'allow = ["play"]\nhide = ["losses", "problems"]\nstart ='))
    docks = shell.window.docks
    assert docks["losses"].isHidden()
    assert not docks["losses"].toggleViewAction().isEnabled()
    docks.bring_forward("losses")
    assert docks["losses"].isHidden(), "nobody brings forward what a class is not to see"
    docks["lesson"].hide()
    QApplication.processEvents()
    assert not docks["losses"].isHidden()
    assert docks["losses"].toggleViewAction().isEnabled()
    assert docks["problems"].toggleViewAction().isEnabled()
    assert shell.window.actions_["run.reset"].isEnabled()
    before = shell.document.value
    shell.document.do(edits.new_weights)
    assert shell.document.value is not before


def test_a_text_keeps_its_height_beside_a_panel_at_the_bottom(shell: Shell) -> None:
    begin(shell)
    docks, height = shell.window.docks, shell.window.docks["lesson"].height()
    docks.bring_forward("backprop")
    # In so low a window there is room for one of them: Qt would draw them over one another.
    behind = [docks[key] for key in ("losses", "inspector", "training")]
    shell.qtbot.waitUntil(lambda: shell.window.tabifiedDockWidgets(docks["output"]) == behind)
    assert docks.seen("output")
    assert docks["lesson"].height() == height
    assert docks["backprop"].x() > docks["lesson"].x() + docks["lesson"].width() - 10
    docks["backprop"].hide()
    shell.qtbot.waitUntil(lambda: shell.window.tabifiedDockWidgets(docks["output"]) == [])
    assert docks["losses"].isVisible()
    assert docks["output"].y() < docks["losses"].y()
    assert docks["training"] in shell.window.tabifiedDockWidgets(docks["inspector"])


def test_lessons_that_nobody_opens_cost_nothing_at_the_start() -> None:
    code = "import playground.ui.shell.main_window, playground.ui.application, sys; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    ).stdout.split()
    assert "playground.ui.shell.main_window" in found
    assert not [
        name
        for name in found
        if name.startswith(("playground.lessons", "playground.ui.panels.lesson.", "markdown_it", "ziamath"))
    ]


def test_what_is_done_while_another_panel_stands_before_it_is_recorded_in_order(
    qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson_view, "own_folder", lambda: tmp_path / "own")
    shell = Shell(qtbot, example("xor").project, tmp_path).show().until_ready()
    docks = shell.window.docks
    docks.bring_forward("lesson")
    view = docks.views["lesson"]
    qtbot.waitUntil(lambda: view._frame is not None)
    view.record()
    docks["lesson"].hide()
    recorder, fit = view.recorder, shell.document.value.fit
    shell.runner.send(Step("epoch", 3))
    shell.until(State.PAUSED, epoch=3)
    shell.document.do(edits.set_fit, fit.replace(batch_size=2))
    assert recorder.recording.links == ["do:train?epochs=3", "do:set?fit.batch_size=2"]

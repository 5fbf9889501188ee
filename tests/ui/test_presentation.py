"""For a projector: everything larger, and the network with one panel."""

import os
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDockWidget

from playground import app
from playground.document.examples import example
from tests.ui.shell import Shell, ToldRunner

pytestmark = pytest.mark.slow


@pytest.fixture
def told(qtbot, tmp_path: Path) -> Shell:
    return Shell(qtbot, example("circle").project, tmp_path, ToldRunner()).show()


def seen(shell: Shell) -> set[str]:
    docks = shell.window.findChildren(QDockWidget)
    return {dock.objectName() for dock in docks if not dock.visibleRegion().isEmpty()}


def test_a_presentation_shows_one_panel_and_then_all_as_they_were(told: Shell, qtbot) -> None:
    before = seen(told)
    told.window.actions_["view.presentation"].trigger()
    qtbot.waitUntil(lambda: seen(told) == {"output"})
    assert told.window.canvas.width() > told.window.width() // 3
    told.window.actions_["view.presentation"].trigger()
    qtbot.waitUntil(lambda: seen(told) == before)


def test_it_is_the_panel_one_looks_into(told: Shell, qtbot) -> None:
    told.window.docks.bring_forward("diagnosis")
    qtbot.waitUntil(lambda: "diagnosis" in seen(told))
    told.window.actions_["view.presentation"].trigger()
    qtbot.waitUntil(lambda: seen(told) == {"diagnosis"})


def test_it_is_not_what_the_next_window_begins_with(told: Shell, qtbot, tmp_path: Path) -> None:
    before = seen(told)
    told.window.actions_["view.presentation"].trigger()
    told.window.close()
    again = Shell(qtbot, example("circle").project, tmp_path, ToldRunner()).show()
    qtbot.waitUntil(lambda: seen(again) == before)


def test_another_scale_is_kept_for_the_next_start(told: Shell) -> None:
    told.window.actions_["view.scale.150"].trigger()
    assert told.settings.scale == 150
    assert "150 % from the next start on" in told.window.banner.text.text()
    assert told.window.isVisible()


def test_the_scale_is_qts_unless_somebody_has_set_it(monkeypatch) -> None:
    monkeypatch.delenv("QT_SCALE_FACTOR", raising=False)
    app._scale_interface(100)
    assert "QT_SCALE_FACTOR" not in os.environ
    app._scale_interface(175)
    assert os.environ["QT_SCALE_FACTOR"] == "1.75"
    monkeypatch.setenv("QT_SCALE_FACTOR", "3")
    app._scale_interface(150)
    assert os.environ["QT_SCALE_FACTOR"] == "3"

"""Who is given room in the window gives it back, and nothing lies over what is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QToolButton

from engine.data import Digits
from engine.network import Network
from playground.document import edits
from playground.document.examples import example
from playground.document.project import Project
from playground.ui.panels.output.curve import CurveFit
from playground.ui.panels.output.parts import CurveParts
from tests.ui.shell import Shell, ToldRunner


@pytest.fixture
def shell(qtbot, tmp_path: Path) -> Shell:
    return Shell(qtbot, example("circle").project, tmp_path, ToldRunner()).show()


def settled(shell: Shell) -> tuple[int, int]:
    """The widths of the left and of the right column."""
    QApplication.processEvents()
    return shell.window.docks["data"].width(), shell.window.docks["output"].width()


def test_who_has_painted_gives_the_room_back(shell: Shell) -> None:
    before = settled(shell)
    paint = shell.child("paint")
    assert isinstance(paint, QToolButton)
    paint.setChecked(True)
    assert settled(shell)[1] > before[1] + 100
    paint.setChecked(False)
    shell.qtbot.waitUntil(lambda: settled(shell) == before)


def test_a_width_that_was_chosen_while_painting_stays(shell: Shell) -> None:
    settled(shell)
    paint = shell.child("paint")
    assert isinstance(paint, QToolButton)
    paint.setChecked(True)
    settled(shell)
    shell.window.resizeDocks([shell.window.docks["output"]], [460], Qt.Orientation.Horizontal)
    chosen = settled(shell)
    paint.setChecked(False)
    assert settled(shell) == chosen


def test_a_column_is_as_wide_after_a_lesson_as_before_it(shell: Shell) -> None:
    before = settled(shell)
    lessons = shell.window.docks["lesson"].toggleViewAction()
    lessons.trigger()
    QApplication.processEvents()
    assert shell.window.docks["lesson"].width() > before[0] + 40
    lessons.trigger()
    shell.qtbot.waitUntil(lambda: settled(shell) == before)


def test_no_panel_comes_to_lie_over_what_is_said(shell: Shell) -> None:
    banner = shell.window.banner
    banner.show_message("note", "Something was put aside.", [("Back to it", lambda: None)])
    for dock in (shell.window.docks["output"], shell.window.docks["data"]):
        dock.raise_()
        QApplication.processEvents()
        others = shell.window.children()
        assert others.index(banner) > others.index(dock)


@pytest.mark.parametrize("width", [900, 1280])
def test_the_invitation_lies_over_no_input(qtbot, tmp_path: Path, width: int) -> None:
    empty = edits.set_source(Project(network=Network()), Digits())
    shell = Shell(qtbot, empty, tmp_path, ToldRunner()).show(width)
    QApplication.processEvents()
    canvas = shell.window.canvas
    room = canvas._on_area(canvas.scene.middle()).toRect()
    assert canvas.invitation.isVisible()
    assert canvas.invitation.x() >= room.left() - 1


def test_a_curve_taken_apart_has_room_and_gives_it_back(qtbot, tmp_path: Path) -> None:
    shell = Shell(qtbot, example("regression").project, tmp_path, ToldRunner()).show()
    before, output = settled(shell), shell.window.docks.views["output"]
    output._show(CurveParts)
    qtbot.waitUntil(lambda: settled(shell)[1] > before[1] + 100)
    output._show(CurveFit)
    qtbot.waitUntil(lambda: settled(shell) == before)


def test_a_project_of_pulses_has_room_from_the_beginning(qtbot, tmp_path: Path) -> None:
    shell = Shell(qtbot, example("pulses").project, tmp_path, ToldRunner()).show()
    qtbot.waitUntil(lambda: settled(shell)[1] > 400)
    shell.window.docks.views["output"]._show(CurveFit)
    qtbot.waitUntil(lambda: settled(shell)[1] < 400)


def test_data_that_wait_for_an_answer_are_given_height_and_no_width(shell: Shell, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b,kind\n" + "".join(f"{i},{i * i},{'xy'[i % 2]}\n" for i in range(40)))
    widths, data = settled(shell), shell.window.docks["data"]
    before, view = data.height(), shell.window.docks.views["data"]
    view.open_path(table)
    shell.qtbot.waitUntil(view.preview.isVisible)
    shell.qtbot.waitUntil(lambda: data.height() > before + 50)
    assert settled(shell) == widths
    view.preview.cancel.click()
    shell.qtbot.waitUntil(lambda: data.height() == before)

"""Names that users and files give are shown letter by letter: nowhere are they taken for markup, which could read files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAction, QHelpEvent
from PySide6.QtGui import Qt as QtGui
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QLabel,
    QMenu,
    QMessageBox,
    QToolTip,
    QWidget,
)

from engine import layers, losses, optimizers
from engine.data import Dataset, Source, sources
from engine.fit import Fit
from engine.network import Network, Node
from playground.document import edits
from playground.document.project import Project
from playground.runner.messages import State
from playground.ui.kit.questions import refuse
from playground.ui.kit.text import button_text, escaped, tip
from playground.ui.kit.view import StepAt
from tests.ui.shell import Shell

pytestmark = pytest.mark.slow

EVIL = "<img src='/x.png'>"


def named(what: str) -> str:
    return f"{what}{EVIL}"


@pytest.fixture
def source(request) -> Iterator[Source]:
    """Data of a kind (the parameter) in which all that has a name has an evil one."""

    @sources.register("Evil", category=named("kind"), label=named("data"))
    @dataclass(frozen=True)
    class Evil(Source):
        def make(self) -> Dataset:
            rng, n = np.random.default_rng(0), 60
            classes = tuple(named(f"class{i}") for i in range(3))
            features = tuple(named(f"feature{i}") for i in range(4))
            match request.param:
                case "pictures":
                    return Dataset(rng.random((n, 1, 8, 8)), rng.integers(0, 3, n), classes=classes)
                case "numbers":
                    targets = (named("target"),)
                    return Dataset(rng.random((n, 4)), rng.random((n, 1)), features=features, targets=targets)
            return Dataset(rng.random((n, 4)), rng.integers(0, 3, n), classes=classes, features=features)

    Evil.__doc__ = f"Data of {EVIL}."
    yield Evil()
    sources.unregister("Evil")


def project_on(source: Source, outputs: int) -> Project:
    pictures = len(source.make().in_shape) == 3
    a, b = named("a"), named("b")
    first = (
        (
            Node(a, layers.Conv2d(out_channels=2)),
            Node(named("p"), layers.MaxPool2d()),
            Node(named("f"), layers.Flatten()),
        )
        if pictures
        else (Node(a, layers.Linear(3)),)
    )
    network = Network((*first, Node(named("t"), layers.Tanh()), Node(b, layers.Linear(outputs))))
    loss = losses.CrossEntropyLoss() if outputs > 1 else losses.MSELoss()
    return Project(
        named("project"),
        source,
        network=network,
        fit=Fit(loss=loss, optimizer=optimizers.SGD(lr=0.1), batch_size=8),
    )


# ---- looking --------------------------------------------------------------------------------------------------------


def is_markup(text: str) -> bool:
    return EVIL in text and QtGui.mightBeRichText(text)


def shown_as_markup() -> list[str]:
    """Every text in a window of this program that Qt would take for markup with the evil name in it."""
    found = []
    for top in QApplication.topLevelWidgets():
        for widget in (top, *top.findChildren(QWidget)):
            where = f"{type(widget).__name__} {widget.objectName()}"
            if isinstance(widget, QLabel):
                rich = widget.textFormat() == Qt.TextFormat.RichText
                guessed = widget.textFormat() == Qt.TextFormat.AutoText and QtGui.mightBeRichText(
                    widget.text()
                )
                if EVIL in widget.text() and (rich or guessed):
                    found.append(f"text of {where}: {widget.text()}")
            for what, text in (
                ("tool tip", widget.toolTip()),
                ("what's this", widget.whatsThis()),
                ("status tip", widget.statusTip()),
            ):
                if is_markup(text):
                    found.append(f"{what} of {where}: {text}")
            if isinstance(widget, QAbstractItemView) and widget.model() is not None:
                found += [f"item of {where}: {text}" for text in item_tips(widget) if is_markup(text)]
        for action in top.findChildren(QAction):
            found += [
                f"action {action.objectName()}: {text}"
                for text in (action.toolTip(), action.statusTip(), action.whatsThis())
                if is_markup(text)
            ]
    return found


def item_tips(view: QAbstractItemView) -> Iterator[str]:
    model = view.model()
    for row in range(min(model.rowCount(), 40)):
        for column in range(min(model.columnCount(), 8)):
            yield str(model.index(row, column).data(Qt.ItemDataRole.ToolTipRole) or "")


@pytest.fixture
def tips(monkeypatch) -> list[str]:
    """The tool tips that widgets show by themselves."""
    told: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", staticmethod(lambda at, text, *_: told.append(text)))
    return told


def rest_everywhere(shell: Shell) -> None:
    """Let the mouse rest on points of every widget that can be seen."""
    for widget in shell.window.findChildren(QWidget):
        if not widget.isVisible() or widget.visibleRegion().isEmpty() or isinstance(widget, QMenu):
            continue
        ours = type(widget), type(widget.parent())  # a viewport's events are its view's
        if not any(cls.__module__.startswith("playground") for cls in ours):
            continue
        for i in range(1, 6):
            for j in range(1, 4):
                at = QPoint(widget.width() * i // 6, widget.height() * j // 4)
                QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at)))


def hover_the_canvas(shell: Shell, step: int = 18) -> set[str]:
    """Everything that the card beside the mouse says."""
    said, canvas = set(), shell.window.canvas
    port = canvas.network.viewport()
    for x in range(4, port.width(), step):
        for y in range(4, port.height(), step):
            canvas.network.look_at(QPoint(x, y))
            said.add(canvas.hover_card.text())
    return said


# ---- the tests ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "outputs"), [("rows", 3), ("pictures", 3), ("numbers", 1)], indirect=["source"]
)
def test_no_name_is_markup_anywhere_in_the_window(
    qtbot, tmp_path: Path, source: Source, outputs: int, tips
) -> None:
    project = project_on(source, outputs)
    shell = Shell(qtbot, project, tmp_path)
    shell.document.path = tmp_path / f"{named('file').replace('/', '')}.json"
    shell.settings.add_recent(shell.document.path)
    shell.show(1700, 1000).until_ready()
    window = shell.window
    window.actions_["run.epoch"].trigger()
    shell.until(State.PAUSED, epoch=1)
    for key, dock in window.docks._docks.items():
        dock.show()
        window.docks.bring_forward(key)
        QTest.qWait(60)
        assert shown_as_markup() == [], key
    for node in project.network.nodes:
        window.focus.select(node.id)
        QTest.qWait(40)
        assert shown_as_markup() == []
    for panel in ("diagnosis", "convolution", "problems"):
        window.docks.bring_forward(panel)
        QTest.qWait(80)
        for _ in range(100):  # its figures come, unless another panel has come before it
            if window.docks.views["diagnosis"]._diagnosis is not None:
                break  # at once to the mouse: the next answer may be without them
            QTest.qWait(30)
        rest_everywhere(shell)
    said = hover_the_canvas(shell)
    assert any(escaped(EVIL) in text for text in said)
    assert not any(EVIL in text for text in said)
    assert any(EVIL in text or escaped(EVIL) in text for text in tips)
    assert [text for text in tips if is_markup(text)] == []
    menu = next(m for m in window.findChildren(QMenu) if m.title() == "Open Recent")
    menu.aboutToShow.emit()
    assert shown_as_markup() == []


@pytest.mark.parametrize("source", ["rows"], indirect=True)
def test_no_name_is_markup_while_somebody_steps(qtbot, tmp_path: Path, source: Source, tips) -> None:
    shell = Shell(qtbot, project_on(source, 3), tmp_path).show(1700, 1000).until_ready()
    window = shell.window
    window.step_inside()
    qtbot.waitUntil(lambda: window.focus.step is not None, timeout=20_000)
    walk = window.backprop.stepper.walk
    for at in np.linspace(0, len(walk.moments) - 1, 10).astype(int):
        moment = walk.moments[int(at)]
        window.focus.show_step(StepAt(walk.trace, moment, 0))
        QTest.qWait(20)
        assert shown_as_markup() == [], moment
        rest_everywhere(shell)
        assert not any(EVIL in text for text in hover_the_canvas(shell, 40))
    assert [text for text in tips if is_markup(text)] == []


@pytest.mark.parametrize("source", ["rows"], indirect=True)
def test_no_name_is_markup_in_what_is_wrong(qtbot, tmp_path: Path, source: Source, tips) -> None:
    project = project_on(source, 3)
    wrong = Node(named("w"), layers.Linear(2), (named("nowhere"),))
    shell = Shell(qtbot, project, tmp_path).show(1700, 1000).until_ready()
    shell.document.apply(project.replace(network=Network((*project.network.nodes, wrong))), named("Edit"))
    shell.window.docks.bring_forward("problems")
    QTest.qWait(100)
    assert any(
        named("nowhere") in label.text() or escaped(named("nowhere")) in label.text()
        for label in shell.window.findChildren(QLabel)
    )
    rest_everywhere(shell)
    assert not any(EVIL in text for text in hover_the_canvas(shell))
    assert shown_as_markup() == []
    shell.window.close()  # asks, as there is an edit
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert EVIL in box.text()
    assert shown_as_markup() == []
    box.reject()
    refuse(shell.window, named("Not opened"), ValueError(named("file")))
    assert shown_as_markup() == []
    QApplication.activeModalWidget().reject()
    shell.window.run.offer(named("left"), named("Back to"), lambda: None)
    shell.window.run.view_failed(named("view"), named("Error"), named("details"))
    shell.window.run.failed(named("Error"), named("details"))
    assert shown_as_markup() == []
    assert [text for text in tips if is_markup(text)] == []


def test_every_label_says_what_its_text_is(qtbot, tmp_path: Path) -> None:
    """None leaves it to Qt to guess."""
    from playground.document.examples import example

    shell = Shell(qtbot, example("digits-cnn").project, tmp_path).show(1500, 900).until_ready()
    for dock in shell.window.docks._docks.values():
        dock.show()
    shell.window.dialogs.show_start_page()
    labels = [label for top in QApplication.topLevelWidgets() for label in top.findChildren(QLabel)]
    assert len(labels) > 100
    guessing = {
        label.objectName() or label.text() for label in labels if label.textFormat() == Qt.TextFormat.AutoText
    }
    assert guessing <= {"qt_rubberband"}
    QApplication.activeModalWidget().close()


def test_helpers() -> None:
    assert escaped("a < b & 'c'") == "a &lt; b &amp; 'c'"
    assert tip("a < b & c") == "a < b & c", "what Qt takes for no markup needs no escape"
    assert EVIL not in tip(named("x"))
    assert QtGui.mightBeRichText(tip(named("x")))
    assert button_text("salt & pepper") == "salt && pepper"


@pytest.mark.parametrize("name", ["a[*]b", "[*]", "a & b"])
def test_a_file_s_name_stands_in_the_title_as_it_is(qtbot, tmp_path: Path, name: str) -> None:
    shell = Shell(qtbot, Project(name=name), tmp_path).show()
    assert shell.window.windowTitle().removesuffix("[*]").replace("[*][*]", "[*]") == name
    assert not shell.window.isWindowModified()
    shell.document.apply(edits.set_seed(shell.document.value, 4), "Seed")
    assert shell.window.isWindowModified()


def test_no_label_is_made_without_saying_what_its_text_is(repository: Path) -> None:
    """``Label`` or ``RichLabel``: a plain QLabel would guess."""
    kit = repository / "playground" / "ui"
    made = [
        f"{path.relative_to(repository)}:{number}"
        for path in sorted(kit.rglob("*.py"))
        if path.name != "text.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"(?<![\w.])QLabel\(|\(QLabel\)", line)
    ]
    assert made == []

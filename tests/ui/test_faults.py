"""An exception that nobody catches is shown and written down, once, and the program goes on."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QPlainTextEdit, QPushButton

from playground.document.examples import example
from playground.ui.shell.faults import Faults
from tests.ui.shell import Shell, ToldRunner


@pytest.fixture
def faults(qtbot) -> Iterator[Faults]:
    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    faults = Faults()
    faults.listen()
    yield faults
    faults.stop()
    assert before == (sys.excepthook, threading.excepthook, sys.unraisablehook)


def broken() -> None:
    raise RuntimeError("the spring is bent")


def test_a_fault_in_a_slot_is_shown_and_noted_and_the_window_goes_on(
    qtbot, faults: Faults, tmp_path: Path, caplog
) -> None:
    shell = Shell(qtbot, example("circle").project, tmp_path, ToldRunner()).show()
    faults.happened.connect(shell.window.run.failed)
    shell.window.transport.addAction("break").triggered.connect(broken)
    with caplog.at_level(logging.ERROR):
        next(a for a in shell.window.transport.actions() if a.text() == "break").trigger()
    assert shell.window.banner.isVisible()
    assert "RuntimeError: the spring is bent" in shell.window.banner.text.text()
    assert "in broken" in caplog.text, "the stack trace is on stderr"
    shell.click("banner_offer0")
    details = shell.window.findChild(QPlainTextEdit, "details_text")
    assert "the spring is bent" in details.toPlainText()
    details.window().close()
    shell.window.actions_["file.new"].trigger()
    assert not shell.document.value.network.nodes, "the program goes on"


def test_the_same_fault_is_told_once_and_another_one_too(qtbot, faults: Faults) -> None:
    told: list[str] = []
    faults.happened.connect(lambda words, details: told.append(words))
    button = QPushButton()
    qtbot.addWidget(button)
    button.clicked.connect(broken)
    for _ in range(5):
        button.click()
    assert told == ["RuntimeError: the spring is bent"]
    button.clicked.disconnect()
    button.clicked.connect(lambda: int("one"))
    button.click()
    assert len(told) == 2


def test_what_it_says_is_short_whatever_the_error_says(qtbot, faults: Faults) -> None:
    told: list[tuple[str, str]] = []
    faults.happened.connect(lambda *words: told.append(words))

    def verbose() -> None:
        raise ValueError("z" * 5000)

    QTimer.singleShot(0, verbose)
    qtbot.waitUntil(lambda: bool(told))
    assert len(told[0][0]) < 200
    assert "z" * 5000 in told[0][1]


def test_faults_in_threads_and_finalizers_are_told_on_the_window_s_thread(qtbot, faults: Faults) -> None:
    class Ear(QObject):
        def __init__(self) -> None:
            super().__init__()
            self.heard: list[tuple[str, threading.Thread]] = []

        def hear(self, words: str, details: str) -> None:
            self.heard.append((words, threading.current_thread()))

    class Fragile:
        def __del__(self) -> None:
            raise OSError("it would not go")

    ear = Ear()
    faults.happened.connect(ear.hear)
    thread = threading.Thread(target=broken)
    thread.start()
    thread.join()
    Fragile()
    qtbot.waitUntil(lambda: len(ear.heard) == 2)
    assert {words.partition(":")[0] for words, _ in ear.heard} == {"RuntimeError", "OSError"}
    assert {on for _, on in ear.heard} == {threading.main_thread()}


def test_being_interrupted_is_no_fault(faults: Faults, monkeypatch) -> None:
    passed_on: list[object] = []
    monkeypatch.setattr(faults, "_before", (lambda *args: passed_on.append(args[0]), None, None))
    told: list[str] = []
    faults.happened.connect(lambda words, details: told.append(words))
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    monkeypatch.undo()
    assert passed_on == [KeyboardInterrupt]
    assert not told

"""Told to end by the system, the program ends as closing does: nothing is asked, nothing of the user's is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from playground.document import edits, files
from playground.document.examples import example
from playground.runs.points import point
from playground.ui.shell.signals import ENDING, EndSignals
from tests.ui.shell import Shell, ToldRunner

CIRCLE = example("circle").project

pytestmark = pytest.mark.skipif(os.name != "posix", reason="these signals are POSIX's")


@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_a_signal_is_heard_in_qts_loop(qtbot, number: signal.Signals) -> None:
    before = {each: signal.getsignal(each) for each in ENDING}
    signals = EndSignals()
    try:
        with qtbot.waitSignal(signals.asked):
            os.kill(os.getpid(), number)
        assert signal.getsignal(number) is signal.SIG_DFL, (
            "the next one ends the program whatever it is doing"
        )
    finally:
        signals.stop()
    assert {each: signal.getsignal(each) for each in ENDING} == before


def test_unsaved_edits_go_to_a_file_of_their_own(qtbot, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shell = Shell(qtbot, CIRCLE, tmp_path, ToldRunner()).show()
    shell.document.apply(edits.rename(edits.set_seed(CIRCLE, 7), "a/b: ü"), "Rename")
    shell.window.desk.put_aside()
    shell.window.close()
    assert not shell.window.isVisible(), "nothing was asked"
    (path,) = shell.settings.recent
    assert tmp_path in path.parents
    assert path.name == "a_b_ ü (unsaved).playground.json"
    assert files.load(path).seed == 7


def test_where_nothing_is_unsaved_nothing_is_written(qtbot, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    shell = Shell(qtbot, CIRCLE, tmp_path, ToldRunner()).show()
    shell.window.desk.put_aside()
    shell.window.close()
    assert shell.settings.recent == ()
    assert not list((tmp_path / "data").rglob("*.json"))


PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from playground import app
from playground.document import edits
from playground.document.examples import example
from playground.ui.application import application

def act():
    window = next(w for w in QApplication.topLevelWidgets() if w.objectName() == "main_window")
    document, autosave = window.document, window.desk.autosave
    document.apply(edits.set_seed(document.value, 7), "Seed")
    window.dialogs.show_start_page()
    window.desk.autosave = None
    window.desk.new()  # asks
    window.desk.autosave = autosave
    print("ready", flush=True)

if __name__ == "__main__":
    app.one_blas_thread()
    application()
    QTimer.singleShot(200, act)
    sys.exit(app.open_window(example("circle").project))
"""


@pytest.mark.slow
def test_the_program_ends_with_its_questions_and_dialogs_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "tmp").mkdir()
    homes = {f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "CACHE")}
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "program.py")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **homes, "PYTHONPATH": os.getcwd(), "TMPDIR": str(tmp_path / "tmp"), "QT_QPA_PLATFORM": "offscreen"},
    ) as program:  # fmt: skip
        assert program.stdout.readline() == "ready\n"
        program.terminate()
        _, complaints = program.communicate(timeout=60)
    said = [
        line for line in complaints.splitlines() if "propagateSizeHints" not in line
    ]  # of a screen that is none
    assert (program.returncode, said) == (0, [])
    assert list((tmp_path / "tmp").iterdir()) == []
    [path] = (tmp_path / "data").rglob("state.chainrule")
    state = point(path)
    assert state is not None
    assert state.unsaved
    assert state.project().seed == 7

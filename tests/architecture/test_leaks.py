"""The guard in tests/conftest.py is itself tried: on tests that leave something behind, and on tests that don't."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PRELUDE = """
import threading, time
import pyqtgraph as pg
from PySide6.QtCore import QObject, QSettings, QThreadPool, QTimer, QVariantAnimation
from PySide6.QtWidgets import QWidget

kept = []
"""

LEAKS = {
    # what it is: (the body of a test, what the complaint says)
    "thread": (
        "threading.Thread(target=time.sleep, args=(60,), daemon=True, name='worker').start()",
        "thread 'worker'",
    ),
    "window": ("kept.append(QWidget())", "window <PySide6.QtWidgets.QWidget"),
    "timer": ("t = QTimer(); kept.append(t); t.start(9_000)", "running <PySide6.QtCore.QTimer"),
    "shot": ("QTimer.singleShot(9_000, print)", "running <PySide6.QtCore.QTimer"),
    "shot of a living object": (
        "o = QObject(); kept.append(o); QTimer.singleShot(9_000, o, print)",
        "running <PySide6.QtCore.QTimer",
    ),
    "animation": (
        "a = QVariantAnimation(); kept.append(a); a.setDuration(9_000); a.setEndValue(1.0); a.start()",
        "running <PySide6.QtCore.QVariantAnimation",
    ),
    "pool": (
        "QThreadPool.globalInstance().start(lambda: time.sleep(4))",
        "a task in the global QThreadPool",
    ),
}

CLEAN = {
    "thread that ends": "threading.Thread(target=time.sleep, args=(0.1,)).start()",
    "window of qtbot": "w = QWidget(); qtbot.addWidget(w); w.show()",
    "plot of qtbot": "w = pg.PlotWidget(); qtbot.addWidget(w); w.plot([1, 3, 2]); w.show()",
    "window in a cycle": "w = QWidget(); w.itself = w",
    "window deleted later": "w = QWidget(); kept.append(w); w.deleteLater()",
    "timer of a dead parent": "w = QWidget(); t = QTimer(w); kept.append(t); t.start(9_000)",
    "stopped timer": "t = QTimer(); kept.append(t); t.start(9_000); t.stop()",
    "shot that was fired": "QTimer.singleShot(0, print)",
    "shot of a dead object": "o = QObject(); QTimer.singleShot(9_000, o, print); del o",
    "settings": "s = QSettings('us', 'it'); assert not s.allKeys(); s.setValue('key', 1); s.sync()",
    "settings, again": "assert not QSettings('us', 'it').allKeys()",
}


@pytest.fixture(scope="module")
def report(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest prints of all of them, run once, in a process and a folder of their own."""
    folder = tmp_path_factory.mktemp("leaks")
    shutil.copy(repository / "tests" / "conftest.py", folder)
    # Those that leave nothing come first: a task in the pool cannot be ended, and is still there in the test after its own.
    bodies = list(CLEAN.values()) + [body for body, _ in LEAKS.values()]
    tests = [f"def test_{number}(qtbot):\n    {body}\n" for number, body in enumerate(bodies)]
    (folder / "test_it.py").write_text(PRELUDE + "\n".join(tests), encoding="utf-8")
    configuration = f"--config-file={repository / 'pyproject.toml'}"
    command = [sys.executable, "-m", "pytest", "-rA", configuration, f"--rootdir={folder}", folder]
    environment = os.environ | {"PLAYGROUND_TESTS_PATIENCE": "1"}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=250, check=False
    )
    return result.stdout


@pytest.mark.parametrize("what", LEAKS)
def test_what_is_left_behind_fails_its_test(report: str, what: str) -> None:
    number = len(CLEAN) + list(LEAKS).index(what)
    after = report.partition(f"ERROR at teardown of test_{number} ")[2]
    complaint = after.splitlines()[1] if after else "none"
    assert complaint.startswith(f"left behind: {LEAKS[what][1]}"), report


@pytest.mark.parametrize("what", CLEAN)
def test_what_is_cleared_away_does_not(report: str, what: str) -> None:
    number = list(CLEAN).index(what)
    assert f"PASSED test_it.py::test_{number}\n" in report, report
    assert f"ERROR test_it.py::test_{number} " not in report, report

"""What holds for every test: no screen, none of the user's settings, and nothing left behind."""

import gc
import os
import secrets
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

# Before Qt or NumPy is loaded, and for every process that a test starts.
_home = tempfile.TemporaryDirectory(prefix="playground-tests-")
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["XDG_CONFIG_HOME"] = os.path.join(_home.name, "config")
os.environ["XDG_DATA_HOME"] = os.path.join(_home.name, "data")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Where chance finds what to try (tests/soak); here, so that all workers have the same.
os.environ.setdefault("PLAYGROUND_SEED", str(secrets.randbits(32)))

import coverage
import hypothesis
import pytest
from PySide6.QtCore import (
    SIGNAL,
    QAbstractAnimation,
    QCoreApplication,
    QEvent,
    QSettings,
    QThread,
    QThreadPool,
    QTimer,
)
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

# The same seed, the same numbers: a run that failed fails again. No deadline: a shared machine may stop for a second.
hypothesis.settings.register_profile("playground", deadline=None, derandomize=True)
hypothesis.settings.load_profile("playground")

REPOSITORY = Path(__file__).parents[1]


def pytest_report_header() -> str:
    return "PLAYGROUND_SEED=" + os.environ["PLAYGROUND_SEED"]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds pyproject.toml."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the repository with data too large for it; where there is none, the test is skipped."""
    path = REPOSITORY.parent / "shared"
    if not path.is_dir():
        pytest.skip("there is no folder ../shared beside the repository")
    return path


# ---- Settings: the user's are neither read nor written (by other processes neither: XDG_CONFIG_HOME, above) ----------


@pytest.fixture(autouse=True)
def settings_of_its_own(request: pytest.FixtureRequest) -> None:
    """Give each test with Qt empty settings that nobody else reads."""
    if "qapp" in request.fixturenames:
        folder = str(request.getfixturevalue("tmp_path") / "settings")
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        for file_format in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
            QSettings.setPath(file_format, QSettings.Scope.UserScope, folder)


# ---- Coverage: asked for by CI (--cov), it makes what it watches take twice as long ---------------------------------------

_unmeasured = pytest.StashKey[bool]()
#: the tests of what has a floor
_MEASURED = (
    "tests/engine/",
    "tests/document/",
    "tests/runs/",
    "tests/runner/",
    "tests/coach/",
    "tests/test_cli.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Coverage watches all tests of the document but those that train, and each fourth case of the others, as all run much the same lines."""
    cases: Counter[str] = Counter()
    for item in items:
        test = item.nodeid.partition("[")[0]
        each = 1 if test.startswith("tests/document/") and "test_examples" not in test else 4
        item.stash[_unmeasured] = not test.startswith(_MEASURED) or cases[test] % each > 0
        cases[test] += 1


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    watching = coverage.Coverage.current() if item.stash.get(_unmeasured, False) else None
    if watching is None:
        return (yield)
    told = os.environ.pop("COVERAGE_PROCESS_CONFIG", None)  # has the processes that it starts watched, too
    watching.stop()
    try:
        return (yield)
    finally:
        watching.start()
        if told is not None:
            os.environ["COVERAGE_PROCESS_CONFIG"] = told


# ---- Waiting: for what must happen, however long that takes on a machine that does much else ------------------------


class PatientBot(QtBot):
    """Waits a minute, not five seconds, where a test says no time; what is waited for ends the wait at once."""

    def waitUntil(self, callback, *, timeout: int = 60_000):
        return super().waitUntil(callback, timeout=timeout)

    def waitActive(self, widget, *, timeout: int = 60_000):
        return super().waitActive(widget, timeout=timeout)

    def waitSignal(self, signal, *, timeout: int = 60_000, **more):
        return super().waitSignal(signal, timeout=timeout, **more)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> PatientBot:
    """pytest-qt's, with more patience."""
    return PatientBot(request)


# ---- Leaks: what outlives its test acts in the middle of another ----------------------------------------------------

_failed = pytest.StashKey[bool]()

#: seconds given to what was told to end; a machine that does much else may need several
PATIENCE = int(os.environ.get("PLAYGROUND_TESTS_PATIENCE", "20"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.stash[_failed] = item.stash.get(_failed, False) or report.failed
    return report


@pytest.fixture(autouse=True)
def leaves_nothing_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that passed but left a thread, or, if it uses Qt, a window, timer, animation or task."""
    threads_before = set(threading.enumerate())
    if "qapp" not in request.fixturenames:
        yield
        leaks = _left_threads(threads_before)
    else:
        windows_before = set(_windows())
        # Frozen objects are neither listed nor collected, so that both take a millisecond after the test, not 50.
        gc.freeze()
        yield
        leaks = _left_threads(threads_before) + _left_in_qt(windows_before)
        gc.unfreeze()
    # A failed test's traceback keeps its objects alive; and one complaint about a test is enough.
    if leaks and not request.node.stash.get(_failed, False):
        pytest.fail("left behind: " + "; ".join(leaks), pytrace=False)


def _left_threads(before: set[threading.Thread]) -> list[str]:
    left = [
        thread
        for thread in threading.enumerate()
        # A _DummyThread stands for a thread of Qt's or of BLAS's that once ran Python; nothing ever removes it.
        if thread not in before and not isinstance(thread, threading._DummyThread)
    ]
    for thread in left:
        thread.join(timeout=PATIENCE)  # it may have been told to stop a moment ago
    return [f"thread {thread.name!r}" for thread in left if thread.is_alive()]


def _left_in_qt(windows_before: set[QWidget]) -> list[str]:
    QCoreApplication.processEvents()
    # processEvents does not delete what deleteLater left for an event loop.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()  # what lives on in a reference cycle alone is garbage, not a leak

    windows = [window for window in _windows() if window not in windows_before]
    timers, animations, threads = _running_objects()
    leaks = [f"window {window!r}" for window in windows]
    leaks += [
        f"running {qt_object!r} of {qt_object.parent()!r}" for qt_object in timers + animations + threads
    ]
    if not QThreadPool.globalInstance().waitForDone(1000 * PATIENCE):
        leaks.append("a task in the global QThreadPool")

    # Spare the next test, so that one leak is reported once.
    for qt_object in timers + animations:
        qt_object.stop()
    for window in windows:
        window.close()
        window.deleteLater()
    return leaks


def _windows() -> list[QWidget]:
    # Qt's own tool tip lingers for a moment and then deletes itself.
    return [w for w in QApplication.topLevelWidgets() if w.metaObject().className() != "QTipLabel"]


def _running_objects() -> tuple[list[QTimer], list[QAbstractAnimation], list[QThread]]:
    """What Python made since the test began and still runs; Qt keeps no list of these, the garbage collector does."""
    # type(), since isinstance would ask a lazy object for its class, which may do anything.
    made = [
        o
        for o in gc.get_objects()
        if issubclass(type(o), (QTimer, QAbstractAnimation, QThread)) and isValid(o)
    ]
    timers = [o for o in made if isinstance(o, QTimer) and o.isActive() and not _is_idle_shot(o)]
    running = QAbstractAnimation.State.Running
    animations = [o for o in made if isinstance(o, QAbstractAnimation) and o.state() == running]
    threads = [o for o in made if isinstance(o, QThread) and o.isRunning() and not o.wait(1000 * PATIENCE)]
    return timers, animations, threads


def _is_idle_shot(timer: QTimer) -> bool:
    """Whether nothing but its own clean-up waits for this `QTimer.singleShot`, since its receiver has died."""
    return timer.isSingleShot() and timer.parent() is None and timer.receivers(SIGNAL("timeout()")) <= 1

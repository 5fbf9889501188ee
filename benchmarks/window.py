"""How soon the window is there, and how soon it answers a key: ``python -m benchmarks.window [--starts 5] [--steps 120]``.

Start: from the birth of the process to the first painting of the main window, of some starts after one that warms the files up; the
processor's time beside it, as a busy machine makes only the other one longer. Steps: LeNet in Step inside, a step back or on by key, until
the step is painted; formulas that were never shown are typeset in turns of their own after that.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time

from playground import app

#: what should be reached: seconds to the first painting, milliseconds from key to painting
START, STEP = 1.0, 50.0

#: runs the program as its command does, and ends it as soon as its window is painted
PROGRAM = """
import os, sys, time
from playground import app, __main__
def hook():
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow
    class Seen(QObject):
        def eventFilter(self, watched, event):
            if event.type() is QEvent.Type.Paint and isinstance(watched, QMainWindow):
                QTimer.singleShot(0, self.told)
                QApplication.instance().removeEventFilter(self)
            return False
        def told(self):
            ticks = os.sysconf("SC_CLK_TCK")
            born = int(open("/proc/self/stat").read().rpartition(")")[2].split()[19]) / ticks
            print(time.clock_gettime(time.CLOCK_BOOTTIME) - born, time.process_time(), flush=True)
            os._exit(0)
    return Seen()
made = app.open_window.__globals__
import playground.ui.application as ui
whole = ui.application
def application():
    found = whole()
    if not hasattr(found, "seen"):
        found.seen = hook()
        found.installEventFilter(found.seen)
    return found
ui.application = application
sys.argv = ["playground", *sys.argv[1:]]
from playground.cli import main
main()
"""


def starts(count: int) -> list[tuple[float, float]]:
    """Seconds to the first painting, and the processor's part of them, of ``count`` starts."""
    found = []
    screen = {} if app.has_display() else {"DISPLAY": ":offscreen", "QT_QPA_PLATFORM": "offscreen"}
    with tempfile.TemporaryDirectory() as home:
        own = {f"XDG_{name}_HOME": f"{home}/{name}" for name in ("CONFIG", "DATA", "STATE", "CACHE")}
        for _ in range(count + 1):
            done = subprocess.run(
                [sys.executable, "-c", PROGRAM, "circle"], env={**os.environ, **screen, **own}, capture_output=True, text=True, timeout=60, check=False
            )  # fmt: skip
            try:
                wall, processor = map(float, done.stdout.split()[-2:])
            except ValueError:
                raise SystemExit(f"The program did not start: {done.stderr[-500:]}") from None
            found.append((wall, processor))
    return found[1:]


def steps(count: int) -> list[tuple[float, float, str]]:
    """Of ``count`` steps through an update of LeNet: milliseconds from a key to the painting of the step, the processor's part of them,
    and the step it led to."""
    from PySide6.QtCore import QCoreApplication, QSettings, Qt
    from PySide6.QtTest import QTest

    from benchmarks.gui import wait, window_of
    from playground.document.examples import example
    from playground.ui.application import application
    from playground.ui.shell.settings import Settings

    application()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat))
        with window_of(example("lenet5").project, settings) as (window, _):
            wait(1.0)
            window.step_inside()
            while window.stepper.walk is None:
                wait(0.02)
            wait(1.0)
            view = window.docks.views["backprop"]
            view.setFocus()
            found, on = [], True
            for _ in range(count):
                on = window.stepper.walk.at < window.stepper.walk.last if on else window.stepper.walk.at == 0
                key = Qt.Key.Key_Right if on else Qt.Key.Key_Left
                begun, worked = perf_counter(), thread_time()
                QTest.keyClick(view, key)
                QCoreApplication.sendPostedEvents()  # paintings are among them; formulas that are new come in later turns
                took = 1000 * (perf_counter() - begun), 1000 * (thread_time() - worked)
                moment = window.stepper.walk.moment
                found.append((*took, f"{moment.phase} {moment.node_id}"))
                wait(0.02)
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.window", description="Start, and key to painting."
    )
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--steps", type=int, default=120)
    chosen = parser.parse_args(arguments)
    met = True
    if chosen.starts:
        found = starts(chosen.starts)
        wall, processor = median(w for w, _ in found), median(p for _, p in found)
        met &= wall <= START
        print(f"first painting   {wall:.2f} s (asked ≤ {START:g}), processor {processor:.2f} s")
    if chosen.steps:
        found = sorted(steps(chosen.steps))
        wall, worked = ([one[i] for one in found] for i in (0, 1))
        p95 = wall[int(0.95 * (len(wall) - 1))]
        worked95 = sorted(worked)[int(0.95 * (len(worked) - 1))]
        met &= p95 <= STEP
        print(
            f"key to painting  p50 {median(wall):.1f} ms, p95 {p95:.1f} ms (asked ≤ {STEP:g}), most {wall[-1]:.1f} ms at "
            f"{found[-1][2]}; processor p95 {worked95:.1f} ms"
        )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

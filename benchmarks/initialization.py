"""How soon the initialization lab shows what a slider says.

    python -m benchmarks.initialization [--moves 60] [--depth 20] [--width 64]

Measured is the time from a slider's move to the end of the drawing that shows it: weights drawn anew, signals sent forward and gradients
back on the lab's thread, and the plot painted; beside it the processor time that this took, which does not grow with what else the
machine does. Then, while the picture of all starts is made, how late a 4 ms timer of the window's
thread comes: so long would a mouse move have waited. Where there is no display, Qt's offscreen platform stands in for it. Exit code 1
where the median redraw, or the worst delay, is above 50 ms.
"""

from __future__ import annotations

import argparse
import os
import sys
from time import perf_counter, process_time

from playground import app

app.one_blas_thread()  # before NumPy comes
if not app.has_display():
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np  # noqa: E402
from PySide6.QtCore import QEventLoop, QTimer  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from benchmarks.gui import Clock, wait  # noqa: E402
from playground.document.document import Document  # noqa: E402
from playground.document.project import Project  # noqa: E402
from playground.ui.application import application  # noqa: E402
from playground.ui.kit import style  # noqa: E402
from playground.ui.kit.theme import LIGHT  # noqa: E402
from playground.ui.kit.view import Context, Focus  # noqa: E402
from playground.ui.panels.initialization.model import GATES, STARTS  # noqa: E402
from playground.ui.panels.initialization.view import InitializationView  # noqa: E402

LIMIT = 50.0  #: milliseconds
PATIENCE = 30_000  #: milliseconds that an answer may take before the benchmark gives up


def until(reached: object, view: InitializationView) -> None:
    """Let the event loop run until ``reached()``."""
    end = perf_counter() + PATIENCE / 1000
    while not reached():  # type: ignore[operator]
        if perf_counter() > end:
            raise SystemExit("The lab does not answer.")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 1)
    view.plot.viewport().repaint()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--moves", type=int, default=60, help="moves of the slider that are timed")
    parser.add_argument("--depth", type=int, default=20)
    parser.add_argument("--width", type=int, default=64)
    options = parser.parse_args()
    qt = application()
    style.apply(qt, LIGHT)
    document = Document(Project())
    view = InitializationView(Context(document, Focus(), lambda command: None, LIGHT))
    view.resize(1000, 360)
    view.show()
    view.show_project(None, document.value)
    stack = view.stack
    stack.depth_slider.setValue(options.depth)
    stack.width_slider.setValue(options.width)
    until(lambda: view._setup is not None and not view.computing.busy, view)
    wait(0.3)
    times, used = [], process_time()
    for move in range(options.moves):
        # The gain draws other weights into the same network; every fifth move is of the depth, which has another one built.
        slider = stack.gain if move % 5 else stack.depth_slider
        before, start = view._setup, perf_counter()
        slider.setValue(slider.value() + (1 if move % 2 else -1))
        until(lambda before=before: view._setup is not before, view)
        times.append(1000 * (perf_counter() - start))
    own = 1000 * (process_time() - used) / len(times)
    print(
        f"redraw, {options.depth} layers of {options.width}: median {np.median(times):.1f} ms, p95 {np.percentile(times, 95):.1f} ms, "
        f"worst {max(times):.1f} ms (limit {LIMIT:g}); processor time {own:.1f} ms each"
    )
    view.tabs.choose("starts")
    clock, start = Clock(), perf_counter()
    many = len(STARTS) * len(GATES)
    until(lambda: len(view.starts.ladders) == many, view)
    seconds, late = perf_counter() - start, clock.stop()
    print(
        f"{many} starts: {seconds:.2f} s; meanwhile the window's thread was late by {np.percentile(late, 99):.1f} ms at p99, "
        f"{late.max():.1f} ms at worst (limit {LIMIT:g})"
    )
    view.end()
    QTimer.singleShot(0, qt.quit)
    qt.exec()
    return int(np.median(times) > LIMIT or late.max() > LIMIT)


if __name__ == "__main__":
    sys.exit(main())

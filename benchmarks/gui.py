"""How smooth the window is while training at full speed, and what the window costs the training.

    python -m benchmarks.gui [--seconds 4] [--rounds 3] [EXAMPLE ...]

For each example, in one run: steps per second without a window and with it, their ratio, frames per second shown, and the delay of
the event loop. The delay is how late a 4 ms timer of the GUI thread comes: so long would a mouse move have waited. Rounds with and
without the window take turns, and the median over rounds counts, so that what else the machine does hits both alike; delays are
those of all rounds together. Where there is no display, Qt's offscreen platform stands in for it.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from playground import app

app.one_blas_thread()  # before NumPy comes
if not app.has_display():
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np  # noqa: E402
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QSettings, Qt, QTimer  # noqa: E402

from playground.document.document import Document  # noqa: E402
from playground.document.examples import example  # noqa: E402
from playground.document.project import Project  # noqa: E402
from playground.runner.messages import Frame, Play, State  # noqa: E402
from playground.runner.runner import Runner  # noqa: E402
from playground.runner.session import Session  # noqa: E402
from playground.ui.application import Appearance, application  # noqa: E402
from playground.ui.main_window import MainWindow  # noqa: E402
from playground.ui.settings import Settings  # noqa: E402
from playground.ui.undo import History  # noqa: E402

TICK = 4  #: milliseconds between two looks at the clock
WARM_UP = 1.0  #: seconds
SIZE = (1440, 900)

#: frames per second that each example should show, as DESIGN asks; circle is the default project
EXAMPLES = {"circle": 50, "digits-cnn": 30}
SHARE, P99, WORST = 0.75, 12.0, 50.0


@dataclass(frozen=True)
class Round:
    """One measurement with the window.

    Args:
        steps, frames: per second.
        delays: of the event loop, in ms.
    """

    steps: float
    frames: float
    delays: np.ndarray


def headless(project: Project, seconds: float) -> float:
    """Steps per second of the same session without window, frames or thread."""
    session = Session()
    session.load(project)
    session.play()
    session.train(WARM_UP)
    trainer = session.trainer
    if trainer is None or session.state is not State.RUNNING:
        raise SystemExit(f"{project.name} does not run: {session.message}")
    first, start = trainer.steps, perf_counter()
    while perf_counter() - start < seconds:
        session.train(0.05)
    return (trainer.steps - first) / (perf_counter() - start)


def wait(seconds: float) -> None:
    """Let the event loop run, as ``QApplication.exec`` would."""
    loop = QEventLoop()
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()


def with_window(project: Project, seconds: float, settings: Settings) -> Round:
    """The real main window on a real worker at full speed."""
    runner = Runner()
    runner.start()
    document = Document(project)
    window = MainWindow(document, History(document), runner, settings, Appearance(settings))
    window.setWindowState(Qt.WindowState.WindowNoState)
    window.resize(*SIZE)
    window.show()
    times: list[float] = []
    frames: list[tuple[float, int]] = []
    timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=TICK)
    timer.timeout.connect(lambda: times.append(perf_counter()))

    def note(frame: Frame) -> None:
        frames.append((perf_counter(), frame.step))

    try:
        while window.pump.frame is None:
            QCoreApplication.processEvents()
        gc.freeze()  # as app.open_window does
        runner.send(Play())
        wait(WARM_UP)
        timer.start()
        window.pump.framed.connect(note)
        wait(seconds)
        timer.stop()
        window.pump.framed.disconnect(note)
    finally:
        gc.unfreeze()
        window.close()
        runner.stop()
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    (t0, first), (t1, last) = frames[0], frames[-1]
    delays = np.maximum(1000 * np.diff(times) - TICK, 0.0)
    return Round((last - first) / (t1 - t0), (len(frames) - 1) / (t1 - t0), delays)


def report(key: str, seconds: float, rounds: int, settings: Settings) -> bool:
    """Measure one example and print its lines; True where all targets are met."""
    project = example(key).project
    alone, shown = [], []
    for _ in range(rounds):
        alone.append(headless(project, seconds))
        shown.append(with_window(project, seconds, settings))
    delays = np.concatenate([r.delays for r in shown])
    p50, p99 = np.percentile(delays, (50, 99))
    share = median(r.steps / a for r, a in zip(shown, alone, strict=True))
    frames = median(r.frames for r in shown)
    lines = (
        ("steps/s without a window", f"{median(alone):,.0f}", "", True),
        ("steps/s with the window", f"{median(r.steps for r in shown):,.0f}", "", True),
        ("share kept", f"{share:.0%}", f"≥ {SHARE:.0%}", share >= SHARE),
        ("frames/s shown", f"{frames:.1f}", f"≥ {EXAMPLES.get(key, 30)}", frames >= EXAMPLES.get(key, 30)),
        ("event loop delay, p50", f"{p50:.1f} ms", "", True),
        ("event loop delay, p99", f"{p99:.1f} ms", f"≤ {P99:.0f} ms", p99 <= P99),
        ("event loop delay, worst", f"{delays.max():.1f} ms", f"≤ {WORST:.0f} ms", delays.max() <= WORST),
    )
    print(f"\n{key}: {len(project.network)} layers, {rounds} rounds of {seconds:g} s")
    for name, value, target, met in lines:
        print(f"  {name:26s}{value:>12s}   {target:10s}{'' if not target else 'met' if met else 'MISSED'}")
    return all(met for *_, met in lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gui", description="How smooth the window is.")
    parser.add_argument("examples", nargs="*", metavar="EXAMPLE", default=list(EXAMPLES))
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args(arguments)
    application()
    with tempfile.TemporaryDirectory() as folder:
        store = QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)
        settings = Settings(store)
        met = [report(key, chosen.seconds, chosen.rounds, settings) for key in chosen.examples]
    print(f"\n{os.cpu_count()} processors, platform {application().platformName()}")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())

"""How smooth the window is while training at full speed, and what the window costs the training.

    python -m benchmarks.gui [--seconds 4] [--rounds 3] [EXAMPLE ...]

For each example, in one run: steps per second without a window and with it, their ratio, frames per second shown, and the delay of
the event loop. The delay is how late a 4 ms timer of the GUI thread comes: so long would a mouse move have waited. Rounds with and
without the window take turns, and the median over rounds counts, so that what else the machine does hits both alike; delays are
those of all rounds together. Where there is no display, Qt's offscreen platform stands in for it.

``lenet5`` is trained with the Convolution panel open at all its filters and maps; then also the drawings of that panel are counted.
``alexnet`` is only opened, in a window that shows another project: its delays are those until its first feature maps are on the
screen, and two seconds more.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from playground import app

app.one_blas_thread()  # before NumPy comes
if not app.has_display():
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np  # noqa: E402
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QSettings, Qt, QTimer  # noqa: E402
from PySide6.QtWidgets import QWidget  # noqa: E402

from playground.document.document import Document  # noqa: E402
from playground.document.examples import example  # noqa: E402
from playground.document.project import Project  # noqa: E402
from playground.document.store import store  # noqa: E402
from playground.runner.messages import Frame, Maps, Play, State  # noqa: E402
from playground.runner.runner import Runner  # noqa: E402
from playground.runner.session import Session  # noqa: E402
from playground.ui.application import Appearance, application  # noqa: E402
from playground.ui.panels.convolution.overview import Overview  # noqa: E402
from playground.ui.shell.main_window import MainWindow  # noqa: E402
from playground.ui.shell.settings import Settings  # noqa: E402
from playground.ui.shell.undo import History  # noqa: E402

TICK = 4  #: milliseconds between two looks at the clock
WARM_UP = 1.0  #: seconds
SIZE = (1440, 900)

SHARE = 0.75  #: of the steps without a window that should be kept
WORST = 50.0  #: milliseconds that nothing may hold the event loop


@dataclass(frozen=True)
class Target:
    """What an example should reach, as DESIGN asks.

    Args:
        frames: per second.
        p99: of the event loop's delay, in ms.
        panel: opened besides what is open at first; its drawings are what ``frames`` then counts.
        share: of the steps without a window; ``None`` where nothing is asked.
    """

    frames: float = 30.0
    p99: float = 12.0
    panel: str = ""
    share: float | None = SHARE


#: circle is the default project
EXAMPLES = {
    "circle": Target(50),
    "digits-cnn": Target(),
    "lenet5": Target(30, 16.0, "convolution", None),
}
OPENED = "alexnet"  #: the example that is only opened


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


class Drawings(QObject):
    """Counts how often a widget is drawn."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


class Clock:
    """A timer of the GUI thread that notes when it comes."""

    def __init__(self) -> None:
        self.times = [perf_counter()]
        self._timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=TICK)
        self._timer.timeout.connect(lambda: self.times.append(perf_counter()))
        self._timer.start()

    def stop(self) -> np.ndarray:
        """How late it came each time, in ms."""
        self._timer.stop()
        return np.maximum(1000 * np.diff(self.times) - TICK, 0.0)


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


@contextmanager
def window_of(project: Project, settings: Settings) -> Iterator[tuple[MainWindow, Runner]]:
    """The real main window on a real worker, once it shows its first frame."""
    app.stay_responsive()  # as app.open_window does
    runner = Runner()
    runner.start()
    document = Document(project)
    window = MainWindow(document, History(document), runner, settings, Appearance(settings))
    window.pump.patience = app.PATIENCE
    window.setWindowState(Qt.WindowState.WindowNoState)
    window.resize(*SIZE)
    window.show()
    try:
        while window.pump.frame is None:
            QCoreApplication.processEvents()
        gc.freeze()  # as app.open_window does
        yield window, runner
    finally:
        gc.unfreeze()
        store.patience = None
        window.close()
        runner.stop()
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def with_window(project: Project, seconds: float, settings: Settings, panel: str = "") -> Round:
    """Training at full speed in the window, with a panel open besides what is open at first."""
    frames: list[tuple[float, int]] = []

    def note(frame: Frame) -> None:
        frames.append((perf_counter(), frame.step))

    with window_of(project, settings) as (window, runner):
        drawings = None
        if panel:
            window.docks.bring_forward(panel)
            wait(WARM_UP)
            drawings = Drawings(window.docks.views[panel].findChild(Overview).viewport())
        runner.send(Play())
        wait(WARM_UP)
        window.pump.framed.connect(note)
        before = drawings.count if drawings else 0
        clock = Clock()
        wait(seconds)
        delays = clock.stop()
        window.pump.framed.disconnect(note)
        drawn = drawings.count - before if drawings else len(frames)
    (t0, first), (t1, last) = frames[0], frames[-1]
    return Round((last - first) / (t1 - t0), (drawn - 1) / (t1 - t0), delays)


def opening(project: Project, settings: Settings, panel: str) -> tuple[np.ndarray, float]:
    """The event loop's delays in ms while ``project`` replaces the default one, and the seconds until its first maps are there."""
    with window_of(Project(), settings) as (window, _):
        window.docks.bring_forward(panel)
        wait(WARM_UP)
        clock, start = Clock(), perf_counter()
        window.document.set(project)

        def shown() -> bool:
            frame = window.pump.shown
            if frame is not None and frame.state is State.CRASHED:
                raise SystemExit(f"{project.name} does not run: {frame.message}")
            return frame is not None and any(isinstance(want, Maps) for want in frame.answers)

        while not shown():
            wait(0.01)
        took = perf_counter() - start
        wait(2 * WARM_UP)
        return clock.stop(), took


def table(title: str, lines: Sequence[tuple[str, str, str, bool]]) -> bool:
    """Print a table of what was measured and what was asked; True where all of it is met."""
    print(f"\n{title}")
    for name, value, target, met in lines:
        print(f"  {name:26s}{value:>12s}   {target:10s}{'' if not target else 'met' if met else 'MISSED'}")
    return all(met for *_, met in lines)


def of_delays(delays: np.ndarray, p99: float | None) -> list[tuple[str, str, str, bool]]:
    """The lines about the event loop."""
    found = np.percentile(delays, (50, 99))
    asked = "" if p99 is None else f"≤ {p99:.0f} ms"
    return [
        ("event loop delay, p50", f"{found[0]:.1f} ms", "", True),
        ("event loop delay, p99", f"{found[1]:.1f} ms", asked, p99 is None or found[1] <= p99),
        ("event loop delay, worst", f"{delays.max():.1f} ms", f"≤ {WORST:.0f} ms", delays.max() <= WORST),
    ]


def report(key: str, seconds: float, rounds: int, settings: Settings) -> bool:
    """Measure one example and print its lines; True where all targets are met."""
    project, target = example(key).project, EXAMPLES.get(key, Target())
    alone, shown = [], []
    for _ in range(rounds):
        alone.append(headless(project, seconds))
        shown.append(with_window(project, seconds, settings, target.panel))
    share = median(r.steps / a for r, a in zip(shown, alone, strict=True))
    frames = median(r.frames for r in shown)
    asked = "" if target.share is None else f"≥ {target.share:.0%}"
    lines = [
        ("steps/s without a window", f"{median(alone):,.0f}", "", True),
        ("steps/s with the window", f"{median(r.steps for r in shown):,.0f}", "", True),
        ("share kept", f"{share:.0%}", asked, target.share is None or share >= target.share),
        (
            "drawings/s of the panel" if target.panel else "frames/s shown",
            f"{frames:.1f}",
            f"≥ {target.frames:.0f}",
            frames >= target.frames,
        ),
        *of_delays(np.concatenate([r.delays for r in shown]), target.p99),
    ]
    panel = f", {target.panel} open" if target.panel else ""
    return table(f"{key}: {len(project.network)} layers{panel}, {rounds} rounds of {seconds:g} s", lines)


def report_opening(rounds: int, settings: Settings) -> bool:
    """Measure how ``OPENED`` is opened."""
    project = example(OPENED).project
    found = [opening(project, settings, "convolution") for _ in range(rounds)]
    lines = [
        ("until its maps are there", f"{median(took for _, took in found):.1f} s", "", True),
        *of_delays(np.concatenate([delays for delays, _ in found]), None),
    ]
    return table(f"{OPENED}: opened, convolution open, {rounds} times", lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gui", description="How smooth the window is.")
    parser.add_argument("examples", nargs="*", metavar="EXAMPLE", default=[*EXAMPLES, OPENED])
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args(arguments)
    application()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat))
        met = [
            report_opening(chosen.rounds, settings)
            if key == OPENED
            else report(key, chosen.seconds, chosen.rounds, settings)
            for key in chosen.examples
        ]
    print(f"\n{os.cpu_count()} processors, platform {application().platformName()}")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())

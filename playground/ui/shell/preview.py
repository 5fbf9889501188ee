"""Opens one view alone, on a real project with a real run: ``python -m playground.ui.shell.preview NAME``.

Its name is that of its class: ``LossView`` is "loss", ``MetricsBar`` "metrics".
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSize
from PySide6.QtWidgets import QApplication

import playground.ui.shell.main_window  # noqa: F401 - brings the views of the bar
from playground.document.document import Document
from playground.document.examples import DEFAULT, example, examples
from playground.document.project import Project
from playground.runner.messages import Frame, Load, Pause, Play, State
from playground.runner.runner import Runner
from playground.ui.application import application
from playground.ui.kit import style
from playground.ui.kit.stepper import Stepper
from playground.ui.kit.theme import DARK, LIGHT, Theme
from playground.ui.kit.view import Context, Focus, View
from playground.ui.panels import PANELS
from playground.ui.shell.pump import Pump
from playground.ui.shell.snapshot import save_png
from playground.ui.shell.undo import History

#: times the event loop goes round after the last frame, so that layouts settle and late answers arrive
ROUNDS = 20


def views() -> Mapping[str, type[View]]:
    """Every view that can be opened alone, by name."""
    for panel in PANELS:
        _ = panel.view  # imports it
    found, classes = {}, [View]
    for view in classes:
        classes += view.__subclasses__()
        if not view.__subclasses__() and view.__module__.startswith("playground.ui."):
            found[re.sub("(View|Card|Bar)$", "", view.__name__).lower()] = view
    return found


class Preview:
    """One view with a document, a worker and a pump of its own. Call ``close`` at the end."""

    def __init__(
        self,
        view_class: type[View],
        project: Project,
        theme: Theme,
        size: QSize | None = None,
        own_process: bool = True,
    ) -> None:
        app = application()
        style.apply(app, theme)
        self.document = Document(project)
        self.runner = Runner(own_process)
        self.runner.start()
        self.focus = Focus()
        self.stepper = Stepper(self.focus, self.runner.send)
        self.view = view_class(Context(self.document, self.focus, self.runner.send, theme, self.stepper))
        self.history = History(self.document, self.view)
        self.view.setWindowTitle(f"{view_class.__name__} · {project.name}")
        self.view.resize(size or self.view.sizeHint().expandedTo(QSize(360, 300)))
        self.pump = Pump(self.view, self.runner.take, self.runner.send, (self.view,))
        self.pump.framed.connect(self.focus.framed)
        self.pump.framed.connect(self.stepper.see)
        self._unsubscribe = self.document.subscribe(self._changed)
        self._changed(None, project)

    def _changed(self, before: Project | None, after: Project) -> None:
        self.runner.send(Load(after))
        self.stepper.show_project(before, after)
        self.focus.follow(before, after)
        self.pump.show_project(before, after)

    def run_to(self, epochs: int) -> None:
        """Train, showing frames, until so many epochs are over (or the run stops by itself), and stop there."""
        self._wait(lambda frame: frame.state is not State.EMPTY)
        if epochs:
            self.runner.send(Play())
            self._wait(lambda frame: frame.epoch >= epochs or frame.state in (State.DIVERGED, State.CRASHED))
            self.runner.send(Pause())
            self._wait(lambda frame: frame.state is not State.RUNNING)
        for _ in range(ROUNDS):
            self._wait(lambda frame: True)

    def _wait(self, reached: Callable[[Frame], bool]) -> None:
        """Let the event loop go round once, and then until a frame says that it is ``reached``."""
        while True:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if self.pump.frame is not None and reached(self.pump.frame):
                return

    def close(self) -> None:
        self._unsubscribe()
        self.view.close()
        self.runner.stop()


def _size(words: str) -> tuple[int, int]:
    width, height = words.split("x")
    return int(width), int(height)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m playground.ui.shell.preview", description="Open one view alone."
    )
    parser.add_argument("name", choices=sorted(views()))
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--shot", metavar="PNG", help="save a picture instead of opening a window")
    parser.add_argument("--size", type=_size, metavar="WxH", help="in pixels")
    parser.add_argument("--example", choices=[e.key for e in examples()], default=DEFAULT)
    parser.add_argument("--epochs", type=int, default=0, help="train so far first")
    chosen = parser.parse_args(arguments)

    size = QSize(*chosen.size) if chosen.size else None
    project = example(chosen.example).project
    preview = Preview(views()[chosen.name], project, DARK if chosen.theme == "dark" else LIGHT, size)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own handler gets no turn while Qt's loop runs
    try:
        preview.view.show()
        preview.run_to(chosen.epochs)
        if chosen.shot:
            save_png(preview.view.grab().toImage(), Path(chosen.shot))
            return 0
        return application().exec()
    finally:
        preview.close()


if __name__ == "__main__":
    sys.exit(main())

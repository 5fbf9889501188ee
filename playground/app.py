"""The composition root: the one place that puts document, runner and window together, or does without a window."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.coach import Coach
    from engine.export import Subject
    from playground.document.project import Project
    from playground.runner.session import Session
    from playground.runs.points import Point
    from playground.runs.run import Run
    from playground.ui.shell.recovery import Recovery

#: of the picture that a run without a window leaves
PICTURE = (1440, 900)
#: seconds that a change may hold the window: so long it waits for data before it goes on without them, until they are there, and so
#: long it tells its views of the change before mouse and keys get their turn
PATIENCE = 0.005
#: seconds until a thread that computes must let another go on: Python's own 5 ms would be added to each of the hundreds of times that
#: the window's thread comes back from Qt while, say, pictures are being drawn for a data set
TURN = 0.0005

log = logging.getLogger(__name__)

#: signals by which a program is asked to end: Ctrl+C, a log-out, a terminal that closes
ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def one_blas_thread() -> None:
    """Have matrix products computed by one thread: others would take the window's turn, and change the last digit of sums.

    Must be called before NumPy is first imported. Whoever set a variable knows better.
    """
    for library in ("OPENBLAS", "MKL", "OMP", "VECLIB_MAXIMUM"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def has_display() -> bool:
    """Whether a window can be shown. Windows and macOS always have a display; elsewhere X11 or Wayland must be there."""
    if sys.platform in ("win32", "darwin"):
        return True
    own_screen = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0] in ("eglfs", "linuxfb", "vnc")
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or own_screen)


def stay_responsive() -> None:
    """Let nothing that takes long hold up the window of this process."""
    from playground.document.store import store

    store.patience = PATIENCE
    sys.setswitchinterval(TURN)


def open_window(project: Project, path: Path | None = None, resume: bool = False) -> int:
    """Show the window with ``project`` (from ``path``) until it is closed; returns the exit code.

    ``resume``: rather with what the last window showed, if there is something of it.
    """
    gc.disable()  # what is made until the window stands stays: looking through it for garbage takes an eighth of the start
    from playground.document.carried import is_report
    from playground.document.document import Document
    from playground.runner.runner import Runner
    from playground.runs.files import holds_run
    from playground.ui.application import Appearance, application
    from playground.ui.shell.desk import let_read
    from playground.ui.shell.faults import Faults
    from playground.ui.shell.keys import KeyGuard
    from playground.ui.shell.main_window import MainWindow
    from playground.ui.shell.settings import Settings
    from playground.ui.shell.signals import EndSignals
    from playground.ui.shell.undo import History

    settings = Settings()
    _scale_interface(settings.scale)
    app = application()
    faults = Faults()  # in the place of sys.excepthook and its like
    faults.listen()
    stay_responsive()
    keys = KeyGuard(app)
    recovery, point = _recovery(resume)
    document = Document(project)
    if point is not None:
        document.open(point.project(), point.file, point.path)
    elif path is not None:
        own = None if is_report(path) else path
        document.open(
            let_read(project, path, settings), own, own if own is not None and holds_run(own) else None
        )
        settings.add_recent(path)
    runner = Runner()
    runner.start()
    signals = EndSignals()
    try:
        looks = Appearance(settings)
        window = MainWindow(document, History(document), runner, settings, looks, recovery, panels_later=True)
        window.pump.patience = PATIENCE
        keys.home = window.canvas
        faults.happened.connect(window.run.failed)
        if point is not None:
            window.desk.resume(point)
        window.show()
        window.desk.ask_about_data()
        if resume and point is None and not settings.welcomed:
            window.dialogs.show_welcome()
        if recovery is not None:
            for other in filter(lambda one: one.unsaved, recovery.others[:1]):
                window.desk.offer(other)
        gc.freeze()  # … nor again and again later: the window would stutter
        gc.enable()
        # Whatever else is open: and Qt takes its own quitting back as soon as anything is shown, a panel that was just being made too.
        window.closed.connect(app.quit)
        signals.asked.connect(window.end)
        code = app.exec()
    finally:
        gc.enable()
        signals.stop()
        runner.stop()
        faults.stop()
    return code


def _scale_interface(percent: int) -> None:
    """Have Qt draw everything so large; must be called before its application is made. Whoever set the variable knows better."""
    if percent != 100:
        os.environ.setdefault("QT_SCALE_FACTOR", f"{percent / 100:g}")


def _recovery(resume: bool) -> tuple[Recovery | None, Point | None]:
    """Where this window's state is kept, and the state that it takes over; ``None`` where there is none."""
    from playground.document.files import FileError
    from playground.ui.shell.recovery import Recovery, place

    try:
        recovery = Recovery(place())
        point = recovery.begin(resume)
    except OSError as error:
        log.error("The state of the window is not kept: %s", error)
        return None, None
    try:
        if point is not None:
            point.project()
    except FileError as error:
        log.error("The state of the last window is not shown: %s", error)
        recovery.begin(resume=False)  # a place of its own, so that it stays as it is
        point = None
    return recovery, point


def train(
    project: Project,
    epochs: int,
    progress: Callable[[int], object],
    ending: Sequence[int] = (),
    run: Run | None = None,
    coached: Callable[[Coach], object] | None = None,
    aside: Callable[[Session], object] | None = None,
    every: float = 0.0,
) -> Session:
    """Train without a window, by the same code as the window's worker, and so to the same numbers.

    ``progress`` is told the finished epochs now and then; the run ends early once there is something in ``ending``. The session's state
    says how it ended: PAUSED when all went well, EMPTY when the project has problems, DIVERGED when numbers were no longer finite.
    ``run``: where to go on from. Raises SpecError where it was on data of another shape. ``coached`` is given the coach, once it has
    looked at the first weights, whenever it has looked again, and at the end; ``aside`` the session, to put it aside every so many
    seconds.
    """
    from playground.runner.session import Session
    from playground.runner.team import team
    from playground.runner.trials import play_to
    from playground.runner.watch import Watch

    session = Session()
    session.load(project)
    if run is not None:
        session.go_on_from(run)
    watch = None if coached is None or session.trainer is None else Watch(session, coached)
    last = perf_counter()

    def between(done: int) -> None:
        nonlocal last
        progress(done)
        if watch is not None:
            watch.look()
        if aside is not None and perf_counter() - last >= every:
            aside(session)
            last = perf_counter()

    with team():
        play_to(session, epochs, between, ending, lambda: epochs if watch is None else watch.due)
    if watch is not None:
        watch.end(epochs)
    session.finish()
    return session


def subject(project: Project, run: Run | None = None) -> Subject:
    """What an export of ``project`` takes along: its first weights, or those of ``run``.

    Raises EngineError, with what is wrong in it, where it cannot run.
    """
    from engine.errors import SpecError
    from engine.export import Subject
    from playground.runner.session import Session

    session = Session()
    session.load(project)
    if session.trainer is not None and run is not None:
        session.go_on_from(run)
    trainer = session.trainer
    if trainer is None:
        raise SpecError(f"{project.name} cannot be exported. {session.message}")
    return Subject(project.name, trainer.model, project.fit, trainer.train, trainer.validation, project.seed)


@contextmanager
def told_to_end() -> Iterator[list[int]]:
    """The signals that ask this program to end, as they come: the first one is noted there, another one acts as always."""
    told: list[int] = []

    def note(number: int, _: object) -> None:
        told.append(number)
        for each, handler in before.items():
            signal.signal(each, handler)

    before = {}
    if threading.current_thread() is threading.main_thread():  # only there may they be caught
        before = {each: signal.signal(each, note) for each in ENDING}
    try:
        yield told
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def tidied_when_ended() -> Iterator[None]:
    """A signal that asks this program to end ends it by way of all that tidies up: no process that it has started is left."""

    def end(number: int, _: object) -> None:
        sys.exit(128 + number)

    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {each: signal.signal(each, end) for each in ENDING}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def off_screen() -> None:
    """Have Qt paint without a screen; must be called before it is imported."""
    if sys.platform not in ("win32", "darwin"):  # elsewhere Qt would look for one
        os.environ["QT_QPA_PLATFORM"] = "offscreen"


def drawn(svg: str, width: float, kind: str, title: str) -> bytes:
    """A drawing, ``width`` millimetres wide, as a file of another ``kind``: "pdf" or "png"."""
    off_screen()
    from playground.ui.application import application
    from playground.ui.shell.figures import of_drawing

    application()
    return of_drawing(svg, width, kind, title)


def picture(session: Session, out: Path, size: tuple[int, int] = PICTURE, theme: str = "light") -> None:
    """Save the real main window, rendered off screen, as it shows the session. Raises OSError where it can't be written."""
    off_screen()
    from playground.ui.shell.snapshot import save_png, snapshot

    out.parent.mkdir(parents=True, exist_ok=True)
    save_png(snapshot(session, size, theme), out)


def save_results(session: Session, out: Path) -> None:
    """Write metrics.csv, weights.safetensors, run.chainrule and picture.png into the folder ``out``. Raises OSError, FileError."""
    from engine.io import save_weights
    from playground.runs import files

    if session.trainer is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    with (out / "metrics.csv").open("w", encoding="utf-8", newline="") as file:
        files.write_curves(session.trainer.log.view(), file)
    save_weights(session.trainer.model.state_dict(), out / "weights.safetensors")
    files.save(session.project, out / "run.chainrule", session.current())
    picture(session, out / "picture.png")

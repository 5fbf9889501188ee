"""Kill -9 at a moment that nobody foresaw, of the process that trains and of the window. What was saved is whole, a run goes on with the
numbers that its seed gives, the next start finds the session, and no process, folder or memory is left."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from playground.document import files
from playground.document.examples import example
from playground.runner.messages import GoTo, Inspect, Load, Pause, Play, SetWants, State, Step, Weights
from playground.runner.runner import Runner
from playground.runner.session import Session
from playground.runs import files as runs
from playground.ui.shell.recovery import Recovery
from tests.runner.driving import until

SHORT = 5

PROJECTS = ("circle", "spiral", "regression", "iris", "digits-cnn")
MOMENTS = ("loading", "running", "running", "paused", "inside", "going back", "stepping", "twice")
#: seconds that a loaded machine may take to start a process that imports NumPy, and more
LONG = 100.0


def case(seed: int, folder: Path) -> str:
    draw = random.Random(seed)
    return draw.choice((training_killed, training_killed, window_killed, session_killed))(draw, folder)


# --- the process that trains ------------------------------------------------------------------------------------------


def training_killed(draw: random.Random, _: Path) -> str:
    project, moment = example(draw.choice(PROJECTS)).project, draw.choice(MOMENTS)
    wants = [Weights(node.id) for node in project.network.nodes]
    runner = Runner()
    runner.start()
    try:
        runner.send(Load(project))
        runner.send(SetWants(frozenset(wants)))
        come_to(runner, moment, draw)
        kill()
        frame = until(runner, lambda f: bool(f.notice), LONG)
        if moment == "twice":
            first = frame
            kill()
            frame = until(runner, lambda f: bool(f.notice) and f is not first, LONG)
        assert frame.state in (State.PAUSED, State.READY), frame.message
        alone = Session()
        alone.load(project)
        alone.play()
        if frame.step:
            alone.train(LONG, frame.step)
        for want, answer in alone.frame(wants).answers.items():
            for name, array in answer.items():
                np.testing.assert_array_equal(
                    frame.answer(want)[name],
                    array,
                    err_msg=f"{want.node_id}.{name} after {frame.step} updates",
                )
        runner.send(Play())
        until(runner, lambda f: f.step > frame.step, LONG)
        home = runner._end._folder
    finally:
        runner.stop()
    assert multiprocessing.active_children() == []
    assert not home.exists()
    return f"training killed, {moment}"


def come_to(runner: Runner, moment: str, draw: random.Random) -> None:
    """Bring the run to the moment, or a little before or after it."""
    if moment == "loading":
        time.sleep(draw.random())
        return
    runner.send(Play())
    until(runner, lambda f: f.step > 0, LONG)
    end = time.perf_counter() + draw.random()
    frame = until(runner, lambda f: time.perf_counter() > end, LONG)
    if moment in ("paused", "inside", "going back"):
        runner.send(Pause())
        frame = until(runner, lambda f: f.state is State.PAUSED, LONG)
    if moment == "inside":
        runner.send(Inspect())
        until(runner, lambda f: f.trace is not None, LONG)
    elif moment == "going back":
        runner.send(GoTo(max(1, frame.step // 2)))
    elif moment == "stepping":
        runner.send(Step("epoch"))
    time.sleep(0.2 * draw.random())


def kill() -> None:
    for child in multiprocessing.active_children():
        os.kill(child.pid, signal.SIGKILL)


# --- the window -------------------------------------------------------------------------------------------------------

#: somebody trains, edits all the time, and saves every third edit; says how many edits were made and saved
PROGRAM = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from playground import app
from playground.document import edits
from playground.document.examples import example
from playground.ui.application import application

def go():
    window = next(w for w in QApplication.topLevelWidgets() if w.objectName() == "main_window")
    window.run.play_or_pause()
    timer = QTimer(window)
    timer.timeout.connect(lambda: edit(window))
    timer.start(int(sys.argv[2]))

def edit(window):
    seed = window.document.value.seed + 1
    window.document.apply(edits.set_seed(window.document.value, seed), "Seed")
    if seed % 3 == 0:
        window.desk.save()
        print(seed, flush=True)

if __name__ == "__main__":
    app.one_blas_thread()
    application()
    QTimer.singleShot(0, go)
    sys.exit(app.open_window(edits.set_seed(example("circle").project, 0), Path(sys.argv[1])))
"""


def window_killed(draw: random.Random, folder: Path) -> str:
    (folder / "program.py").write_text(PROGRAM)
    (folder / "tmp").mkdir()
    project = folder / "work.playground.json"
    homes = {f"XDG_{name}_HOME": str(folder / name) for name in ("CONFIG", "DATA", "CACHE")}
    with subprocess.Popen(
        [sys.executable, str(folder / "program.py"), str(project), str(draw.choice((5, 20, 60)))],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **homes, "HOME": str(folder), "TMPDIR": str(folder / "tmp"), "PYTHONPATH": os.getcwd()},
    ) as program:  # fmt: skip
        saved = [int(program.stdout.readline())]
        time.sleep(draw.random())
        program.kill()
        # The process that trains holds the same ends of these pipes: when they end, it has ended.
        said, complaints = program.communicate(timeout=LONG)
    saved += map(int, said.split())
    assert files.load(project).seed in (saved[-1], saved[-1] + 3), (
        "neither the last that was saved nor the one being saved"
    )
    assert list((folder / "tmp").iterdir()) == []
    assert "Traceback" not in complaints, complaints
    return "window killed"


#: somebody trains and edits; what is in the window is kept ten times a second, and each time the last edit that was is said
SESSION = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from playground import app
from playground.document import edits
from playground.document.examples import example
from playground.ui.shell import autosave
from playground.ui.application import application

def go():
    window = next(w for w in QApplication.topLevelWidgets() if w.objectName() == "main_window")
    autosave = window.desk.autosave
    window.run.play_or_pause()
    for every, act in ((300, lambda: edit(window)), (100, lambda: keep(window, autosave))):
        timer = QTimer(window)
        timer.timeout.connect(act)
        timer.start(every)

def edit(window):
    fit = window.document.value.fit
    window.document.apply(edits.set_fit(window.document.value, fit.replace(epochs=fit.epochs + 1)), "Epochs")

def keep(window, autosave):
    if not window.saving.busy and window.run.step:
        epochs, step = window.document.value.fit.epochs, window.run.step
        autosave.keep(lambda refusal: print(refusal or f"{epochs} {step}", flush=True))

if __name__ == "__main__":
    app.one_blas_thread()
    application()
    QTimer.singleShot(0, go)
    sys.exit(app.open_window(example("circle").project))
"""


def session_killed(draw: random.Random, folder: Path) -> str:
    """The next start finds the project and the run as they were kept last, or later."""
    (folder / "program.py").write_text(SESSION)
    (folder / "tmp").mkdir()
    homes = {f"XDG_{name}_HOME": str(folder / name) for name in ("CONFIG", "DATA", "CACHE")}
    with subprocess.Popen(
        [sys.executable, str(folder / "program.py")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **homes, "HOME": str(folder), "TMPDIR": str(folder / "tmp"), "PYTHONPATH": os.getcwd()},
    ) as program:  # fmt: skip
        kept = [program.stdout.readline()]
        time.sleep(draw.random())
        program.kill()
        said, complaints = program.communicate(timeout=LONG)
    kept += said.splitlines()
    [root] = (folder / "DATA").rglob("recovery")
    recovery = Recovery(root)
    point = recovery.begin()
    assert point is not None, (kept, complaints)
    project = point.project()
    run = runs.load_run(point.path, project)
    epochs, step = map(int, kept[-1].split())
    assert project.fit.epochs >= epochs, "an edit that was kept is lost"
    assert run.snapshot.steps >= step, "what was trained is lost"
    assert point.unsaved
    recovery.end(forget=True)
    assert list((folder / "tmp").iterdir()) == []
    assert "Traceback" not in complaints, complaints
    return "session found again"

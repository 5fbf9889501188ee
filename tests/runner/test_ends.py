"""Nothing outlives the window: neither the process that trains, whatever it is doing, nor its folder, nor its memory."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from playground.document import edits
from playground.document.examples import example
from playground.runner import crate, remote
from playground.runner.messages import Load, Play, SetWants, State, Surface
from playground.runner.runner import Runner
from playground.runner.session import Session
from tests.runner import dying
from tests.runner.driving import until, until_so

pytestmark = pytest.mark.slow

CIRCLE = example("circle").project

PROGRAM = """
import sys, time
from pathlib import Path
from playground.document.examples import example
from playground.runner import remote
from playground.runner.messages import Load, Play
from playground.runner.runner import Runner
from tests.runner import dying
if __name__ == "__main__":
    if sys.argv[1] != "trains":
        remote.begin = getattr(dying, sys.argv[1])
    runner = Runner()
    runner.start()
    runner.send(Load(example("circle").project))
    runner.send(Play())
    end = runner._end
    while not (end._folder / "stuck").exists() and ((frame := runner.take()) is None or frame.step < 10):
        time.sleep(0.01)
    print(end._folder, end._crate._memory.name, flush=True)
    if sys.argv[2] == "ends":
        runner.stop()
    else:
        time.sleep(600)
"""


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="shared memory cannot be listed here")
@pytest.mark.parametrize(
    ("what", "how"),
    [("trains", "is killed"), ("stuck", "is killed"), ("deaf", "is killed"), ("stuck", "ends")],
)
def test_nothing_is_left_when_the_window(what: str, how: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "program.py"), what, how],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.getcwd()},
    ) as program:  # fmt: skip
        folder, memory = program.stdout.readline().split()
        if how == "is killed":
            program.kill()
        # The process that trains has the same stderr, and so has Python's tracker of shared memory: all have ended.
        _, complaints = program.communicate(timeout=60)
    assert not Path(folder).exists()
    assert not (Path("/dev/shm") / memory).exists()
    assert how == "is killed" or complaints == ""


def test_the_process_ends_when_its_window_has_gone() -> None:
    runner = Runner()
    runner.start()
    runner.send(Load(CIRCLE))
    until(runner, lambda f: f.state is State.READY)
    (child,) = multiprocessing.active_children()
    runner._end._line.close()  # as when the window's process is killed
    child.join(20)
    assert child.exitcode == 0
    runner.stop()


def test_a_process_that_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 0.05)
    monkeypatch.setattr(remote, "begin", dying.deaf)
    runner = Runner()
    runner.start()
    until_so((runner._end._folder / "stuck").exists)
    runner.stop()
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("first", [True, False], ids=["from the first", "later"])
def test_without_shared_memory_frames_come_through_the_pipe(
    monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    """Frames larger than any pipe holds, too; and what is told meanwhile is heard."""
    reserved = crate._reserved
    monkeypatch.setattr(
        crate, "_reserved", lambda size: None if first or size > 2 * remote.FIRST_ROOM else reserved(size)
    )
    want = Surface("linear1", 400)
    runner = Runner()
    runner.start()
    try:
        runner.send(Load(CIRCLE))
        until(runner, lambda f: f.state is State.READY)
        runner.send(SetWants(frozenset({want})))
        answer = until(runner, lambda f: f.answer(want) is not None).answer(want)
        assert answer.nbytes > 2 * remote.FIRST_ROOM
        assert not answer.flags.writeable
        alone = Session()
        alone.load(CIRCLE)
        np.testing.assert_array_equal(answer, alone.frame({want}).answer(want))
        runner.send(Play())
        until(runner, lambda f: f.step > 2)
        runner.send(Load(other := edits.set_seed(CIRCLE, 3)))
        assert until(runner, lambda f: f.project is other).notice == ""
    finally:
        runner.stop()


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="memory cannot be reserved here")
def test_memory_that_is_not_there_is_not_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = set(Path("/dev/shm").glob("psm_*"))
    monkeypatch.setattr(os, "posix_fallocate", full)
    room = crate.Crate().grown(4000)
    assert room.is_pipe
    assert set(Path("/dev/shm").glob("psm_*")) <= before

"""The trials of a sweep on a Dask cluster: a scheduler and two workers, each a process as one would start it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from playground.document.examples import example
from playground.runner.sweep import Ledger, Sweep, SweepError, carry_out
from playground.runner.trials import carried_out
from playground.runs.plan import grid, setting

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

DASK = Path(sys.executable).parent / "dask"


class Cluster:
    """``address`` of the scheduler; ``worker`` starts one more."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack, self._folder = stack, folder
        _, said = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", until=r"Scheduler at:\s+(tcp://\S+)"
        )
        self.address = said

    def worker(self, repository: Path) -> subprocess.Popen:
        """One that has the program in ``repository``."""
        return self._start(
            "worker", self.address, "--nthreads", "1", "--no-nanny", until=r"(Registered to)", path=repository
        )[0]

    def _start(self, *words: str, until: str, path: Path | None = None) -> tuple[subprocess.Popen, str]:
        environment = os.environ | {
            "PYTHONPATH": str(path or Path(__file__).parents[2]),
            "OPENBLAS_NUM_THREADS": "1",
        }
        process = subprocess.Popen(
            [str(DASK), words[0], *words[1:], "--no-dashboard"],
            cwd=self._folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._stack.callback(self._end, process)
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(until, line):
                return process, found[1]
        raise AssertionError(f"dask {words[0]} has ended")

    @staticmethod
    def _end(process: subprocess.Popen) -> None:
        process.kill()
        process.communicate()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield Cluster(stack, tmp_path)


def sweep() -> Sweep:
    spiral = example("spiral").project
    settings = (setting(spiral, "fit.optimizer.lr=0.003,0.01,0.03,0.1"),)
    return Sweep(spiral, settings, grid(settings), (0, 1, 2), 60)


def test_it_gives_the_same_table_though_a_worker_is_killed_in_the_middle(
    cluster: Cluster, repository: Path, tmp_path: Path
) -> None:
    first, _ = cluster.worker(repository), cluster.worker(repository)
    there = Ledger(tmp_path / "there", sweep())

    def kill(_: object) -> None:
        if len(there.results) == 3:
            os.kill(first.pid, signal.SIGKILL)

    carry_out(there, 1, kill, scheduler=cluster.address)
    assert first.wait(60) == -signal.SIGKILL
    here = Ledger(tmp_path / "here", sweep())
    for one in here.missing:
        here.put(*carried_out(one.to_json()))
    assert there.write_table().read_bytes() == here.write_table().read_bytes()


def test_a_worker_of_another_engine_is_refused_in_words(
    cluster: Cluster, repository: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    for package in ("engine", "playground"):
        shutil.copytree(repository / package, other / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "engine" / "fit.py").open("a", encoding="utf-8") as file:
        file.write("# another\n")
    cluster.worker(repository)
    cluster.worker(other)
    ledger = Ledger(tmp_path / "there", sweep())
    with pytest.raises(
        SweepError, match=r"1 worker of the cluster cannot help: .* Install the same version there"
    ):
        carry_out(ledger, 1, lambda _: None, scheduler=cluster.address)
    assert not ledger.results


def test_a_scheduler_that_is_not_there_is_told(repository: Path, tmp_path: Path) -> None:
    """In a process of its own: what Dask has begun by then has a thread that nobody can end."""
    words = [
        "sweep",
        "xor",
        "--set",
        "fit.optimizer.lr=1",
        "--out",
        "out",
        "--scheduler",
        "tcp://127.0.0.1:9",
    ]
    found = subprocess.run(
        [sys.executable, "-m", "playground", *words],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(repository)}, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert found.returncode == 2
    assert "does not answer" in found.stderr

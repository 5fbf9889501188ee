"""A search: what it chooses follows from what came of the points before, and it goes on where it was ended, in whatever way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from playground.document.examples import example
from playground.runner.sweep import Ledger, Sweep, SweepError, standings, table
from playground.runs.plan import grid, setting
from playground.runs.trial import Trial

pytest.importorskip("optuna")

from playground.runner.search import JOURNAL, Search

RATE, UNITS, KIND = "fit.optimizer.lr=log:1e-3..30", "linear1.out_features=2..6", "fit.optimizer=SGD,Adam"


def planned(*words: str, seeds: int = 1, epochs: int = 6) -> Sweep:
    xor = example("xor").project
    return Sweep(xor, tuple(setting(xor, one) for one in words), (), tuple(range(seeds)), epochs)


def searched(folder: Path, points: int, *words: str, prune: bool = True, **more: int) -> Search:
    search = Search(folder, planned(*words, **more), prune)
    search.carry_out(points, 1, lambda results: None)
    return search


@pytest.mark.slow
def test_a_search_that_is_taken_up_finds_what_one_in_one_go_finds(tmp_path: Path) -> None:
    whole = searched(tmp_path / "whole", 14, RATE, UNITS)
    searched(tmp_path / "parts", 5, RATE, UNITS)
    parts = searched(tmp_path / "parts", 14, RATE, UNITS)
    said = [table(one.ledger.sweep, one.ledger.results) for one in (whole, parts)]
    assert said[0] == said[1]
    assert said[0].count("\n") == 15
    for point in whole.ledger.sweep.points:
        assert 1e-3 <= point[0] <= 30
        assert point[1] in range(2, 7)


@pytest.mark.slow
def test_a_run_of_a_search_is_the_run_alone_and_one_given_up_is_its_beginning(tmp_path: Path) -> None:
    from playground.runner.trials import result_of

    search = searched(tmp_path, 16, RATE, epochs=8)
    sweep = search.ledger.sweep
    ends = set()
    for trial, digest in zip(sweep.trials, sweep.digests, strict=True):
        found = search.ledger.results[digest]
        ends.add(found.end)
        alone = result_of(Trial(trial.project, trial.seed, found.epoch))
        assert found.weights == alone.weights
        assert found.rows == alone.rows
    assert ends == {"finished", "pruned"}
    ranked = standings(sweep, search.ledger.results)
    assert sum(one.pruned for one in ranked) == sum(r.end == "pruned" for r in search.ledger.results.values())
    assert not ranked[0].pruned
    unpruned = searched(tmp_path / "all", 8, RATE, prune=False)
    assert {one.end for one in unpruned.ledger.results.values()} == {"finished"}


@pytest.mark.slow
def test_choices_and_seeds(tmp_path: Path) -> None:
    search = searched(tmp_path, 6, KIND, RATE, seeds=2, epochs=2, prune=False)
    kinds = {type(point[0]).__name__ for point in search.ledger.sweep.points}
    assert kinds == {"SGD", "Adam"}
    assert len(search.ledger.results) == 2 * len(search.ledger.sweep.points)


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    xor = example("xor").project
    settings = (setting(xor, "fit.optimizer.lr=0.1,0.2"),)
    Ledger(tmp_path / "grid", Sweep(xor, settings, grid(settings), (0,), 6))
    with pytest.raises(SweepError, match="holds another sweep"):
        Search(tmp_path / "grid", planned("fit.optimizer.lr=0.1,0.2"))
    Search(tmp_path / "search", planned(RATE))
    (tmp_path / "search" / JOURNAL).write_text("no journal\n")
    with pytest.raises(SweepError, match="cannot be read"):
        Search(tmp_path / "search", planned(RATE))


def test_without_optuna_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(SweepError, match=r"chainrule-playground\[sweep\]"):
        Search(tmp_path, planned(RATE))


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_to_the_same_table(tmp_path: Path) -> None:
    def command(out: Path) -> list[str]:
        return [
            sys.executable, "-m", "playground", "sweep", "xor", "--set", RATE, "--set", UNITS, "--epochs", "60", "--jobs", "1",
            "--search", "optuna", "--points", "14", "--out", str(out),
        ]  # fmt: skip

    subprocess.run(command(tmp_path / "whole"), check=True, capture_output=True, timeout=240)
    killed = subprocess.Popen(
        command(tmp_path / "parts"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + 120
    trials = tmp_path / "parts" / "trials"
    while not trials.is_dir() or len(list(trials.iterdir())) < 4:
        assert time.monotonic() < end
        assert killed.poll() is None
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    subprocess.run(command(tmp_path / "parts"), check=True, capture_output=True, timeout=240)
    tables = [(tmp_path / name / "table.csv").read_text() for name in ("whole", "parts")]
    assert tables[0] == tables[1]

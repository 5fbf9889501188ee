"""Sweeps: what is computed, by whom, and what is kept."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from engine.data import source_at
from engine.errors import SpecError
from engine.layers import Linear
from engine.losses import MSELoss
from engine.network import Network
from playground import app
from playground.document import edits
from playground.document import project as projects
from playground.document.examples import example
from playground.runner.sweep import (
    Ledger,
    Sweep,
    SweepError,
    advice,
    carry_out,
    standings,
    table,
)
from playground.runner.trials import carried_out, check_sum, result_of
from playground.runs.plan import grid, setting
from playground.runs.trial import Result, Trial, result


def small(values: str = "0.05,0.5", seeds: int = 2, epochs: int = 3) -> Sweep:
    xor = example("xor").project
    settings = (setting(xor, f"fit.optimizer.lr={values}"),)
    return Sweep(xor, settings, grid(settings), tuple(range(seeds)), epochs)


def filled(folder: Path, sweep: Sweep) -> Ledger:
    ledger = Ledger(folder, sweep)
    for one in ledger.missing:
        ledger.put(*carried_out(one.to_json()))
    return ledger


@pytest.mark.parametrize("key", ["xor", "digits-cnn", "regression"])
def test_a_trial_has_the_same_bytes_as_the_run_alone(key: str) -> None:
    project = example(key).project
    there = Trial(project, 5, 2)
    session = app.train(there.seeded, 2, lambda done: None)
    alone = session.trainer
    assert alone is not None
    found = result_of(there)
    assert found.weights == check_sum(alone.model.state_dict())
    assert [list(row) for row in found.rows] == alone.log.view().rows.tolist()
    assert found.epoch == 2


def test_a_trial_that_diverges_or_cannot_run_is_a_result() -> None:
    xor = example("xor").project
    steep = xor.fit.replace(loss=MSELoss(), optimizer=xor.fit.optimizer.replace(lr=100.0))
    wild = xor.replace(fit=steep, network=Network.chain(Linear(4), Linear(1)))
    found = result_of(Trial(wild, 0, 5))
    assert found.end == "diverged"
    assert found.message
    broken = xor.replace(network=Network())
    found = result_of(Trial(broken, 0, 5))
    assert (found.end, found.score) == ("refused", float("inf"))
    assert "empty" in found.message


def test_a_folder_goes_on_with_what_is_missing_and_gives_the_same_table(tmp_path: Path) -> None:
    sweep = small()
    whole = filled(tmp_path / "a", sweep)
    part = Ledger(tmp_path / "b", sweep)
    assert len(part.missing) == 4
    for one in part.missing[::-1][:2]:
        part.put(*carried_out(one.to_json()))
    again = Ledger(tmp_path / "b", sweep)
    assert len(again.missing) == 2
    (tmp_path / "b" / "trials" / f"{sweep.digests[3]}.json").write_text('{"end": ')  # as if cut short
    assert len(Ledger(tmp_path / "b", sweep).missing) == 3
    again = filled(tmp_path / "b", sweep)
    assert again.write_table().read_bytes() == whole.write_table().read_bytes()


def test_more_points_go_on_in_the_same_folder_and_another_sweep_does_not(tmp_path: Path) -> None:
    filled(tmp_path, small())
    assert len(Ledger(tmp_path, small("0.05,0.5,0.9")).missing) == 2
    with pytest.raises(SweepError, match="holds another sweep"):
        Ledger(tmp_path, small(epochs=4))
    (tmp_path / "sweep.json").write_text("[" * 100_000)
    with pytest.raises(SweepError, match="holds another sweep"):
        Ledger(tmp_path, small())


def test_a_sweep_does_not_go_on_with_other_samples_in_the_same_file(tmp_path: Path, monkeypatch) -> None:
    x, file = np.arange(24.0).reshape(12, 2), tmp_path / "data.npz"

    def sweep() -> Sweep:
        np.savez(file, x=x, y=np.arange(12) % 2)
        monkeypatch.setattr(projects, "store", type(projects.store)())  # as in another process
        project = edits.mend_output(edits.set_source(example("xor").project, source_at(file)))
        return Sweep(project, (), ((),), (0,), 1)

    Ledger(tmp_path / "out", sweep())
    Ledger(tmp_path / "out", sweep())
    x[3, 1] = -7
    with pytest.raises(SweepError, match=r"differs in: data"):
        Ledger(tmp_path / "out", sweep())


def test_what_is_no_run_of_the_sweep_is_not_kept(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "out", small())
    with pytest.raises(SpecError, match="no run of this sweep"):
        ledger.put("../../outside", Result("finished").to_json())
    assert not list(tmp_path.rglob("outside*"))


def test_seeds_count_among_the_runs() -> None:
    with pytest.raises(SpecError, match="20,000 runs"):
        _ = small(seeds=10_000).trials


def test_a_folder_that_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SweepError, match="Nothing can be written"):
        Ledger(tmp_path / "file" / "inside", small())


def test_the_seed_is_no_setting() -> None:
    xor = example("xor").project
    settings = (setting(xor, "seed=1,2"),)
    with pytest.raises(SpecError, match="number of seeds"):
        _ = Sweep(xor, settings, grid(settings), (0,), 1).trials


def test_the_standings_put_failures_last_and_say_what_follows() -> None:
    sweep = small("0.1,0.2,0.3", seeds=2)
    good = lambda loss: Result("finished", best=(1, loss, 1.0))
    bad = Result("diverged", "Too fast.")
    results = dict(
        zip(sweep.digests, [good(0.5), good(0.7), bad, good(0.1), good(0.4), good(0.2)], strict=True)
    )
    ranked = standings(sweep, results)
    assert [one.point for one in ranked] == [(0.3,), (0.1,), (0.2,)]
    assert (ranked[0].median, ranked[0].low, ranked[0].high) == pytest.approx((0.3, 0.2, 0.4))
    said = advice(sweep, results, ranked)
    assert "0.3, lies at the upper border" in said[0]
    assert said[1].startswith("1 run diverged")
    every = dict.fromkeys(sweep.digests, bad)
    assert advice(sweep, every, standings(sweep, every)) == ["No run has come to a sound end. Too fast."]


def test_a_table_has_a_row_for_each_trial_that_is_done() -> None:
    sweep = small()
    lines = table(sweep, {sweep.digests[2]: Result("finished", epoch=3)}).splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("3,0.5,0,finished,3,")


def workers() -> list[int]:
    """The processes that compute for this one."""
    found = []
    for folder in filter(lambda f: f.name.isdecimal(), Path("/proc").iterdir()):
        with suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"popen_loky" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


@pytest.fixture
def ended_workers() -> Iterator[None]:
    """The processes that joblib keeps for the next time are ended."""
    yield
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor(reuse=True).shutdown(kill_workers=True)


@pytest.mark.slow
@pytest.mark.usefixtures("ended_workers")
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes where Linux lists them")
def test_processes_give_the_same_table_as_one_and_one_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    sweep = small("0.05,0.1,0.2", epochs=20)
    alone = filled(tmp_path / "alone", sweep)
    several = Ledger(tmp_path / "several", sweep)
    killed: list[int] = []

    def kill_one(_: Result) -> None:
        if not killed:
            killed.append(workers()[0])
            os.kill(killed[0], signal.SIGKILL)

    carry_out(several, 2, kill_one)
    assert killed
    assert several.write_table().read_bytes() == alone.write_table().read_bytes()
    assert {f.name for f in (tmp_path / "several" / "trials").iterdir()} == {
        f"{d}.json" for d in sweep.digests
    }


@pytest.mark.slow
def test_a_sweep_that_is_told_to_end_keeps_what_it_has(tmp_path: Path) -> None:
    ledger, ending = Ledger(tmp_path, small()), []
    carry_out(ledger, 1, lambda _: ending.append(2), ending)
    assert len(ledger.results) == 1
    kept = json.loads(next((tmp_path / "trials").iterdir()).read_text())
    assert result(json.dumps(kept)).end == "finished"

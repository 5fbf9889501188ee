"""Runs beside each other: each as alone, in step, and the first difference found."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import initializers
from engine.layers import Dropout
from playground import app
from playground.document import edits, files
from playground.document.examples import example
from playground.document.project import Project
from playground.runner.beside import Beside
from playground.runner.race import Race, RaceView
from playground.runner.session import Session
from playground.runner.trials import check_sum, result_of
from playground.runs import files as run_files
from playground.runs.kept import Kept, differs, table
from playground.runs.trial import Trial, engine_version


def with_rate(project: Project, lr: float) -> Project:
    return edits.set_fit(project, project.fit.replace(optimizer=project.fit.optimizer.replace(lr=lr)))


def longest(project: Project) -> float:
    """Of the weights that come into a unit, before training: a limit a little above it is felt only later."""
    session = Session()
    session.load(project)
    assert session.trainer is not None
    weights = [a for name, a in session.trainer.model.state_dict().items() if name.endswith("weight")]
    return max(float(np.linalg.norm(w, axis=1).max()) for w in weights)


def finished(race: Race) -> RaceView:
    while race.go_on(1.0):
        pass
    return race.view()


@pytest.mark.parametrize("by_time", [False, True])
@pytest.mark.parametrize("key", ["xor", "digits-cnn"])
def test_each_has_the_same_bytes_as_alone(tmp_path: Path, key: str, by_time: bool) -> None:
    a = example(key).project
    b = edits.add_layer(a, Dropout(p=0.2), len(a.network) - 1)
    trials = (Trial(a, 3, 3), Trial(b, 3, 3))
    kept = Kept(tmp_path)
    finished(Race([trials], by_time, kept))
    made = [entry.trial for entry in kept.entries.values()]
    # In the same time, one makes all its epochs, and the other as many as it can: of those it is a whole run.
    assert max(one.epochs for one in made) == 3
    assert by_time or [one.epochs for one in made] == [3, 3]
    for one in made:
        alone = app.train(one.seeded, one.epochs, lambda done: None)
        assert alone.trainer is not None
        entry = kept.entries[one.digest]
        assert entry.by_time == by_time
        assert entry.result.epoch == one.epochs
        assert entry.result.weights == check_sum(alone.trainer.model.state_dict())
        assert replace(entry.result, seconds=0.0) == replace(result_of(one), seconds=0.0)
        run = run_files.load_run(kept.run_file(one.digest), files.load(kept.run_file(one.digest)))
        assert run.snapshot.steps == alone.trainer.steps


@pytest.mark.parametrize(
    ("edit", "parted"),
    [
        (lambda p: with_rate(p, 0.07), 1),
        (lambda p: p, None),
        (lambda p: edits.set_fit(p, p.fit.replace(initializer=initializers.HeNormal())), 0),
        (lambda p: edits.set_layer(p, "linear1", p.network["linear1"].layer.replace(out_features=3)), 0),
        (lambda p: edits.set_human_error(p, 0.1), None),
        (lambda p: edits.set_fit(p, p.fit.replace(max_norm=1.05 * longest(p))), "some"),
    ],
    ids=["rate", "nothing", "initializer", "units", "what is not trained", "max-norm"],
)
def test_the_first_step_at_which_they_part(edit, parted) -> None:
    a = example("xor").project
    view = finished(Race([(Trial(a, 0, 2), Trial(edit(a), 0, 2))]))
    if parted != "some":
        assert view.parted == parted
        return
    assert view.parted is not None
    assert view.parted > 1
    sessions = [Session(), Session()]
    for session, project in zip(sessions, (a, edit(a)), strict=True):
        session.load(project)
        session.play()
        session.train(60, most=view.parted - 1)
    one, other = (s.trainer.model.state_dict() for s in sessions)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    for session in sessions:
        session.train(60, most=1)
    one, other = (s.trainer.model.state_dict() for s in sessions)
    assert any(not np.array_equal(one[name], other[name]) for name in one)


def test_epochs_are_locked_while_it_goes_on() -> None:
    a = example("spiral").project
    race = Race([(Trial(a, 0, 30), Trial(with_rate(a, 0.01), 0, 30))])
    seen = 0
    while race.go_on(0.01):
        lanes = race.view().lanes
        if not any(lane.end for lane in lanes):
            assert abs(lanes[0].epoch - lanes[1].epoch) <= 1
            seen += 1
    assert seen


def test_heats_follow_one_another_and_one_that_cannot_run_does_not_stop_them(tmp_path: Path) -> None:
    a = example("xor").project
    broken = edits.remove(a, [node.id for node in a.network.nodes])
    kept = Kept(tmp_path)
    view = finished(Race([(Trial(a, 0, 1), Trial(broken, 0, 1)), (Trial(a, 1, 1),)], kept=kept))
    assert view.over
    assert view.done == (Trial(a, 0, 1).digest, Trial(a, 1, 1).digest)
    assert [entry.trial.seed for entry in kept.entries.values()] == [0, 1]


def test_what_is_kept_is_read_again_noted_and_thrown_away(tmp_path: Path) -> None:
    a = example("xor").project
    b = with_rate(a, 0.5)
    trials = (Trial(a, 0, 1), Trial(b, 0, 1))
    kept = Kept(tmp_path / "runs")
    finished(Race([trials], kept=kept))
    again = Kept(tmp_path / "runs")
    again.read()
    assert set(again.entries) == {one.digest for one in trials}
    entry = again.entries[trials[1].digest]
    assert differs(entry, a) == "learning rate 0.1 → 0.5"
    assert differs(again.entries[trials[0].digest], a) == "as it is now"
    surface = again.surface(entry.key)
    assert surface is not None
    assert surface.shape == (1, 72, 72)
    again.annotate(entry.key, note="  fast  ", star=True)
    finished(Race([trials], kept=again))  # the same trials once more: one place for each
    third = Kept(tmp_path / "runs")
    third.read()
    assert len(third.entries) == 2
    assert (third.entries[entry.key].note, third.entries[entry.key].star) == ("fast", True)
    assert table(list(third.entries.values()), a).count("\n") == 3
    path = tmp_path / "runs" / f"{entry.key}.json"
    path.write_text(path.read_text().replace(engine_version(), "0.0.9+older"))
    assert third.take(entry.key) is not None  # an update of the program hides nothing
    path.write_text("[" * 10_000)
    (tmp_path / "runs" / f"{entry.key}.surface.npy").write_bytes(b"\x93NUMPY rubbish")
    assert third.surface(entry.key) is None
    damaged = Kept(tmp_path / "runs")
    damaged.read()
    assert len(damaged.entries) == 1
    third.delete(list(third.entries))
    assert not list((tmp_path / "runs").iterdir())


def test_by_time_none_is_trained_for_longer_than_its_trial_says(tmp_path: Path) -> None:
    a = example("xor").project
    trials = (Trial(a, 0, 3), Trial(a, 1, 200))
    finished(Race([trials], True, kept := Kept(tmp_path)))
    assert {entry.trial.seed for entry in kept.entries.values()} == {0, 1}
    for entry in kept.entries.values():
        # It ends with the first, and is kept as a run of as many epochs as it has made.
        assert entry.result.epoch == entry.trial.epochs <= trials[entry.trial.seed].epochs
        assert entry.result.weights == result_of(entry.trial).weights
    assert kept.entries[trials[0].digest].result.epoch == 3
    assert trials[1].digest not in kept.entries


def until_over(beside: Beside) -> RaceView:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        view = beside.take()
        if view is not None and view.over:
            return view
        time.sleep(0.02)
    raise AssertionError("the race does not end")


@pytest.mark.slow
def test_a_process_of_its_own_trains_is_given_up_and_replaced_when_it_dies(tmp_path: Path) -> None:
    a = example("xor").project
    beside = Beside()
    try:
        beside.start([(Trial(a, 0, 2), Trial(with_rate(a, 0.5), 0, 2))], False, tmp_path)
        view = until_over(beside)
        assert (view.parted, len(view.done)) == (1, 2)
        beside.start([(Trial(a, 0, 10_000_000),)], False, tmp_path)
        beside.cancel()
        assert not beside.running
        beside.start([(Trial(a, 0, 3),)], False, tmp_path)
        assert until_over(beside).done == (Trial(a, 0, 3).digest,)
        beside.start([(Trial(a, 0, 10_000_000),)], False, tmp_path)
        assert beside._process is not None
        os.kill(beside._process.pid or 0, signal.SIGKILL)
        assert "was ended" in until_over(beside).message
        beside.start([(Trial(a, 0, 1),)], False, tmp_path)
        assert until_over(beside).message == ""
    finally:
        beside.stop()


@pytest.mark.slow
def test_the_last_words_of_a_race_are_not_taken_for_the_next_ones(tmp_path: Path) -> None:
    a = example("xor").project
    beside = Beside()
    try:
        beside.start([(Trial(a, 0, 1),)], False, tmp_path)
        assert beside._line is not None
        assert beside._line.poll(60)
        time.sleep(0.5)  # nobody has taken that it is over
        beside.start([(following := Trial(a, 0, 10_000_000),)], False, tmp_path)
        while (view := beside.take()) is None:
            time.sleep(0.02)
        assert not view.over
        assert view.lanes[0].key == following.digest
    finally:
        beside.stop()


def test_a_run_is_taken_up_and_undo_brings_the_old_one_back(tmp_path: Path) -> None:
    a = example("xor").project
    b = with_rate(a, 0.5)
    kept, there = Kept(tmp_path), Trial(b, 0, 3)
    finished(Race([(there,)], kept=kept))
    session = Session()
    session.load(a)
    session.play()
    session.train(60, until_epoch=5)
    assert session.trainer is not None
    before = check_sum(session.trainer.model.state_dict())
    session.load(b, file=kept.run_file(there.digest))
    taken = check_sum(session.trainer.model.state_dict())
    assert taken == kept.entries[there.digest].result.weights
    assert session.trainer.epoch == 3
    session.load(a, returning=True)
    assert (check_sum(session.trainer.model.state_dict()), session.trainer.epoch) == (before, 5)
    session.load(b, returning=True)
    assert (check_sum(session.trainer.model.state_dict()), session.trainer.epoch) == (taken, 3)


def test_the_weights_that_two_runs_have_in_common_are_compared() -> None:
    a = example("xor").project
    b = with_rate(a, 0.5)
    view = finished(Race([(Trial(a, 0, 2), Trial(b, 0, 2))]))
    apart = dict(view.apart)
    states = [app.train(one, 2, lambda done: None).trainer.model.state_dict() for one in (a, b)]
    for layer in ("linear1", "linear2"):
        mine, other = (np.concatenate([s[f"{layer}.weight"].ravel(), s[f"{layer}.bias"]]) for s in states)
        assert apart[layer] == pytest.approx(np.linalg.norm(other - mine) / np.linalg.norm(mine), rel=1e-5)
    wider = edits.set_layer(a, "linear1", a.network["linear1"].layer.replace(out_features=7))
    assert "linear1" not in dict(finished(Race([(Trial(a, 0, 1), Trial(wider, 0, 1))])).apart)
    assert dict(finished(Race([(Trial(a, 0, 1), Trial(a, 0, 1))])).apart) == {"linear1": 0.0, "linear2": 0.0}


def test_a_race_with_little_time_ends_both_runs_at_one_epoch(tmp_path: Path) -> None:
    a = example("spiral").project
    kept = Kept(tmp_path)
    trials = (Trial(a, 0, 10_000), Trial(with_rate(a, 0.001), 0, 10_000))
    view = finished(Race([trials], kept=kept, seconds=0.05))
    first, second = kept.entries.values()
    assert first.result.epoch == second.result.epoch < 10_000
    for entry in (first, second):
        alone = app.train(entry.trial.seeded, entry.trial.epochs, lambda done: None)
        assert alone.trainer is not None
        assert entry.result.weights == check_sum(alone.trainer.model.state_dict())
    assert view.done == (first.key, second.key)

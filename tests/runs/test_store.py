"""Runs in memory, and points on the disk: how many are kept, and which go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from playground.document import edits
from playground.document.examples import example
from playground.runner.session import Session
from playground.runs import files, points
from playground.runs.run import Run
from playground.runs.store import RunStore

CIRCLE = example("circle").project


def run_of(seed: int, steps: int = 20) -> Run:
    session = Session()
    session.load(edits.set_seed(CIRCLE, seed))
    session.play()
    session.train(600.0, steps)
    run = session.current()
    assert run is not None
    return run


def test_a_run_is_found_by_what_it_trains() -> None:
    store, run = RunStore(), run_of(1)
    store.put(run)
    assert store.find(edits.rename(run.project, "other")) is run
    assert store.find(edits.set_seed(CIRCLE, 2)) is None
    newer = replace(run, latest=99)
    store.put(newer)
    assert store.find(run.project) is newer
    assert store.newest is newer


def test_old_runs_go_first_and_large_ones_leave_their_history() -> None:
    one, two = run_of(1), run_of(2)
    store = RunStore(budget=one.nbytes + two.nbytes - 1)
    store.put(one)
    store.put(two)
    assert store.find(one.project) is None
    assert store.find(two.project) is two
    store.budget = two.nbytes - 1
    store.put(two)
    thin = store.find(two.project)
    assert thin is not None
    assert thin.moments == ()
    assert thin.snapshot is two.snapshot


@pytest.mark.parametrize(
    ("ages", "gone"),
    [([0, 10, 20, 40], 3 - 1), ([0, 1, 100, 101], 3), ([0, 50], 1), ([5, 5, 100], 1)],
)
def test_what_says_least_for_its_age_goes(ages: list[float], gone: int) -> None:
    assert points.least(ages) == gone


def test_points_are_thinned_to_a_number_and_a_size(tmp_path: Path) -> None:
    begun = datetime.now(UTC)
    for minutes in range(30):
        at = (begun - timedelta(minutes=minutes)).isoformat()
        files.save(CIRCLE, tmp_path / f"{minutes}.chainrule", about={"saved": at})
    points.tidy(tmp_path, most=20)
    left = points.points(tmp_path)
    assert len(left) == 20
    assert left[0].path.stem == "0"
    assert left == tuple(sorted(left, key=lambda one: one.saved, reverse=True))
    size = left[0].path.stat().st_size
    points.tidy(tmp_path, most_bytes=5 * size)
    assert len(points.points(tmp_path)) <= 5


def test_a_point_knows_its_file_and_what_of_it_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "p.chainrule"
    said = points.about(CIRCLE, Path("/a/b.chainrule"), True, (5, 6), 20)
    files.save(CIRCLE, path, run_of(0), about=said)
    found = points.point(path)
    assert found is not None
    assert (found.file, found.clean, found.stamp, found.saved_step) == (
        Path("/a/b.chainrule"),
        True,
        (5, 6),
        20,
    )
    assert found.step == 20
    assert not found.unsaved
    files.save(CIRCLE, path, run_of(0, 30), about=said)
    assert points.point(path).unsaved


def test_what_is_no_state_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.chainrule").write_text("{}")
    assert points.points(tmp_path) == ()
    assert points.points(tmp_path / "nowhere") == ()
    assert points.stamp(tmp_path / "nowhere") is None

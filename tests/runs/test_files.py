"""A saved run goes on bit for bit; whatever is wrong with a file is said, and what is whole of it can be had."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import SpecError
from engine.optimizers import Adam
from playground.document import container
from playground.document import files as projects
from playground.document.examples import example, examples
from playground.document.files import FileError
from playground.document.project import Project
from playground.runner.session import Session
from playground.runs import files, points

pytestmark = pytest.mark.slow

#: as many as are trained in a test: large networks take long
STEPS = {"alexnet": 0, "lenet5": 6, "resnet-small": 6, "vgg-small": 4}


def trained(project: Project, steps: int, file: Path | None = None) -> Session:
    session = Session()
    session.load(project)
    if file is not None:
        session.go_on_from(files.load_run(file, project))
    session.play()
    if steps:
        session.train(600.0, steps)
    return session


def state(session: Session) -> dict[str, bytes]:
    """All that training goes on from, in bytes."""
    trainer = session.trainer
    assert trainer is not None
    moment = trainer.snapshot()
    arrays = {name: array.tobytes() for name, array in moment.arrays.items()}
    plain = (
        moment.epoch,
        moment.steps,
        moment.position,
        moment.randomness,
        moment.memory,
        moment.watch,
        moment.lowest,
    )
    return {**arrays, "plain": repr(plain).encode(), "log": trainer.log.view().rows.tobytes()}


def save(session: Session, path: Path) -> None:
    files.save(session.project, path, session.current())


@pytest.mark.parametrize("key", [one.key for one in examples() if STEPS.get(one.key, 1)])
def test_a_saved_run_goes_on_as_if_nothing_had_been(key: str, tmp_path: Path) -> None:
    project = example(key).project
    steps = STEPS.get(key, 23)
    without = trained(project, 2 * steps)
    before = trained(project, steps)
    save(before, tmp_path / "it.chainrule")
    opened = projects.load(tmp_path / "it.chainrule")
    after = trained(opened, 0, tmp_path / "it.chainrule")
    assert state(after) == state(before)
    after.play()
    after.train(600.0, steps)
    assert state(after) == state(without)


def everything(tmp_path: Path) -> Session:
    """With momentum of two kinds, a schedule's memory, early stopping's best weights, and History."""
    project = example("digits-cnn").project
    fit = project.fit.replace(optimizer=Adam(lr=0.01), early_stopping=5)
    session = trained(project.replace(fit=fit), 120)
    session.train(600.0, 200)
    session.pause()
    save(session, tmp_path / "it.chainrule")
    return session


def test_curves_history_and_best_weights_are_there_again(tmp_path: Path) -> None:
    before = everything(tmp_path)
    after = trained(projects.load(tmp_path / "it.chainrule"), 0, tmp_path / "it.chainrule")
    old, new = before.frame(), after.frame()
    assert np.array_equal(old.log.rows, new.log.rows, equal_nan=True)
    assert (new.step, new.epoch, new.train_loss, new.validation_metric) == (
        old.step, old.epoch, old.train_loss, old.validation_metric,
    )  # fmt: skip
    assert (new.best_step, new.earliest_step, new.latest_step) == (
        old.best_step,
        old.earliest_step,
        old.latest_step,
    )
    for session in (before, after):
        session.go_to(150)
    assert state(after) == state(before), "an earlier moment of the History is the same, too"


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    session = trained(example("xor").project, 40)
    run = session.current()
    for name in ("a", "b"):
        files.save(session.project, tmp_path / name, run)
    one, other = (files.Container(tmp_path / name) for name in ("a", "b"))
    assert one.about["members"] == other.about["members"]


def test_weights_of_other_data_are_refused_in_words(tmp_path: Path) -> None:
    save(trained(example("circle").project, 10), tmp_path / "it.chainrule")
    session = trained(example("digits-cnn").project, 0)
    with pytest.raises(SpecError, match="samples of shape"):
        session.go_on_from(
            files.load_run(tmp_path / "it.chainrule", projects.load(tmp_path / "it.chainrule"))
        )
    assert session.trainer is not None
    assert session.trainer.steps == 0


def test_a_file_that_is_no_container_has_no_run(tmp_path: Path) -> None:
    projects.save(example("xor").project, tmp_path / "it.playground.json")
    with pytest.raises(FileError):
        files.load_run(tmp_path / "it.playground.json", example("xor").project)


def altered(path: Path, change) -> Path:
    """The file at ``path`` with another run.json, whose sum is right."""
    found = container.Container(path)
    members = {name: found.read(name) for name in found.about["members"]}
    data = json.loads(members["run.json"])
    change(data)
    members["run.json"] = json.dumps(data).encode()
    with path.open("wb") as file:
        container.write(
            file, [container.Member(name, lambda data=data: data) for name, data in members.items()], {}
        )
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["now"].update(randomness={"nobody": np.random.PCG64().state}),
        lambda d: d["now"].update(randomness={"0": {"state": "x"}}),
        lambda d: d["now"].update(step=-1),
        lambda d: d["now"].update(scores=[1.0]),
        lambda d: d.update(best=99),
        lambda d: d.update(in_shape=[10**30]),
        lambda d: d.update(in_shape="two"),
        lambda d: d.pop("latest"),
        lambda d: d.update(others=[{}]),
    ],
)
def test_whatever_stands_in_a_run_is_refused_in_words(change, tmp_path: Path) -> None:
    save(trained(example("xor").project, 10), tmp_path / "it.chainrule")
    path = altered(tmp_path / "it.chainrule", change)
    with pytest.raises(FileError) as refused:
        files.load_run(path, projects.load(path))
    assert len(str(refused.value)) < 600


def test_a_run_that_stands_beyond_the_data_is_refused(tmp_path: Path) -> None:
    save(trained(example("xor").project, 10), tmp_path / "it.chainrule")
    path = altered(tmp_path / "it.chainrule", lambda d: d["now"].update(position=10**6))
    project = projects.load(path)
    with pytest.raises(SpecError, match="stands at sample"):
        trained(project, 0).go_on_from(files.load_run(path, project))


@pytest.mark.parametrize("epoch", ["nan", "inf", "1" * 200_000])
def test_curves_that_are_none_are_refused_in_words(epoch: str, tmp_path: Path) -> None:
    save(trained(example("xor").project, 60), tmp_path / "it.chainrule")
    found = container.Container(tmp_path / "it.chainrule")
    members = {name: found.read(name) for name in found.about["members"]}
    curves = members["curves.csv"].decode()
    changed = curves.replace("\r\n1,", f"\r\n{epoch},", 1)
    assert changed != curves
    members["curves.csv"] = changed.encode()
    with (tmp_path / "it.chainrule").open("wb") as file:
        container.write(
            file, [container.Member(name, lambda data=data: data) for name, data in members.items()], {}
        )
    with pytest.raises(FileError):
        files.load_run(tmp_path / "it.chainrule", example("xor").project)


def test_a_run_is_ahead_of_itself_within_limits(tmp_path: Path) -> None:
    save(trained(example("xor").project, 10), tmp_path / "it.chainrule")
    path = altered(tmp_path / "it.chainrule", lambda d: d.update(latest=2**50))
    run = files.load_run(path, projects.load(path))
    assert run.latest < 2**31


def test_no_moment_of_history_stands_beyond_the_data(tmp_path: Path) -> None:
    save(trained(example("xor").project, 60), tmp_path / "it.chainrule")
    path = altered(tmp_path / "it.chainrule", lambda d: d["others"][0].update(position=10**9))
    project = projects.load(path)
    with pytest.raises(SpecError, match="stands at sample"):
        trained(project, 0).go_on_from(files.load_run(path, project))


def test_a_state_with_any_other_words_is_none_or_a_state(tmp_path: Path) -> None:
    path = tmp_path / "it.chainrule"
    for about in (
        {"stamp": [float("inf"), 0]}, {"saved": "0001-01-01T00:00:00+23:00"}, {"saved": 5}, {"stamp": "ab"},
        {"file": "\0"}, {"epoch": -3}, {"saved_step": "x"},
    ):  # fmt: skip
        files.save(example("xor").project, path, about=about)
        found = points.point(path)
        assert found is None or points.stamp(found.file) is None

"""The example projects: there, whole, and as good as the start page says they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import UnknownName
from engine.layers import Conv2d, Linear, Tanh
from playground.assets import asset_path
from playground.document.examples import DEFAULT, example, examples
from playground.document.project import Project, data_of, problems
from playground.runner.messages import State
from playground.runner.session import Session

KEYS = [e.key for e in examples()]

#: validation accuracy or R² that an example must reach within its epochs; AlexNet's take minutes: see test_alexnet
FLOORS = {
    "xor": 0.9,
    "circle": 0.95,
    "spiral": 0.95,
    "spiral3": 0.95,
    "regression": 0.9,
    "pulses": 0.88,  # four units
    "surface": 0.8,
    "digits-mlp": 0.93,
    "digits-cnn": 0.97,
    "denoising-autoencoder": 0.38,
    "learned-picture": 0.9,
    "iris": 0.9,
    "diabetes": 0.3,
    "one-neuron": 0.9,
    "first-steps": 0.0,  # one sample is there to be followed, not to learn a rule from
    "first-convolution": 0.0,
    "tutorial-xor": 0.85,
    "tutorial-mnist": 0.97,
    "notes-cnn": 0.93,
    "lenet5": 0.97,
    "alexnet-small": 0.9,
    "resnet-small": 0.8,
}


@pytest.mark.parametrize("key", KEYS)
def test_an_example_is_ready_to_run(key: str) -> None:
    found = example(key)
    assert not problems(found.project)
    assert found.title
    assert found.sentence.endswith(".")


def test_every_file_is_in_the_catalogue_once() -> None:
    files = sorted(p.stem for p in asset_path("examples").glob("*.json"))
    assert sorted(KEYS) == files


def test_the_default_is_the_network_that_is_benchmarked() -> None:
    project = example(DEFAULT).project
    kinds = [n.layer for n in project.network.nodes]
    assert kinds == [Linear(4), Tanh(), Linear(2), Tanh(), Linear(1)]
    assert data_of(project).in_shape == (2,)
    assert project.fit.batch_size == 10


def test_the_convolutional_one_is_what_it_is_said_to_be() -> None:
    project = example("digits-cnn").project
    convolutions = [n.layer for n in project.network.nodes if isinstance(n.layer, Conv2d)]
    assert convolutions == [Conv2d(8, 3, padding="same"), Conv2d(16, 3, padding="same")]
    assert project.fit.batch_size == 32
    assert project.fit.epochs <= 30


def test_opening_an_example_again_gives_another_project() -> None:
    first, again = example("xor").project, example("xor").project
    assert first == again
    assert first is not again
    assert first.network is not again.network


def test_an_unknown_example_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean spiral"):
        example("sprial")


def playing(project: Project) -> Session:
    session = Session()
    session.load(project)
    session.play()
    return session


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key in KEYS if key != "alexnet"])
def test_it_learns_what_it_is_to_show(key: str) -> None:
    project = example(key).project
    session = playing(project)
    session.train(600.0, until_epoch=project.fit.epochs)
    frame = session.frame()
    assert frame.state is State.RUNNING, frame.message
    assert frame.epoch == project.fit.epochs
    assert frame.validation_metric >= FLOORS[key]


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key in KEYS if key != "alexnet"])
def test_it_learns_from_other_first_weights_too(key: str) -> None:
    project = example(key).project.replace(seed=1)
    session = playing(project)
    for epoch in range(1, project.fit.epochs + 1):
        session.train(600.0, until_epoch=epoch)
        if session.frame().validation_metric >= FLOORS[key]:
            return
    pytest.fail(f"after {project.fit.epochs} epochs: {session.frame().validation_metric:.3f}")


def test_assets_are_found_from_anywhere(tmp_path: Path, repository: Path) -> None:
    code = "from playground.assets import asset_path; print(asset_path('examples/xor.json'))"
    environment = os.environ | {"PYTHONPATH": str(repository)}
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(found.stdout.strip()) == repository / "assets" / "examples" / "xor.json"


def test_assets_inside_the_package_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from playground import assets

    (tmp_path / "playground" / "assets" / "examples").mkdir(parents=True)
    (tmp_path / "playground" / "assets" / "examples" / "xor.json").write_text("installed")
    monkeypatch.setattr(assets, "_HERE", tmp_path / "playground")
    assert asset_path("examples/xor.json").read_text() == "installed"
    with pytest.raises(FileNotFoundError, match=r"'icons/gone.svg' is missing; looked in .* Install"):
        asset_path("icons/gone.svg")

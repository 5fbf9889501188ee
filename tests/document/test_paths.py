"""Dotted paths to what a project is set to."""

import pytest

from engine import layers, optimizers
from engine.augmentation import Noise
from engine.errors import SpecError
from playground.document.examples import example, examples
from playground.document.paths import in_words, place, places, set_at
from playground.document.project import Project


@pytest.fixture
def xor() -> Project:
    return example("xor").project


@pytest.mark.parametrize("example", examples(), ids=lambda e: e.key)
def test_all_there_is_can_be_read_and_written_back(example) -> None:
    project = example.project
    for there in places(project):
        assert place(project, there.path) == there or there.path not in ("", "seed")
        assert set_at(project, there.path, there.value) is project
        if isinstance(there.value, int | float | str):
            assert there.read(in_words(there.value)) == there.value


@pytest.mark.parametrize(
    ("path", "words", "value"),
    [
        ("fit.optimizer.lr", "1e-2", 0.01),
        ("fit.optimizer", "Adam", optimizers.Adam()),
        ("fit.clipping", "none", None),
        ("linear1.out_features", "12", 12),
        ("network.linear1.bias", "false", False),
        ("tanh1", "ReLU", layers.ReLU()),
        ("preparation.normalize", "min-max", "min-max"),
        ("source.noise", "0.3", 0.3),
        ("seed", "7", 7),
    ],
)
def test_a_value_is_read_and_set(xor: Project, path: str, words: str, value: object) -> None:
    read = place(xor, path).read(words)
    assert read == value
    changed = set_at(xor, path, read)
    assert place(changed, path).value == value


def test_pairs_and_numbers_of_a_list(xor: Project) -> None:
    cnn = example("digits-cnn").project
    node = next(n.id for n in cnn.network.nodes if isinstance(n.layer, layers.Conv2d))
    assert place(set_at(cnn, f"{node}.kernel_size", place(cnn, f"{node}.kernel_size").read("1x3")), node).value.kernel_size == (1, 3)  # fmt: skip
    noisy = cnn.replace(fit=cnn.fit.replace(augmentation=(Noise(),)))
    name = Noise.params()[0].name
    there = place(noisy, f"fit.augmentation.0.{name}")
    changed = set_at(noisy, there.path, there.read("0.25"))
    assert getattr(changed.fit.augmentation[0], name) == 0.25


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("fit.optimizer.lrr", "fit.optimizer.lr"),
        ("fit.nothing", "fit.batch_size"),
        ("linear9.out_features", "linear1.out_features"),
        ("linear1.x", "linear1.out_features"),
        ("fit", "fit.optimizer"),
        ("fit.optimizer.lr.deep", "Leave out"),
        ("fit.augmentation.0.x", "is empty"),
        ("", "linear1"),
        ("." * 5000, "linear1"),
    ],
)
def test_a_wrong_path_is_told_what_there_is(xor: Project, path: str, said: str) -> None:
    with pytest.raises(SpecError, match=said.replace(".", r"\.")):
        place(xor, path)


@pytest.mark.parametrize(
    ("path", "words"),
    [("fit.optimizer.lr", "-1"), ("fit.batch_size", "a"), ("linear1.bias", "2"), ("tanh1", "Linaer"), ("seed", "-1")],
)  # fmt: skip
def test_a_wrong_value_is_told_with_its_path(xor: Project, path: str, words: str) -> None:
    with pytest.raises(SpecError, match=path.replace(".", r"\.")):
        place(xor, path).read(words)

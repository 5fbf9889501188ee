"""What is written for Keras, run by Keras where it is installed, and by a second reading of its documentation everywhere."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine import Fit, Model, Network, Node, layers
from engine.data import Dataset
from engine.export import ExportError, Subject, export, prove
from engine.export.keras_words import keras_writers
from engine.layers import Layer, Shape
from engine.losses import CrossEntropyLoss, MSELoss
from playground import app
from playground.document.examples import examples
from tests.engine.catalogue import case_id, layer_cases
from tests.engine.drawing import graphs
from tests.engine.export.exporting import assert_agrees, subject
from tests.engine.export.keras_reading import reading

TOO_LARGE = ("alexnet", "alexnet-small")


os.environ.setdefault("KERAS_BACKEND", "torch")  # the one that our tests have


@cache
def keras_runs() -> bool:
    """Whether it is installed, with a back-end."""
    try:
        importlib.import_module("keras")
    except ImportError:
        return False
    return True


@contextmanager
def keras_or_its_reading() -> Iterator[None]:
    with nullcontext() if keras_runs() else reading(), warnings.catch_warnings():
        # Keras' own doing with NumPy 2.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        warnings.filterwarnings("ignore", ".*softmax over axis", UserWarning)  # of one value
        yield


def refused(one: Subject, folder: Path) -> str:
    """Why it cannot be written; "" where it was."""
    try:
        export(one, "keras", folder, steps=0)
    except ExportError as error:
        return str(error)
    return ""


def test_every_layer_is_written() -> None:
    assert not {cls.key for cls in layers.registry if cls not in keras_writers}


def alone(layer: Layer, shape: Shape) -> Subject:
    network = Network.chain(layer)
    if layer.arity is None:
        branches = [Node("branch0", layers.Tanh(), ("input",)), Node("branch1", layers.SiLU(), ("input",))]
        network = Network((*branches, Node("join1", layer, ("branch0", "branch1"))))
    model = Model(network, shape)
    rng = np.random.default_rng(0)
    model.store.values[:] = rng.normal(0.5, 0.2, model.store.values.shape)
    for state in model.store.state.values():
        for array in state.values():
            array[...] = rng.uniform(0.5, 1.5, array.shape)
    return Subject(
        "One layer", model, Fit(loss=MSELoss()), Dataset(rng.normal(size=(4, *shape)), np.arange(4) % 2)
    )


@pytest.mark.slow
def test_every_setting_of_every_layer(tmp_path: Path) -> None:
    """In each the same values, or it is refused by name, with what Keras lacks."""
    said = []
    for number, (layer, shape) in enumerate(layer_cases()):
        folder = tmp_path / str(number)
        why = refused(alone(layer, shape), folder)
        if why:
            assert "cannot be written in Keras" in why, case_id(layer)
            said.append(layer.key)
            continue
        with keras_or_its_reading():
            assert_agrees(folder)
    assert set(said) <= {"Conv2d", "ConvTranspose2d", "Upsample", "SELU", "LayerNorm"}


@pytest.mark.slow
@pytest.mark.parametrize("key", [e.key for e in examples() if e.key not in TOO_LARGE])
def test_examples_in_keras(key: str, tmp_path: Path) -> None:
    one = app.subject(next(e for e in examples() if e.key == key).project)
    why = refused(one, tmp_path)
    assert not why
    with keras_or_its_reading():
        assert_agrees(tmp_path)


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[*HealthCheck], phases=[Phase.explicit, Phase.generate])
@given(graphs(), st.integers(0, 2**16))
def test_random_networks_in_keras(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[Network, Shape], seed: int
) -> None:
    network, shape = drawn
    last = [Node("flatten_0", layers.Flatten()), Node("linear_0", layers.Linear(3))]
    network = Network((*network.nodes, *last))
    folder = tmp_path_factory.mktemp("network")
    if not refused(subject(network, shape, Fit(loss=CrossEntropyLoss()), seed), folder):
        with keras_or_its_reading():
            assert_agrees(folder)


def test_a_frozen_layer_stays_so_and_the_check_sees_wrong_weights(tmp_path: Path) -> None:
    network = Network.chain(layers.Conv2d(3, 3, frozen=True), layers.Flatten(), layers.Linear(2))
    export(subject(network, (2, 5, 4), Fit(loss=CrossEntropyLoss())), "keras", tmp_path)
    assert 'net.get_layer("conv2d_0").trainable = False' in (tmp_path / "model.py").read_text("utf-8")
    with keras_or_its_reading():
        assert_agrees(tmp_path)
    weights = dict(np.load(tmp_path / "weights.npz"))
    weights["linear_2.0"] = weights["linear_2.0"][::-1].copy()  # as if channels had not been put first
    np.savez(tmp_path / "weights.npz", **weights)
    with keras_or_its_reading(), pytest.raises(AssertionError):
        assert_agrees(tmp_path)


@pytest.mark.skipif(importlib.util.find_spec("keras") is not None, reason="Keras is installed")
def test_where_keras_is_missing_the_proof_says_so(tmp_path: Path) -> None:
    export(subject(Network.chain(layers.Linear(3)), (2,), Fit(loss=CrossEntropyLoss())), "keras", tmp_path)
    with pytest.raises(ExportError, match="No module named 'keras'"):
        prove(tmp_path)

"""Keras' files: read as data, computing what Keras does; code of their own is named and never run."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from engine import Model
from engine.errors import DataError, EngineError
from engine.importing import Imported, read_network
from engine.importing.keras_file import snake
from tests.engine.importing.keras_files import (
    conv,
    keras_bytes,
    keras_parts,
    layer,
    small,
    weights_file,
    window,
    zipped,
)
from tests.engine.importing.models import mutated, written

pytest.importorskip("h5py", reason="h5py is not installed: Keras' files are not read")


def read(folder: Path, *described, shape: tuple[int, ...] = (6, 6, 2), **changed: bytes) -> Imported:
    return read_network(written(folder, ".keras", keras_bytes(list(described), shape, **changed)))


def answers(found: Imported, x: np.ndarray) -> np.ndarray:
    """What the network gives for ``x`` as Keras holds it, channels last."""
    model = Model(found.network, found.in_shape, seed=0, dtype="float64")
    model.load_state_dict(dict(found.state))
    return model.predict(np.moveaxis(x, -1, 1) if x.ndim == 4 else x)


def test_a_dense_layer_reads_the_pixels_in_keras_order(tmp_path: Path) -> None:
    kernel, x = np.arange(24.0).reshape(24, 1), np.random.default_rng(1).normal(size=(5, 3, 4, 2))
    found = read(
        tmp_path,
        layer("Flatten"),
        layer("Dense", [kernel, np.zeros(1)], units=1, activation="linear"),
        shape=(3, 4, 2),
    )
    np.testing.assert_allclose(answers(found, x), x.reshape(5, 24) @ kernel, rtol=1e-12)


def test_a_permute_before_it_says_that_they_stand_as_here(tmp_path: Path) -> None:
    kernel, x = np.arange(24.0).reshape(24, 1), np.random.default_rng(1).normal(size=(5, 3, 4, 2))
    turned = layer("Permute", dims=[3, 1, 2])
    found = read(
        tmp_path,
        turned,
        layer("Flatten"),
        layer("Dense", [kernel, np.zeros(1)], units=1, activation="linear"),
        shape=(3, 4, 2),
    )
    np.testing.assert_allclose(answers(found, x), np.moveaxis(x, -1, 1).reshape(5, 24) @ kernel, rtol=1e-12)


def test_same_with_a_stride_pads_more_at_the_end(tmp_path: Path) -> None:
    kernel, x = np.zeros((3, 3, 1, 1)), np.arange(16.0).reshape(1, 4, 4, 1)
    kernel[2, 2] = (
        1.0  # looks two below and two to the right: beyond the picture for the last ones, as nothing is added above
    )
    found = read(
        tmp_path,
        layer("Conv2D", [kernel, np.zeros(1)], **conv(1, 3, strides=[2, 2], padding="same")),
        shape=(4, 4, 1),
    )
    np.testing.assert_array_equal(answers(found, x)[0, 0], [[10.0, 0.0], [0.0, 0.0]])


def test_each_channel_by_itself(tmp_path: Path) -> None:
    kernel = np.array([[[[1.0, 10.0], [2.0, 20.0]]]])  # 1×1, two channels, each twice
    x = np.array([[[[3.0, 5.0]]]])
    described = layer("DepthwiseConv2D", [kernel], **conv(0, 1, use_bias=False))
    np.testing.assert_array_equal(
        answers(read(tmp_path, described, shape=(1, 1, 2)), x).ravel(), [3.0, 30.0, 10.0, 100.0]
    )


def test_a_mean_is_taken_of_what_is_there(tmp_path: Path) -> None:
    found = read(tmp_path, layer("AveragePooling2D", **window(padding="same")), shape=(3, 3, 1))
    x = np.arange(9.0).reshape(1, 3, 3, 1)
    np.testing.assert_array_equal(answers(found, x)[0, 0], [[2.0, 3.5], [6.5, 8.0]])


@pytest.mark.parametrize(
    ("described", "words"),
    [
        (layer("Lambda", function="x"), "is code of its own, which is not run"),
        (layer("LSTM", units=3), "no layer here computes it"),
        (layer("Sequential", layers=[]), "a model inside a model"),
        (layer("Activation", activation={"class_name": "function", "config": "mine"}), "its activation 'function'"),
        (layer("Conv2D", [np.zeros((3, 3, 2, 4)), np.zeros(4)], **conv(4, 3, padding="causal")), "'causal'"),
        (layer("Conv2D", [np.zeros((3, 3, 9, 4)), np.zeros(4)], **conv(4, 3)), "its weights have the shapes"),
        (layer("Conv2D", [], **conv(4, 3)), "holds 0 arrays for it; expected 2"),
        (layer("MaxPooling2D", **window(data_format="channels_first")), "channels_first"),
        (layer("Conv2D", [np.full((1, 1, 2, 1), np.nan), np.zeros(1)], **conv(1, 1)), "not all finite"),
        (layer("ReLU", threshold=0.5), "begins elsewhere than at 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_and_the_rest_taken(described, words: str, tmp_path: Path) -> None:
    found = read(tmp_path, layer("ZeroPadding2D", padding=[[1, 1], [1, 1]]), described, layer("ReLU"))
    assert [part.how for part in found.parts] == ["understood", "understood", "refused"]
    assert words in found.refused[0].words
    assert found.refused[0].where == "layer 3, l2"
    assert [node.id for node in found.network.nodes] == ["zeropad2d1"]


def test_a_class_of_somebodys_own_is_not_looked_up(tmp_path: Path) -> None:
    parts = keras_parts(small(), (6, 6, 2))
    for change in ({"module": "mine"}, {"registered_name": "Mine>Conv2D"}):
        said = json.loads(parts["config.json"])
        said["config"]["layers"][1] |= change
        with pytest.raises(DataError, match="is code of its own, which is not run"):
            read_network(
                written(tmp_path, ".keras", zipped(parts | {"config.json": json.dumps(said).encode()}))
            )
    said = json.loads(parts["config.json"]) | {"class_name": "MyModel"}
    with pytest.raises(DataError, match="'MyModel', a class of somebody's own"):
        read_network(written(tmp_path, ".keras", zipped(parts | {"config.json": json.dumps(said).encode()})))


def test_numbers_outside_the_file_are_not_read(tmp_path: Path) -> None:
    import h5py

    secret = tmp_path / "secret"
    secret.write_bytes(np.ones(8, "f4").tobytes())
    described = [layer("Dense", [np.ones((2, 4)), np.ones(4)], units=4, activation="linear")]
    good = weights_file(
        [("InputLayer", {"name": "l0"}, []), *((k, {"name": "l1", **c}, a) for k, c, a in described)]
    )
    for link in ("external", "soft", "elsewhere"):
        path = tmp_path / "w.h5"
        path.write_bytes(good)
        with h5py.File(path, "a") as h5:
            del h5["layers/dense/vars/0"]
            if link == "external":
                h5["layers/dense/vars/0"] = h5py.ExternalLink(str(secret), "/x")
            elif link == "soft":
                h5["layers/dense/vars/0"] = h5py.SoftLink("/layers/dense/vars/1")
            else:
                h5["layers/dense/vars"].create_dataset("0", (2, 4), "f4", external=[(str(secret), 0, 32)])
        with pytest.raises(DataError, match="do not lie in the file itself"):
            read(tmp_path, *described, shape=(2,), weights=path.read_bytes())


def test_an_array_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as h5:
        group = h5.create_group("layers/dense/vars")
        group.create_dataset("0", (1 << 20, 1 << 20), "f4", chunks=(1024, 1024), compression="gzip")
    with pytest.raises(DataError, match="expected fewer"):
        read(tmp_path, layer("Dense", units=4, activation="linear"), shape=(2,), weights=path.read_bytes())


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_a_part_that_is_missing_is_named(name: str, tmp_path: Path) -> None:
    parts = keras_parts(small(), (6, 6, 2))
    del parts[name]
    with pytest.raises(DataError, match=f"holds no {name}"):
        read_network(written(tmp_path, ".keras", zipped(parts)))


def test_where_h5py_is_missing_the_extra_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(DataError, match=r"chainrule-playground\[export\]"):
        read(tmp_path, *small(), weights=b"")


def test_names_are_as_keras_makes_them() -> None:
    assert [snake(k) for k in ("Conv2D", "ReLU", "MaxPooling2D", "InputLayer")] == [
        "conv2d",
        "re_lu",
        "max_pooling2d",
        "input_layer",
    ]


def inner_mutant(parts: dict[str, bytes], draw: random.Random) -> bytes:
    """The file with accidents in one of its parts, which is packed well."""
    name = draw.choice(("config.json", "model.weights.h5", "model.weights.h5"))
    return zipped(parts | {name: mutated(parts[name], draw)})


def survives(path: Path) -> bool:
    try:
        found = read_network(path)
    except EngineError as error:
        said = str(error)
    else:
        said = " ".join(f"{part.where} {part.words}" for part in found.refused) or "It is read, all of it."
    assert 20 < len(said) < 1500
    assert "Traceback" not in said
    return said == "It is read, all of it."


@pytest.mark.parametrize("many", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_mutated_files_give_sentences_only(many: int, tmp_path: Path) -> None:
    parts, draw = keras_parts(small(), (6, 6, 2)), random.Random(many)
    assert survives(written(tmp_path, ".keras", zipped(parts)))
    assert not all(survives(written(tmp_path, ".keras", inner_mutant(parts, draw))) for _ in range(many))


#: makes a file with Keras, and what Keras computes
THEIRS = """
import sys, numpy as np, keras
from keras import layers as L
i = L.Input((9, 9, 3))
a = L.Conv2D(4, 3, padding="same", strides=2, activation="relu", name="first")(i)
b = L.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(a)
c = L.Conv2D(8, 1, use_bias=False)(b)
c = L.BatchNormalization()(c)
d = L.Activation("gelu")(c)
e = L.Add()([b, d])
f = L.Concatenate()([e, a])
g = L.UpSampling2D(2, interpolation="bilinear")(f)
g = L.ZeroPadding2D(((1, 0), (0, 2)))(g)
g = L.Conv2DTranspose(5, 3, strides=1)(g)
g = L.AveragePooling2D(3, strides=2)(g)  # on PyTorch, Keras takes the border's own values for those beyond it with "same"
g = L.PReLU(shared_axes=[1, 2], alpha_initializer="random_normal")(g)
g = L.LayerNormalization(axis=[1, 2, 3])(g)
g = L.MaxPooling2D(2, padding="same")(g)
h = L.Flatten()(g)
h = L.BatchNormalization()(h)
h = L.Dense(7, activation="tanh")(h)
h = L.Dropout(0.3)(h)
h = L.LeakyReLU()(h)
m = keras.Model(i, L.Dense(3, activation="softmax")(h))
rng = np.random.default_rng(0)
for w in m.weights:
    value = rng.normal(size=w.shape) * 0.5
    w.assign(np.abs(value) + 0.5 if "variance" in w.name else value)
x = rng.normal(size=(6, 9, 9, 3)).astype("f4")
m.save(sys.argv[1] + "/theirs.keras")
np.savez(sys.argv[1] + "/theirs.npz", x=x, y=m.predict(x, verbose=0))
"""


@pytest.mark.slow
def test_what_keras_has_saved_gives_what_keras_gives(tmp_path: Path) -> None:
    if find_spec("keras") is None or find_spec("torch") is None:
        pytest.skip("Keras or its back-end is not installed")
    environment = os.environ | {"KERAS_BACKEND": "torch", "CUDA_VISIBLE_DEVICES": ""}
    made = subprocess.run(
        [sys.executable, "-c", THEIRS, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    found = read_network(tmp_path / "theirs.keras")
    assert not found.refused
    theirs = np.load(tmp_path / "theirs.npz")
    np.testing.assert_allclose(answers(found, theirs["x"].astype("f8")), theirs["y"], rtol=0, atol=2e-6)

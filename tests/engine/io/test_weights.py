"""Weights in safetensors files."""

import os
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DataError
from engine.io import load_weights, save_weights
from engine.layers import Conv2d, Flatten, Linear
from engine.model import Model
from engine.network import Network


def model(seed: int) -> Model:
    return Model(Network.chain(Conv2d(3, 3), Flatten(), Linear(4)), (2, 6, 6), seed=seed)


def test_weights_come_back_bit_for_bit(tmp_path: Path) -> None:
    saved, other = model(0), model(1)
    save_weights(saved.state_dict(), tmp_path / "w.safetensors")
    other.load_state_dict(load_weights(tmp_path / "w.safetensors"))
    for name, array in saved.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], array)
    assert not list(tmp_path.glob("*.part"))


def test_weights_have_the_shapes_that_pytorch_reads(tmp_path: Path) -> None:
    from safetensors import safe_open

    save_weights(model(0).state_dict(), tmp_path / "w.safetensors")
    with safe_open(tmp_path / "w.safetensors", framework="numpy") as file:
        shapes = {name: file.get_tensor(name).shape for name in file.keys()}  # noqa: SIM118  not a mapping
    assert shapes == {"0.weight": (3, 2, 3, 3), "0.bias": (3,), "2.weight": (4, 48), "2.bias": (4,)}


@pytest.mark.parametrize("content", [b"", b"no weights", b"\xff" * 100, b"{}"])
def test_another_file_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"w\.safetensors is damaged, .* expected a file of weights in safe"):
        load_weights(path)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(model(0).state_dict(), path)
    before = path.read_bytes()

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_weights(model(1).state_dict(), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]

"""Exports to try, and exported programs run in this process: one of its own for each would cost more than all they compute."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engine import Fit, Model, Network
from engine.data import Dataset
from engine.export import Subject
from engine.layers import Shape

OWN = ("model", "train", "check")


@contextmanager
def program(folder: Path) -> Iterator[Any]:
    """The ``check`` module of the program in ``folder``."""
    before = {name: sys.modules.pop(name, None) for name in OWN}
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module("check")
    finally:
        sys.path.remove(str(folder))
        for name in OWN:
            sys.modules.pop(name, None)
        sys.modules.update({name: module for name, module in before.items() if module is not None})


def run(text: str, name: str = "model") -> types.ModuleType:
    """The text of a program as a module."""
    module = types.ModuleType(name)
    module.__file__ = f"/nowhere/{name}.py"
    exec(compile(text, module.__file__, "exec"), vars(module))
    return module


def assert_agrees(folder: Path) -> None:
    """Every layer in both types of numbers, and the losses."""
    with program(folder) as check:
        rows = list(check.report())
    off = [r for r in rows if not r["difference"] <= r["bound"]]
    assert rows
    assert not off, off


def subject(
    network: Network,
    in_shape: Shape,
    fit: Fit | None = None,
    seed: int = 0,
    samples: int = 35,
    title: str = "Test",
) -> Subject:
    """``network`` with random weights, learning one of three classes of random samples."""
    rng = np.random.default_rng(seed)
    fit = fit or Fit()
    model = Model(network, in_shape, seed=seed, initializer=fit.initializer)
    outputs = model.out_shape[0]
    data = [
        Dataset(
            rng.normal(size=(n, *in_shape)),
            _targets(rng, fit, n, outputs),
            classes=tuple("abcdefghi"[: max(outputs, 2)]),
        )
        for n in (samples, 9)
    ]
    return Subject(title, model, fit, *data, seed=seed)


def _targets(rng: np.random.Generator, fit: Fit, n: int, outputs: int) -> np.ndarray:
    if "regression" in fit.loss.tasks:
        return rng.normal(size=(n, outputs))
    return rng.integers(0, max(outputs, 2), n)

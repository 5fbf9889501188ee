"""Loss and metric of a model over a whole part of the data, in inference mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from engine.compiled import compile_calls
from engine.core import Array, call, unwarned
from engine.data.base import Dataset
from engine.losses import Loss
from engine.metrics import correct_counter, squared_error
from engine.model import Model


class Score(NamedTuple):
    """Loss without penalty, and accuracy or R²; NaN where there are no data, R² also where all targets are alike."""

    loss: float
    metric: float


class Evaluator:
    """Evaluates ``model`` on ``data`` again and again without allocating.

    Small data lie in the program's input for good, so that an evaluation is one forward pass and nothing else.
    """

    @unwarned()
    def __init__(self, model: Model, data: Dataset | None, loss: Loss) -> None:
        self._pieces: list[tuple[float, Callable[[], None], Array, Callable[[], float]]] = []
        self._n = len(data) if data is not None else 0
        self._spread: float | None = None  # of the targets of a regression
        if data is None:
            return
        outputs, loss = model.outputs, loss.after(model.network.output_range)
        targets = np.ascontiguousarray(loss.targets(data.y, outputs).T, model.dtype)
        if data.task == "regression":
            self._spread = float(((data.y - data.y.mean(0)) ** 2).sum())
        size = model.piece(self._n)
        for start in range(0, self._n, size):
            part = slice(start, min(start + size, self._n))
            self._pieces.append(self._piece(model, data, targets[:, part].copy(), part, loss))

    def _piece(
        self, model: Model, data: Dataset, targets: Array, part: slice, loss: Loss
    ) -> tuple[float, Callable[[], None], Array, Callable[[], float]]:
        count = part.stop - part.start
        alone = count == self._n
        program = model.own_program(count, lean=True) if alone else model.program(count)
        x = np.ascontiguousarray(np.moveaxis(data.x[part], 0, -1), model.dtype)
        value = np.zeros((), model.dtype)
        fill = [call(np.copyto, program.x, x)]
        if alone:
            np.copyto(program.x, x)
            fill = []
        run = compile_calls(
            [
                *fill,
                *program.forward_calls,
                *loss.attach(program.output, targets, program.d_output, value).forward,
            ]
        )
        if data.task == "regression":
            said = loss.numbers if loss.logits else None
            return loss.mass(targets), run, value, squared_error(program.output, targets, said)
        # The answer is one of the data's classes, even where the network has outputs for more.
        right = correct_counter(program.output[: len(data.classes)], data.y[part], loss.cut)
        return loss.mass(targets), run, value, right

    def __call__(self) -> Score:
        if not self._n:
            return Score(float("nan"), float("nan"))
        total = metric = whole = 0.0
        for mass, run, value, measure in self._pieces:
            run()
            total += mass * value.item()
            whole += mass
            metric += measure()
        if self._spread is None:
            return Score(total / whole, metric / self._n)
        return Score(total / whole, 1.0 - metric / self._spread if self._spread else float("nan"))


class SampleLosses:
    """The loss of each sample alone, penalty not included.

    Args:
        loss: as it is taught to the model's last layer.
        outputs: how many that has.
        data: prepared samples; their targets are read here once.
    """

    def __init__(self, loss: Loss, outputs: int, data: Dataset) -> None:
        self._targets = np.ascontiguousarray(loss.targets(data.y, outputs).T, np.float64)
        self._z, self._t, self._value = np.zeros((outputs, 1)), np.zeros((outputs, 1)), np.zeros(())
        self._run = compile_calls(loss.bind(self._z, self._t, np.zeros((outputs, 1)), self._value).forward)

    @unwarned()
    def __call__(self, z: Array) -> Array:
        """``(N,)`` float64 for the outputs ``(outputs, N)`` of the first N samples."""
        found = np.zeros(z.shape[1])
        for i in range(z.shape[1]):
            self._z[:, 0], self._t[:, 0] = z[:, i], self._targets[:, i]
            self._run()
            found[i] = self._value
        return found

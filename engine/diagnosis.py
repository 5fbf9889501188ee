"""What goes on in each layer of a run: dead and saturated units, gradients that vanish, updates that are too small or too large.

Nothing here changes a run: weights, gradients, random streams and what the optimizer remembers are as they were.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.core import Array, run_calls
from engine.data import Dataset
from engine.layers import Activation
from engine.layers.activation import SATURATED
from engine.losses import Loss
from engine.model import Model
from engine.probe import histogram
from engine.program import Program
from engine.train import Trainer
from engine.update import Update

#: samples that are looked at, at most and at least, and the numbers inside the network that they may cost between the two
SAMPLES, FEWEST, NUMBERS = 256, 4, 400_000
BINS = 40
NEAR_ZERO = 0.01  #: weights of a smaller size hardly count


@dataclass(frozen=True, eq=False)
class Bins:
    """How numbers are spread.

    Args:
        counts: ``(bins,)``.
        edges: ``(bins + 1,)``, ascending.
    """

    counts: Array
    edges: Array


@dataclass(frozen=True, eq=False)
class LayerDiagnosis:
    """What goes on in one layer. Figures that a layer does not have are NaN; so are all that are not finite any more.

    Args:
        node_id: which.
        mean, std: of its outputs, over all looked-at samples, units and places.
        dead: share of its units (channels, where there are maps) whose output is exactly 0 for all looked-at samples; of an
            activation only those that got something else than 0: what gets nothing has nothing to pass on.
        zeros: share of its outputs, over samples, units and places, that are exactly 0: how sparse it is.
        saturated: share of its values at which the slope of the activation is below ``engine.layers.activation.SATURATED``
            in magnitude, so that hardly any gradient passes; only of activations, which act on each value alone.
        gradient_norm: ``‖∂L/∂output‖`` over the looked-at samples together, L their mean loss without the penalty, as in inference.
        update_ratio: ``‖Δw‖ / ‖w‖`` of the update that training makes next, penalty, clipping, the optimizer's memory and max-norm
            included, over all weights of the layer without its biases. 0 where it is frozen; NaN where w is all 0.
        outputs, output_gradients: how its outputs and ``∂L/∂output`` are spread.
        alike: it has several units, and all of them have the same weights and give the same values.
        near_zero: how many of its weights (without biases) are nearer to 0 than ``NEAR_ZERO``, and how many there are: what an L1
            penalty makes many of, and an L2 penalty few.
        weights, weight_gradients: how its weights (without biases) and ``∂L/∂w`` are spread; ``None`` where it has none.
    """

    node_id: str
    mean: float
    std: float
    dead: float
    zeros: float
    saturated: float
    gradient_norm: float
    update_ratio: float
    outputs: Bins
    output_gradients: Bins
    weights: Bins | None = None
    weight_gradients: Bins | None = None
    near_zero: tuple[int, int] = (0, 0)
    alike: bool = False


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """All layers at one moment.

    Args:
        layers: in the network's order.
        samples: how many training samples were looked at.
        step: updates made before.
    """

    layers: tuple[LayerDiagnosis, ...]
    samples: int
    step: int

    def __getitem__(self, node_id: str) -> LayerDiagnosis:
        """The layer's figures. Raises KeyError for one that is not there."""
        for layer in self.layers:
            if layer.node_id == node_id:
                return layer
        raise KeyError(node_id)


def diagnose(trainer: Trainer, most: int = SAMPLES) -> Diagnosis:
    """Look at every layer of a run, on its first training samples in inference mode (dropout off, running statistics).

    ``most``: samples at most; of large networks fewer are looked at. Costs about one forward and backward pass over them, and an
    update that is put back.
    """
    model, data = trainer.model, trainer.train
    numbers = sum(int(np.prod(shape)) for shape in model.shapes.values())
    count = min(len(data), most, max(FEWEST, NUMBERS // max(numbers, 1)))
    with trainer.rehearsal() as update:
        program = passed(model, data, trainer.loss, count)
        found = {node.id: _look(program, node.id) for node in model.network.nodes}
        ratios = _update_ratios(trainer, update)
    layers = (LayerDiagnosis(i, update_ratio=ratios.get(i, math.nan), **kept) for i, kept in found.items())
    return Diagnosis(tuple(layers), count, trainer.steps)


def passed(model: Model, data: Dataset, loss: Loss, count: int) -> Program:
    """A program that has gone forward and back over the first ``count`` samples, in inference mode."""
    program = Program(model.network, model.in_shape, count, model.store, training=False, input_gradient=True)
    program.x[...] = np.moveaxis(data.x[:count], 0, -1)
    target = loss.targets(data.y[:count], model.outputs).T
    differentiate(program, loss, np.ascontiguousarray(target, model.dtype))
    return program


def differentiate(program: Program, loss: Loss, target: Array) -> None:
    """Forward and back over what lies in the input of ``program``; ``target``: ``(outputs, B)``."""
    value = np.zeros((), program.dtype)
    steps = loss.attach(program.output, target, program.d_output, value)
    program.forward()
    run_calls((*steps.forward, *steps.backward))
    program.backward()


def _look(program: Program, node_id: str) -> dict[str, Any]:
    layer = program.network[node_id].layer
    values = program.value(node_id)
    gradients = program.gradient(node_id)
    zero = values == 0
    within = tuple(range(1, values.ndim))
    silent = zero.all(axis=within)
    saturated = math.nan
    if isinstance(layer, Activation):
        x = program.value(program.network.inputs_of(node_id)[0])
        silent &= (x != 0).any(axis=within)
        saturated = float((np.abs(layer.slopes(x)) < SATURATED).mean())
    kept: dict[str, Any] = {
        "mean": _finite(values.mean(dtype=np.float64)),
        "std": _finite(values.std(dtype=np.float64)),
        "dead": float(silent.mean()),
        "zeros": float(zero.mean()),
        "saturated": saturated,
        "gradient_norm": _finite(_length([gradients])),
        "outputs": Bins(*histogram(values, BINS)),
        "output_gradients": Bins(*histogram(gradients, BINS)),
    }
    weights = _weights(program, program.parameters.views, node_id)
    if weights:
        slopes = _weights(program, program.parameters.gradient_views, node_id)
        kept["alike"] = len(values) > 1 and all(map(_alike, (*weights, values)))
        kept["near_zero"] = (
            sum(int((np.abs(w) < NEAR_ZERO).sum()) for w in weights),
            sum(w.size for w in weights),
        )
        kept["weights"] = Bins(*histogram(_joined(weights), BINS))
        kept["weight_gradients"] = Bins(*histogram(_joined(slopes), BINS))
    return kept


def _alike(rows: Array) -> bool:
    """Whether all rows are the same, but for what products round differently from row to row."""
    return bool(np.ptp(rows, axis=0).max(initial=0) <= 1e-5 * np.abs(rows).max(initial=0))


def _update_ratios(trainer: Trainer, update: Update) -> dict[str, float]:
    """``‖Δw‖ / ‖w‖`` of the next update, which is made here; whoever rehearses puts it back."""
    model, batch = trainer.model, trainer.upcoming()
    program = model.program(batch.x.shape[-1], training=True)
    program.x[...] = batch.x
    differentiate(program, trainer.loss, np.ascontiguousarray(batch.t))
    ids = list(model.store.slices)
    before = {i: [w.copy() for w in _weights(program, model.store.views, i)] for i in ids}
    run_calls(update.calls)
    ratios = {}
    for node_id in ids:
        now = _weights(program, model.store.views, node_id)
        moved = _length([a - b for a, b in zip(now, before[node_id], strict=True)])
        length = _length(before[node_id])
        ratios[node_id] = _finite(moved / length) if length else math.nan
    return ratios


def _weights(program: Program, views: Mapping[str, Mapping[str, Array]], node_id: str) -> list[Array]:
    """What of a layer's parameters (or gradients) belongs to weights, not to biases."""
    specs = program.parameters.specs.get(node_id, {})
    return [views[node_id][name] for name, spec in specs.items() if not spec.is_bias]


def _joined(arrays: Sequence[Array]) -> Array:
    return arrays[0] if len(arrays) == 1 else np.concatenate([a.ravel() for a in arrays])


def _length(arrays: Sequence[Array]) -> float:
    """The Euclidean norm of all numbers together, summed in float64."""
    return math.sqrt(sum(float(np.square(a, dtype=np.float64).sum()) for a in arrays))


def _finite(value: float) -> float:
    return float(value) if math.isfinite(value) else math.nan

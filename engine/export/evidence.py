"""What an export carries to prove itself with: inputs and what every layer makes of them, and the losses of the first steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from engine import progress
from engine.core import Array
from engine.data import Dataset, epoch_order
from engine.errors import DivergedError
from engine.export.base import Subject, npz
from engine.model import Model
from engine.train import Trainer

#: steps of training that are repeated, and samples of each kind that are looked at
STEPS, SAMPLES = 20, 4
#: in float64 nothing may differ by more, relative to the largest number of the array (at least 1)
EXACT = 1e-10
#: what rounding may do in float32: so many times what it did to our own numbers, and so many units in the last place of the largest
TIMES, ULPS = 8.0, 8.0
#: and in the losses: updates multiply rounding, as where Adam divides a gradient that is all rounding by its own size
TRAINED = 1e-3
#: of each part of the data, what is beyond so many bytes is left out, but for what the repeated steps read
DATA_BYTES = 64 << 20


@dataclass(frozen=True)
class Evidence:
    """What was seen here, to be seen again elsewhere. Arrays are batch-first.

    Args:
        x: inputs, float32 ``(n, *in_shape)``: some of the data, zeros, ones, and random ones of deviation 3.
        values: what each layer gives, by the program's name for it: float64.
        bounds: ``dtype → name → the difference that rounding explains``.
        train: the training data that are taken along, rounded to float32.
        losses: of the first steps, in float64 and without penalty; fewer than asked for where training diverges.
        loss_bounds: ``dtype → (steps,)``.
        order: in which order the first epochs visit the samples ``(epochs, n)``.
        masks: ``name → one array a step``: what Dropout kept, or the noise that was added.
    """

    x: Array
    values: Mapping[str, Array]
    bounds: Mapping[str, Mapping[str, float]]
    train: Dataset
    validation: Dataset | None
    losses: Array
    loss_bounds: Mapping[str, Array]
    order: Array
    masks: Mapping[str, list[Array]] = field(default_factory=dict)

    def arrays(self, training: bool = True) -> dict[str, Array]:
        """As the file beside the program holds them; ``training``: whether it says how to train."""
        found = {"x": self.x} | {f"value {name}": v for name, v in self.values.items()}
        found |= {
            f"{dtype} {name}": np.array(b) for dtype, own in self.bounds.items() for name, b in own.items()
        }
        if training:
            found |= {"losses": self.losses, "order": self.order}
            found |= {f"{dtype} losses": bound for dtype, bound in self.loss_bounds.items()}
            found |= {
                f"mask {name} {step}": mask
                for name, own in self.masks.items()
                for step, mask in enumerate(own)
            }
        return found


def gather(subject: Subject, steps: int = STEPS) -> Evidence:
    """Run ``subject``'s model forward and through ``steps`` updates, on copies. Raises EngineError where it cannot run."""
    model, names = subject.model, {p.node_id: p.name for p in subject.places()}
    train, validation = _rounded(_bounded(subject.train, subject, steps)), subject.validation
    validation = None if validation is None else _rounded(_bounded(validation, subject, steps))
    x = _inputs(train, subject.seed)
    exact = _copy(model, "float64")
    ours, right = model.values(x), exact.values(x)
    values = {names[i]: right[i] for i in names}
    bounds: dict[str, dict[str, float]] = {"float32": {}, "float64": {}}
    for node_id, name in names.items():
        size = float(np.abs(right[node_id]).max())
        rounding = float(np.abs(ours[node_id] - right[node_id]).max())
        bounds["float32"][name] = TIMES * rounding + ULPS * float(np.finfo("f4").eps) * size + 1e-12
        bounds["float64"][name] = EXACT * max(1.0, size)
    single = _copy(model, "float32")
    recorders = {
        i: _Recorder(single.rngs[i], getattr(model.network[i].layer, "p", 0.0)) for i in model.random_nodes
    }
    steps = steps if subject.outline.learns else 0
    losses32 = _losses(subject, single, train, validation, recorders, steps, told=(0, 2 * steps))
    replayed = {i: _Replayer(recorder.drawn) for i, recorder in recorders.items()}
    losses = _losses(subject, exact, train, validation, replayed, len(losses32), told=(steps, 2 * steps))
    count = len(losses)
    rounding_so_far = np.maximum.accumulate(np.abs(losses32[:count] - losses)) if count else losses
    scale = np.maximum(1.0, np.abs(losses))
    epochs = -(-count // max(1, -(-len(train) // subject.fit.batch_size)))
    return Evidence(
        x,
        values,
        bounds,
        train,
        validation,
        losses,
        {"float32": TIMES * rounding_so_far + TRAINED * scale, "float64": EXACT * scale},
        np.array([epoch_order(len(train), subject.seed, e) for e in range(epochs)], np.int32).reshape(
            -1, len(train)
        ),
        {names[i]: [np.moveaxis(d, -1, 0) for d in r.drawn[:count]] for i, r in recorders.items()},
    )


def data_arrays(subject: Subject, evidence: Evidence) -> dict[str, Array]:
    """x and y of both parts as the program reads them: labels ``(N,)`` where its loss takes those, else targets ``(N, outputs)``."""
    loss = subject.outline.loss
    found: dict[str, Array] = {}
    for part, data in (("train", evidence.train), ("validation", evidence.validation)):
        if data is not None:
            y = (
                data.y
                if "multiclass" in loss.tasks
                else loss.targets(data.y, subject.model.outputs).astype(np.float32)
            )
            if "multiclass" not in loss.tasks:
                y = y.reshape(-1, *subject.model.out_shape)
            found |= {f"x_{part}": data.x.astype(np.float32), f"y_{part}": y}
    return found


def names(evidence: Evidence) -> bytes:
    """What inputs, classes and targets are called, in the order of the numbers that stand for them, as JSON."""
    data = evidence.train
    called = {"inputs": data.features, "classes": data.classes, "targets": data.targets}
    return (
        json.dumps({what: those for what, those in called.items() if those}, indent=1, ensure_ascii=False)
        + "\n"
    ).encode()


#: what makes the files that every training program reads, and one for who reads its numbers
FILES: Mapping[str, Callable[[Subject, Evidence], bytes]] = {
    "check.npz": lambda subject, evidence: npz(evidence.arrays()),
    "data.npz": lambda subject, evidence: npz(data_arrays(subject, evidence)),
    "names.json": lambda subject, evidence: names(evidence),
}


def _inputs(train: Dataset, seed: int) -> Array:
    """Samples on which a wrong translation shows: of the data, nothing, the same everywhere, and large ones."""
    rng = np.random.default_rng(seed)
    kinds = [
        train.x[:SAMPLES],
        np.zeros((1, *train.in_shape)),
        np.ones((1, *train.in_shape)),
        rng.normal(0, 3, (SAMPLES, *train.in_shape)),
    ]
    return np.concatenate(kinds).astype(np.float32)


def carried(data: Dataset, subject: Subject, steps: int) -> int:
    """How many samples of ``data`` go along: all, or the first, of which there are enough for the steps that are repeated."""
    per_sample = 4 * int(np.prod(data.in_shape))
    return min(len(data), max(DATA_BYTES // per_sample, steps * subject.fit.batch_size))


def _bounded(data: Dataset, subject: Subject, steps: int) -> Dataset:
    """Those samples of ``data`` that go along."""
    count = carried(data, subject, steps)
    return data if count == len(data) else data.take(np.arange(count))


def _rounded(data: Dataset) -> Dataset:
    """As the file beside the program holds them: every number one of float32."""
    y = data.y if data.classes else data.y.astype(np.float32).astype(np.float64)
    return replace(data, x=data.x.astype(np.float32).astype(np.float64), y=y)


def _copy(model: Model, dtype: str) -> Model:
    other = Model(model.network, model.in_shape, model.seed, dtype, model.initializer)
    other.load_state_dict(model.state_dict())
    return other


def _losses(
    subject: Subject,
    model: Model,
    train: Dataset,
    validation: Dataset | None,
    rngs: Mapping[str, Any],
    steps: int,
    told: tuple[int, int],
) -> Array:
    """Of the first ``steps`` updates, or of those before training diverges; as the program trains: nothing is augmented or stopped.

    ``told``: of how many steps in all (the second) so many (the first) were made before, for whoever listens to the progress.
    """
    if not steps:
        return np.zeros(0)
    model.rngs.update(rngs)
    fit = subject.fit.replace(early_stopping=0, augmentation=())
    trainer, found = Trainer(model, train, validation, fit, subject.seed), list[float]()
    try:
        while len(found) < steps:
            found.append(trainer.step().loss)
            progress.report(told[0] + len(found), told[1])
    except DivergedError:
        pass
    return np.array(found, np.float64)


class _Recorder(np.random.Generator):
    """Draws as the layer's own generator does, and keeps what came of it: what Dropout keeps, or the noise."""

    def __init__(self, source: np.random.Generator, p: float) -> None:
        super().__init__(source.bit_generator)
        self.p, self.drawn = p, list[Array]()

    def random(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        super().random(None, dtype, out)
        self.drawn.append(out >= np.asarray(self.p, dtype))
        return out

    def standard_normal(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        super().standard_normal(None, dtype, out)
        self.drawn.append(out.copy())
        return out


class _Replayer(np.random.Generator):
    """Gives again what was drawn: for Dropout 1 where a value is kept and 0 where it is not."""

    def __init__(self, drawn: list[Array]) -> None:
        super().__init__(np.random.PCG64(0))
        self._left = iter(drawn)

    def random(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        out[...] = next(self._left)
        return out

    standard_normal = random

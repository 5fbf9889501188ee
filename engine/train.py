"""Training: mini-batches in a seeded order, one update after another, with a log.

>>> for step in train(model, data, Fit(loss=losses.CrossEntropyLoss(), epochs=3)):
...     print(step.epoch, step.loss)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter
from typing import NamedTuple

import numpy as np

from engine.core import Array, Call, call
from engine.data import Dataset, epoch_order
from engine.errors import DataError, DivergedError
from engine.evaluate import Evaluator, Score
from engine.fit import Fit
from engine.log import Log
from engine.model import Model
from engine.program import Program, compile_calls
from engine.regularizers import Regularizer

#: numbers gathered ahead of the steps that use them: gathering many batches at once costs little more than one
STAGE = 1 << 18
#: parameters up to which penalties work on one vector of strengths (fewest calls); above it one layer at a time (least memory)
WHOLE_VECTOR = 1 << 20

#: overflow is no surprise here: it is looked for after every step, and reported in words
_QUIET = partial(np.errstate, over="ignore", invalid="ignore", divide="ignore")


class StepInfo(NamedTuple):
    """One update: counts from 0, and the loss of its batch (penalty not included) before the update."""

    epoch: int
    step: int
    loss: float


class Trainer:
    """Trains ``model`` on ``train``, resumable at any step; everything it does follows from the seed.

    Args:
        model: is changed in place.
        train, validation: prepared data; ``validation`` may be None.
        fit: how.
        seed: of the order of samples.

    Attributes:
        epoch, steps: finished passes and updates.
        batch_loss: of the last step.
        log: a row per finished epoch, and row 0 for the state before training.
    """

    def __init__(
        self, model: Model, train: Dataset, validation: Dataset | None, fit: Fit, seed: int = 0
    ) -> None:
        if train.in_shape != model.in_shape:
            raise DataError(
                f"The data have samples of shape {train.in_shape}; the model expects {model.in_shape}. Match them."
            )
        self.model, self.train, self.validation, self.seed = model, train, validation, seed
        self.fit = fit
        self._x = np.ascontiguousarray(train.x.reshape(len(train), -1), model.dtype)
        self._lr, self._step = np.zeros((), model.dtype), np.zeros((), np.int64)
        self._slots: dict[str, Array] = {}
        self._build()
        self._start()

    def update(self, fit: Fit) -> None:
        """Go on with other settings. Weights stay; what the optimizer remembers stays while it remembers the same things."""
        self.fit = fit
        self._build()
        self._stage()
        self.score()

    def reset(self) -> None:
        """Back to the first weights and the first epoch."""
        self.model.reset()
        for slot in self._slots.values():
            slot.fill(0)
        self._step.fill(0)
        self._start()

    def step(self) -> StepInfo:
        """One update. Raises DivergedError, after putting back the last finite weights."""
        with _QUIET():
            self._one()
        return StepInfo(self.epoch, self.steps - 1, self.batch_loss)

    def run(self, seconds: float, most: int | None = None) -> int:
        """Updates for about ``seconds``, at most ``most``; returns how many. At least one. Raises as :meth:`step`."""
        end, done, one = perf_counter() + seconds, 0, self._one
        with _QUIET():
            while True:
                one()
                done += 1
                if done == most or perf_counter() >= end:
                    return done

    def finish_epoch(self) -> None:
        """Updates to the end of this epoch (a whole one, if one has just ended)."""
        epoch = self.epoch
        with _QUIET():
            while self.epoch == epoch:
                self._one()

    def score(self) -> tuple[Score, Score]:
        """Train and validation score of the present weights, remembered in ``train_score`` and ``validation_score``."""
        self.train_score, self.validation_score = self._on_train(), self._on_validation()
        return self.train_score, self.validation_score

    def penalty(self) -> float:
        """The regularization term of the present weights."""
        return self._penalty()

    @property
    def slots(self) -> dict[str, dict[str, dict[str, Array]]]:
        """What the optimizer remembers: ``slot → node id → {"weight": …}``, in PyTorch's shapes."""
        store = self.model.store
        arrange = {i: self.model.network[i].layer.arrange for i in store.slices}
        return {
            name: {i: arrange[i](vector[s], store.specs[i]) for i, s in store.slices.items()}
            for name, vector in self._slots.items()
        }

    # --- building -----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        """Bind every call of a step, for whole batches and for the last, smaller one."""
        model, fit = self.model, self.fit
        self._lr[()] = fit.optimizer.lr
        names = fit.optimizer.slots
        self._slots = {n: self._slots.get(n, np.zeros_like(model.store.values)) for n in names}
        self._targets = np.ascontiguousarray(fit.loss.targets(self.train.y, model.out_shape[0]), model.dtype)
        self._value = np.zeros((), model.dtype)
        after, self._penalty = self._bind_penalty()
        update = fit.optimizer.bind(
            model.store.values, model.store.gradients, self._lr, self._step, *self._slots.values()
        )
        self._after = [*after, *update]
        size = min(fit.batch_size, len(self.train))
        self._whole = self._bind_step(size)
        rest = len(self.train) % size
        self._rest = self._bind_step(rest) if rest else None
        self._stage_count = max(1, min(len(self.train) // size, STAGE // (size * self._x.shape[1])))
        self._staged_x = np.zeros((self._stage_count, *self._whole.program.x.shape), model.dtype)
        self._staged_t = np.zeros((self._stage_count, self._targets.shape[1], size), model.dtype)
        self._staged = list(zip(self._staged_x, self._staged_t, strict=True))
        self._on_train = Evaluator(model, self.train, fit.loss)
        self._on_validation = Evaluator(model, self.validation, fit.loss)

    def _bind_step(self, batch: int) -> _Step:
        program = self.model.program(batch, training=True)
        target = np.zeros((self._targets.shape[1], batch), program.dtype)
        loss = self.fit.loss.bind(program.output, target, program.d_output, self._value)
        load = [call(np.copyto, program.x, "x"), call(np.copyto, target, "t")]
        # Two functions, with a look at the loss between them: a loss that is not finite must not reach the weights.
        forward = compile_calls([*load, *program.forward_calls, *loss.forward], ("x", "t"))
        backward = compile_calls([*loss.backward, *program.backward_calls, *self._after])
        return _Step(program, forward, backward)

    def _bind_penalty(self) -> tuple[list[Call], Callable[[], float]]:
        """Calls that add the penalty's gradient, and a function that computes the penalty itself."""
        store, nodes = self.model.store, self.model.network
        whole = len(store.values) <= WHOLE_VECTOR
        l1s, l2s = (np.zeros_like(store.values) if whole else np.zeros(0) for _ in range(2))
        parts: list[tuple[Array, Array, Array, Array]] = []
        for node_id, where in store.slices.items():
            own: Regularizer | None = getattr(nodes[node_id].layer, "regularizer", None)
            l1, l2 = (own or self.fit.regularizer).strengths()
            if not l1 and not l2:
                continue
            for name, spec in store.specs[node_id].items():
                if spec.is_bias:
                    continue
                if whole:
                    arrange = nodes[node_id].layer.arrange
                    arrange(l1s[where], store.specs[node_id])[name][...] = l1
                    arrange(l2s[where], store.specs[node_id])[name][...] = l2
                else:
                    p, g = store.views[node_id][name], store.gradient_views[node_id][name]
                    parts.append((p, g, np.array(l1, p.dtype), np.array(l2, p.dtype)))
        if whole and (l1s.any() or l2s.any()):
            parts = [(store.values, store.gradients, l1s, l2s)]
        calls: list[Call] = []
        for p, g, one, two in parts:
            work = np.zeros(p.shape, p.dtype)
            if two.any():
                calls += [call(np.multiply, p, two, work), call(np.add, g, work, g)]
            if one.any():
                calls += [
                    call(np.sign, p, work),
                    call(np.multiply, work, one, work),
                    call(np.add, g, work, g),
                ]

        def penalty() -> float:
            return float(
                sum((one * np.abs(p) + 0.5 * two * p * p).sum(dtype=np.float64) for p, _, one, two in parts)
            )

        return calls, penalty

    # --- running ------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self.epoch = self.steps = 0
        self.batch_loss = float("nan")
        self.log = Log()
        self._position = 0
        self._order = epoch_order(len(self.train), self.seed, 0)
        self._stage()
        self.score()
        self._write_log()
        self._keep()

    def _stage(self) -> None:
        """Gather the next batches of this epoch, batch-last and in order."""
        size = self._whole.program.batch
        left = len(self.train) - self._position
        count = min(left // size, self._stage_count)
        index = self._order[self._position : self._position + (count * size or left)]
        rows, targets = self._x[index], self._targets[index]
        if count:
            flat = self._staged_x[:count].reshape(count, -1, size)
            np.copyto(flat, rows.reshape(count, size, -1).transpose(0, 2, 1))
            np.copyto(self._staged_t[:count], targets.reshape(count, size, -1).transpose(0, 2, 1))
            self._queue = self._staged[:count]
        else:
            step = self._remainder(left)
            self._queue = [
                (np.ascontiguousarray(rows.T).reshape(step.program.x.shape), np.ascontiguousarray(targets.T))
            ]
        self._next = 0

    def _remainder(self, left: int) -> _Step:
        if self._rest is None or self._rest.program.batch != left:  # after a live change of the batch size
            self._rest = self._bind_step(left)
        return self._rest

    def _one(self) -> None:
        x, t = self._queue[self._next]
        step = self._whole if x.shape[-1] == self._whole.program.batch else self._remainder(x.shape[-1])
        step.forward(x, t)
        loss = self._value.item()
        if loss - loss != 0.0:  # inf - inf and nan are not 0
            self._diverge(step.program)
        step.backward()
        self.batch_loss = loss
        self.steps += 1
        self._next += 1
        self._position += x.shape[-1]
        if self._next == len(self._queue):
            if self._position >= len(self.train):
                self._end_epoch()
            self._stage()

    def _end_epoch(self) -> None:
        train, validation = self.score()
        finite = np.isfinite(train.loss) and (self.validation is None or np.isfinite(validation.loss))
        if not finite:
            self._diverge(self._whole.program)
        self.epoch += 1
        self._position = 0
        self._order = epoch_order(len(self.train), self.seed, self.epoch)
        self._write_log()
        self._keep()

    def _write_log(self) -> None:
        train, validation = self.train_score, self.validation_score
        self.log.append(
            self.epoch, train.loss, validation.loss, self._penalty(), train.metric, validation.metric
        )

    def _keep(self) -> None:
        """Remember this state as the last one known to be finite."""
        numbers = (self.model.store.values, *self._slots.values(), self._step)
        self._kept = ([n.copy() for n in numbers], self.steps)

    def _diverge(self, program: Program) -> None:
        """Say where the first number that is not finite arose, put back the end of the last whole epoch, and raise."""
        where = program.first_broken() or ("loss", "value")
        error = DivergedError(*where, self.epoch, self.steps)
        kept, self.steps = self._kept
        for now, then in zip((self.model.store.values, *self._slots.values(), self._step), kept, strict=True):
            now[...] = then
        self._position = 0
        self._stage()
        self.score()
        raise error


class _Step(NamedTuple):
    """The two halves of an update for one batch size."""

    program: Program
    forward: Callable[..., None]
    backward: Callable[..., None]


def train(
    model: Model, data: Dataset, fit: Fit, validation: Dataset | None = None, seed: int = 0
) -> Iterator[StepInfo]:
    """Train for ``fit.epochs`` epochs, yielding after each update; stop by no longer asking. Raises as ``Trainer.step``."""
    trainer = Trainer(model, data, validation, fit, seed)
    while trainer.epoch < fit.epochs:
        yield trainer.step()

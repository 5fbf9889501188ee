"""Training: mini-batches in a seeded order, one update after another, with a log.

>>> for step in train(model, data, Fit(loss=losses.CrossEntropyLoss(), epochs=3)):
...     print(step.epoch, step.loss)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.augmentation import Augmenter, check_augmentation
from engine.compiled import compile_steps
from engine.core import Array
from engine.data import Dataset, epoch_order
from engine.divergence import cause
from engine.errors import DataError, DivergedError
from engine.evaluate import Evaluator, Score
from engine.fit import Fit
from engine.log import Log
from engine.model import Model
from engine.program import Program, at_work
from engine.schedules import Memory, Progress
from engine.snapshot import Snapshot, StepInfo, Upcoming, put_aside
from engine.update import Update

if TYPE_CHECKING:
    from engine.trace.record import Guest, Trace

#: numbers gathered ahead of the steps that use them: gathering many batches at once costs little more than one
STAGE = 1 << 18
#: seconds for which updates are made at once, without a look at the clock
AT_ONCE = 0.0005
#: a moment is sane while its training loss is at most this many times the best one so far; a run that diverges returns to the last
#: such moment, not to the last finite one, where the weights may already be of no use
SANE = 10.0


class Trainer:
    """Trains ``model`` on ``train``, resumable at any step; everything it does follows from the seed.

    Args:
        model: is changed in place.
        train, validation: prepared data; ``validation`` may be None.
        fit: how.
        seed: of the order of samples.

    Attributes:
        epoch, steps: finished passes and updates.
        loss: that of ``fit``, as it is taught to this model's last layer.
        batch_loss: of the last step.
        train_score, validation_score: loss and metric after the last finished epoch.
        log: a row per finished epoch, and row 0 for the state before training.
        best: the moment that early stopping would return to; None while there is none.
        repeating: whether updates that were made before are made again: then no row is written, and nothing stops early.
        stopped: why early stopping has ended the run; "" while it has not. Going on clears it.
    """

    def __init__(
        self, model: Model, train: Dataset, validation: Dataset | None, fit: Fit, seed: int = 0
    ) -> None:
        self.model, self.seed = model, seed
        self.fit = fit
        self._take(train, validation)
        self.epoch, self.steps, self.log = 0, 0, Log()
        self._step = np.zeros((), np.int64)
        self.repeating = False
        self.best: Snapshot | None = None
        self.train_score: Score
        self.validation_score: Score
        self._kept: Snapshot  # the moment to return to when training diverges
        self._slots: dict[str, Array] = {}
        self._build()
        self._start()

    def update(self, fit: Fit) -> None:
        """Go on with other settings. Weights stay; what the optimizer remembers stays while it remembers the same things."""
        same = (fit.loss, fit.regularizer) == (self.fit.loss, self.fit.regularizer)
        self.fit = fit
        self._build()
        self._stage()
        self.score()
        if not same:  # what was reached before says nothing about what can be reached now
            self._lowest = math.inf
            self._is_sane(self.train_score.loss)
        self._set_rate()

    def feed(self, train: Dataset, validation: Dataset | None) -> None:
        """Go on with other samples of the same kind, from the beginning of this epoch. Weights and the optimizer's memory stay.

        Raises DataError for samples of another shape.
        """
        self._take(train, validation)
        self._position = 0
        self._order = epoch_order(len(train), self.seed, self.epoch)
        self._build()
        self._stage()
        self.score()
        # What was reached on other samples says nothing about what can be reached on these.
        self.best, self._best_loss, self._waited, self._lowest = None, math.inf, 0, math.inf
        self._is_sane(self.train_score.loss)
        self._set_rate()
        self._keep_this()

    def reset(self) -> None:
        """Back to the first weights and the first epoch."""
        self.model.reset()
        for slot in self._slots.values():
            slot.fill(0)
        self._step.fill(0)
        self._start()

    def step(self) -> StepInfo:
        """One update. Raises DivergedError, after putting back the last sane weights (see ``SANE``), or early stopping's best ones."""
        self.stopped = ""
        with at_work():
            self._some(1)
        return StepInfo(self.epoch, self.steps - 1, self.batch_loss)

    def run(self, seconds: float, most: int | None = None, until_epoch: float = math.inf) -> int:
        """Updates for about ``seconds``; returns how many, at least one. Raises as ``step``.

        Ends earlier after ``most`` updates, when ``until_epoch`` epochs are finished, and when stopped early.
        """
        now = perf_counter()
        end, done, at_once = now + seconds, 0, 1
        self.stopped = ""
        with at_work():
            while True:
                made = self._some(at_once if most is None else min(at_once, most - done))
                before, now, done = now, perf_counter(), done + made
                if done == most or now >= end or self.epoch >= until_epoch or self.stopped:
                    return done
                at_once = max(1, int(made * AT_ONCE / max(now - before, 1e-9)))

    def finish_epoch(self) -> None:
        """Updates to the end of this epoch (a whole one, if one has just ended). Raises as ``step``."""
        self.stopped = ""
        with at_work():
            self._some()
            while self._position:
                self._some()

    def finish(self) -> str:
        """The run is over: with early stopping the best weights come back, unless these are as good. A sentence, where they did.

        To be called where a run ends for another reason than ``stopped``: after the planned epochs, or by hand.
        """
        self.score()
        better, best = self.better, self.best
        if better and best is not None:
            self._return_to(best)
            self.stopped = f"{better} These weights are back."
        return self.stopped

    @property
    def better(self) -> str:
        """That early stopping has seen better weights than the present ones, which have been scored; "" where it has not."""
        best, now = self.best, self._watched((self.train_score, self.validation_score))
        if best is None or not self.fit.early_stopping or now <= self._best_loss:
            return ""
        return f"The {self._part} loss, now {now:.4g}, was best ({self._best_loss:.4g}) after epoch {best.epoch}."

    def adopt(self, earlier: Trainer) -> None:
        """Carry on the counts and the history of another trainer, after an edit of the network it trained."""
        if not earlier.steps:
            return
        self.epoch, self.steps, self.log = earlier.epoch, earlier.steps, earlier.log
        self._order = epoch_order(len(self.train), self.seed, self.epoch)
        self._stage()
        self._set_rate()
        self._keep_this()

    def score(self) -> tuple[Score, Score]:
        """Train and validation score of the present weights, remembered in ``train_score`` and ``validation_score``."""
        with at_work():
            self.train_score, self.validation_score = self._on_train(), self._on_validation()
        if (
            not self.steps and len(self.log.view()) == 1
        ):  # the run has not begun: its curves begin with what is so now
            self._write_log()
        return self.train_score, self.validation_score

    def penalty(self) -> float:
        """The regularization term of the present weights."""
        return self._update.penalty()

    def gradient_norm(self) -> float:
        """Length of the last gradient, penalty included, before clipping."""
        return self._update.gradient_norm()

    @property
    def part_of_epoch(self) -> float:
        """How much of the current epoch is done, from 0 to below 1."""
        return self._position / len(self.train)

    @property
    def learning_rate(self) -> float:
        """The rate of the next update."""
        return float(self._update.lr)

    @property
    def slots(self) -> dict[str, dict[str, dict[str, Array]]]:
        """What the optimizer remembers: ``slot → node id → {"weight": …}``, views in PyTorch's shapes."""
        store, network = self.model.store, self.model.network
        return {
            name: {i: network[i].layer.arrange(vector[s], store.specs[i]) for i, s in store.slices.items()}
            for name, vector in self._slots.items()
        }

    def snapshot(self) -> Snapshot:
        """A copy of everything that training goes on from: weights, memory, randomness, position."""
        return self._moment({name: a.copy() for name, a in self._arrays().items()})

    def _moment(self, arrays: dict[str, Array]) -> Snapshot:
        scores = self.train_score, self.validation_score
        watch = self.best.steps if self.best else None, self._best_loss, self._waited
        return Snapshot(
            self.epoch, self.steps, self._position, arrays, self.model.randomness, self._memory, scores, watch,
            self._lowest,
        )  # fmt: skip

    @property
    def nbytes(self) -> int:
        """What a snapshot takes."""
        return sum(a.nbytes for a in self._arrays().values())

    def return_to(self, snapshot: Snapshot, best: Snapshot | None, sane: Snapshot | None = None) -> None:
        """``restore``, and early stopping stands where it stood; ``best``: the weights of ``snapshot.best_step``.

        ``sane``: what ``self.sane`` was then, where that is known.
        """
        self.restore(snapshot)
        self.best, self.stopped, self._lowest = best, "", snapshot.lowest
        _, self._best_loss, self._waited = snapshot.watch
        if sane is not None:
            self._kept = sane
        elif self._kept.steps > snapshot.steps or self._is_sane(self.train_score.loss):
            self._kept = snapshot

    @property
    def sane(self) -> Snapshot:
        """The moment to return to when training diverges."""
        return self._kept

    def restore(self, snapshot: Snapshot) -> None:
        """Return to ``snapshot``: training repeats itself bit for bit. The log keeps its rows until new ones replace them."""
        for name, array in self._arrays().items():
            array[...] = snapshot.arrays.get(name, 0)
        self.model.randomness = snapshot.randomness
        self.epoch, self.steps, self._position = snapshot.epoch, snapshot.steps, snapshot.position
        self._memory = snapshot.memory
        self.train_score, self.validation_score = snapshot.scores
        self._order = epoch_order(len(self.train), self.seed, self.epoch)
        self._stage()
        self._set_rate()

    def trace(self, sample: int = 0, guest: Guest | None = None) -> Trace:
        """A recording of the next update, every number of it; changes nothing. ``sample``, ``guest``: see ``engine.trace.record``."""
        from engine.trace.record import record

        return record(self, sample, guest=guest)

    def upcoming(self) -> Upcoming:
        """The batch that the next update learns from."""
        x, t = self._queue[self._next]
        x = x.reshape(-1, x.shape[-1])[: self._x.shape[1]].reshape(*self.train.in_shape, x.shape[-1])
        return Upcoming(x, t, self._order[self._position : self._position + x.shape[-1]].copy())

    @contextmanager
    def rehearsal(self) -> Iterator[Update]:
        """Whatever an update changes inside is put back afterwards; gives the calls that make new weights of gradients.

        The learning rate is that of the next update.
        """
        arrays, update = self._arrays(), self._update
        arrays |= {"gradients": self.model.store.gradients, "lr": update.lr, "norm": update.norm}
        before = {name: a.copy() for name, a in arrays.items()}
        randomness = self.model.randomness
        if self.fit.schedule.per_step:
            self._set_rate()
        try:
            with at_work():
                yield update
        finally:
            for name, array in arrays.items():
                array[...] = before[name]
            self.model.randomness = randomness

    # --- building -----------------------------------------------------------------------------------------------------

    def _take(self, train: Dataset, validation: Dataset | None) -> None:
        if train.in_shape != self.model.in_shape:
            raise DataError(
                f"The data have samples of shape {train.in_shape}; the model expects {self.model.in_shape}. Match them."
            )
        self.train, self.validation = train, validation
        self._x = np.ascontiguousarray(train.x.reshape(len(train), -1), self.model.dtype)
        self._augmenter = Augmenter(train.x, self.seed)

    def _build(self) -> None:
        """Bind every call of a step, for whole batches and for the last, smaller one."""
        model, fit = self.model, self.fit
        check_augmentation(fit.augmentation, model.in_shape)
        self.loss = fit.loss.after(model.network.output_range)
        self._targets = np.ascontiguousarray(self.loss.targets(self.train.y, model.outputs), model.dtype)
        self._value = np.zeros((), model.dtype)
        self._update = Update(model, fit, self._slots, self._step)
        self._slots = self._update.slots
        self._never_alone = model.network.least_batch(model.in_shape) > 1
        size = min(fit.batch_size, len(self.train))
        self._whole = self._bind_step(size)
        rest = len(self.train) % size
        self._rest = self._bind_step(rest) if rest else None
        self._stage_count = max(1, min(len(self.train) // size, STAGE // (size * self._x.shape[1])))
        self._staged_x = np.stack([self._whole.program.x_buffer] * self._stage_count)
        self._staged_t = np.zeros((self._stage_count, self._targets.shape[1], size), model.dtype)
        self._staged = list(zip(self._staged_x, self._staged_t, strict=True))
        self._on_train = Evaluator(model, self.train, self.loss)
        self._on_validation = Evaluator(model, self.validation, self.loss)

    def _bind_step(self, batch: int) -> _Step:
        program = self.model.program(batch, training=True)
        target = np.zeros((self._targets.shape[1], batch), program.dtype)
        loss = self.loss.attach(program.output, target, program.d_output, self._value)
        forward = [*program.forward_calls, *loss.forward]
        backward = [*loss.backward, *program.backward_calls, *self._update.calls]
        return _Step(program, compile_steps(program.x_buffer, target, forward, self._value, backward))

    def _arrays(self) -> dict[str, Array]:
        """Every array that training changes, by name."""
        kept = {f"{i}.{name}": a for i, state in self.model.store.state.items() for name, a in state.items()}
        return {"parameters": self.model.store.values, "step": self._step, **self._slots, **kept}

    # --- running ------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self.epoch = self.steps = self._position = 0
        self.batch_loss, self.stopped = float("nan"), ""
        self.log = Log()
        self._memory = Memory()
        self.best = None
        self._best_loss, self._waited, self._lowest = math.inf, 0, math.inf
        self._order = epoch_order(len(self.train), self.seed, 0)
        self._stage()
        self.score()
        self._set_rate()
        self._write_log()
        self._is_sane(self.train_score.loss)
        self._keep_this()

    def _keep_this(self) -> None:
        """Remember this moment as the one to return to when training diverges."""
        # Before the new copy is made: of a large network, there is no room for two.
        vars(self).pop("_kept", None)
        self._kept = self._moment(put_aside(self._arrays()))

    def _set_rate(self) -> None:
        at = Progress(self.epoch + self.part_of_epoch, self.fit.epochs, self._memory)
        self._update.lr[()] = self.fit.optimizer.lr * self.fit.schedule.factor(at)

    def _stage(self) -> None:
        """Gather the next batches of this epoch, batch-last and in order."""
        size = self._whole.program.batch
        left = len(self.train) - self._position
        count = min(left // size, self._stage_count)
        if left - count * size == 1 and self._never_alone:  # after a live change of the batch size
            count -= 1
        index = self._order[self._position : self._position + (count * size or left)]
        rows, targets = self._x[index], self._targets[index]
        if self.fit.augmentation:
            pictures = rows.reshape(-1, *self.train.in_shape)
            rows = self._augmenter(self.fit.augmentation, pictures, self.epoch, self._position)
            rows = rows.reshape(len(index), -1)
        if count:
            flat = self._staged_x[:count].reshape(count, -1, size)[:, : rows.shape[1]]
            np.copyto(flat, rows.reshape(count, size, -1).transpose(0, 2, 1))
            np.copyto(self._staged_t[:count], targets.reshape(count, size, -1).transpose(0, 2, 1))
            self._queue = self._staged[:count]
        else:
            x = self._remainder(left).program.x_buffer.copy()
            x.reshape(-1, left)[: rows.shape[1]] = rows.T
            self._queue = [(x, np.ascontiguousarray(targets.T))]
        self._next = 0

    def _remainder(self, left: int) -> _Step:
        if self._rest is None or self._rest.program.batch != left:  # after a live change of the batch size
            self._rest = self._bind_step(left)
        return self._rest

    def _some(self, most: int | None = None) -> int:
        """At least one update, with batches that are staged, and at most so many; returns how many."""
        if self.fit.schedule.per_step:
            self._set_rate()
            most = 1
        batches = self._queue[self._next : None if most is None else self._next + most]
        size = batches[0][0].shape[-1]
        step = self._whole if size == self._whole.program.batch else self._remainder(size)
        made, self.batch_loss = step.run(batches)
        self.steps += made
        self._next += made
        self._position += made * size
        if made < len(batches):
            self._diverge(step.program)
        if self._next == len(self._queue):
            if self._position >= len(self.train):
                self._end_epoch()
            self._stage()
        return made

    def _end_epoch(self) -> None:
        watched = self._watched(self.score())
        loss = self.train_score.loss
        if not (math.isfinite(loss) and math.isfinite(watched)):
            self._diverge(self._whole.program)
        self.epoch += 1
        self._position = 0
        self._order = epoch_order(len(self.train), self.seed, self.epoch)
        self._memory = self.fit.schedule.remember(self._memory, watched)
        self._set_rate()
        self._write_log()
        if self._is_sane(loss):
            self._keep_this()
        if self.fit.early_stopping:
            self._watch(watched)

    def _is_sane(self, loss: float) -> bool:
        """Whether a moment with this training loss is worth returning to."""
        self._lowest = min(self._lowest, loss)
        return loss <= SANE * self._lowest

    @property
    def _part(self) -> str:
        """Whose loss early stopping and schedules watch."""
        return "training" if self.validation is None else "validation"

    def _watched(self, scores: tuple[Score, Score]) -> float:
        train, validation = scores
        return train.loss if self.validation is None else validation.loss

    def _watch(self, loss: float) -> None:
        """Early stopping: remember the best weights, and return to them once patience has run out."""
        if self.best is None or loss < self._best_loss:  # None after a stop: counting begins anew
            same = self._kept.steps == self.steps
            self.best = self._kept if same else self._moment(put_aside(self._arrays()))
            self._best_loss, self._waited = loss, 0
            return
        self._waited += 1
        if self._waited >= self.fit.early_stopping and not self.repeating:
            best, at = self.best, self.epoch
            self._return_to(best)
            self.stopped = (
                f"Stopped early after epoch {at}: the {self._part} loss was best ({self._best_loss:.4g}) after epoch {best.epoch}, "
                "whose weights are back. Press Play to go on from there."
            )

    def _return_to(self, moment: Snapshot) -> None:
        """Go back by itself, to go on otherwise from there."""
        self.restore(moment)
        self._kept, self.best = moment, None

    def _write_log(self) -> None:
        if self.repeating:
            return
        train, validation = self.train_score, self.validation_score
        # Before the first update there is no gradient; what a run that has gone back to it leaves behind is a later one's.
        norm = self.gradient_norm() if self.steps else 0.0
        self.log.append(
            self.epoch, train.loss, validation.loss, self.penalty(), train.metric, validation.metric,
            self.learning_rate, norm,
        )  # fmt: skip

    def _diverge(self, program: Program) -> None:
        """Put back the last sane moment, or early stopping's best one, and raise, saying where the first broken number arose and why."""
        where = program.first_broken() or ("loss", "value")
        epoch, steps, rate = self.epoch, self.steps, self.learning_rate
        if self.best is not None and self.fit.early_stopping:
            back, what = self.best, f"the moment with the best {self._part} loss, {self._best_loss:.3g}"
        else:
            back, loss = self._kept, self._kept.scores[0].loss
            what = f"the last moment whose training loss, {loss:.3g}, was within {SANE:g} times the best"
        self._return_to(back)
        why, said = cause(self, rate), f"The weights are back at {back.place}, {what}."
        raise DivergedError(*where, epoch, steps, why=why.text, back=said, remedy=why.remedy)


class _Step(NamedTuple):
    """Updates for one batch size; ``run``: see ``compile_steps``."""

    program: Program
    run: Callable[[Sequence[tuple[Array, Array]]], tuple[int, float]]


def train(
    model: Model, data: Dataset, fit: Fit, validation: Dataset | None = None, seed: int = 0
) -> Iterator[StepInfo]:
    """Train for ``fit.epochs`` epochs, yielding after each update; stop by no longer asking. Raises as ``Trainer.step``.

    With early stopping the model has its best weights after the last update, and after a ``for`` loop that was left before.
    """
    trainer = Trainer(model, data, validation, fit, seed)
    try:
        while trainer.epoch < fit.epochs and not trainer.stopped:
            yield trainer.step()
    finally:
        if not trainer.stopped:
            trainer.finish()

"""How long the next step is: the loss along it, and the parabola through three points of it.

As in Cockpit (Schneider, Dangel & Hennig 2021), the step is measured against the distance to the lowest point of a parabola; here the
parabola goes through the losses at 0, ½ and 1 step, over many samples instead of one batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.core import Array, run_calls, unwarned
from engine.landscape.bench import Bench
from engine.train import Trainer

#: lengths that are looked at, in steps
FROM, TO, POINTS = -0.5, 3.0, 29
#: the step reaches so much of the way to the lowest point: below, it is too short; above, it overshoots; up to the second, it still lowers
SHORT, LONG, RISES = 0.5, 1.5, 2.0
#: a loss that changes by less of itself along the step is level
LEVEL = 1e-9

TOO_SHORT, RIGHT, OVERSHOOTS, UPHILL, NO_STEP = "too short", "about right", "overshoots", "uphill", "no step"


@dataclass(frozen=True, eq=False)
class Step:
    """The loss along the next update.

    Args:
        step: updates made before it.
        lengths: ``(k,)``, in steps: 0 is here, 1 where the update goes.
        losses: ``(k,)`` over ``samples`` training samples, penalty included; infinite where they are no numbers.
        batch_losses: ``(k,)`` over the batch that the update learns from.
        three: the losses at 0, ½ and 1 step.
        samples, batch: how many.
        rate: the learning rate.
        distance: length of the step.
        verdict: one of the words above.
        reach: which part of the way to the parabola's lowest point one step goes; 0 where it has none ahead.
    """

    step: int
    lengths: Array
    losses: Array
    batch_losses: Array
    three: tuple[float, float, float]
    samples: int
    batch: int
    rate: float
    distance: float
    verdict: str
    reach: float

    @property
    def parabola(self) -> tuple[float, float, float]:
        """``(a, b, c)`` of a·t² + b·t + c through the three points."""
        return parabola(*self.three)


def parabola(at_0: float, at_half: float, at_1: float) -> tuple[float, float, float]:
    """``(a, b, c)`` of the a·t² + b·t + c that has these values at t = 0, ½ and 1."""
    return 2 * (at_0 - 2 * at_half + at_1), 4 * at_half - 3 * at_0 - at_1, at_0


def judged(at_0: float, at_half: float, at_1: float) -> tuple[str, float]:
    """The verdict on a step with these losses at 0, ½ and 1, and its reach; see ``Step``."""
    if not (math.isfinite(at_half) and math.isfinite(at_1)):
        return OVERSHOOTS, math.inf
    a, b, _ = parabola(at_0, at_half, at_1)
    size = LEVEL * max(abs(at_0), 1e-300)
    if max(abs(at_half - at_0), abs(at_1 - at_0)) <= size:
        return TOO_SHORT, 0.0
    if b >= 0:  # the loss rises at once: where the parabola bends down, it may yet fall
        return (UPHILL, 0.0) if at_1 >= at_0 else (TOO_SHORT, 0.0)
    if a <= 0:
        return TOO_SHORT, 0.0
    reach = 2 * a / -b
    return (TOO_SHORT if reach < SHORT else OVERSHOOTS if reach > LONG else RIGHT), reach


def step(trainer: Trainer, bench: Bench) -> Step:
    """Look along the next update of ``trainer``, which is not made. ``bench``: of the same moment."""
    return next(found for found in looking(trainer, bench) if found is not None)


def looking(trainer: Trainer, bench: Bench) -> Iterator[Step | None]:
    """``step`` bit by bit: ``None`` after each length that was tried, and at last the step."""
    with unwarned():
        shift, indices, rate = _next(trainer)
        on_batch = bench.losses_on(trainer.train.take(indices))
    before, lengths = trainer.steps, np.linspace(FROM, TO, POINTS)
    loss, of_batch, three = [], [], []
    for t in lengths:
        loss.append(bench.loss_at(bench.here + t * shift))
        of_batch.append(on_batch(bench.here + t * shift))
        yield None
    for t in (0.0, 0.5, 1.0):
        three.append(bench.loss_at(bench.here + t * shift))
        yield None
    distance = float(np.linalg.norm(shift))
    verdict, reach = judged(*three) if distance > 0 else (NO_STEP, 0.0)
    yield Step(
        before, lengths, np.array(loss), np.array(of_batch), (three[0], three[1], three[2]), len(bench.data), len(indices),
        rate, distance, verdict, reach,
    )  # fmt: skip


def _next(trainer: Trainer) -> tuple[Array, Array, float]:
    """What the next update adds to the weights ``(n,)``, the samples it learns from, and its rate."""
    model, up = trainer.model, trainer.upcoming()
    with trainer.rehearsal() as update:
        before = model.store.values.astype(np.float64)
        program = model.program(len(up.indices), training=True)
        value, target = np.zeros((), model.dtype), np.ascontiguousarray(up.t)
        loss = trainer.loss.attach(program.output, target, program.d_output, value)
        program.x[...] = up.x
        program.forward()
        run_calls((*loss.forward, *loss.backward))
        program.backward()
        run_calls(update.calls)
        shift = model.store.values.astype(np.float64) - before
        rate = float(update.lr)
    return shift, up.indices, rate

"""Numbers people judge a network by: accuracy for classes, R² for regressions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.core import Array


def metric_name(task: str) -> str:
    """What the metric of a task is called."""
    return "R²" if task == "regression" else "accuracy"


def correct_counter(z: Array, labels: Array, cut: float = 0.0) -> Callable[[], int]:
    """A function that counts right answers among the outputs ``z`` ``(outputs, B)``; ``labels`` is ``(B,)``.

    One output says class 1 where it is above ``cut``; several say the class of the largest. Nothing is allocated per call.
    """
    batch = z.shape[1]
    right = np.zeros(batch, bool)
    if len(z) == 1:
        wanted, said, limit = labels.astype(bool), np.zeros(batch, bool), np.array(cut, z.dtype)

        def count() -> int:
            np.greater(z[0], limit, said)
            np.equal(said, wanted, right)
            return int(np.count_nonzero(right))
    else:
        chosen, wanted_class = np.zeros(batch, np.intp), labels.astype(np.intp)

        def count() -> int:
            z.argmax(0, chosen)
            np.equal(chosen, wanted_class, right)
            return int(np.count_nonzero(right))

    return count


def squared_error(
    z: Array, targets: Array, said: Callable[[Array], Array] | None = None
) -> Callable[[], float]:
    """A function that gives Σ(z − t)² over outputs and batch: ``z`` is ``(…, B)``, ``targets`` ``(outputs, B)``.

    ``said``: what outputs say as numbers, where that is not the outputs themselves.
    """
    work, wanted = np.zeros(z.shape, targets.dtype), targets.reshape(z.shape)
    flat = work.reshape(-1)

    def total() -> float:
        np.subtract(z if said is None else said(z), wanted, work)
        return float(flat.dot(flat))

    return total

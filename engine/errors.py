"""What can go wrong in the engine, each with a sentence a learner can act on.

Every message says what is so, what was expected, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


class EngineError(ValueError):
    """Base class: everything the engine raises on purpose."""


class SpecError(EngineError):
    """A hyper-parameter has a value it cannot take."""


class ShapeError(EngineError):
    """Two shapes do not fit together.

    Attributes:
        node_id: the node at which they meet, or ``None`` outside a network.
    """

    def __init__(self, message: str, node_id: str | None = None) -> None:
        super().__init__(message)
        self.node_id = node_id


class DataError(EngineError):
    """A data set, file or column cannot be used as asked.

    Attributes:
        remedy: parameters of the data set with values that would help, where some are known.
    """

    def __init__(self, message: str, remedy: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.remedy = dict(remedy or {})


class UnknownName(EngineError):
    """A registry was asked for a name it does not hold."""

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        known = sorted(known)
        near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(known)}."
        super().__init__(f"There is no {kind} called {str(name)!r}. {hint}")
        self.name = name


class DivergedError(EngineError):
    """Training produced a number that is not finite.

    Attributes:
        node_id: the node where the first such number appeared ("loss" for the loss itself).
        where: "value" (forward), "gradient" (backward) or "parameter" (update).
        epoch, step: when (both counted from 0).
    """

    def __init__(self, node_id: str, where: str, epoch: int, step: int) -> None:
        super().__init__(
            f"The {where} of {node_id} is no longer a finite number (epoch {epoch}, step {step}). "
            "Lower the learning rate, normalize the inputs, or choose a smaller initializer."
        )
        self.node_id, self.where, self.epoch, self.step = node_id, where, epoch, step

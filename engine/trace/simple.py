"""Layers whose arithmetic is one operation or none: dropout and noise, changes of shape, joints."""

from __future__ import annotations

import numpy as np

from engine.core import Shape
from engine.layers import Add, Concat, Dropout, Dropout2d, Flatten, GaussianNoise, Unflatten
from engine.trace.base import At, Explainer, Index, explains
from engine.trace.terms import Equation, Operand, few

ONE = Operand("1", 1.0)


@explains(Dropout, Dropout2d)
class Masked(Explainer):
    """Times today's mask."""

    forward_why = "What is left is scaled up by 1/(1 − p), so that the mean stays; the mask is drawn anew for every batch."
    share_why = "Multiplying by a constant: the same mask, the same scale, on the way back."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        return (Equation(at.y(index), few((at.x(index), self._factor(at, index)))),)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        return (Equation(at.dx(index), few((at.dy(index), self._factor(at, index)))),)

    def says_forward(self, at: At, index: Index, equations: tuple[Equation, ...]) -> tuple[str, str]:
        factor = self._factor(at, index).value
        if not factor:
            return "Today's mask silences this value.", self.forward_why
        return f"Today's mask lets this value pass, times {factor:.4g}.", self.forward_why

    def says_share(
        self, at: At, position: int, index: Index, equations: tuple[Equation, ...]
    ) -> tuple[str, str]:
        if not self._factor(at, index).value:
            return "This value was silenced, so no gradient passes.", self.share_why
        return "This value was let pass, so its gradient is too, with the same scale.", self.share_why

    def _factor(self, at: At, index: Index) -> Operand:
        return at.extra("factor", index, r"\frac{m}{1 - p}")


@explains(GaussianNoise)
class Noisy(Explainer):
    """Plus today's noise."""

    forward_sentence = "A little noise is added, drawn anew for every batch."
    share_sentence = "The gradient passes as it is."
    share_why = "Adding distributes: the noise does not depend on the input, so the local derivative is 1."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        return (Equation(at.y(index), few(at.x(index), at.extra("noise", index, r"\epsilon"))),)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        return (Equation(at.dx(index), few((at.dy(index), ONE))),)


@explains(Flatten, Unflatten)
class Moved(Explainer):
    """No arithmetic: the same numbers under other indices."""

    forward_sentence = "The value moves to another place; nothing is computed."
    share_sentence = "The gradient moves back to where the value came from; nothing is computed."
    share_why = "The local derivative is 1."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        return (Equation(at.y(index), few(at.x(_same(index, at.out_shape, at.in_shapes[0])))),)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        return (Equation(at.dx(index), few((at.dy(_same(index, at.in_shapes[0], at.out_shape)), ONE))),)


def _same(index: Index, shape: Shape, other: Shape) -> Index:
    """The cell of ``other`` at the same place in reading order."""
    return tuple(int(i) for i in np.unravel_index(np.ravel_multi_index(index, shape), other))


@explains(Add)
class Sum(Explainer):
    """Value by value."""

    forward_sentence = "The values of all inputs at this place are added."
    share_sentence = "Each input is sent the whole gradient."
    share_why = "Adding distributes: the local derivative is 1 for every summand."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        return (Equation(at.y(index), few(*(at.x(index, p) for p in range(len(at.sources))))),)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        return (Equation(at.dx(index, position), few((at.dy(index), ONE))),)


@explains(Concat)
class Joint(Explainer):
    """Side by side."""

    forward_sentence = "The value is handed on; only its number among the channels is another."
    share_sentence = "Each input is sent the part of the gradient that belongs to it."
    share_why = "The local derivative is 1 for the part it came from."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        first = index[0]
        for position, shape in enumerate(at.in_shapes):
            if first < shape[0]:
                return (Equation(at.y(index), few(at.x((first, *index[1:]), position))),)
            first -= shape[0]
        raise IndexError(
            f"Concat has no channel {index[0]}; expected one below {at.out_shape[0]}. Choose another."
        )

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        start = sum(shape[0] for shape in at.in_shapes[:position])
        return (Equation(at.dx(index, position), few((at.dy((index[0] + start, *index[1:])), ONE))),)

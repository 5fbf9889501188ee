"""Penalties on the size of the weights (never on biases), added to the loss and shown as a number of their own."""

from __future__ import annotations

from dataclasses import dataclass

from engine.registry import Registry
from engine.spec import Float, Spec, param


class Regularizer(Spec):
    """Base of regularizers: penalty = l1·Σ|w| + l2/2·Σw²."""

    def strengths(self) -> tuple[float, float]:
        """``(l1, l2)``."""
        return 0.0, 0.0


regularizers: Registry[Regularizer] = Registry("regularization", Regularizer)


@regularizers.register("none", label="None")
@dataclass(frozen=True)
class NoPenalty(Regularizer):
    """No penalty: weights may grow as the data ask."""

    formula = r"R = 0"
    gradient_formula = r"\frac{\partial R}{\partial w} = 0"


@regularizers.register("l1", label="L1")
@dataclass(frozen=True)
class L1(Regularizer):
    """Pulls every weight towards 0 with the same force, so that unneeded ones end there."""

    strength: float = param(
        Float(min=0.0, log=True), default=0.001, help="λ: how strongly weights are pulled.", label="λ"
    )
    formula = r"R = \lambda \sum |w|"
    gradient_formula = r"\frac{\partial R}{\partial w} = \lambda\, \mathrm{sign}(w)"

    def strengths(self) -> tuple[float, float]:
        return self.strength, 0.0


@regularizers.register("l2", label="L2")
@dataclass(frozen=True)
class L2(Regularizer):
    """Pulls weights towards 0 in proportion to their size, so that no single one dominates."""

    strength: float = param(
        Float(min=0.0, log=True), default=0.001, help="λ: how strongly weights are pulled.", label="λ"
    )
    formula = r"R = \frac{\lambda}{2} \sum w^2"
    gradient_formula = r"\frac{\partial R}{\partial w} = \lambda w"

    def strengths(self) -> tuple[float, float]:
        return 0.0, self.strength


@regularizers.register("elastic", label="Elastic net")
@dataclass(frozen=True)
class Elastic(Regularizer):
    """L1 and L2 together. Zou & Hastie 2005."""

    l1: float = param(
        Float(min=0.0, log=True), default=0.001, help="λ₁: the even pull towards 0.", label="λ₁"
    )
    l2: float = param(
        Float(min=0.0, log=True), default=0.001, help="λ₂: the pull in proportion to size.", label="λ₂"
    )
    formula = r"R = \lambda_1 \sum |w| + \frac{\lambda_2}{2} \sum w^2"
    gradient_formula = r"\frac{\partial R}{\partial w} = \lambda_1\, \mathrm{sign}(w) + \lambda_2 w"

    def strengths(self) -> tuple[float, float]:
        return self.l1, self.l2

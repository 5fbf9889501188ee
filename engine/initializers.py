"""How weights begin. Biases begin at 0 unless a layer says otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from engine.core import Array, Parameter
from engine.registry import Registry
from engine.spec import Choice, Float, Spec, by_option, param

#: numbers drawn at once: they stay in the cache until they are where they belong
PIECE = 1 << 16


class Initializer(Spec):
    """Base of initializers: ``draw`` returns an array of ``parameter.shape`` (float64)."""

    #: each number is drawn by itself, so that a large parameter can be drawn piece by piece
    one_by_one: ClassVar[bool] = True

    def fill(self, view: Array, parameter: Parameter, rng: np.random.Generator) -> None:
        """Write what ``draw`` gives into ``view``, without a copy of a large parameter in between."""
        rows = max(1, PIECE * len(view) // max(view.size, 1)) if self.one_by_one else len(view)
        for start in range(0, len(view), rows):
            piece = view[start : start + rows]
            piece[...] = self.draw(replace(parameter, shape=piece.shape), rng)

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        """Initial values; ``parameter`` carries shape and fans."""
        return np.zeros(parameter.shape)

    def mean_square(self, parameter: Parameter) -> float:
        """``E[w²]`` of the numbers that ``draw`` gives: σ² of weights whose mean is 0."""
        return 0.0


initializers: Registry[Initializer] = Registry("initializer", Initializer)


@initializers.register("zeros", label="Zeros")
@dataclass(frozen=True)
class Zeros(Initializer):
    """All weights 0: every unit of a layer stays the same as its neighbours, so hidden layers never learn to differ."""

    formula = r"w = 0"


@initializers.register("constant", label="Constant")
@dataclass(frozen=True)
class Constant(Initializer):
    """All weights the same value: units begin as copies of one another and stay so."""

    value: float = param(Float(), default=0.1, help="The value every weight begins with.")
    formula = r"w = c"

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        return np.full(parameter.shape, self.value)

    def mean_square(self, parameter: Parameter) -> float:
        return self.value**2


@initializers.register("normal", label="Normal")
@dataclass(frozen=True)
class Normal(Initializer):
    """Weights from a bell curve of a fixed width, whatever the size of the layer."""

    mean: float = param(Float(), default=0.0, help="Middle of the bell curve.")
    std: float = param(Float(min=0.0), default=0.1, help="Standard deviation: the width of the bell curve.")
    formula = r"w \sim \mathcal{N}(\mu, \sigma^2)"

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        return rng.normal(self.mean, self.std, parameter.shape)

    def mean_square(self, parameter: Parameter) -> float:
        return self.mean**2 + self.std**2


@initializers.register("uniform", label="Uniform")
@dataclass(frozen=True)
class Uniform(Initializer):
    """Weights spread evenly between two bounds, whatever the size of the layer."""

    bound: float = param(Float(min=0.0), default=0.5, help="Weights lie between minus this and this.")
    formula = r"w \sim \mathcal{U}(-a, a)"

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        return rng.uniform(-self.bound, self.bound, parameter.shape)

    def mean_square(self, parameter: Parameter) -> float:
        return self.bound**2 / 3.0


@initializers.register("xavier_uniform", label="Xavier uniform")
@dataclass(frozen=True)
class XavierUniform(Initializer):
    """Even spread, sized so that signals neither grow nor shrink forward or backward; made for tanh.

    Glorot & Bengio 2010, eq. 16.
    """

    gain: float = param(
        Float(min=0.0),
        default=1.0,
        help="Factor for the activation that follows (1 for linear and tanh-like).",
    )
    formula = r"w \sim \mathcal{U}(-a, a), \quad a = g \sqrt{\frac{6}{n_{in} + n_{out}}}"

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        a = self.gain * np.sqrt(6.0 / (parameter.fan_in + parameter.fan_out))
        return rng.uniform(-a, a, parameter.shape)

    def mean_square(self, parameter: Parameter) -> float:
        return self.gain**2 * 2.0 / (parameter.fan_in + parameter.fan_out)


@initializers.register("xavier_normal", label="Xavier normal")
@dataclass(frozen=True)
class XavierNormal(Initializer):
    """Bell curve, sized so that signals neither grow nor shrink forward or backward; made for tanh.

    Glorot & Bengio 2010, eq. 12.
    """

    gain: float = param(
        Float(min=0.0),
        default=1.0,
        help="Factor for the activation that follows (1 for linear and tanh-like).",
    )
    formula = r"w \sim \mathcal{N}(0, \sigma^2), \quad \sigma = g \sqrt{\frac{2}{n_{in} + n_{out}}}"

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        return rng.normal(
            0.0, self.gain * np.sqrt(2.0 / (parameter.fan_in + parameter.fan_out)), parameter.shape
        )

    def mean_square(self, parameter: Parameter) -> float:
        return self.gain**2 * 2.0 / (parameter.fan_in + parameter.fan_out)


@initializers.register("he_uniform", label="He uniform")
@dataclass(frozen=True)
class HeUniform(Initializer):
    """Even spread, sized for ReLU, which lets half of the signal through. He et al. 2015, eq. 10."""

    formula = r"w \sim \mathcal{U}(-a, a), \quad a = \sqrt{\frac{6}{n_{in}}}"

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        a = np.sqrt(6.0 / parameter.fan_in)
        return rng.uniform(-a, a, parameter.shape)

    def mean_square(self, parameter: Parameter) -> float:
        return 2.0 / parameter.fan_in


@initializers.register("he_normal", label="He normal")
@dataclass(frozen=True)
class HeNormal(Initializer):
    """Bell curve, sized for ReLU, which lets half of the signal through. He et al. 2015, eq. 10."""

    formula = r"w \sim \mathcal{N}(0, \sigma^2), \quad \sigma = \sqrt{\frac{2}{n_{in}}}"

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        return rng.normal(0.0, np.sqrt(2.0 / parameter.fan_in), parameter.shape)

    def mean_square(self, parameter: Parameter) -> float:
        return 2.0 / parameter.fan_in


@initializers.register("lecun_uniform", label="LeCun uniform")
@dataclass(frozen=True)
class LeCunUniform(Initializer):
    """Even spread that keeps the variance of the inputs in a linear unit. LeCun et al. 1998, section 4.6."""

    formula = r"w \sim \mathcal{U}(-a, a), \quad a = \sqrt{\frac{3}{n_{in}}}"

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        a = np.sqrt(3.0 / parameter.fan_in)
        return rng.uniform(-a, a, parameter.shape)

    def mean_square(self, parameter: Parameter) -> float:
        return 1.0 / parameter.fan_in


@initializers.register("lecun_normal", label="LeCun normal")
@dataclass(frozen=True)
class LeCunNormal(Initializer):
    """Bell curve that keeps the variance of the inputs in a linear unit; the one SELU was made for. LeCun et al. 1998."""

    formula = r"w \sim \mathcal{N}(0, \sigma^2), \quad \sigma = \sqrt{\frac{1}{n_{in}}}"

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        return rng.normal(0.0, np.sqrt(1.0 / parameter.fan_in), parameter.shape)

    def mean_square(self, parameter: Parameter) -> float:
        return 1.0 / parameter.fan_in


@initializers.register("selu_gain", label="SELU gain")
@dataclass(frozen=True)
class SELUGain(Initializer):
    """Bell curve with PyTorch's gain of ¾ for SELU, a little narrower than LeCun's, for steadier gradients."""

    formula = r"w \sim \mathcal{N}(0, \sigma^2), \quad \sigma = \frac{3}{4} \sqrt{\frac{1}{n_{in}}}"

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        return rng.normal(0.0, 0.75 / np.sqrt(parameter.fan_in), parameter.shape)

    def mean_square(self, parameter: Parameter) -> float:
        return 0.75**2 / parameter.fan_in


@dataclass(frozen=True)
class VarianceScaling(Initializer):
    """A spread of one's own: the gain over the root of a fan. The others of this kind are cases of it (Keras' name)."""

    gain: float = param(
        Float(min=0.0, max=100.0),
        default=1.0,
        help="Factor for the activation that follows: 1 for linear and tanh-like, √2 for ReLU.",
    )
    mode: str = param(
        Choice(("fan_in", "fan_out", "fan_avg")),
        default="fan_in",
        help=(
            "What the spread is measured by: how much a unit reads (signals keep their size forward), how many read it (gradients "
            "keep theirs backward), or the mean of both."
        ),
    )

    def fan(self, parameter: Parameter) -> float:
        """What the square of the gain is divided by."""
        return {
            "fan_in": float(parameter.fan_in),
            "fan_out": float(parameter.fan_out),
            "fan_avg": (parameter.fan_in + parameter.fan_out) / 2.0,
        }[self.mode]

    def mean_square(self, parameter: Parameter) -> float:
        return self.gain**2 / self.fan(parameter)


@initializers.register("variance_scaling_normal", label="Gain and fan, normal")
@dataclass(frozen=True)
class VarianceScalingNormal(VarianceScaling):
    """Bell curve of a gain and a fan of your own: with √2 and fan in it is He's, with 1 and both fans Xavier's, with 1 and fan in LeCun's."""

    formula = by_option(
        "mode",
        fan_in=r"w \sim \mathcal{N}(0, \sigma^2), \quad \sigma = g \sqrt{\frac{1}{n_{in}}}",
        fan_out=r"w \sim \mathcal{N}(0, \sigma^2), \quad \sigma = g \sqrt{\frac{1}{n_{out}}}",
        fan_avg=r"w \sim \mathcal{N}(0, \sigma^2), \quad \sigma = g \sqrt{\frac{2}{n_{in} + n_{out}}}",
    )

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        return rng.normal(0.0, np.sqrt(self.mean_square(parameter)), parameter.shape)


@initializers.register("variance_scaling_uniform", label="Gain and fan, uniform")
@dataclass(frozen=True)
class VarianceScalingUniform(VarianceScaling):
    """Even spread of a gain and a fan of your own: with √2 and fan in it is He's, with 1 and both fans Xavier's, with 1 and fan in LeCun's."""

    formula = by_option(
        "mode",
        fan_in=r"w \sim \mathcal{U}(-a, a), \quad a = g \sqrt{\frac{3}{n_{in}}}",
        fan_out=r"w \sim \mathcal{U}(-a, a), \quad a = g \sqrt{\frac{3}{n_{out}}}",
        fan_avg=r"w \sim \mathcal{U}(-a, a), \quad a = g \sqrt{\frac{6}{n_{in} + n_{out}}}",
    )

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        a = np.sqrt(3.0 * self.mean_square(parameter))
        return rng.uniform(-a, a, parameter.shape)


@initializers.register("orthogonal", label="Orthogonal")
@dataclass(frozen=True)
class Orthogonal(Initializer):
    """Directions at right angles to one another, so that no signal is stretched or lost. Saxe et al. 2014."""

    gain: float = param(Float(min=0.0), default=1.0, help="Length of each direction.")
    formula = r"W W^\top = g^2 I \text{ or } W^\top W = g^2 I"
    one_by_one = False

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        rows = parameter.shape[0]
        columns = parameter.size // rows
        q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diag(r))  # makes the distribution uniform over all such matrices
        return self.gain * (q if rows >= columns else q.T).reshape(parameter.shape)

    def mean_square(self, parameter: Parameter) -> float:
        return self.gain**2 / max(parameter.shape[0], parameter.size // parameter.shape[0])


@initializers.register("small", label="Too small")
@dataclass(frozen=True)
class Small(Initializer):
    """Weights so small that signals fade from layer to layer: a way to see gradients vanish."""

    formula = r"w \sim \mathcal{N}(0, 0.01^2)"

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        return rng.normal(0.0, 0.01, parameter.shape)

    def mean_square(self, parameter: Parameter) -> float:
        return 0.01**2


@initializers.register("large", label="Too large")
@dataclass(frozen=True)
class Large(Initializer):
    """Weights three times as wide as He's: units saturate, and gradients vanish or explode."""

    formula = r"w \sim \mathcal{N}(0, \sigma^2), \quad \sigma = 3 \sqrt{\frac{2}{n_{in}}}"

    def draw(self, parameter: Parameter, rng: np.random.Generator) -> Array:
        return rng.normal(0.0, 3.0 * np.sqrt(2.0 / parameter.fan_in), parameter.shape)

    def mean_square(self, parameter: Parameter) -> float:
        return 9.0 * 2.0 / parameter.fan_in

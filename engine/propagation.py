"""How the spread of signals and gradients goes through a deep network at its first weights: predicted, and measured.

Predicted is what the variances say (He et al. 2015, eq. 7 and 13; with any activation, Poole et al. 2016, eq. 3): a sum of n products
with independent weights of mean 0 has

    Var(z_l) = n_in · σ_w² · E[a²]            forward, a = φ(z) of the layer before
    Var(δ_l) = E[φ′(z_l)²] · n_out · σ_w² · Var(δ_{l+1})      backward, δ = ∂L/∂z

where z is taken to be a bell curve, so that E[φ²] and E[φ′²] are integrals; of a ReLU both are ½. Measured is what the engine's own
forward and backward calls give. They part where the assumptions do not hold: few units, inputs that are alike, saturated units.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import numpy as np

from engine.core import Array, Parameter
from engine.initializers import Initializer, XavierUniform
from engine.layers import Activation, Linear, Tanh
from engine.model import Model
from engine.network import Network

#: depths and widths that are tried
DEPTHS, WIDTHS = (2, 100), (2, 128)
#: samples that are sent through, at most and at least, and the multiplications that this may cost
SAMPLES, FEWEST, PRODUCTS = 128, 16, 60_000_000
#: a factor by which a spread may change over the whole depth and still be said to hold
HOLDS = 10.0
#: points of the integral over a bell curve, and how many standard deviations it reaches; even, so that the kink at 0 is between two
_POINTS, _REACH = 1200, 8.0


@dataclass(frozen=True)
class Setup:
    """A stack of Linear layers, each with the same activation.

    Args:
        depth: how many layers.
        width: units of the first.
        last: units of the last; the layers between go from one to the other by equal factors. 0: as ``width``.
        activation: after each.
        initializer: of all weights.
        bias: what every bias begins at.
    """

    depth: int = 20
    width: int = 64
    last: int = 0
    activation: Activation = field(default_factory=Tanh)
    initializer: Initializer = field(default_factory=XavierUniform)
    bias: float = 0.0

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each layer, ``(depth,)``."""
        last = self.last or self.width
        share = np.linspace(0.0, 1.0, self.depth)
        return tuple(int(n) for n in np.maximum(np.rint(self.width ** (1 - share) * last**share), 1))

    @property
    def fans(self) -> tuple[tuple[int, int], ...]:
        """``(n_in, n_out)`` of each layer, where the inputs are as many as the first has units."""
        widths = (self.width, *self.widths)
        return tuple(pairwise(widths))


@dataclass(frozen=True, eq=False)
class Ladder:
    """The spread at each layer, first to last.

    Args:
        sums: standard deviation of z, the sums before the activation, ``(depth,)``.
        gradients: root mean square of ∂L/∂z, where the last layer's outputs get gradients of mean 0 and variance 1, ``(depth,)``.
    """

    sums: Array
    gradients: Array

    def verdict(self) -> tuple[str, str]:
        """ "holds", "fades" or "grows" of the sums on their way forward, and of the gradients on theirs back."""
        return _verdict(self.sums[0], self.sums[-1]), _verdict(self.gradients[-1], self.gradients[0])


@dataclass(frozen=True, eq=False)
class Prediction(Ladder):
    """A ladder with the factors it is made of, ``(depth,)`` each: ``sums² = n_in · variances · squares``.

    Args:
        squares: E[a²] of what the layer reads.
        variances: σ_w².
        slopes: E[φ′(z)²] of the activation behind it.
    """

    squares: Array
    variances: Array
    slopes: Array


def _verdict(first: float, last: float) -> str:
    if not (math.isfinite(first) and math.isfinite(last)):
        return "grows"
    if last <= 0 or first / last > HOLDS:
        return "fades"
    return "grows" if first > 0 and last / first > HOLDS else "holds"


@cache
def _bell() -> tuple[Array, Array]:
    """Points of a standard bell curve, and the weight of each in an integral."""
    edges = np.linspace(-_REACH, _REACH, _POINTS + 1)
    points = (edges[:-1] + edges[1:]) / 2
    weights = np.exp(-(points**2) / 2)
    return points, weights / weights.sum()


def moments(activation: Activation, mean: float, std: float) -> tuple[float, float]:
    """``(E[φ(z)²], E[φ′(z)²])`` for z a bell curve of this mean and standard deviation."""
    points, weights = _bell()
    y, slope = activation.curve(mean + std * points)
    return float(weights @ y**2), float(weights @ slope**2)


def predicted(setup: Setup, mean_square: float = 1.0) -> Prediction:
    """What the variances say. ``mean_square``: E[x²] of the inputs. Infinite where it is beyond what floats hold."""
    with np.errstate(all="ignore"):
        return _predicted(setup, mean_square)


def _predicted(setup: Setup, square: float) -> Prediction:
    forward, squares, variances, slopes = np.zeros((4, setup.depth))
    for at, (n_in, n_out) in enumerate(setup.fans):
        variances[at] = setup.initializer.mean_square(Parameter((n_out, n_in), n_in, n_out))
        squares[at] = square
        forward[at] = math.sqrt(n_in * variances[at] * square)
        square, slopes[at] = moments(setup.activation, setup.bias, forward[at])
    backward = np.zeros(setup.depth)
    arriving = 1.0  # at the last outputs
    widths = setup.widths
    for at in reversed(range(setup.depth)):
        backward[at] = slopes[at] * arriving
        arriving = widths[at] * variances[at] * backward[at]
    return Prediction(forward, np.sqrt(backward), squares, variances, slopes)


class Bench:
    """Measures setups. What has the same shape is built once: another gain draws other weights into the same network."""

    def __init__(self) -> None:
        self._built: tuple[object, Model, int] | None = None

    def measured(
        self, setup: Setup, seed: int = 0, inputs: Callable[[int, int], Array] | None = None
    ) -> Ladder:
        """What the engine gives with weights drawn from ``seed``.

        ``inputs``: asked for ``(n, width)`` numbers; by default independent ones of mean 0 and variance 1.
        """
        model, count = self._model(setup)
        model.initializer, model.seed = setup.initializer, seed
        model.reset()
        for parameters in model.parameters.values():
            parameters["bias"][...] = setup.bias
        rng = np.random.default_rng((seed, 1))
        x = (inputs or (lambda n, width: rng.normal(size=(n, width))))(count, setup.width)
        with np.errstate(all="ignore"):
            program = model.program(len(x))
            program.x[...] = np.asarray(x).T
            program.forward()
            program.d_output[...] = rng.normal(size=program.d_output.shape)
            program.backward()
            ids = [node.id for node in model.network.nodes[::2]]
            sums = [float(program.value(i).std(dtype=np.float64)) for i in ids]
            gradients = [
                math.sqrt(float(np.square(program.gradient(i), dtype=np.float64).mean())) for i in ids
            ]
        return Ladder(np.array(sums), np.array(gradients))

    def _model(self, setup: Setup) -> tuple[Model, int]:
        key = setup.widths, setup.activation
        if self._built is None or self._built[0] != key:
            layers = [one for n in setup.widths for one in (Linear(n), setup.activation)]
            cost = sum(3 * n_in * n_out for n_in, n_out in setup.fans)
            count = min(SAMPLES, max(FEWEST, PRODUCTS // cost))
            self._built = (
                key,
                Model(Network.chain(*layers), (setup.width,), initializer=setup.initializer),
                count,
            )
        return self._built[1:]


def measured(setup: Setup, seed: int = 0) -> Ladder:
    """``Bench.measured``, of one setup alone."""
    return Bench().measured(setup, seed)


def factor(spread: Array) -> float:
    """By what each layer multiplies a spread, on average over the layers; NaN where it vanishes or is no number."""
    first, last = float(spread[0]), float(spread[-1])
    if not (0 < first < math.inf and 0 < last < math.inf) or len(spread) < 2:
        return math.nan
    return math.exp((math.log(last) - math.log(first)) / (len(spread) - 1))

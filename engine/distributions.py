"""How all numbers of a run are spread, layer by layer: sums, activations, gradients, weights, their gradients, and updates.

Counts are taken in bins that are the same for ever: 32 to each power of ten, on both sides of 0. So what one moment, one layer or
one run says can be laid over what another says, on a linear axis or a logarithmic one, and a bin that grows has grown. Numbers that are
exactly 0 are counted by themselves, as are those too small or too large for any bin.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np

from engine.core import Array, run_calls
from engine.diagnosis import differentiate, passed
from engine.layers import Activation
from engine.layers.activation import SATURATED
from engine.model import Model
from engine.program import Program
from engine.train import Trainer

#: bins to a power of ten; the powers of ten between which there are bins; bins on each side of 0
PER_DECADE, LOWEST, HIGHEST = 32, -10, 6
SIDE = PER_DECADE * (HIGHEST - LOWEST)
#: up to so many numbers, they are kept themselves as well: a histogram of four says little
FEW = 30
#: samples that are looked at, at most and at least, and the numbers inside the network that they may cost between the two
SAMPLES, FEWEST, NUMBERS = 256, 4, 300_000

#: weights of a layer that are counted, at most: of more, whole units are left out, evenly
MOST = 200_000

#: what is looked at, and in which order
QUANTITIES = ("sums", "activations", "gradients", "weights", "weight_gradients", "updates", "biases")
#: powers of ten away from what is usual from which on a word is said
TOLD = 1.0
#: what an update should do to a weight, as a power of ten: about a thousandth of it
USUAL_UPDATE = -3.0


@cache
def edges() -> Array:
    """Edges of the bins above 0, ``(SIDE + 1,)``, ascending. Below 0 they are the same with a minus sign."""
    found: Array = 10.0 ** (LOWEST + np.arange(SIDE + 1) / PER_DECADE)
    return found


@dataclass(frozen=True, eq=False)
class Spread:
    """How numbers are spread.

    Args:
        above, below: how many fall into each bin above 0 and below it, ``(SIDE,)`` each, from the smallest magnitude to the largest.
        zeros: how many are exactly 0.
        small, large: how many are nearer to 0 than any bin, or farther from it.
        lost: how many are not finite.
        mean, std: of the finite ones; NaN where there are none.
        few: the numbers themselves where there are at most ``FEW``, else ``None``.
        whole: how many numbers there are, where not all of them were counted; 0 where they were.
    """

    above: Array
    below: Array
    zeros: int
    small: int
    large: int
    lost: int
    mean: float
    std: float
    few: Array | None = None
    whole: int = 0

    @classmethod
    def of(cls, values: Array, whole: int = 0) -> Spread:
        """Of all of ``values``, of any shape. ``whole``: of how many they are some."""
        flat = np.asarray(values).ravel()
        finite = np.isfinite(flat)
        kept = flat if finite.all() else flat[finite]
        size = np.abs(kept)
        zeros = int(np.count_nonzero(size == 0))
        if zeros:
            away = size != 0
            signs, size = kept[away] < 0, size[away]
        else:
            signs = kept < 0
        # A logarithm rounds: in float32 it may put a number into the bin beside its own, by which nothing is misread.
        at = np.floor((np.log10(size) - LOWEST) * PER_DECADE).astype(np.int64)
        inside = (at >= 0) & (at < SIDE)
        counts = np.bincount((at + SIDE * signs)[inside], minlength=2 * SIDE)
        with np.errstate(over="ignore"):
            mean, std = (
                (float(kept.mean(dtype=np.float64)), float(kept.std(dtype=np.float64)))
                if kept.size
                else (math.nan,) * 2
            )
        return cls(
            counts[:SIDE].astype(np.uint32), counts[SIDE:].astype(np.uint32), zeros,
            int(np.count_nonzero(at < 0)), int(np.count_nonzero(at >= SIDE)), int(flat.size - kept.size),
            mean, std, np.sort(kept.astype(np.float64)) if 0 < kept.size <= FEW else None,
            whole if whole > flat.size else 0,
        )  # fmt: skip

    @cached_property
    def total(self) -> int:
        """How many numbers there are."""
        return int(self.above.sum() + self.below.sum()) + self.zeros + self.small + self.large + self.lost

    @property
    def zero_share(self) -> float:
        """The share of them that are exactly 0."""
        return self.zeros / self.total if self.total else 0.0

    @property
    def rms(self) -> float:
        """Root mean square of the finite ones: their size, whatever their mean."""
        return math.hypot(self.mean, self.std)

    def linear(self, at: Array) -> Array:
        """The share of all numbers between each two of the ascending edges ``at`` ``(n + 1,)``; what is exactly 0 is left out.

        Inside one of its own bins a spread is taken to be even. Returns ``(n,)``.
        """
        own = edges()
        below = np.concatenate([[0.0], np.cumsum(self.above, dtype=np.float64)])
        mirrored = np.concatenate([[0.0], np.cumsum(self.below, dtype=np.float64)])

        def up_to(x: Array) -> Array:
            """How many numbers lie between 0 and x, with a minus sign for those below 0."""
            size = np.abs(x)
            up = np.interp(size, own, below, left=0.0)
            down = np.interp(size, own, mirrored, left=0.0)
            signed: Array = np.where(x >= 0, up, -down)
            return signed

        shares: Array = np.diff(up_to(np.asarray(at, np.float64))) / max(self.total, 1)
        return shares

    def decades(self, low: int, high: int, per_decade: int = 4) -> tuple[Array, Array]:
        """``(below, above)``: the share of all numbers in each part of the powers of ten from ``low`` to ``high``, on both sides of 0.

        Both from the smallest magnitude to the largest, ``((high − low) · per_decade,)``. ``per_decade`` divides ``PER_DECADE``.
        """
        if not LOWEST <= low < high <= HIGHEST:
            raise ValueError(f"from 10^{low} to 10^{high}; expected powers of ten from {LOWEST} to {HIGHEST}")
        part = slice((low - LOWEST) * PER_DECADE, (high - LOWEST) * PER_DECADE)
        share = [
            side[part].reshape(-1, PER_DECADE // per_decade).sum(axis=1) / max(self.total, 1)
            for side in (self.below, self.above)
        ]
        return share[0], share[1]

    def magnitude(self, share: float) -> float:
        """The magnitude that ``share`` of the numbers other than 0 stay below; NaN where there are none."""
        both = (self.above + self.below.astype(np.float64)).cumsum()
        if not both[-1]:
            return math.nan
        own = edges()
        return float(np.interp(share * both[-1], np.concatenate([[0.0], both]), own))

    def distance(self, other: Spread) -> float:
        """How far numbers must be moved, on average, to make one spread of the other (earth mover's distance, Wasserstein-1).

        In the unit of the numbers; what is exactly 0 counts as 0. NaN where one of them is empty.
        """
        if not (self.total and other.total):
            return math.nan
        own = edges()
        middles = (own[:-1] + own[1:]) / 2
        places = np.concatenate([-middles[::-1], [0.0], middles])
        masses = [
            np.concatenate([one.below[::-1], [one.zeros + one.small], one.above]).astype(np.float64)
            for one in (self, other)
        ]
        if not all(m.sum() for m in masses):
            return math.nan
        first, second = (np.cumsum(m / m.sum()) for m in masses)
        return float(np.abs(first - second)[:-1] @ np.diff(places))


@dataclass(frozen=True, eq=False)
class LayerSpreads:
    """One layer at one moment.

    Args:
        node_id: which.
        spreads: by quantity (see ``QUANTITIES``), those that it has.
        silent: share of its units (or channels) that give exactly 0 for every sample; NaN where it is no activation.
        saturated: share of its values at which the slope is below ``engine.layers.activation.SATURATED``; NaN likewise.
        fan_in: how many numbers each of its sums adds up; 0 where it has no weights.
        last: its outputs are those of the network.
    """

    node_id: str
    spreads: Mapping[str, Spread]
    silent: float = math.nan
    saturated: float = math.nan
    fan_in: int = 0
    last: bool = False


@dataclass(frozen=True, eq=False)
class Distributions:
    """All layers at one moment.

    Args:
        layers: in the network's order.
        samples: how many training samples were looked at.
        step, epoch: of the run.
    """

    layers: tuple[LayerSpreads, ...]
    samples: int
    step: int
    epoch: int = 0

    def of(self, quantity: str) -> tuple[tuple[str, Spread], ...]:
        """``(node_id, spread)`` of each layer that has this quantity, in the network's order."""
        return tuple((one.node_id, one.spreads[quantity]) for one in self.layers if quantity in one.spreads)

    def __getitem__(self, node_id: str) -> LayerSpreads:
        """Raises KeyError for a layer that is not there."""
        for one in self.layers:
            if one.node_id == node_id:
                return one
        raise KeyError(node_id)


def distributions(trainer: Trainer, most: int = SAMPLES) -> Distributions:
    """Look at a run, on its first training samples in inference mode; it is not changed.

    Costs about one forward and backward pass over them, and an update that is put back.
    """
    model = trainer.model
    numbers = sum(int(np.prod(shape)) for shape in model.shapes.values())
    count = min(len(trainer.train), most, max(FEWEST, NUMBERS // max(numbers, 1)))
    with trainer.rehearsal() as update:
        program = passed(model, trainer.train, trainer.loss, count)
        spread = {node.id: _of_node(model, program, node.id) for node in model.network.nodes}
        batch = trainer.upcoming()
        stepping = model.program(batch.x.shape[-1], training=True)
        stepping.x[...] = batch.x
        differentiate(stepping, trainer.loss, np.ascontiguousarray(batch.t))
        before = {i: _numbers(model, model.store.views, i, False) for i in model.store.slices}
        run_calls(update.calls)
        for node_id, (weights, whole) in before.items():
            if weights.size:
                moved = _numbers(model, model.store.views, node_id, False)[0] - weights
                kept = weights != 0  # of nothing, there is no share
                some = whole if whole > weights.size else 0
                spread[node_id]["updates"] = Spread.of(np.abs(moved[kept] / weights[kept]), some)
    layers = []
    for node in model.network.nodes:
        if spread[node.id]:
            silent, saturated = _activity(model, program, node.id)
            specs = model.store.specs.get(node.id, {})
            fan_in = max((p.fan_in for p in specs.values()), default=0)
            last = node.id == model.network.output_id
            layers.append(LayerSpreads(node.id, spread[node.id], silent, saturated, fan_in, last))
    return Distributions(tuple(layers), count, trainer.steps, trainer.epoch)


def _of_node(model: Model, program: Program, node_id: str) -> dict[str, Spread]:
    network = model.network
    layer, found = network[node_id].layer, {}
    has_weights = node_id in model.store.slices
    read = any(
        isinstance(node.layer, Activation) and node_id in network.inputs_of(node.id) for node in network.nodes
    )
    if isinstance(layer, Activation):
        found["activations"] = Spread.of(program.value(node_id))
    elif has_weights or read:
        found["sums"] = Spread.of(program.value(node_id))
        found["gradients"] = Spread.of(program.gradient(node_id))
    if has_weights:
        parameters = program.parameters
        for name, views, biases in (
            ("weights", parameters.views, False),
            ("weight_gradients", parameters.gradient_views, False),
            ("biases", parameters.views, True),
        ):
            numbers, whole = _numbers(model, views, node_id, biases)
            if numbers.size:
                found[name] = Spread.of(numbers, whole)
    return found


def _numbers(
    model: Model, views: Mapping[str, Mapping[str, Array]], node_id: str, biases: bool
) -> tuple[Array, int]:
    """The weights of a node as one vector, or its biases, up to about ``MOST`` of them; and how many there are. A copy."""
    parts = [
        views[node_id][name] for name, spec in model.store.specs[node_id].items() if spec.is_bias is biases
    ]
    whole = sum(part.size for part in parts)
    stride = -(-whole // MOST)
    return np.concatenate([part[::stride].ravel() for part in parts] or [np.zeros(0, model.dtype)]), whole


def _activity(model: Model, program: Program, node_id: str) -> tuple[float, float]:
    """``(silent, saturated)``."""
    layer = model.network[node_id].layer
    if not isinstance(layer, Activation):
        return math.nan, math.nan
    values = program.value(node_id)
    x = program.value(model.network.inputs_of(node_id)[0])
    silent = (values == 0).all(axis=tuple(range(1, values.ndim)))
    return float(silent.mean()), float((np.abs(layer.slopes(x)) < SATURATED).mean())


# --- which layer is worst ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Concern:
    """How far a layer is from what is usual.

    Args:
        node_id: which.
        size: in powers of ten, about; the largest is the worst. Infinite where its numbers are not finite.
        words: what is so.
    """

    node_id: str
    size: float
    words: str = field(default="", compare=False)


def concerns(found: Distributions, quantity: str) -> tuple[Concern, ...]:
    """Of each layer that has ``quantity``, the worst first; equals in the network's order.

    Sums and activations should be about 1 in size; gradients of a sample alike in length in all layers, and gradients of weights in
    size; a weight's share of the spread of its sum about 1 (σ·√n_in); an update about a thousandth of a weight. Shares of silent and
    saturated values count as well.
    """
    layers = [one for one in found.layers if quantity in one.spreads]
    sizes = [_size(one, quantity, found.samples) for one in layers]
    usual = _usual(quantity, sizes)
    judged = [_concern(one, quantity, size, usual) for one, size in zip(layers, sizes, strict=True)]
    return tuple(sorted(judged, key=lambda one: -one.size))


def _size(layer: LayerSpreads, quantity: str, samples: int) -> float:
    """The power of ten of a layer's numbers, of gradients that of their length for a sample; −∞ for none but zeros, ∞ where they are not finite, NaN for none."""
    spread = layer.spreads[quantity]
    if spread.lost:
        return math.inf
    size = spread.magnitude(0.5) if quantity == "updates" else spread.rms
    if quantity == "weights" and layer.fan_in:
        size *= math.sqrt(layer.fan_in)
    if quantity == "gradients":  # a map of a thousand places shares what a unit gets alone
        size *= math.sqrt(spread.total / samples)
    if math.isnan(size):
        return -math.inf if spread.zeros else math.nan
    return math.log10(size) if size > 0 else -math.inf


def _usual(quantity: str, sizes: Sequence[float]) -> float:
    """The power of ten that is usual: where no number is said to be, the middle one of all layers."""
    if quantity == "updates":
        return USUAL_UPDATE
    if quantity not in ("gradients", "weight_gradients"):
        return 0.0
    finite = [size for size in sizes if math.isfinite(size)]
    return float(np.median(finite)) if finite else 0.0


def _concern(layer: LayerSpreads, quantity: str, size: float, usual: float) -> Concern:
    name = layer.node_id
    if size == math.inf:
        return Concern(name, math.inf, "not all numbers are finite")
    if quantity == "biases":
        away = max(size, 0.0) if math.isfinite(size) else 0.0  # all 0 is how biases begin
        return Concern(name, away, f"about {10.0**size:.2g} in size" if away > TOLD else "")
    if quantity == "sums" and layer.last and size > usual:
        return Concern(name, 0.0)  # a classifier that has become sure
    if size == -math.inf:
        return Concern(name, -float(LOWEST) + 1, "all numbers are exactly 0")
    if math.isnan(size):
        return Concern(name, 0.0)
    away = abs(size - usual)
    parts = [(away, _against(quantity, size, usual) if away > TOLD else "")]
    if quantity == "activations":
        parts.append(
            (
                3 * layer.silent,
                f"{100 * layer.silent:.0f} % of the units are silent" if layer.silent > 0.3 else "",
            )
        )
        # A ReLU is flat for half of what it gets, and meant to be.
        if layer.spreads[quantity].zeros == 0:
            flat = layer.saturated
            parts.append(
                (2 * flat, f"{100 * flat:.0f} % of the values are where it is flat" if flat > 0.5 else "")
            )
    worst = max(parts, key=lambda part: part[0])
    return Concern(name, worst[0], worst[1])


def _against(quantity: str, size: float, usual: float) -> str:
    if quantity in ("sums", "activations"):
        return f"about {10.0**size:.2g} in size, where 1 is good to learn with"
    times = 10.0 ** (size - usual)
    how = f"{times:.2g} times" if times >= 1 else f"1/{1 / times:.2g} of"
    what = {"updates": "the usual thousandth", "weights": "what keeps a signal's size"}.get(
        quantity, "what the middle layer gets"
    )
    return f"{how} {what}"

"""The loss over a plane through the weights.

Directions: two weights; the gradient and a random one; two random ones as long, filter by filter, as the weights themselves (Li, Xu,
Taylor, Studer & Goldstein 2018, "Visualizing the loss landscape of neural nets"); from one run's weights to another's (Goodfellow,
Vinyals & Saxe 2015); and the two in which a run has moved most, the principal axes of its path (Li et al., section 7).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from engine.core import Array
from engine.errors import EngineError, clipped
from engine.landscape.bench import Bench
from engine.model import Model

#: points each way, of networks with up to so many parameters, and of larger ones
FINE, COARSE, SMALL = 41, 25, 20_000
#: how far beyond the path, in shares of its extent
ROOM = 0.35
#: points of a path at most
MOST_PATH = 400


@dataclass(frozen=True)
class Cell:
    """One learnable number: ``name`` of a node at ``index``."""

    node_id: str
    name: str
    index: tuple[int, ...]

    @property
    def words(self) -> str:
        """Such as "linear1.weight[0, 1]"."""
        return f"{self.node_id}.{self.name}[{', '.join(map(str, self.index))}]"


@dataclass(frozen=True, eq=False)
class Directions:
    """Where a plane lies.

    Args:
        origin: ``(n,)``, the weights at coordinates (0, 0).
        axes: ``(2, n)``, what one unit across, and one up, adds to them.
        names: of both axes.
        start: coordinates of the weights that it was made at.
        span: half the width and half the height that suit it, as coordinates.
    """

    origin: Array
    axes: Array
    names: tuple[str, str]
    start: tuple[float, float] = (0.0, 0.0)
    span: tuple[float, float] = (1.0, 1.0)

    def coordinates(self, values: Array) -> tuple[float, float]:
        """Of the point of the plane that is nearest to weights ``(n,)``."""
        found = self._solver @ (values - self.origin)
        return float(found[0]), float(found[1])

    @cached_property
    def _solver(self) -> Array:
        return np.linalg.pinv(self.axes.T)


@dataclass(frozen=True, eq=False)
class Plane:
    """The loss over a plane, with the way of the run on it.

    Args:
        names: of the axes.
        across, up: ``(k,)``, the coordinates of the points.
        losses: ``(k, k)``; ``[i, j]`` at ``up[i]``, ``across[j]``; NaN where it is not computed yet, infinite where it is no number.
        path: ``(m, 2)``, the run's moments on the plane, seen at right angles, the present one last.
        steps: ``(m,)``, after how many updates each was.
        held: which share of the squared distances of the path's moments from where the plane was made lies in it, from 0 to 1; NaN where
            all are there.
        samples: how many the losses are over.
        penalized: whether a penalty takes part in them.
        share: done, from 0 to 1.
    """

    names: tuple[str, str]
    across: Array
    up: Array
    losses: Array
    path: Array
    steps: Array
    held: float
    samples: int
    penalized: bool
    share: float


def cells(bench: Bench, first: Cell, second: Cell) -> Directions:
    """Two single weights, in their own units. Raises EngineError where there is no such cell, or both are one."""
    places = [place(bench.model, cell) for cell in (first, second)]
    if places[0] == places[1]:
        raise EngineError(f"Both axes are {first.words}. Choose two different numbers.")
    origin, axes = bench.here.copy(), np.zeros((2, len(bench.here)))
    start = origin[places[0]], origin[places[1]]
    origin[places] = 0.0
    axes[0, places[0]] = axes[1, places[1]] = 1.0
    span = max(1.0, abs(start[0]), abs(start[1]))
    return Directions(origin, axes, (first.words, second.words), start, (span, span))


def place(model: Model, cell: Cell) -> int:
    """Where in the vector of parameters a cell stands. Raises EngineError where there is none."""
    store = model.store
    shape = store.views.get(cell.node_id, {}).get(cell.name, np.zeros(())).shape
    fits = len(shape) == len(cell.index) > 0 and all(
        0 <= i < n for i, n in zip(cell.index, shape, strict=True)
    )
    if not fits:
        raise EngineError(
            f"There is no {clipped(cell.words, 80)} in this network. Choose a number that there is."
        )
    numbers = store.arranged(np.arange(len(store.values)))
    return int(numbers[cell.node_id][cell.name][cell.index])


def downhill(bench: Bench, seed: int = 0) -> Directions:
    """Against the gradient, and a random direction at right angles; both as long as all weights together.

    Raises EngineError where the gradient is 0.
    """
    gradient = bench.gradient()
    length, size = float(np.linalg.norm(gradient)), float(np.linalg.norm(bench.here)) or 1.0
    if not (math.isfinite(length) and length > 0):
        raise EngineError(
            "The gradient is 0 here: there is no way down. Choose two weights, or random directions."
        )
    first = -gradient / length
    second = np.random.default_rng([seed, 1]).standard_normal(len(first))
    second -= (second @ first) * first
    axes = size * np.stack([first, second / (np.linalg.norm(second) or 1.0)])
    names = "against the gradient, in lengths of the weights", "at random, at right angles"
    return Directions(bench.here.copy(), axes, names, span=(0.5, 0.5))


def random(bench: Bench, seed: int = 0) -> Directions:
    """Two random directions, each unit's or filter's part as long as its own weights; biases stay."""
    rng = np.random.default_rng([seed, 2])
    axes = np.stack([filter_normalized(bench, rng) for _ in range(2)])
    names = "random 1, in lengths of each unit's weights", "random 2"
    return Directions(bench.here.copy(), axes, names)


def filter_normalized(bench: Bench, rng: np.random.Generator) -> Array:
    """A random direction ``(n,)`` of which each row or filter is as long as that of the weights; 0 at biases and scales (Li et al. 2018)."""
    store = bench.model.store
    drawn, weights = rng.standard_normal(len(bench.here)), store.arranged(bench.here)
    for node_id, parts in store.arranged(drawn).items():
        for name, part in parts.items():
            if store.specs[node_id][name].is_bias:
                part[...] = 0.0
                continue
            rows = tuple(range(1, part.ndim))
            wanted, has = (np.sqrt((a * a).sum(rows, keepdims=True)) for a in (weights[node_id][name], part))
            part *= wanted / np.where(has > 0, has, 1.0)
    return drawn


def between(bench: Bench, other: Array, name: str, seed: int = 0) -> Directions:
    """From weights ``other`` ``(n,)`` at 0 to the present ones at 1, and a random direction, filter by filter. Raises EngineError where both are one."""
    way = bench.here - other
    if not np.any(way):
        raise EngineError(
            f"The weights are those of {name}: there is no way between them. Train a little, or choose other ones."
        )
    up = filter_normalized(bench, np.random.default_rng([seed, 3]))
    up -= (up @ way) / (way @ way) * way
    return Directions(
        other.copy(), np.stack([way, up]), (f"0: {name} · 1: present weights", "at random, at right angles"), (1.0, 0.0), (1.0, 1.0)
    )  # fmt: skip


def of_path(bench: Bench, moments: Sequence[Array], seed: int = 0) -> Directions:
    """The two directions in which the run has moved most, through the present weights; a run that has not moved: two random ones."""
    ways = np.array([moment - bench.here for moment in moments])
    ways = ways[np.abs(ways).max(axis=1, initial=0) > 0] if len(ways) else ways
    if not len(ways):
        return random(bench, seed)
    # Of few long vectors, the axes come from the small matrix of their products.
    squares, mixes = np.linalg.eigh(ways @ ways.T)
    axes = mixes[:, ::-1].T[:2] @ ways
    lengths = np.linalg.norm(axes, axis=1)
    drawn = len(axes) < 2 or lengths[1] < 1e-6 * lengths[0]
    if drawn:
        up = filter_normalized(bench, np.random.default_rng([seed, 3]))
        up -= (up @ axes[0]) / (axes[0] @ axes[0]) * axes[0]
        axes = np.stack([axes[0], up])
        lengths = np.linalg.norm(axes, axis=1)
    axes = axes / np.where(lengths > 0, lengths, 1.0)[:, None]
    shares = np.maximum(squares[::-1], 0.0) / max(float(np.maximum(squares, 0.0).sum()), 1e-300)
    second = "at random, at right angles" if drawn else f"2nd axis ({shares[1]:.0%})"
    names = f"way of the run, 1st axis ({shares[0]:.0%} of it)", second
    # Both axes measure the same, and neither is to be a thin stripe.
    span = max(0.1, 0.3 * float(np.abs(ways @ axes.T).max()))
    return Directions(bench.here.copy(), axes, names, span=(span, span))


class Slicing:
    """A plane in the making: ``on`` gets on with it a point at a time, ``plane`` is what there is so far.

    Args:
        bench: to try the weights on.
        directions: where the plane lies.
        moments: earlier and later weights of the run as ``(updates, (n,))``, ascending.
        steps: updates made so far.
    """

    def __init__(
        self, bench: Bench, directions: Directions, moments: Sequence[tuple[int, Array]], steps: int
    ) -> None:
        self._bench, self._directions = bench, directions
        kept = [one for one in moments if one[0] < steps]
        kept = (
            [kept[i] for i in sorted(set(np.linspace(0, len(kept) - 1, MOST_PATH // 2).round().astype(int)))]
            if kept
            else []
        )
        self._path = [self._moment(at, values) for at, values in (*kept, (steps, bench.here))]
        size = FINE if len(bench.here) <= SMALL else COARSE
        (self._across, self._up), self._losses = self._points(size), np.full((size, size), np.nan)
        self._points_left = ((row, column) for row in self._order(size) for column in range(size))
        self._left = size
        self._made: Plane | None = None

    def _points(self, size: int) -> tuple[Array, Array]:
        """Room for the suiting span round the start, and for all of the path."""
        found, path = [], np.array([one.at for one in self._path])
        for k in range(2):
            start, span = self._directions.start[k], self._directions.span[k]
            low, high = min(start, float(path[:, k].min())), max(start, float(path[:, k].max()))
            room = max(ROOM * (high - low), span - (high - low) / 2)
            found.append(np.linspace(low - room, high + room, size))
        return found[0], found[1]

    @staticmethod
    def _order(size: int) -> Iterator[int]:
        """Rows from coarse to fine, so that the shape is seen early."""
        seen, gap = set[int](), 8
        while gap:
            for row in range(0, size, gap):
                if row not in seen:
                    seen.add(row)
                    yield row
            gap //= 2

    @property
    def done(self) -> bool:
        return not self._left

    def on(self) -> None:
        """Another point."""
        point = next(self._points_left, None)
        if point is None:
            return
        row, column = point
        where = self._across[column] * self._directions.axes[0] + self._up[row] * self._directions.axes[1]
        self._losses[row, column] = self._bench.loss_at(self._directions.origin + where)
        if column == len(self._across) - 1:  # what is shown grows row by row
            self._left -= 1
            self._made = None

    def stand_at(self, steps: int, values: Array) -> None:
        """The run has come to weights ``values`` after ``steps`` updates, or gone back to them."""
        if self._path[-1].steps == steps:
            return
        self._path = [one for one in self._path if one.steps < steps]
        self._path.append(self._moment(steps, values))
        if len(self._path) > MOST_PATH:
            self._path = [*self._path[:-1:2], self._path[-1]]
        self._made = None

    @property
    def plane(self) -> Plane:
        """What there is so far; the same object until there is more."""
        if self._made is None:
            path, size = self._path, len(self._losses)
            whole = sum(one.way for one in path)
            self._made = Plane(
                self._directions.names, self._across, self._up, self._losses.copy(), np.array([one.at for one in path]),
                np.array([one.steps for one in path]), sum(one.inside for one in path) / whole if whole else math.nan,
                len(self._bench.data), self._bench.penalized, 1.0 - self._left / size,
            )  # fmt: skip
        return self._made

    def _moment(self, steps: int, values: Array) -> _Moment:
        (x, y), (x0, y0) = (self._directions.coordinates(at) for at in (values, self._bench.here))
        shift, way = (
            (x - x0) * self._directions.axes[0] + (y - y0) * self._directions.axes[1],
            values - self._bench.here,
        )
        return _Moment(steps, (x, y), float(shift @ shift), float(way @ way))


class _Moment(NamedTuple):
    """A moment on the plane; ``inside``, ``way``: the squared distance from where the plane was made, in it and in all."""

    steps: int
    at: tuple[float, float]
    inside: float
    way: float

"""Convolution and pooling, step by step: which cells a window sees, and which windows have seen a cell."""

from __future__ import annotations

import numpy as np

from engine.core import Array
from engine.layers import AdaptiveAvgPool2d, AvgPool2d, Conv2d, GlobalAvgPool2d, GlobalMaxPool2d, MaxPool2d
from engine.layers.conv import pair
from engine.trace.base import At, Explainer, Index, explains, grid
from engine.trace.terms import Equation, Joined, Operand, Products, Terms, few
from engine.windows import Windows, values_counted, windows


def windows_of(at: At) -> Windows:
    """The windows of a convolution or pooling layer in a trace."""
    return windows(at.layer, at.in_shapes[0])


def inside_picture(cells: Array, shape: tuple[int, ...]) -> Array:
    """Which of the cells ``(n, 4)`` (sample, channel, row, column) are in the picture."""
    return np.asarray(((cells[:, 2:] >= 0) & (cells[:, 2:] < np.array(shape[1:]))).all(1))


@explains(Conv2d)
class Convolution(Explainer):
    """The same small weights at every place of the picture."""

    share_sentence = (
        "Every window that saw this value sends back its own blame, times the filter's weight it was met by."
    )
    share_why = "Seen from the input, the weights come in reverse order: the way back is a convolution with the flipped kernel."
    parameter_why = "One weight acts at every place: its blames, value seen times blame there, add up over places and samples."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        o, i, j = index
        stand = windows_of(at)
        weights = grid([o], *map(range, self._kernel(at)))
        rows, columns = np.array(stand.rows[i]), np.array(stand.columns[j])
        cells = np.column_stack(
            [
                np.full(len(weights), at.here),
                self._first(at, o) + weights[:, 1],
                rows[weights[:, 2]],
                columns[weights[:, 3]],
            ]
        )
        terms: Terms = Products(
            at.ps("weight", weights), at.xs(cells, inside=inside_picture(cells, at.in_shapes[0]))
        )
        if at.layer.bias:
            terms = Joined(terms, few(at.p("bias", (o,))))
        return (Equation(at.y(index), terms),)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        c, h, w = index
        seen = windows_of(at).seen_by(h, w)
        depth, filters = self._kernel(at)[0], self._filters(at)
        group = c // depth
        o = np.repeat(np.arange(group * filters, (group + 1) * filters), len(seen))
        i, j, u, v = np.tile(seen, (filters, 1)).T
        deltas = at.dys(np.column_stack([np.full(len(o), at.here), o, i, j]))
        weights = at.ps("weight", np.column_stack([o, np.full(len(o), c - group * depth), u, v]))
        return (Equation(at.dx(index), Products(deltas, weights)),)

    def parameter(self, at: At, name: str, index: Index) -> tuple[Equation, ...]:
        stand, samples, o = windows_of(at), np.asarray(at.samples()), index[0]
        places = grid(samples, [o], range(len(stand.rows)), range(len(stand.columns)))
        deltas = at.dys(places)
        terms = Products(deltas)
        if name == "weight":
            _, c, u, v = index
            rows, columns = np.array([r[u] for r in stand.rows]), np.array([r[v] for r in stand.columns])
            cells = np.column_stack(
                [
                    places[:, 0],
                    np.full(len(places), self._first(at, o) + c),
                    rows[places[:, 2]],
                    columns[places[:, 3]],
                ]
            )
            terms = Products(deltas, at.xs(cells, inside=inside_picture(cells, at.in_shapes[0])))
        alone = float(terms.values.sum()) if at.sample is not None else None
        return (Equation(at.dp(name, index, alone), terms),)

    def share_counts(self, at: At, position: int) -> Array:
        seen = windows_of(at).counts(*at.in_shapes[0][1:]) * self._filters(at)
        return np.broadcast_to(seen, at.in_shapes[0])

    def says_forward(self, at: At, index: Index, equations: tuple[Equation, ...]) -> tuple[str, str]:
        depth, kh, kw = self._kernel(at)
        channels = f" in each of {depth} channels" if depth > 1 else ""
        bias = ", and a bias is added" if at.layer.bias else ""
        what = f"Filter {index[0] + 1} looks at {kh}×{kw} values{channels}; each is multiplied by its weight{bias}."
        return (
            what,
            f"This number is {depth * kh * kw} products{' plus a bias' if at.layer.bias else ''}; padding counts as 0.",
        )

    def says_parameter(self, at: At, name: str, index: Index) -> tuple[str, str]:
        _, ho, wo = at.out_shape
        over = "one sample" if at.sample is not None else f"{at.trace.size} samples"
        if name == "bias":
            return (
                f"The bias of filter {index[0] + 1}: all blames of its map are added up, {ho}×{wo} places of {over}.",
                ("A bias is added at every place as it is: its local derivative is 1."),
            )
        return f"This weight met a value at each of {ho}×{wo} places of {over}.", self.parameter_why

    def _kernel(self, at: At) -> tuple[int, int, int]:
        """Channels that one filter sees, and its size."""
        return (at.in_shapes[0][0] // at.layer.groups, *pair(at.layer.kernel_size))

    def _filters(self, at: At) -> int:
        """Filters in a group."""
        return int(at.layer.out_channels // at.layer.groups)

    def _first(self, at: At, o: int) -> int:
        """The first input channel that filter ``o`` sees."""
        return o // self._filters(at) * self._kernel(at)[0]


class _Pooling(Explainer):
    """Base of poolings: one value for each window."""

    def seen(self, at: At, index: Index) -> tuple[Array, Array]:
        """The cells ``(n, 4)`` that a window sees, and which of them are in the picture."""
        c, i, j = index if len(index) == 3 else (index[0], 0, 0)
        stand = windows_of(at)
        cells = grid([at.here], [c], stand.rows[i], stand.columns[j])
        return cells, inside_picture(cells, at.in_shapes[0])

    def share_counts(self, at: At, position: int) -> Array:
        return np.broadcast_to(windows_of(at).counts(*at.in_shapes[0][1:]), at.in_shapes[0])

    def deltas(self, at: At, index: Index) -> Array:
        """The output cells ``(n, 1 + d)`` of the windows that saw an input cell."""
        c, h, w = index
        found = windows_of(at).seen_by(h, w)
        n = len(found)
        columns = [np.full(n, at.here), np.full(n, c), found[:, 0], found[:, 1]]
        return np.column_stack(columns[: 1 + len(at.out_shape)])


@explains(MaxPool2d, GlobalMaxPool2d)
class Maximum(_Pooling):
    """The largest of each window; only that one is sent the gradient."""

    share_why = "Max routes: the winner gets all, the others get nothing. Where windows overlap, what they send adds up."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        cells, inside = self.seen(at, index)
        return (Equation(at.y(index), Products(at.xs(cells[inside])), "max"),)

    def forward_counts(self, at: At) -> Array:
        stand = windows_of(at)
        height, width = at.in_shapes[0][1:]
        down, across = (
            np.array([sum(0 <= k < size for k in seen) for seen in axis])
            for axis, size in ((stand.rows, height), (stand.columns, width))
        )
        counts = np.outer(down, across)
        return np.broadcast_to(counts if len(at.out_shape) == 3 else counts[0, 0], at.out_shape)

    def winner(self, at: At, index: Index) -> Index:
        """The input cell that won a window: of equals the first in reading order."""
        cells, inside = self.seen(at, index)
        cells = cells[inside]
        best = int(np.argmax(at.xs(cells).values))
        return tuple(int(k) for k in cells[best, 1:])

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        cells = self.deltas(at, index)
        won = [float(self.winner(at, tuple(int(k) for k in cell[1:])) == index) for cell in cells]
        return (
            Equation(at.dx(index), Products(at.dys(cells), at.constant(r"[\mathrm{won}]", np.array(won)))),
        )

    def says_forward(self, at: At, index: Index, equations: tuple[Equation, ...]) -> tuple[str, str]:
        values = np.sort(equations[-1].terms.values)
        _, row, column = self.winner(at, index)
        n = len(values)
        tie = (
            " (several are as large; the first in reading order wins)"
            if n > 1 and values[-1] == values[-2]
            else ""
        )
        what = f"The largest of {n} values wins: the one in row {row + 1}, column {column + 1}{tie}."
        return what, f"{n - 1} of {n} values are dropped."

    def says_share(
        self, at: At, position: int, index: Index, equations: tuple[Equation, ...]
    ) -> tuple[str, str]:
        terms = equations[-1].terms
        wins = sum(t.factors[1].value > 0 for t in terms)
        if not len(terms):
            return "No window saw this value, so nothing comes back.", self.share_why
        seen = "1 window" if len(terms) == 1 else f"{len(terms)} windows"
        return f"This value was seen by {seen} and won {wins or 'none'}.", self.share_why


@explains(AvgPool2d, AdaptiveAvgPool2d, GlobalAvgPool2d)
class Mean(_Pooling):
    """The mean of each window; each value in it is sent an equal share."""

    forward_sentence = "The mean of the values in this window."
    forward_why = "Every value counts the same: nothing is learned here."
    share_sentence = "Each window that saw this value sends it an equal share of its blame."
    share_why = "The derivative of a mean by each of n values is 1/n; overlaps add up."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        cells, inside = self.seen(at, index)
        share = self._share(at, index)
        return (Equation(at.y(index), Products(at.xs(cells, inside=inside)), scale=(share,)),)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        cells = self.deltas(at, index)
        shares = [self._share(at, tuple(int(k) for k in cell[1:])).value for cell in cells]
        return (
            Equation(at.dx(index), Products(at.dys(cells), at.constant(r"\frac{1}{n}", np.array(shares)))),
        )

    def forward_counts(self, at: At) -> int | Array:
        stand = windows_of(at)
        counts = np.outer([len(r) for r in stand.rows], [len(c) for c in stand.columns])
        return np.broadcast_to(counts if len(at.out_shape) == 3 else counts[0, 0], at.out_shape)

    def _share(self, at: At, index: Index) -> Operand:
        count = values_counted(at.layer, at.in_shapes[0], *(index[1:] or (0, 0)))
        return Operand(rf"\frac{{1}}{{{count}}}", 1.0 / count)

"""Layers that make pictures larger, step by step: where each value is stamped, repeated or mixed, and what comes back to it."""

from __future__ import annotations

import numpy as np

from engine.core import Array
from engine.layers import ConvTranspose2d, Upsample, ZeroPad2d
from engine.layers.conv import pair
from engine.trace.base import At, Explainer, Index, explains, grid
from engine.trace.conv import inside_picture
from engine.trace.simple import ONE
from engine.trace.terms import Equation, Joined, Operand, Products, Terms, few
from engine.windows import Windows


def stamps_of(at: At) -> Windows:
    """Where the values of a transposed convolution are stamped: for each row of its input the rows of its output, likewise columns."""
    _, *sizes = at.in_shapes[0]
    layer, axes = at.layer, []
    for size, k, s, p, d in zip(
        sizes, *map(pair, (layer.kernel_size, layer.stride, layer.padding, layer.dilation)), strict=True
    ):
        axes.append(tuple(tuple(i * s + u * d - p for u in range(k)) for i in range(size)))
    return Windows(axes[0], axes[1])


@explains(ConvTranspose2d)
class Transposed(Explainer):
    """Every value stamps the filter, times itself; where stamps overlap they add up."""

    forward_why = (
        "It is the way back of a convolution, made into a layer: what is gathered there is spread here."
    )
    share_sentence = "This value was stamped on a window of the result; each cell there sends back its blame, times the weight it was met by."
    share_why = "Seen from the result, the way back is an ordinary convolution with the same weights."
    parameter_why = "One weight acts in every stamp: its blames, value stamped times blame there, add up over places and samples."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        o, i, j = index
        found = stamps_of(at).seen_by(i, j)
        depth, filters = self._depth(at), self._filters(at)
        first = o // filters * depth
        c = np.repeat(np.arange(first, first + depth), len(found))
        row, column, u, v = np.tile(found, (depth, 1)).T
        xs = at.xs(np.column_stack([np.full(len(c), at.here), c, row, column]))
        weights = at.ps("weight", np.column_stack([c, np.full(len(c), o % filters), u, v]))
        terms: Terms = Products(weights, xs)
        if at.layer.bias:
            terms = Joined(terms, few(at.p("bias", (o,))))
        return (Equation(at.y(index), terms),)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        c, h, w = index
        filters, (kh, kw) = self._filters(at), pair(at.layer.kernel_size)
        weights = grid([c], range(filters), range(kh), range(kw))
        cells = self._stamped(at, np.full(len(weights), at.here), c, weights, h, w)
        deltas = at.dys(cells, inside=inside_picture(cells, at.out_shape))
        return (Equation(at.dx(index), Products(deltas, at.ps("weight", weights))),)

    def parameter(self, at: At, name: str, index: Index) -> tuple[Equation, ...]:
        samples = np.asarray(at.samples())
        if name == "bias":
            terms = Products(at.dys(grid(samples, [index[0]], *map(range, at.out_shape[1:]))))
        else:
            c, o, u, v = index
            stand, (_, height, width) = stamps_of(at), at.in_shapes[0]
            places = grid(samples, [c], range(height), range(width))
            rows, columns = np.array([r[u] for r in stand.rows]), np.array([r[v] for r in stand.columns])
            o += c // self._depth(at) * self._filters(at)
            cells = np.column_stack(
                [places[:, 0], np.full(len(places), o), rows[places[:, 2]], columns[places[:, 3]]]
            )
            terms = Products(at.dys(cells, inside=inside_picture(cells, at.out_shape)), at.xs(places))
        alone = float(terms.values.sum()) if at.sample is not None else None
        return (Equation(at.dp(name, index, alone), terms),)

    def forward_counts(self, at: At) -> Array:
        seen = stamps_of(at).counts(*at.out_shape[1:]) * self._depth(at) + int(at.layer.bias)
        return np.broadcast_to(seen, at.out_shape)

    def says_forward(self, at: At, index: Index, equations: tuple[Equation, ...]) -> tuple[str, str]:
        n = len(equations[-1].terms) - int(at.layer.bias)
        bias = ", and a bias is added" if at.layer.bias else ""
        if not n:
            return f"No stamp reaches this cell{bias}.", self.forward_why
        stamps = "1 product" if n == 1 else f"{n} products"
        return (
            f"The stamps that reach this cell of map {index[0] + 1} add up, {stamps}{bias}.",
            self.forward_why,
        )

    def says_parameter(self, at: At, name: str, index: Index) -> tuple[str, str]:
        over = "one sample" if at.sample is not None else f"{at.trace.size} samples"
        if name == "bias":
            _, ho, wo = at.out_shape
            return (
                f"The bias of filter {index[0] + 1}: all blames of its map are added up, {ho}×{wo} places of {over}.",
                "A bias is added at every place as it is: its local derivative is 1.",
            )
        _, height, width = at.in_shapes[0]
        return f"This weight was stamped from each of {height}×{width} values of {over}.", self.parameter_why

    def _stamped(self, at: At, samples: Array, c: int, weights: Array, h: int, w: int) -> Array:
        """The cells ``(n, 4)`` of the output that the cells ``weights`` of the stamp of ``(c, h, w)`` fall on."""
        stand = stamps_of(at)
        rows, columns = np.array(stand.rows[h]), np.array(stand.columns[w])
        first = c // self._depth(at) * self._filters(at)
        return np.column_stack([samples, first + weights[:, 1], rows[weights[:, 2]], columns[weights[:, 3]]])

    def _depth(self, at: At) -> int:
        """Channels in a group."""
        return int(at.in_shapes[0][0] // at.layer.groups)

    def _filters(self, at: At) -> int:
        """Filters in a group."""
        return int(at.layer.out_channels // at.layer.groups)


@explains(Upsample)
class Mixed(Explainer):
    """Each pixel of the result is one of the picture, or a mixture of its neighbours."""

    share_sentence = (
        "Every pixel of the result that has some of this value sends back its blame, times that share."
    )
    share_why = "A value that is used several times is blamed several times; the blames add up."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        c, i, j = index
        rows, columns = at.layer.weights(*at.in_shapes)
        cells, shares = self._used(rows[i], columns[j])
        xs = at.xs(np.column_stack([np.full(len(cells), at.here), np.full(len(cells), c), cells]))
        terms = Products(xs) if at.layer.mode == "nearest" else Products(at.constant("a", shares), xs)
        return (Equation(at.y(index), terms),)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        c, h, w = index
        rows, columns = at.layer.weights(*at.in_shapes)
        cells, shares = self._used(rows[:, h], columns[:, w])
        deltas = at.dys(np.column_stack([np.full(len(cells), at.here), np.full(len(cells), c), cells]))
        terms = Products(deltas) if at.layer.mode == "nearest" else Products(deltas, at.constant("a", shares))
        return (Equation(at.dx(index), terms),)

    def forward_counts(self, at: At) -> Array:
        return self._counts(at, 1, at.out_shape)

    def share_counts(self, at: At, position: int) -> Array:
        return self._counts(at, 0, at.in_shapes[0])

    def says_forward(self, at: At, index: Index, equations: tuple[Equation, ...]) -> tuple[str, str]:
        n = len(equations[-1].terms)
        if at.layer.mode == "nearest":
            return (
                "The nearest pixel of the picture, as it is.",
                "Nothing is learned here: pixels are repeated.",
            )
        what = (
            "The nearest pixel of the picture."
            if n == 1
            else f"A mixture of the {n} pixels round this place."
        )
        return what, "Each counts the more the nearer it is; the shares add up to 1. Nothing is learned here."

    def _used(self, rows: Array, columns: Array) -> tuple[Array, Array]:
        """The cells ``(n, 2)`` with a share, and their shares."""
        cells = grid(np.flatnonzero(rows), np.flatnonzero(columns))
        return cells, rows[cells[:, 0]] * columns[cells[:, 1]]

    def _counts(self, at: At, axis: int, shape: tuple[int, ...]) -> Array:
        down, across = ((a != 0).sum(axis) for a in at.layer.weights(*at.in_shapes))
        return np.broadcast_to(np.outer(down, across), shape)


@explains(ZeroPad2d)
class Bordered(Explainer):
    """The picture as it is, and zeros round it."""

    forward_why = "Zeros round a picture let windows stand at its edge, and keep its size."
    share_sentence = "The gradient passes as it is; what arrives at the border goes nowhere."
    share_why = "The value was only moved: the local derivative is 1."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        c, i, j = index
        top, _, left, _ = at.layer.pads()
        _, height, width = at.in_shapes[0]
        h, w = i - top, j - left
        inside = 0 <= h < height and 0 <= w < width
        return (Equation(at.y(index), few(at.x((c, h, w)) if inside else Operand("0", 0.0))),)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        c, h, w = index
        top, _, left, _ = at.layer.pads()
        return (Equation(at.dx(index), few((at.dy((c, h + top, w + left)), ONE))),)

    def says_forward(self, at: At, index: Index, equations: tuple[Equation, ...]) -> tuple[str, str]:
        (term,) = equations[-1].terms
        what = (
            "A pixel of the picture, moved."
            if term.factors[0].place is not None
            else "A cell of the border: 0."
        )
        return what, self.forward_why

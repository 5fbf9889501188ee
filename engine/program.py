"""A network made ready to run: every buffer allocated once, every call bound once, nothing allocated afterwards.

Inside a program arrays are batch-last, ``(features, B)`` and ``(C, H, W, B)``. Then a unit over a whole grid of points is one row, a
shifted picture window is a few long runs of memory, and a bias is one more row of a weight matrix. Measured against batch-first on
networks of the sizes people learn with, this layout is the fastest (see ``benchmarks/``). A picture whose maker works by whole rows lies
in memory as ``(H, C, W, B)`` (``engine/layers/conv_rows.py``); its array is a transposed view.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from engine.compiled import compile_calls
from engine.core import Array, Call, Parameter, Shape, call, run_calls, unwarned
from engine.errors import ShapeError, SpecError, shown
from engine.initializers import Initializer
from engine.layers.activation import ReLU
from engine.layers.base import Bind, Layout
from engine.layers.pool import MaxPool2d
from engine.network import INPUT, Network, Node


class Parameters:
    """All learnable numbers of a network as one vector, and their gradients as another.

    Attributes:
        values, gradients: ``(n,)``.
        views, gradient_views: ``node id → {name: array in PyTorch's shape}``; views, so writing to them changes the vectors.
        slices: ``node id → slice`` of the vectors.
        specs: ``node id → {name: Parameter}``.
        state: ``node id → {name: array}``, kept but not learned.
    """

    def __init__(self, network: Network, in_shape: Shape, dtype: Any) -> None:
        shapes = network.shapes(in_shape)
        self.specs: dict[str, dict[str, Parameter]] = {}
        self.state: dict[str, dict[str, Array]] = {}
        self._first_state: dict[str, dict[str, Array]] = {}
        self.slices: dict[str, slice] = {}
        start = 0
        for node in network.nodes:
            inputs = [shapes[i] for i in network.inputs_of(node.id)]
            specs = node.layer.parameters(*inputs)
            size = sum(p.size for p in specs.values())
            if specs:
                self.specs[node.id], self.slices[node.id] = specs, slice(start, start + size)
            start += size
            state = node.layer.state(*inputs)
            if state:
                self._first_state[node.id] = state
                self.state[node.id] = {name: np.array(value, dtype) for name, value in state.items()}
        self.values, self.gradients = np.zeros(start, dtype), np.zeros(start, dtype)
        self._layers = {node.id: node.layer for node in network.nodes}
        self.views, self.gradient_views = self.arranged(self.values), self.arranged(self.gradients)

    @unwarned()
    def with_own_gradients(self) -> Parameters:
        """The same parameters, with another vector of gradients."""
        other = copy.copy(self)
        other.gradients = np.zeros_like(self.gradients)
        other.gradient_views = self.arranged(other.gradients)
        return other

    def arranged(self, vector: Array) -> dict[str, dict[str, Array]]:
        """Views on a vector of their kind, by node and name, in PyTorch's shapes."""
        return {i: self._layers[i].arrange(vector[s], self.specs[i]) for i, s in self.slices.items()}

    @unwarned()
    def draw(self, network: Network, initializer: Initializer, seed: int) -> None:
        """First values of everything. Each node draws from a stream of its own, so that adding a node leaves the others' weights alone."""
        for node_id, specs in self.specs.items():
            rng = stream(seed, "weights", node_id)
            how = getattr(network[node_id].layer, "initializer", None) or initializer
            for name, spec in specs.items():
                if spec.is_bias:
                    self.views[node_id][name].fill(spec.start)
                else:
                    how.fill(self.views[node_id][name], spec, rng)
        for node_id, arrays in self._first_state.items():
            for name, array in arrays.items():
                self.state[node_id][name][...] = array


def check_state(given: Mapping[str, Array], expected: Mapping[str, Shape]) -> None:
    """Raises SpecError, naming the key and both shapes, unless exactly the ``expected`` arrays are given, in their shapes."""
    for key in (*expected, *given):
        if key not in given or key not in expected:
            where = (
                "is missing from the weights given"
                if key in expected
                else "is given and this network has no such weights"
            )
            raise SpecError(f"{shown(key)} {where}. Use weights saved from the same network.")
        if np.shape(given[key]) != expected[key]:
            raise SpecError(
                f"{shown(key)} has shape {np.shape(given[key])}; this network expects {expected[key]}. "
                "Use weights saved from the same network."
            )


def stream(seed: int, *purpose: str) -> np.random.Generator:
    """A generator for one purpose: the same seed and purpose give the same numbers, other purposes independent ones."""
    return np.random.default_rng([seed, *(zlib.crc32(p.encode(errors="surrogatepass")) for p in purpose)])


@dataclass
class _Buffer:
    """Where a value lives: ``full`` with what its reader asked to have round it, ``inner`` the value itself."""

    full: Array
    inner: Array


def _allocate(shape: Shape, batch: int, layout: Layout, dtype: Any, rows_first: bool = False) -> _Buffer:
    """``rows_first``: a picture lies in memory as ``(H, C, W, B)``."""
    if layout.ones:
        count = int(np.prod(shape))
        full = np.zeros((count + 1, batch), dtype)
        full[count] = 1.0
        return _Buffer(full, full[:count].reshape(*shape, batch))
    top, bottom, left, right = layout.pad
    if layout.plain and not rows_first:
        full = np.zeros((*shape, batch), dtype)
        return _Buffer(full, full)
    channels, height, width = shape
    size = channels, height + top + bottom, width + left + right, batch
    if rows_first:
        full = np.full((size[1], channels, *size[2:]), layout.fill, dtype).transpose(1, 0, 2, 3)
    else:
        full = np.full(size, layout.fill, dtype)
    return _Buffer(full, full[:, top : top + height, left : left + width])


def _seen_as(buffer: _Buffer, shape: Shape, layout: Layout) -> _Buffer:
    """The same memory as a reader sees it: its own shape for the value, and the surroundings it asked for."""
    inner = buffer.inner if buffer.inner.shape == shape else buffer.inner.reshape(shape)
    return _Buffer(inner if layout.plain else buffer.full, inner)


class Program:
    """A network bound to a batch size and to parameters.

    Write a batch into ``x``, call ``forward()``, read ``output``; for gradients write ``d_output`` and call ``backward()``, which
    fills ``parameters.gradients``.

    Args:
        network, in_shape: must fit (ShapeError otherwise).
        batch: number of samples.
        parameters: shared between programs of the same network.
        training: dropout acts, batch statistics are the batch's.
        seed: of this program's random layers.
        input_gradient: compute the gradient of the input too (``gradient("input")``).
        lean: do a ReLU that only a max-pooling reads after it: a quarter of the work, and the same numbers, as the largest value
            stays the largest. What lies between is computed when ``value`` and ``gradient`` are asked for it.
    """

    def __init__(
        self,
        network: Network,
        in_shape: Shape,
        batch: int,
        parameters: Parameters,
        *,
        training: bool = True,
        seed: int = 0,
        input_gradient: bool = False,
        lean: bool = False,
        rngs: Mapping[str, np.random.Generator] | None = None,
    ) -> None:
        if batch < 1:
            raise ShapeError(
                f"A program for {batch} samples was asked for; expected at least 1. Give it data."
            )
        self.network, self.batch, self.training, self.parameters = network, batch, training, parameters
        self.shapes = network.shapes(in_shape)
        self.dtype = parameters.values.dtype
        self._rngs = rngs if rngs is not None else {}
        self._seed = seed
        self._values: dict[str, Array] = {}
        self._gradients: dict[str, Array] = {}
        self._learns = {INPUT: input_gradient}
        for node in network.nodes:
            inputs = network.inputs_of(node.id)
            self._learns[node.id] = node.id in parameters.specs or any(self._learns[i] for i in inputs)
        self._plan()
        self._pool_of = self._pooled_at_once() if lean else {}
        self.steps: dict[str, tuple[list[Call], list[Call]]] = {n.id: self._bind(n) for n in network.nodes}
        for relu, pool in self._pool_of.items():
            self.steps[relu], self.steps[pool] = self._bind_at_once(network[relu], network[pool])
        self.x = self._values[INPUT]
        #: where ``x`` lies, with the row of ones that its reader may want below it: what a batch can be laid out as
        self.x_buffer = self._x_full if self._x_full.ndim == 2 else self.x
        self.output, self.d_output = self._values[network.output_id], self._gradients[network.output_id]
        self.forward_calls = [c for n in network.nodes for c in self.steps[n.id][0]]
        last = self._sums.get(INPUT, [])
        self.backward_calls = [c for n in reversed(network.nodes) for c in self.steps[n.id][1]] + last

    @cached_property
    def forward(self) -> Callable[[], None]:
        """Compute ``output`` of ``x``."""
        return compile_calls(self.forward_calls)

    @cached_property
    def backward(self) -> Callable[[], None]:
        """Compute the gradients that follow from ``d_output``; after ``forward``."""
        return compile_calls(self.backward_calls)

    def value(self, node_id: str) -> Array:
        """The node's output for the last batch, batch-last; "input" for the batch itself. A live buffer: copy to keep."""
        if node_id in self._pool_of:
            run_calls(self._bind(self.network[node_id])[0])
        return self._values[node_id]

    def gradient(self, node_id: str) -> Array:
        """The gradient that arrived at the node's output, batch-last. A live buffer: copy to keep."""
        if node_id in self._pool_of:
            forward, backward = self._bind(self.network[self._pool_of[node_id]])
            run_calls([*self._bind(self.network[node_id])[0], *forward, *backward])
        return self._gradients[node_id]

    def sent(self, node_id: str, position: int = 0) -> Array:
        """The gradient that the node sent to its input ``position``, batch-last: one summand of that input's, where others read it too.

        A live buffer, in the node's own view of the input. A view (Flatten) sends what arrives at it and has no buffer of its own.
        """
        return self._edge_gradients[node_id, position].inner

    def first_broken(self) -> tuple[str, str] | None:
        """``(node id, "parameter" | "value")`` of the first number that is not finite, going forward; ``None`` if all are."""
        for node in self.network.nodes:
            views = self.parameters.views.get(node.id, {})
            if not all(np.isfinite(v).all() for v in views.values()):
                return node.id, "parameter"
            if not np.isfinite(self._values[node.id]).all():
                return node.id, "value"
        return None

    # --- planning: who reads what, and in which buffer it lies --------------------------------------------------------

    def _plan(self) -> None:
        """Allocate every value and gradient once, laid out as its reader wants, so that nobody copies."""
        edges: dict[str, list[tuple[str, int]]] = {
            n: [] for n in (INPUT, *(n.id for n in self.network.nodes))
        }
        for node in self.network.nodes:
            for position, source in enumerate(self.network.inputs_of(node.id)):
                edges[self._root(source)].append((node.id, position))
        self._edge_values: dict[tuple[str, int], _Buffer] = {}
        self._edge_gradients: dict[tuple[str, int], _Buffer] = {}
        self._copies: dict[str, list[Call]] = {}
        self._sums: dict[str, list[Call]] = {}
        for root, all_readers in edges.items():
            readers = [e for e in all_readers if not self.network[e[0]].layer.is_view]
            if root != INPUT and self.network[root].layer.is_view:
                continue
            has_view = len(readers) < len(all_readers)
            self._place(root, readers, has_view)
        for node in self.network.nodes:
            if node.layer.is_view:
                shape = (*self.shapes[node.id], self.batch)
                root = self._root(node.id)
                self._values[node.id] = self._values[root].reshape(shape)
                self._gradients[node.id] = self._gradients[root].reshape(shape)

    def _root(self, node_id: str) -> str:
        """The node whose memory ``node_id`` shows: itself, unless it is a view."""
        while node_id != INPUT and self.network[node_id].layer.is_view:
            (node_id,) = self.network.inputs_of(node_id)
        return node_id

    def _layout(self, edge: tuple[str, int]) -> Layout:
        node_id, position = edge
        if position:
            return Layout()
        return self.network[node_id].layer.layout(*self._in_shapes(node_id))

    def _by_rows(self, node_id: str) -> bool:
        return self.network[node_id].layer.by_rows(self.batch, *self._in_shapes(node_id))

    def _in_shapes(self, node_id: str) -> tuple[Shape, ...]:
        return tuple(self.shapes[i] for i in self.network.inputs_of(node_id))

    def _place(self, root: str, readers: list[tuple[str, int]], has_view: bool) -> None:
        shape, batch = self.shapes[root], self.batch
        layouts = {edge: self._layout(edge) for edge in readers}
        # A bordered picture has gaps and could not be flattened without copying, so views forbid borders.
        wishes = [w for w in layouts.values() if not w.plain and (w.ones or not has_view)]
        shared = wishes[0] if wishes else Layout()
        rows_first = root != INPUT and not has_view and self._by_rows(root)
        value = _allocate(shape, batch, shared, self.dtype, rows_first)
        gradient = _allocate(shape, batch, shared, self.dtype, rows_first)
        self._values[root], self._gradients[root] = value.inner, gradient.inner
        if root == INPUT:
            self._x_full = value.full
        learners = [e for e in readers if self._learns[root]]
        # The network's output may show this memory while a branch that ends nowhere reads it too: the loss's gradient stays.
        shown = self._root(self.network.output_id) == root
        sums: list[Call] = []
        for edge, layout in layouts.items():
            read_shape = self.shapes[self.network.inputs_of(edge[0])[edge[1]]]
            fits = layout.plain or layout == shared
            if fits:
                self._edge_values[edge] = _seen_as(value, (*read_shape, batch), layout)
            else:
                own = self._edge_values[edge] = _allocate(read_shape, batch, layout, self.dtype)
                source = _seen_as(value, (*read_shape, batch), Layout()).inner
                self._copies.setdefault(edge[0], []).append(call(np.copyto, own.inner, source))
            if len(learners) == 1 and fits and not shown:
                self._edge_gradients[edge] = _seen_as(gradient, (*read_shape, batch), layout)
            else:
                own = self._edge_gradients[edge] = _allocate(read_shape, batch, layout, self.dtype)
                total = _seen_as(gradient, (*read_shape, batch), Layout()).inner
                sums.append(
                    call(np.add, total, own.inner, total)
                    if sums or shown
                    else call(np.copyto, total, own.inner)
                )
        if learners and sums:
            self._sums[root] = sums

    # --- binding ------------------------------------------------------------------------------------------------------

    def _pooled_at_once(self) -> dict[str, str]:
        """``ReLU → max-pooling`` for each ReLU that only a pooling without border reads, directly."""
        found = {}
        for node in self.network.nodes:
            (source, *others) = self.network.inputs_of(node.id)
            if others or source == INPUT or not isinstance(node.layer, MaxPool2d):
                continue
            alone = sum(source in self.network.inputs_of(n.id) for n in self.network.nodes) == 1
            plain = self._layout((node.id, 0)).plain
            if alone and plain and isinstance(self.network[source].layer, ReLU):
                found[source] = node.id
        return found

    def _bind_at_once(
        self, relu: Node, pool: Node
    ) -> tuple[tuple[list[Call], list[Call]], tuple[list[Call], list[Call]]]:
        """The calls of both nodes, pooling first. They write what the pooling gives, and the gradient that the ReLU sends."""
        y, dy = self._values[pool.id], self._gradients[pool.id]
        zeros, positive, passed = np.zeros_like(y), np.zeros(y.shape, bool), np.zeros_like(y)
        steps = pool.layer.bind(replace(self._buffers(relu), y=y, dy=passed))
        forward = [*steps.forward, call(np.maximum, y, zeros, out=y)]
        gate = [call(np.greater, y, zeros, positive), call(np.multiply, dy, positive, passed)]
        learns = self._learns[pool.id]
        backward = [*self._sums.get(pool.id, []), *gate, *steps.backward] if learns else []
        return (self._copies.get(relu.id, []), []), (forward, backward)

    def _buffers(self, node: Node) -> Bind:
        """All that a node's calls read and write."""
        inputs = self.network.inputs_of(node.id)
        edges = [(node.id, position) for position in range(len(inputs))]
        wanted = [self._learns[i] for i in inputs]
        p, where = self.parameters, self.parameters.slices.get(node.id, slice(0, 0))
        return Bind(
            xs=tuple(self._edge_values[e].inner for e in edges),
            fulls=tuple(self._edge_values[e].full for e in edges),
            y=self._values[node.id],
            dy=self._gradients[node.id],
            dxs=tuple(
                self._edge_gradients[e].inner if w else None for e, w in zip(edges, wanted, strict=True)
            ),
            dfulls=tuple(
                self._edge_gradients[e].full if w else None for e, w in zip(edges, wanted, strict=True)
            ),
            params=p.views.get(node.id, {}),
            grads=p.gradient_views.get(node.id, {}),
            flat=p.values[where],
            flat_grad=p.gradients[where],
            state=p.state.get(node.id, {}),
            training=self.training,
            rng=self._rngs.get(node.id) or stream(self._seed, "noise", node.id),
        )

    def _bind(self, node: Node) -> tuple[list[Call], list[Call]]:
        """The node's own calls, with the copies and sums its place in the graph asks for."""
        if node.layer.is_view:
            return [], []
        steps = node.layer.bind(self._buffers(node))
        backward = [*self._sums.get(node.id, []), *steps.backward] if self._learns[node.id] else []
        return [*self._copies.get(node.id, []), *steps.forward], backward


@contextmanager
def at_work() -> Iterator[None]:
    """How NumPy is set while training. Overflow is no surprise: it is looked for after every step, and reported in words."""
    with unwarned():
        # Strided operands are copied through such buffers: small ones stay in the first-level cache. Put back with the rest.
        np.setbufsize(1024)
        yield

"""A batch in parts: each part has a program of its own, and threads of the caller's may share them.

How many parts there are follows from the network and the batch alone, never from the processors, and their gradients are added in
one order: so the numbers are the same with one thread, with two, and on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from engine.compiled import compile_calls
from engine.core import Array, Call, Shape, call
from engine.layers.enlarge import ConvTranspose2d
from engine.network import INPUT, Network
from engine.program import Parameters, Program

#: multiplications in the convolutions of a forward pass from which on a part is worth a thread: about a millisecond of work
PART_WORK = 11_000_000
#: a part has at least so many samples, as small ones read the weights of dense layers too often
LEAST_SAMPLES = 16
#: no network with more parameters is split: each part holds gradients of its own
MOST_PARAMETERS = 4_000_000
#: and none into more parts
MOST_PARTS = 4

Job = Callable[[], object]


def part_count(network: Network, in_shape: Shape, batch: int) -> int:
    """Into how many parts a training batch is cut: 1 for small work, and where samples meet or draw random numbers."""
    shapes = network.shapes(in_shape)
    work = parameters = 0
    for node in network.nodes:
        inputs = [shapes[i] for i in network.inputs_of(node.id)]
        if node.layer.is_random or node.layer.state(*inputs):
            return 1
        sizes = [p.size for p in node.layer.parameters(*inputs).values() if not p.is_bias]
        parameters += sum(sizes)
        if len(shapes[node.id]) == 3:
            places = inputs[0] if isinstance(node.layer, ConvTranspose2d) else shapes[node.id]
            work += sum(sizes) * math.prod(places[1:])
    if parameters > MOST_PARAMETERS:
        return 1
    most = max(1, min(MOST_PARTS, work * batch // PART_WORK, batch // LEAST_SAMPLES))
    return (
        1 << most.bit_length() - 1
    )  # halves and quarters of the usual batches are as large as each other, and even


def training_program(
    network: Network,
    in_shape: Shape,
    batch: int,
    parameters: Parameters,
    *,
    input_gradient: bool = False,
    lean: bool = False,
    rngs: Mapping[str, np.random.Generator] | None = None,
) -> Program:
    """The program that an update is computed with; see ``Program`` for the arguments."""
    count = part_count(network, in_shape, batch)
    if count > 1:
        return PartedProgram(
            network, in_shape, batch, parameters, count, input_gradient=input_gradient, lean=lean
        )
    return Program(network, in_shape, batch, parameters, input_gradient=input_gradient, lean=lean, rngs=rngs)


class PartedProgram(Program):
    """A training program whose batch is worked on in parts; loss and update see the whole of it."""

    def __init__(
        self,
        network: Network,
        in_shape: Shape,
        batch: int,
        parameters: Parameters,
        count: int,
        *,
        input_gradient: bool = False,
        lean: bool = False,
    ) -> None:
        # Not Program's own: all that it would bind is bound for each part.
        self.network, self.batch, self.training, self.parameters = network, batch, True, parameters
        self.shapes, self.dtype = network.shapes(in_shape), parameters.values.dtype
        ends = [batch * i // count for i in range(count + 1)]
        self._where = [slice(*pair) for pair in pairwise(ends)]
        stores = [parameters, *(parameters.with_own_gradients() for _ in range(count - 1))]
        self._parts = [
            Program(
                network, in_shape, where.stop - where.start, store, input_gradient=input_gradient, lean=lean
            )
            for where, store in zip(self._where, stores, strict=True)
        ]
        self.x = self.x_buffer = np.zeros((*in_shape, batch), self.dtype)
        self.output = np.zeros((*self.shapes[network.output_id], batch), self.dtype)
        self.d_output = np.zeros_like(self.output)
        there, back = list[Job](), list[Job]()
        for part, where in zip(self._parts, self._where, strict=True):
            load, store = (
                call(np.copyto, part.x, self.x[..., where]),
                call(np.copyto, self.output[..., where], part.output),
            )
            there.append(compile_calls([load, *part.forward_calls, store]))
            arriving = call(np.copyto, part.d_output, self.d_output[..., where])
            back.append(compile_calls([arriving, *part.backward_calls]))
        total = parameters.gradients
        self.forward_calls: list[Call] = [call(share, there)]
        self.backward_calls: list[Call] = [
            call(share, back),
            *(call(np.add, total, own.gradients, total) for own in stores[1:]),
        ]

    def value(self, node_id: str) -> Array:
        return self._joined([part.value(node_id) for part in self._parts]) if node_id != INPUT else self.x

    def gradient(self, node_id: str) -> Array:
        return self._joined([part.gradient(node_id) for part in self._parts])

    def sent(self, node_id: str, position: int = 0) -> Array:
        return self._joined([part.sent(node_id, position) for part in self._parts])

    def first_broken(self) -> tuple[str, str] | None:
        found = [broken for part in self._parts if (broken := part.first_broken()) is not None]
        order = [node.id for node in self.network.nodes]
        return min(found, key=lambda broken: order.index(broken[0]), default=None)

    def _joined(self, arrays: Sequence[Array]) -> Array:
        return np.concatenate(arrays, axis=-1)


def in_turn(jobs: Sequence[Job]) -> None:
    """Do one job after the other."""
    for job in jobs:
        job()


_sharing: Callable[[Sequence[Job]], None] = in_turn


def share(jobs: Sequence[Job]) -> None:
    """Do all ``jobs``, which write into different memory, in the way that ``share_by`` has set."""
    _sharing(jobs)


def share_by(way: Callable[[Sequence[Job]], None]) -> None:
    """How parts are worked on in this process: by ``in_turn``, unless the caller has threads for them. No number depends on it."""
    global _sharing  # noqa: PLW0603  of the process, as PyTorch's set_num_threads
    _sharing = way

"""A network with parameters: predict, differentiate, save."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.core import Array, unwarned
from engine.errors import ShapeError
from engine.initializers import Initializer, XavierUniform
from engine.losses import Loss
from engine.network import Network
from engine.parts import training_program
from engine.program import Parameters, Program, check_state, stream

#: numbers that one pass of ``predict`` may hold in its buffers; larger inputs go through in pieces
PREDICT_BUDGET = 8_000_000
#: programs kept ready, for the batch sizes used last
KEPT_PROGRAMS = 8


class Model:
    """A network bound to an input shape, with parameters drawn from a seed.

    Args:
        network: its layers.
        in_shape: shape of one sample, ``(features,)`` or ``(C, H, W)``.
        seed: draws the first weights and the dropout masks.
        dtype: "float32" to train, "float64" to check gradients.
        initializer: for every layer that has none of its own.

    Raises ShapeError, naming the node, when the layers do not fit one another.
    """

    def __init__(
        self,
        network: Network,
        in_shape: Sequence[int],
        seed: int = 0,
        dtype: str = "float32",
        initializer: Initializer | None = None,
    ) -> None:
        self.network, self.in_shape, self.seed = network, tuple(in_shape), seed
        self.initializer = initializer or XavierUniform()
        self.shapes = network.shapes(self.in_shape)
        self.out_shape = self.shapes[network.output_id]
        self.store = Parameters(network, self.in_shape, np.dtype(dtype))
        self._programs: dict[tuple[int, bool], Program] = {}
        #: one random stream per node, shared by all training programs, so that masks go on whatever the batch size
        self.rngs = {node.id: stream(seed, "noise", node.id) for node in network.nodes}
        #: the nodes that draw random numbers while training
        self.random_nodes = tuple(node.id for node in network.nodes if node.layer.is_random)
        self.store.draw(network, self.initializer, seed)

    @property
    def outputs(self) -> int:
        """How many numbers the network gives for each sample."""
        return math.prod(self.out_shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = self.store.values.dtype
        return dtype

    @property
    def parameters(self) -> dict[str, dict[str, Array]]:
        """``node id → {"weight": …, "bias": …}`` in PyTorch's shapes; writing to an array changes the model."""
        return self.store.views

    @property
    def gradients(self) -> dict[str, dict[str, Array]]:
        """As ``parameters``: the gradients of the last backward pass."""
        return self.store.gradient_views

    @property
    def randomness(self) -> dict[str, Any]:
        """Where the random numbers of each node that draws some stand: ``node id → state``; setting it returns there."""
        return {i: self.rngs[i].bit_generator.state for i in self.random_nodes}

    @randomness.setter
    def randomness(self, states: Mapping[str, Any]) -> None:
        for node_id, state in states.items():
            self.rngs[node_id].bit_generator.state = state

    def reset(self) -> None:
        """Back to the first weights of this seed, and the first dropout masks."""
        self.store.draw(self.network, self.initializer, self.seed)
        for node in self.network.nodes:
            self.rngs[node.id].bit_generator.state = stream(self.seed, "noise", node.id).bit_generator.state

    def program(self, batch: int, *, training: bool = False) -> Program:
        """The program for ``batch`` samples; made once and kept while it is among the last used."""
        key = (batch, training)
        self._programs[key] = program = self._programs.pop(key, None) or self.own_program(
            batch, training=training, lean=True
        )
        while len(self._programs) > KEPT_PROGRAMS:
            del self._programs[next(iter(self._programs))]
        return program

    def own_program(self, batch: int, *, training: bool = False, lean: bool = False) -> Program:
        """A program nobody else writes into, on the same parameters. ``lean``: see Program."""
        if training:
            return training_program(self.network, self.in_shape, batch, self.store, lean=lean, rngs=self.rngs)
        return Program(
            self.network, self.in_shape, batch, self.store, training=False, lean=lean, rngs=self.rngs
        )

    def piece(self, n: int) -> int:
        """How many of ``n`` samples to run at once: all of a small problem, a bounded number of large pictures."""
        per_sample = sum(int(np.prod(s)) for s in self.shapes.values())
        return max(1, min(n, PREDICT_BUDGET // max(per_sample, 1)))

    def predict(self, x: Array) -> Array:
        """Outputs ``(N, …)`` for inputs ``(N, *in_shape)``, in inference mode. Raises ShapeError for other shapes."""
        return self.values(x, (self.network.output_id,))[self.network.output_id]

    @unwarned()
    def values(self, x: Array, node_ids: Sequence[str] | None = None) -> dict[str, Array]:
        """Output of every node (or of ``node_ids``) for ``x``, in inference mode: ``{id: (N, …)}``."""
        x = self._checked(x)
        wanted = tuple(self.shapes) if node_ids is None else tuple(node_ids)
        found = {i: np.empty((len(x), *self.shapes[i]), self.dtype) for i in wanted}
        piece = self.piece(len(x))
        for start in range(0, len(x), piece):
            part = x[start : start + piece]
            program = self.program(len(part))
            program.x[...] = np.moveaxis(part, 0, -1)
            program.forward()
            for i in wanted:
                found[i][start : start + piece] = np.moveaxis(program.value(i), -1, 0)
        return found

    @unwarned()
    def value_and_grad(self, x: Array, y: Array, loss: Loss) -> tuple[float, dict[str, Array]]:
        """Loss and its gradients ``{"0.weight": …}`` on one batch, in training mode, without any penalty.

        ``x`` is ``(N, *in_shape)``, ``y`` labels ``(N,)`` or targets ``(N, *out_shape)``. Raises ShapeError where one does not fit.
        """
        x = self._checked(x)
        program, loss = self.program(len(x), training=True), loss.after(self.network.output_range)
        target = np.ascontiguousarray(loss.targets(np.asarray(y), self.outputs).T, self.dtype)
        value = np.zeros((), self.dtype)
        steps = loss.attach(program.output, target, program.d_output, value)
        program.x[...] = np.moveaxis(x, 0, -1)
        program.forward()
        for c in (*steps.forward, *steps.backward):
            c.function(*c.args, **c.kwargs)
        program.backward()
        return float(value), _flat(self.gradients)

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters and kept arrays, named and shaped as in PyTorch: ``{"0.weight": …}``."""
        return _flat(self.parameters) | _flat(self.store.state)

    @unwarned()
    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Take over parameters. Strict: raises SpecError naming the key and the expected and received shape."""
        mine = {
            f"{i}.{name}": array
            for group in (self.parameters, self.store.state)
            for i, arrays in group.items()
            for name, array in arrays.items()
        }
        check_state(state, {key: array.shape for key, array in mine.items()})
        for key, array in mine.items():
            array[...] = state[key]

    def _checked(self, x: Array) -> Array:
        x = np.asarray(x)
        if x.shape[1:] != self.in_shape or len(x) == 0:
            raise ShapeError(
                f"x has shape {x.shape}; expected (N, {', '.join(map(str, self.in_shape))}). Reshape it."
            )
        return x


def _flat(views: Mapping[str, Mapping[str, Array]]) -> dict[str, Array]:
    return {
        f"{i}.{name}": np.array(v, order="C") for i, arrays in views.items() for name, v in arrays.items()
    }

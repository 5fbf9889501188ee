"""Derivatives by central differences along random directions, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.network import Network
from engine.program import Parameters, Program, stream

Array = NDArray[Any]


def directional(f: Callable[[], float], x: Array, direction: Array, h: float = 1e-6) -> float:
    """(f(x + h·d) − f(x − h·d)) / 2h; ``x`` is moved in place and put back."""
    start = x.copy()
    np.copyto(x, start + h * direction)
    up = f()
    np.copyto(x, start - h * direction)
    down = f()
    np.copyto(x, start)
    return (up - down) / (2 * h)


def relative_error(a: float, b: float) -> float:
    return abs(a - b) / max(abs(a), abs(b), 1e-7)


def program_for(network: Network, in_shape: tuple[int, ...], batch: int) -> Program:
    """A float64 training program with random parameters and input, and the input's gradient computed too."""
    rng = np.random.default_rng(0)
    parameters = Parameters(network, in_shape, np.float64)
    parameters.values[:] = rng.normal(0, 0.5, parameters.values.shape)
    rngs = {node.id: stream(0, node.id) for node in network.nodes}
    program = Program(network, in_shape, batch, parameters, input_gradient=True, rngs=rngs)
    program.x[...] = rng.normal(0, 1, program.x.shape)
    return program


def gradient_errors(program: Program) -> dict[str, float]:
    """Relative error of the gradients of input and parameters under L = Σ r·output, r random; same masks each time."""
    rng = np.random.default_rng(1)
    weight = rng.normal(0, 1, program.output.shape)
    states = {i: g.bit_generator.state for i, g in program._rngs.items()}

    def loss() -> float:
        for i, state in states.items():
            program._rngs[i].bit_generator.state = state
        program.forward()
        return float((program.output * weight).sum())

    loss()
    program.d_output[...] = weight
    program.backward()
    places = {"input": (program.x, program.gradient("input"))}
    if program.parameters.values.size:
        places["parameters"] = (program.parameters.values, program.parameters.gradients)
    analytic = {}
    directions = {name: rng.normal(0, 1, x.shape) for name, (x, _) in places.items()}
    for name, (_, g) in places.items():
        analytic[name] = float((g * directions[name]).sum())
    return {
        name: relative_error(analytic[name], directional(loss, x, directions[name]))
        for name, (x, _) in places.items()
    }

"""Moments of a run as named tensors and plain data: what a file keeps, independent of how the engine lays numbers out in memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.core import Array, Shape
from engine.errors import SpecError, shown
from engine.evaluate import Score
from engine.network import Network
from engine.program import Parameters, check_state
from engine.schedules import Memory
from engine.snapshot import Snapshot

#: between what an optimizer remembers and the parameter that it is about: "momentum:0.weight"
OF = ":"


def layout(network: Network, in_shape: Shape) -> Parameters:
    """Where each number of a network lies; its numbers are all 0 and take no memory as long as nobody writes them."""
    return Parameters(network, in_shape, np.dtype("float32"))


def weights_of(arrays: Mapping[str, Array], where: Parameters) -> dict[str, Array]:
    """The ``state_dict`` in a snapshot's ``arrays``: ``{"0.weight": …}`` in PyTorch's shapes."""
    return {**_named(arrays["parameters"], where), **{name: arrays[name] for name in sorted(_kept(where))}}


def memory_of(arrays: Mapping[str, Array], where: Parameters) -> dict[str, Array]:
    """What the optimizer remembers: ``{"momentum:0.weight": …}``, and how many updates it has made, ``{"step": ()}``."""
    slots = [name for name in arrays if name not in _kept(where) and name not in ("parameters", "step")]
    found = {f"{s}{OF}{key}": a for s in slots for key, a in _named(arrays[s], where).items()}
    return {**found, "step": arrays["step"]}


def arrays_of(
    weights: Mapping[str, Array], memory: Mapping[str, Array], where: Parameters
) -> dict[str, Array]:
    """What ``weights_of`` and ``memory_of`` were made of. Raises SpecError, naming the key and both shapes, for what does not fit ``where``."""
    slots = dict.fromkeys(key.partition(OF)[0] for key in memory if OF in key)
    # Not zeros_like, which touches all of it: what does not fit is refused before memory is taken.
    arrays = {name: np.zeros(where.values.shape, where.values.dtype) for name in ("parameters", *slots)}
    arrays |= {"step": np.zeros((), np.int64), **{key: np.empty_like(a) for key, a in _kept(where).items()}}
    for given, views in ((weights, weights_of(arrays, where)), (memory, memory_of(arrays, where))):
        check_state(given, {key: view.shape for key, view in views.items()})
        for key, view in views.items():
            if given[key].dtype.kind not in "fiu":
                raise SpecError(
                    f"{shown(key)} has values of type {given[key].dtype}; expected numbers. Use weights saved from the same network."
                )
            view[...] = given[key]
    return arrays


def _kept(where: Parameters) -> dict[str, Array]:
    """What is kept but not learned, by name, such as running means."""
    return {f"{i}.{name}": a for i, state in where.state.items() for name, a in state.items()}


def _named(vector: Array, where: Parameters) -> dict[str, Array]:
    """Views on ``vector``, by parameter."""
    return {
        f"{i}.{name}": view for i, views in where.arranged(vector).items() for name, view in views.items()
    }


def plain(snapshot: Snapshot) -> dict[str, Any]:
    """All of a moment but its arrays, ready for JSON."""
    train, validation = snapshot.scores
    memory, (best_step, best_loss, waited) = snapshot.memory, snapshot.watch
    return {
        "epoch": snapshot.epoch,
        "step": snapshot.steps,
        "position": snapshot.position,
        "randomness": snapshot.randomness,
        "schedule": {"factor": memory.factor, "best": _number(memory.best), "waited": memory.waited},
        "scores": [_number(n) for n in (*train, *validation)],
        "early_stopping": {"step": best_step, "loss": _number(best_loss), "waited": waited},
        "lowest_loss": _number(snapshot.lowest),
    }


def snapshot_of(data: Any, arrays: dict[str, Array]) -> Snapshot:
    """The moment that ``plain`` has written down, with its ``arrays``. Raises SpecError for anything else."""
    try:
        schedule, watch, scores = (
            data["schedule"],
            data["early_stopping"],
            [_float(n) for n in data["scores"]],
        )
        best_step = watch["step"]
        return Snapshot(
            _count(data["epoch"]),
            _count(data["step"]),
            _count(data["position"]),
            arrays,
            {str(node): _random_state(state) for node, state in data["randomness"].items()},
            Memory(_float(schedule["factor"]), _float(schedule["best"]), _count(schedule["waited"])),
            (Score(scores[0], scores[1]), Score(scores[2], scores[3])),
            (
                None if best_step is None else _count(best_step),
                _float(watch["loss"]),
                _count(watch["waited"]),
            ),
            _float(data["lowest_loss"]),
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise SpecError(
            f"A moment of the run is not as this program writes it ({type(error).__name__}: {shown(str(error))}). Use the project without it."
        ) from None


def _random_state(data: Any) -> dict[str, Any]:
    generator = np.random.PCG64()
    generator.state = data  # raises where it is none
    return dict(generator.state)


def _number(value: float) -> float | str:
    """JSON has no words for what is not finite."""
    return value if math.isfinite(value) else repr(value)


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("not a number")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 62:
        raise ValueError("not a count")
    return value

"""Models of other programs, read for a project: weights for its network, or a network for weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.core import Array, Shape
from engine.errors import DataError, EngineError
from engine.importing import NETWORKS, Imported, Part, match, read_network, read_state
from engine.importing import propose as proposal
from playground.document.project import Project, data_of, state_shapes


def read(path: Path, project: Project, *, propose: bool = False) -> Imported:
    """What is in a file: weights for the project's network where they fit it, a network otherwise.

    ``propose``: a network is made for weights, whether they fit or not. Raises DataError.
    """
    if path.suffix.lower() in NETWORKS:
        return read_network(path)
    state = read_state(path)
    if not propose:
        try:
            return matched(state, project)
        except DataError:
            pass
    return proposal(state, shape_of(project))


def matched(state: Mapping[str, Array], project: Project) -> Imported:
    """The project's own network with these weights. Raises DataError where they do not fit it."""
    renamed = match(state_shapes(project), state)
    theirs = dict(zip(renamed, state, strict=False))
    parts = []
    for node in project.network.nodes:
        own = [key for key in renamed if key.rpartition(".")[0] == node.id]
        if own:
            there = theirs[own[0]].rpartition(".")[0] or theirs[own[0]]
            parts.append(Part(there, node.layer.label, "understood", f"{node.layer.label} {node.id}"))
    return Imported(project.network, shape_of(project), renamed, tuple(parts))


def shape_of(project: Project) -> Shape | None:
    """Of a sample of the project's data; ``None`` while there are none."""
    try:
        return data_of(project).in_shape
    except EngineError:
        return None

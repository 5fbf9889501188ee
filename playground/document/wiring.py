"""Who reads from whom: the wires of a network, and what could be read instead. The edit is ``edits.set_inputs``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.core import Shape
from engine.errors import EngineError
from engine.network import INPUT, Node
from playground.document.edits import index_of
from playground.document.project import Project, shapes


@dataclass(frozen=True)
class Candidate:
    """A block that another could read.

    Args:
        id: of the block, or "input".
        shape: what it gives; ``()`` while unknown.
        fits: the reader accepts that.
    """

    id: str
    shape: Shape
    fits: bool


def earlier(project: Project, node_id: str) -> tuple[str, ...]:
    """What a node may read: the data, and the nodes before it. Raises SpecError for an unknown one."""
    return (INPUT, *(node.id for node in project.network.nodes[: index_of(project, node_id)]))


def candidates(project: Project, node_id: str, at: int) -> tuple[Candidate, ...]:
    """What a node could read as its input number ``at`` (one more than it has: as a further one), from left to right."""
    known, inputs = shapes(project), list(project.network.inputs_of(node_id))
    found = []
    for source in earlier(project, node_id):
        wanted = [*inputs[:at], source, *inputs[at + 1 :]]
        found.append(Candidate(source, known.get(source, ()), accepts(project, node_id, wanted)))
    return tuple(found)


def accepts(project: Project, node_id: str, inputs: Sequence[str]) -> bool:
    """Whether a node could read these, by their shapes."""
    known = shapes(project)
    if not all(i in known for i in inputs):
        return False
    try:
        project.network[node_id].layer.check_inputs(*(known[i] for i in inputs))
    except EngineError:
        return False
    return True


def skips(nodes: Sequence[Node]) -> tuple[tuple[str, str], ...]:
    """The wires ``(from, to)`` that do not come from the block before: skip connections, from left to right."""
    found, previous = [], INPUT
    for node in nodes:
        found += [(source, node.id) for source in node.inputs if source != previous]
        previous = node.id
    return tuple(found)


def connected(project: Project, source: str, node_id: str) -> tuple[str, ...]:
    """The inputs of a node once ``source`` is wired to it: one more where it joins branches, another where it reads only one."""
    inputs = project.network.inputs_of(node_id)
    if project.network[node_id].layer.arity is not None:
        return (source,)
    return inputs if source in inputs else (source, *inputs)


def disconnected(project: Project, source: str, node_id: str) -> tuple[str, ...]:
    """The inputs of a node without that wire; where it was the only one, the block before it."""
    rest = tuple(i for i in project.network.inputs_of(node_id) if i != source)
    return rest or earlier(project, node_id)[-1:]

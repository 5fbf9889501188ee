"""What is wrong with a network, data and training taken together, in words, and the edits that would end it.

The engine only names an edit; the document makes it (``playground.document.edits.mend``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from engine.layers.base import Layer

#: an error keeps a project from running; with a warning it runs, but will hardly learn what it should
Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Remedy:
    """Base of edits that would end a problem.

    Args:
        text: what is done, as on a button: "Remove the Sigmoid".
    """

    text: str


@dataclass(frozen=True)
class RemoveNode(Remedy):
    """Take a node out; nodes that read from it then read from what it read."""

    node_id: str


@dataclass(frozen=True)
class SetLayer(Remedy):
    """Another layer, or other hyper-parameters, at a node."""

    node_id: str
    layer: Layer


@dataclass(frozen=True)
class InsertLayer(Remedy):
    """One more layer before a node."""

    node_id: str
    layer: Layer


@dataclass(frozen=True)
class AppendLayer(Remedy):
    """One more layer after the last."""

    layer: Layer


@dataclass(frozen=True)
class SetFit(Remedy):
    """Another value of a field of ``Fit``, such as the batch size."""

    name: str
    value: Any


@dataclass(frozen=True)
class Several(Remedy):
    """Several edits as one, made in this order."""

    remedies: tuple[Remedy, ...]


@dataclass(frozen=True)
class FitOutput(Remedy):
    """Make the last layer give what data and loss need."""


@dataclass(frozen=True)
class SetPreparation(Remedy):
    """Another value of a field of ``Preparation``, such as how inputs are normalized."""

    name: str
    value: Any


@dataclass(frozen=True)
class SetRole(Remedy):
    """Another role of a column of a table, one of ``engine.data.roles.ROLES``."""

    column: str
    role: str


@dataclass(frozen=True)
class ReadOutside(Remedy):
    """Read the data that the project's file names outside its own folder."""


@dataclass(frozen=True)
class DrawWeights(Remedy):
    """Begin with drawn weights, none of them given."""


@dataclass(frozen=True)
class NewWeights(Remedy):
    """Begin anew, with other first weights."""


@dataclass(frozen=True)
class AllowMemory(Remedy):
    """Make a large network: the user knows how many ``size`` bytes it takes."""

    size: int


@dataclass(frozen=True)
class Problem:
    """Something that is wrong.

    Args:
        node_id: where it stands: a node's, "input", "loss", or "" for the whole.
        message: what is so, what was expected, what to do.
        level: whether it keeps the project from running.
        remedies: edits that would each end it, the best first.
        rule: what has found it, where a user may say that it is meant so; "" otherwise.
    """

    node_id: str
    message: str
    level: Level = "error"
    remedies: tuple[Remedy, ...] = ()
    rule: str = ""

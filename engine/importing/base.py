"""What comes of reading a model of another program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.core import Array, Shape
from engine.network import Network

#: read as it is meant · something stands in its place, or was supposed · cannot be
How = Literal["understood", "replaced", "refused"]


@dataclass(frozen=True)
class Part:
    """One thing in the file.

    Args:
        where: its position, for people: "node 3, Conv".
        what: what it is there.
        how: what came of it.
        words: the layer it became, or why it did not.
    """

    where: str
    what: str
    how: How
    words: str


@dataclass(frozen=True)
class Imported:
    """A network that was read, as far as it could be.

    Args:
        network: its layers.
        in_shape: of a sample; ``None`` where the file does not say.
        state: its ``state_dict``.
        parts: layer by layer what was understood, replaced, and what cannot be.
    """

    network: Network
    in_shape: Shape | None
    state: Mapping[str, Array]
    parts: tuple[Part, ...] = field(default=())

    @property
    def refused(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.how == "refused")

"""What can be under the mouse, or chosen by keyboard, on the canvas."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """A block's card."""

    block_id: str


@dataclass(frozen=True)
class Unit:
    """A tile: one unit or channel, counted from 0."""

    block_id: str
    unit: int


@dataclass(frozen=True)
class Cell:
    """One number of a layer: a wire, a cell of a filter, a bias dot. ``index`` is in PyTorch's shape."""

    block_id: str
    name: str
    index: tuple[int, ...]

    @property
    def unit(self) -> int:
        return self.index[0]


@dataclass(frozen=True)
class More:
    """The button that pages through a long column."""

    block_id: str


@dataclass(frozen=True)
class Sample:
    """An arrow beside the chosen sample: the one before (−1) or after (+1)."""

    block_id: str
    step: int


@dataclass(frozen=True)
class Bundle:
    """All the wires between two columns at once."""

    block_id: str
    source: str


@dataclass(frozen=True)
class Skip:
    """The wire from ``source`` that does not come from the block before."""

    block_id: str
    source: str


@dataclass(frozen=True)
class Port:
    """A block's output, from which a wire is pulled."""

    block_id: str


Target = Card | Unit | Cell | More | Sample | Bundle | Skip | Port

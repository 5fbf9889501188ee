"""What every target shares: how one says what is written for a class, where a layer stands, and the program's names."""

from __future__ import annotations

import io
import keyword
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from engine.core import Array, Parameter, Shape
from engine.data.base import Dataset
from engine.errors import EngineError
from engine.fit import Fit
from engine.initializers import Initializer
from engine.layers.base import Layer
from engine.layers.linear import is_frozen
from engine.losses import HingeLoss, Loss
from engine.model import Model
from engine.network import INPUT, Network, Node
from engine.registry import Registry
from engine.spec import Spec

W = TypeVar("W", bound=Callable[..., Any])


class ExportError(EngineError):
    """What was to be exported cannot be written in that target."""


class Writers:
    """How each class is written in one target: ``@writes(Linear)`` on a function of the spec and what the target hands it beside.

    Args:
        target: its name, for people.
        kinds: the registries whose every class it writes.
    """

    def __init__(self, target: str, *kinds: Registry[Any]) -> None:
        self.target, self.kinds = target, kinds
        self._found: dict[type[Spec] | str, Callable[..., Any]] = {}

    def writes(self, *classes: type[Spec] | str) -> Callable[[W], W]:
        """Decorator of the function that writes ``classes``, or those that are registered by these keys."""

        def decorate(write: W) -> W:
            self._found.update(dict.fromkeys(classes, write))
            return write

        return decorate

    def __contains__(self, cls: object) -> bool:
        return cls in self._found or getattr(cls, "key", None) in self._found

    def __call__(self, spec: Spec, *beside: Any) -> Any:
        """What is written for ``spec``. Raises ExportError where nobody has said it."""
        write = self._found.get(type(spec)) or self._found.get(spec.key)
        if write is None:
            raise ExportError(
                f"{spec.label} cannot be written in {self.target}: nothing says how. Take another in its place, or another target."
            )
        return write(spec, *beside)


@dataclass(frozen=True)
class Place:
    """Where a layer stands.

    Args:
        name: what the program calls it: its number in a chain, a name that is its id where that can be one in a graph.
        node_id: in the network.
        sources: the names it reads from, "input" for the data.
        ins, out: shapes of one sample.
        shapes: of its parameters and what else it keeps, by name.
        number: of the layer in the network, from 0.
    """

    name: str
    node_id: str
    layer: Layer
    sources: tuple[str, ...]
    ins: tuple[Shape, ...]
    out: Shape
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    number: int = 0

    @property
    def comment(self) -> str:
        """The shape of what it gives: ``(N, 8, 4, 4)``."""
        return batch_shape(self.out)

    @property
    def initializer(self) -> Initializer | None:
        """Its own way to begin, which overrides the project's."""
        return getattr(self.layer, "initializer", None)

    @property
    def frozen(self) -> bool:
        return bool(getattr(self.layer, "frozen", False))


def batch_shape(shape: Shape) -> str:
    """``(8, 4, 4)`` → "(N, 8, 4, 4)"."""
    return f"(N, {', '.join(map(str, shape))})"


@dataclass(frozen=True)
class Outline:
    """What the text of a program is written from: neither weights nor data, so that it costs nothing to make.

    Args:
        title: for people; may hold anything.
        in_shape: of one sample.
        fit: how it learns.

    Its methods raise ShapeError where the layers do not fit one another.
    """

    title: str
    network: Network
    in_shape: Shape
    fit: Fit

    @property
    def name(self) -> str:
        """The title with nothing in it that could end a comment or a string."""
        kept = "".join(c if c.isalnum() or c in " -_.,+" else " " for c in self.title[:100])
        return " ".join(kept.split()) or "Network"

    @property
    def loss(self) -> Loss:
        """What training lessens, as it reads what this network gives."""
        return self.fit.loss.after(self.network.output_range)

    @property
    def is_chain(self) -> bool:
        """Each layer reads the one before it."""
        ids = (INPUT, *(node.id for node in self.network.nodes))
        pairs = zip(ids, self.network.nodes, strict=False)
        return all(self.network.inputs_of(node.id) == (before,) for before, node in pairs)

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """Of one sample after every node, and under "input"."""
        return self.network.shapes(self.in_shape)

    @property
    def out_shape(self) -> Shape:
        return self.shapes[self.network.output_id]

    @cached_property
    def specs(self) -> Mapping[str, Mapping[str, Parameter]]:
        """What each node learns, by its id and the parameter's name; without the nodes that learn nothing."""
        found = {
            node.id: node.layer.parameters(*self.network.in_shapes_of(node.id, self.shapes))
            for node in self.network.nodes
        }
        return {node_id: own for node_id, own in found.items() if own}

    @property
    def count(self) -> int:
        """How many numbers it learns."""
        return sum(spec.size for own in self.specs.values() for spec in own.values())

    def places(self) -> list[Place]:
        """Every layer where it stands, in order. Raises ExportError where there is none."""
        if not self.network.nodes:
            raise ExportError("The network is empty; there is nothing to export. Add a layer.")
        names = {INPUT: INPUT} | _names(self.network, self.is_chain)
        return [self._place(number, node, names) for number, node in enumerate(self.network.nodes)]

    def _place(self, number: int, node: Node, names: Mapping[str, str]) -> Place:
        ins = self.network.in_shapes_of(node.id, self.shapes)
        learned = {name: spec.shape for name, spec in self.specs.get(node.id, {}).items()}
        kept = {name: np.shape(value) for name, value in node.layer.state(*ins).items()}
        sources = tuple(names[i] for i in self.network.inputs_of(node.id))
        return Place(
            names[node.id], node.id, node.layer, sources, ins, self.shapes[node.id], learned | kept, number
        )

    def frozen(self) -> list[Place]:
        """The layers whose parameters stay as they are."""
        return [p for p in self.places() if p.frozen and p.node_id in self.specs]

    def frozen_biases(self) -> list[Place]:
        """The layers that learn, but for their biases."""
        return [
            p
            for p in self.places()
            if not p.frozen and is_frozen(p.layer, "bias") and "bias" in self.specs.get(p.node_id, ())
        ]

    @property
    def learns(self) -> bool:
        """Whether training changes anything."""
        return any(p.node_id in self.specs and not p.frozen for p in self.places())

    def weights(self) -> list[tuple[Place, str]]:
        """Where each parameter stands that penalties act on and initializers draw: weights, never biases."""
        return [
            (place, name)
            for place in self.places()
            for name, spec in self.specs.get(place.node_id, {}).items()
            if not spec.is_bias
        ]


@dataclass(frozen=True)
class Subject:
    """What is exported.

    Args:
        title: for people; may hold anything.
        model: float32, with the weights to take along.
        fit: how it goes on learning.
        train, validation: prepared data.
        seed: of the order of the samples.
    """

    title: str
    model: Model
    fit: Fit
    train: Dataset
    validation: Dataset | None = None
    seed: int = 0

    @cached_property
    def outline(self) -> Outline:
        """What its programs are written from."""
        return Outline(self.title, self.model.network, self.model.in_shape, self.fit)

    def places(self) -> list[Place]:
        return self.outline.places()

    def state(self) -> dict[str, Array]:
        """The model's ``state_dict`` under the program's names."""
        names = {p.node_id: p.name for p in self.places()}
        parts = ((key.rpartition("."), a) for key, a in self.model.state_dict().items())
        return {f"{names[node_id]}.{name}": a for (node_id, _, name), a in parts}


def _names(network: Network, chain: bool) -> dict[str, str]:
    """Of every node: numbers in a chain, as in ``nn.Sequential``; otherwise its id where that can name an attribute."""
    if chain:
        return {node.id: str(number) for number, node in enumerate(network.nodes)}
    found: dict[str, str] = {}
    for number, node in enumerate(network.nodes):
        plain = node.id.isascii() and node.id.isidentifier() and not keyword.iskeyword(node.id)
        # A digit at its end keeps it apart from what PyTorch's and Keras's modules call their own: forward, train, type …
        plain = plain and node.id[0] != "_" and node.id[-1].isdigit() and len(node.id) < 40
        name = node.id if plain else f"{node.layer.key.lower()}_{number}"
        while name in found.values():
            name += "_"
        found[node.id] = name
    return found


def arguments(*values: object, **named: object) -> str:
    """``1, x=2``: the arguments of a call."""
    return ", ".join([*map(repr, values), *(f"{name}={value!r}" for name, value in named.items())])


def title(outline: Outline, target: str) -> str:
    """The first line of a program's docstring."""
    size = f"{len(outline.network)} layers, {outline.count:,} parameters"
    return f"{outline.name}: {size}. Written for {target} by Chainrule Playground."


def settings_text(outline: Outline) -> str:
    """The numbers that training goes by, as constants."""
    fit = outline.fit
    return f"""\
BATCH_SIZE = {fit.batch_size}
EPOCHS = {fit.epochs}
LEARNING_RATE = {fit.optimizer.lr!r}
PATIENCE = {fit.early_stopping}  # epochs without a better validation loss; 0: train to the end"""


#: samples that a program draws where it has no others
SAMPLES = 64


class Targets(Enum):
    """What a program's loss takes beside the outputs ``(N, outputs)``, in the words of a comment."""

    LABELS = "the class of each, (N,)"
    NUMBERS = "what is to be predicted of each"
    SIGNS = "-1 or 1"
    BITS = "0 or 1"


def targets_of(loss: Loss) -> Targets:
    """What ``loss`` takes."""
    if "multiclass" in loss.tasks:
        return Targets.LABELS
    if "regression" in loss.tasks:
        return Targets.NUMBERS
    return Targets.SIGNS if isinstance(loss, HingeLoss) else Targets.BITS


AUGMENTED = "The playground also changes each sample a little, anew in every epoch (augmentation); the program does not."


def left_out(outline: Outline) -> str:
    """What the training script does not do that the playground does, as part of its docstring; "" where there is nothing."""
    return f"\n{AUGMENTED}\n" if outline.fit.augmentation else ""


def main_text(save: str) -> str:
    """The main part of a training script; ``save``: the line that writes what was learned."""
    return f"""\
def main():
    import check

    check.main()
    net, data = model.load(), load_data()
    for epoch, steps in itertools.groupby(train(net, data), key=lambda step: step[0]):
        mean = np.mean([loss for _, loss in steps])
        print(f"epoch {{epoch + 1}}: loss of the batches {{mean:.4g}}", flush=True)
    for part in ("train", "validation"):
        if f"x_{{part}}" in data:
            print(f"{{part}} loss {{evaluate(net, data[f'x_{{part}}'], data[f'y_{{part}}']):.6g}}")
    {save}


if __name__ == "__main__":
    main()
"""


def npz(arrays: Mapping[str, Array]) -> bytes:
    """A ``.npz`` with ``arrays``."""
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **dict(arrays))
    return file.getvalue()

"""What every target shares: how one says what is written for a class, where a layer stands, and the program's names."""

from __future__ import annotations

import io
import keyword
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from engine.core import Array, Shape
from engine.data.base import Dataset
from engine.errors import EngineError
from engine.fit import Fit
from engine.initializers import Initializer
from engine.layers.base import Layer
from engine.layers.linear import is_frozen
from engine.losses import Loss
from engine.model import Model
from engine.network import INPUT, Network
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
        self._found: dict[type[Spec], Callable[..., Any]] = {}

    def writes(self, *classes: type[Spec]) -> Callable[[W], W]:
        """Decorator of the function that writes ``classes``."""

        def decorate(write: W) -> W:
            self._found.update(dict.fromkeys(classes, write))
            return write

        return decorate

    def __contains__(self, cls: object) -> bool:
        return cls in self._found

    def __call__(self, spec: Spec, *beside: Any) -> Any:
        """What is written for ``spec``. Raises ExportError where nobody has said it."""
        write = self._found.get(type(spec))
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
    """

    name: str
    node_id: str
    layer: Layer
    sources: tuple[str, ...]
    ins: tuple[Shape, ...]
    out: Shape
    shapes: Mapping[str, Shape] = field(default_factory=dict)

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

    @property
    def name(self) -> str:
        """The title with nothing in it that could end a comment or a string."""
        kept = "".join(c if c.isalnum() or c in " -_.,+" else " " for c in self.title[:100])
        return " ".join(kept.split()) or "Network"

    @property
    def network(self) -> Network:
        return self.model.network

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

    def places(self) -> list[Place]:
        """Every layer where it stands, in order."""
        if not self.network.nodes:
            raise ExportError("The network is empty; there is nothing to export. Add a layer.")
        names = {INPUT: INPUT} | _names(self.network, self.is_chain)
        shapes, state = self.model.shapes, self.model.store.state
        return [
            Place(
                names[node.id],
                node.id,
                node.layer,
                tuple(names[i] for i in self.network.inputs_of(node.id)),
                self.network.in_shapes_of(node.id, shapes),
                shapes[node.id],
                {k: a.shape for g in (self.model.parameters, state) for k, a in g.get(node.id, {}).items()},
            )
            for node in self.network.nodes
        ]

    def frozen(self) -> list[Place]:
        """The layers whose parameters stay as they are."""
        return [p for p in self.places() if p.frozen and p.node_id in self.model.store.specs]

    def frozen_biases(self) -> list[Place]:
        """The layers that learn, but for their biases."""
        specs = self.model.store.specs
        return [
            p
            for p in self.places()
            if not p.frozen and is_frozen(p.layer, "bias") and "bias" in specs.get(p.node_id, ())
        ]

    @property
    def learns(self) -> bool:
        """Whether training changes anything."""
        return any(p.node_id in self.model.store.specs and not p.frozen for p in self.places())

    def state(self) -> dict[str, Array]:
        """The model's ``state_dict`` under the program's names."""
        names = {p.node_id: p.name for p in self.places()}
        parts = ((key.rpartition("."), a) for key, a in self.model.state_dict().items())
        return {f"{names[node_id]}.{name}": a for (node_id, _, name), a in parts}

    def weights(self) -> list[tuple[Place, str]]:
        """Where each parameter stands that penalties act on and initializers draw: weights, never biases."""
        return [
            (place, name)
            for place in self.places()
            for name, spec in self.model.store.specs.get(place.node_id, {}).items()
            if not spec.is_bias
        ]


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


def aligned(lines: list[tuple[str, str]], indent: int) -> str:
    """Lines of code with comments at one column, where they are not far apart."""
    width = max((len(code) for code, _ in lines if len(code) < 72), default=0)
    return "\n".join(
        f"{' ' * indent}{code:<{width}}  # {note}" if note else " " * indent + code for code, note in lines
    )


def arguments(*values: object, **named: object) -> str:
    """``1, x=2``: the arguments of a call."""
    return ", ".join([*map(repr, values), *(f"{name}={value!r}" for name, value in named.items())])


AUGMENTED = "The playground also changes each sample a little, anew in every epoch (augmentation); the program does not."


def left_out(subject: Subject) -> str:
    """What the training script does not do that the playground does, as part of its docstring; "" where there is nothing."""
    return f"\n{AUGMENTED}\n" if subject.fit.augmentation else ""


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

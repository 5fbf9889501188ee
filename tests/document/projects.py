"""Projects to try things on, finished and half-built, and every edit a person can make, at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from engine.data import Circle, Digits, Preparation, Sine, Source, SpiralClasses, Xor
from engine.fit import Fit
from engine.initializers import HeNormal
from engine.layers import Add, Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU, Tanh
from engine.losses import CrossEntropyLoss, MSELoss
from engine.network import Network, Node
from engine.optimizers import Adam
from playground.document import edits
from playground.document.project import Project


def project(*layers: Layer, source: Source | None = None, **changes: Any) -> Project:
    """A chain of layers on 60 points of the circle, or on ``source``."""
    plain = edits.set_source(Project(), source or Circle(samples=60))
    return edits.paste(plain, layers, 0).replace(**changes)


def circle() -> Project:
    """Ready to run: 2-4-1 with a tanh."""
    return project(Linear(4), Tanh(), Linear(1))


def residual() -> Project:
    """``linear1 → tanh1 → (linear2, tanh1) → add1 → linear3``: a wire that skips a block."""
    nodes = (
        Node("linear1", Linear(4)),
        Node("tanh1", Tanh()),
        Node("linear2", Linear(4)),
        Node("add1", Add(), ("linear2", "tanh1")),
        Node("linear3", Linear(1)),
    )
    return circle().replace(network=Network(nodes))


def wired(project: Project, node_id: str, inputs: tuple[str, ...]) -> Project:
    """With the wires into one block laid otherwise, as a file may have them."""
    nodes = (replace(n, inputs=inputs) if n.id == node_id else n for n in project.network.nodes)
    return project.replace(network=Network(tuple(nodes)))


def digits() -> Project:
    """Pictures: conv, pool, dense."""
    layers = (Conv2d(2, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(10))
    return project(*layers, source=Digits())


def ids(project: Project) -> list[str]:
    return [n.id for n in project.network.nodes]


LAYERS = (
    Linear(3),
    Linear(1),
    Tanh(),
    ReLU(),
    Flatten(),
    Dropout(0.2),
    Conv2d(2, 3),
    MaxPool2d(2),
    Add(),
)
SOURCES = (Circle(samples=40), Xor(samples=40), SpiralClasses(samples=40), Sine(samples=40), Digits())
FITS = (
    Fit(),
    Fit(loss=MSELoss()),
    Fit(loss=CrossEntropyLoss(), optimizer=Adam()),
    Fit(initializer=HeNormal()),
)

Edit = Callable[[Project], Project]


@st.composite
def edit(draw: st.DrawFn, project: Project) -> Project:
    """``project`` after one random legal edit."""
    known = ids(project)
    at = draw(st.integers(0, len(known)))
    layer = draw(st.sampled_from(LAYERS))
    moves: dict[str, Callable[[], Project]] = {
        "add": lambda: edits.add_layer(project, layer, at),
        "add key": lambda: edits.add_layer(project, layer.key, at),
        "paste": lambda: edits.paste(project, draw(st.lists(st.sampled_from(LAYERS), max_size=3)), at),
        "source": lambda: edits.set_source(project, draw(st.sampled_from(SOURCES))),
        "preparation": lambda: edits.set_preparation(
            project, Preparation(train=0.5, normalize="standardize")
        ),
        "fit": lambda: edits.set_fit(project, draw(st.sampled_from(FITS))),
        "seed": lambda: edits.set_seed(project, draw(st.integers(0, 9))),
        "new weights": lambda: edits.new_weights(project),
        "rename": lambda: edits.rename(project, draw(st.text(max_size=5))),
        "mend": lambda: edits.mend_output(project),
        "weight": lambda: edits.set_weight(
            project, draw(st.sampled_from([*known, "gone"])), "weight", (0, 0), 0.5, draw(st.floats(-1, 1))
        ),
    }
    if known:
        one = draw(st.sampled_from(known))
        some = draw(st.sets(st.sampled_from(known)))
        moves |= {
            "remove": lambda: edits.remove(project, some),
            "move": lambda: edits.move(project, one, at),
            "duplicate": lambda: edits.duplicate(project, some),
            "layer": lambda: edits.set_layer(project, one, layer),
        }
    return moves[draw(st.sampled_from(sorted(moves)))]()

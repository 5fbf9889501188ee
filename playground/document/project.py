"""A project: everything a person has chosen, as one immutable value. Undo is keeping the previous one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from engine import coach
from engine.augmentation import check_augmentation
from engine.data import Circle, Opened, Preparation, Prepared, Source
from engine.errors import EngineError, ShapeError, SpecError, clipped, few, in_bytes, shown
from engine.fit import Fit
from engine.footprint import footprint, machine
from engine.layers.base import Shape
from engine.limits import NETWORK_BYTES
from engine.losses import Loss, suited
from engine.network import Network, Node, Problem
from engine.problems import AllowMemory, DrawWeights, ReadOutside, SetFit
from engine.review import batches
from engine.spec import Float
from playground.document.store import Pending, store

#: the human-level errors there are: shares
HUMAN_ERROR = Float(min=0.0, max=1.0)


@dataclass(frozen=True)
class WeightEdit:
    """A number of the network that was set by hand.

    Args:
        node_id, name: which parameter ("weight", "bias"), by ``Node.first_id``: of the layer, whatever it is called by now.
        index: which cell of it, in PyTorch's shape.
        before, after: its value then and now; undo puts ``before`` back.
    """

    node_id: str
    name: str
    index: tuple[int, ...]
    before: float
    after: float


@dataclass(frozen=True)
class FirstWeights:
    """A parameter that begins with given numbers instead of drawn ones.

    Args:
        node_id, name: which parameter.
        values: its numbers in PyTorch's shape, as nested tuples.
    """

    node_id: str
    name: str
    values: tuple[Any, ...]

    @property
    def shape(self) -> Shape:
        """Of ``values``, whose rows are all alike."""
        lengths: list[int] = []
        inside: Any = self.values
        while isinstance(inside, tuple):
            lengths.append(len(inside))
            inside = inside[0] if inside else 0.0
        return tuple(lengths)


@dataclass(frozen=True)
class Project:
    """All choices. Views compare parts by identity (``is``) to see whether theirs has changed.

    Args:
        name: shown in the title; file name without its ending.
        source, preparation: which data, and what is done to them before training.
        network: the blocks.
        fit: how it is trained.
        seed: draws the first weights, the order of the samples and the dropout masks.
        weight_edits: hand edits since the weights were drawn, oldest first; not stored in files.
        first_weights: parameters that begin with given numbers; whatever draws the weights anew forgets them.
        human_error: what a human, or the best achievable predictor, errs on these data: a share of wrong answers, or 1 − R²; the
            network's errors are judged against it.
        notes: what was changed in it when it was opened, in sentences; not stored in files.
        meant: the coach's rules (``engine.coach.RULES``) that say nothing of it, as the user means it so.
        memory: bytes that its network may take, where the user has agreed to more than what needs no question; not stored in files.
    """

    name: str = "Untitled"
    source: Source = field(default_factory=Circle)
    preparation: Preparation = field(default_factory=Preparation)
    network: Network = field(default_factory=Network)
    fit: Fit = field(default_factory=Fit)
    seed: int = 0
    weight_edits: tuple[WeightEdit, ...] = ()
    first_weights: tuple[FirstWeights, ...] = ()
    human_error: float = 0.0
    notes: tuple[str, ...] = field(default=(), compare=False)
    memory: int = NETWORK_BYTES
    meant: tuple[str, ...] = ()

    def replace(self, **changes: Any) -> Project:
        return replace(self, **changes)


def withheld(project: Project) -> tuple[str, ...]:
    """The paths outside its own folder that the project's file names, and that the user has not let it read."""
    return project.source.waits_for if isinstance(project.source, Opened) else ()


def withheld_in_words(project: Project) -> str:
    """Where ``withheld`` leads."""
    return " and ".join(clipped(os.path.normpath(path), 250) for path in withheld(project))


def checked_human_error(value: object) -> float:
    """``value`` as a ``Project.human_error``. Raises SpecError for anything but a number from 0 to 1."""
    try:
        return HUMAN_ERROR.check(value)
    except SpecError as error:
        raise SpecError(f"The human error {error}. Correct it.") from None


def prepared(source: Source, preparation: Preparation) -> Prepared:
    """The data of a project, made once and shared by everyone who asks (specs are hashable).

    Raises EngineError, and the kind ``Pending`` where a window must not wait any longer.
    """
    return store.get(source, preparation)


def data_of(project: Project, wait: bool = False) -> Prepared:
    """Raises EngineError where the data cannot be made. ``wait``: they are never ``Pending``, however long it takes."""
    get = store.make if wait else store.get
    return get(project.source, project.preparation)


def shapes(project: Project) -> dict[str, Shape]:
    """Shape of a sample after each node that can be computed, and under "input". Empty when the data cannot be made."""
    try:
        return project.network.known_shapes(data_of(project).in_shape)
    except EngineError:
        return {}


def shapes_held(node: Node, inputs: Sequence[Shape]) -> dict[str, Shape]:
    """The shapes of a node's parameters and of what else it keeps, such as running means, by name."""
    learned = {name: p.shape for name, p in node.layer.parameters(*inputs).items()}
    return learned | {name: array.shape for name, array in node.layer.state(*inputs).items()}


def state_shapes(project: Project) -> dict[str, Shape]:
    """Of all that the network's ``state_dict`` holds, by name; of the part that can be computed where the network is half-built."""
    known, network = shapes(project), project.network
    return {
        f"{node.id}.{name}": shape
        for node in network.nodes
        if all(i in known for i in (node.id, *network.inputs_of(node.id)))
        for name, shape in shapes_held(node, [known[i] for i in network.inputs_of(node.id)]).items()
    }


def misfits(
    given: Iterable[FirstWeights], network: Network, known: Mapping[str, Shape]
) -> tuple[Problem, ...]:
    """Given weights that a network has no use for, as far as its shapes are ``known``: a problem at each node that has some."""
    wrong: dict[str, list[str]] = {}
    for one in given:
        node = network[one.node_id]
        sources = network.inputs_of(node.id)
        if any(i not in known for i in (node.id, *sources)):
            continue
        inputs = [known[i] for i in sources]
        expected = shapes_held(node, inputs)
        if one.name not in expected:
            held = few([f"{name} of shape {shape}" for name, shape in expected.items()])
            wrong.setdefault(node.id, []).append(
                f"{shown(f'{node.id}.{one.name}')} of shape {one.shape} is given, which the layer does not have; expected {held}."
            )
        elif one.shape != expected[one.name]:
            wrong.setdefault(node.id, []).append(
                f"{shown(f'{node.id}.{one.name}')} is given with shape {one.shape}; expected {expected[one.name]}."
            )
    remedy = DrawWeights("Draw the weights")
    return tuple(
        Problem(i, f"{' '.join(said)} Correct the file, or have the weights drawn.", remedies=(remedy,))
        for i, said in wrong.items()
    )


@lru_cache(maxsize=64)
def _too_large(
    source: Source, preparation: Preparation, network: Network, fit: Fit, agreed: int
) -> tuple[Problem, ...]:
    """A network that takes more memory than this computer has, or than the user has ``agreed`` to: a problem where most of it goes."""
    data = prepared(source, preparation)
    sizes = footprint(network, data.in_shape, fit, len(data.train))
    total, there = sum(sizes.values()), machine()
    if total <= agreed and (there is None or total <= there):
        return ()
    most = max(sizes, key=sizes.__getitem__)
    said = f"The network takes some {in_bytes(total)} of memory while it trains, {in_bytes(sizes[most])} of it for this block"
    if there is not None and total > there:
        return (
            Problem(
                most, f"{said}; this computer has {in_bytes(there)}. Make the layers or the batches smaller."
            ),
        )
    return (
        Problem(
            most,
            f"{said}; expected at most {in_bytes(NETWORK_BYTES)}, unless you agree to more. Make the layers or the batches smaller, or agree.",
            remedies=(AllowMemory(f"Take {in_bytes(total)}", total),),
        ),
    )


def wanted_output(project: Project) -> Shape | None:
    """What data and loss need of the last node; ``None`` when the loss does not serve these data."""
    try:
        return project.fit.loss.out_shape(data_of(project).train)
    except EngineError:
        return None


def loss_of(project: Project) -> Loss:
    """The loss as it is taught to the project's last layer: with the targets of the classes, and the cut between them."""
    return project.fit.loss.after(project.network.output_range)


def is_binary(project: Project) -> bool:
    """Whether the data ask which of two classes."""
    try:
        return data_of(project).train.task == "binary"
    except EngineError:
        return False


@lru_cache(maxsize=64)
def _findings(source: Source, preparation: Preparation, network: Network, fit: Fit) -> tuple[Problem, ...]:
    data = prepared(source, preparation)
    try:
        check_augmentation(fit.augmentation, data.in_shape)
    except ShapeError as error:
        return (Problem("input", str(error)),)
    if not network.nodes:
        return (Problem("", "The network is empty. Drag a layer from the palette onto the canvas."),)
    try:
        wanted = fit.loss.out_shape(data.train)
    except ShapeError as error:
        fitting = suited(data.train.task)[0]
        remedy = SetFit(f"Use {fitting.label}", "loss", fitting())
        return (*network.problems(data.in_shape), Problem("loss", str(error), remedies=(remedy,)))
    return (*network.problems(data.in_shape, wanted), *batches(network, data.train, fit))


@lru_cache(maxsize=64)
def _warned(
    source: Source,
    preparation: Preparation,
    network: Network,
    fit: Fit,
    given: frozenset[str],
    meant: tuple[str, ...],
) -> tuple[Problem, ...]:
    data = prepared(source, preparation)
    return coach.problems(
        coach.Plan(network, data.train, data.validation, fit, preparation, source, given), meant
    )


def given_weights(project: Project) -> frozenset[str]:
    """The nodes whose weights are not drawn, but were given or set by hand."""
    given = {one.node_id for one in project.first_weights if one.name == "weight"}
    by_hand = {one.node_id for one in project.weight_edits if one.name == "weight"}
    return frozenset(n.id for n in project.network.nodes if n.id in given or n.first_id in by_hand)


def plan_of(project: Project, data: Prepared) -> coach.Plan:
    """The project as the coach sees it, with its ``data``."""
    return coach.Plan(
        project.network, data.train, data.validation, project.fit, project.preparation, project.source, given_weights(project),
        project.human_error,
    )  # fmt: skip


def findings(project: Project) -> tuple[Problem, ...]:
    """All that is wrong with the project, errors before warnings. Node ids are the network's, "input", "loss" or "".

    Nothing while its data are being made: that is no fault, and whoever asks for a run gets it once they are there.
    """
    try:
        data = data_of(project)
    except Pending:
        return ()
    except EngineError as error:  # not cached: the data may be ready, or their file mended, a moment later
        remedies = (ReadOutside("Read them"),) if withheld(project) else ()
        return (Problem("input", str(error), remedies=remedies),)
    wrong = misfits(project.first_weights, project.network, shapes(project)) if project.first_weights else ()
    parts = (project.source, project.preparation, project.network, project.fit)
    noted = [Problem("", " ".join(project.notes), "warning")] if project.notes else []
    found = (
        *_too_large(*parts, project.memory), *wrong, *noted, *_findings(*parts),
        *_warned(*parts, given_weights(project), project.meant), *store.alarms(data),
    )  # fmt: skip
    return tuple(sorted(found, key=lambda problem: problem.level == "warning"))


def problems(project: Project) -> tuple[Problem, ...]:
    """Why the project cannot run, in words; empty when it can."""
    return tuple(found for found in findings(project) if found.level == "error")


def warnings(project: Project) -> tuple[Problem, ...]:
    """Why the project, though it runs, will hardly learn what it should."""
    return tuple(found for found in findings(project) if found.level == "warning")


def place_in_words(project: Project, node_id: str) -> str:
    """Where a problem stands, for people: "Linear, block 2", "Input", "Loss"; "" for the whole project."""
    if node_id in ("input", "loss"):
        return node_id.capitalize()
    ids = [node.id for node in project.network.nodes]
    if node_id not in ids:
        return ""
    return f"{project.network[node_id].layer.label}, block {ids.index(node_id) + 1}"

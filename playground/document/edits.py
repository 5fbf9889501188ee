"""Every edit a person can make, as a pure function from project to project. What is not touched stays the same object."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, TypeVar

import numpy as np

from engine.core import Array
from engine.data import (
    Opened,
    Painted,
    PastedTable,
    PictureSet,
    Preparation,
    Source,
    Typed,
    as_painted,
    paintable,
    roles,
)  # fmt: skip
from engine.data.encoding import About
from engine.data.table import Tabular
from engine.data.text_table import quoted
from engine.errors import DataError, EngineError, SpecError, clipped, shown
from engine.fit import Fit
from engine.initializers import Initializer
from engine.layers import Activation, Flatten, Layer, Linear, Softmax, Unflatten
from engine.layers import registry as layers
from engine.limits import MOST_GIVEN, MOST_LAYERS
from engine.losses import suited
from engine.network import INPUT, Network, Node, shape_in_words
from engine.probe import extent
from engine.problems import (
    AllowMemory,
    AppendLayer,
    DrawWeights,
    FitOutput,
    InsertLayer,
    NewWeights,
    ReadOutside,
    Remedy,
    RemoveNode,
    SetFit,
    SetLayer,
    SetPreparation,
    SetRole,
    Several,
)
from engine.program import check_state
from engine.pulses import MOST as MOST_PULSES
from engine.pulses import Pulse
from engine.spec import File
from playground.document.naming import checked_name, is_by_position, with_name
from playground.document.project import (
    FirstWeights,
    Project,
    WeightEdit,
    checked_human_error,
    data_of,
    misfits,
    problems,
    shapes,
    state_shapes,
    wanted_output,
)
from playground.document.pulses import bench
from playground.document.store import store

#: fields of Preparation that a person sets by taste rather than by kind of data: they survive a change of source
KEPT_PREPARATION = ("train", "validation", "split_seed", "extra_features")


#: two numbers that differ less, relatively, are the same one to a float32 parameter
FLOAT32_EPS = 2.0**-23


@dataclass(frozen=True)
class Edit:
    """An edit by its name.

    Args:
        key: the function's name.
        text: what undo calls it, with the function's arguments in braces; ``{layer}`` and ``{layers}`` are the layers it is about.
        make: the function.
    """

    key: str
    text: str
    make: Callable[..., Project]

    def named(self, project: Project, *given: Any) -> str:
        """``text`` for this edit of ``project``: "Add Linear", "Delete 3 layers"."""
        words = inspect.signature(self.make).bind(project, *given).arguments
        ids = words.get("node_ids", [words["node_id"]] if "node_id" in words else ())
        about = [project.network[node_id].layer for node_id in ids if node_id in project.network]
        about = words.get("pasted", [words["layer"]] if "layer" in words else about)
        labels = [(layers.get(layer) if isinstance(layer, str) else layer).label for layer in about]
        which = labels[0] if len(labels) == 1 else f"{len(labels)} layers"
        return self.text.format(**words | {"layer": which, "layers": which})


#: every edit there is, by its key
EDITS: dict[str, Edit] = {}
F = TypeVar("F", bound=Callable[..., Project])


def edit(text: str) -> Callable[[F], F]:
    """Decorator: the function is an edit, which undo calls ``text``; see ``Edit``."""

    def declare(make: F) -> F:
        EDITS[make.__name__] = Edit(make.__name__, text, make)
        return make

    return declare


def new_id(network: Network, layer: Layer, taken: Collection[str] = ()) -> str:
    """A readable id that is free: "linear3", one more than the largest number this kind of layer has."""
    stem = layer.key.lower()
    numbers = [0]
    for name in (*taken, *(n.id for n in network.nodes)):
        match = re.fullmatch(rf"{re.escape(stem)}(\d+)", name)
        if match:
            numbers.append(int(match[1]))
    return f"{stem}{max(numbers) + 1}"


def index_of(project: Project, node_id: str) -> int:
    """Where a node stands. Raises SpecError for an unknown one."""
    return project.network.nodes.index(project.network[node_id])


@edit("Add {layer}")
def add_layer(project: Project, layer: Layer | str, at: int) -> Project:
    """Insert a layer (or the default one of a registry key) so that it stands at position ``at`` of the network's nodes."""
    return paste(project, [layers.get(layer)() if isinstance(layer, str) else layer], at)


def room(project: Project) -> int:
    """How many layers can be added: more could be saved, and not be opened again."""
    return max(MOST_LAYERS - len(project.network), 0)


@edit("Paste {layers}")
def paste(project: Project, pasted: Sequence[Layer], at: int) -> Project:
    """Insert layers, one after another, the first at position ``at``: into the wire that crosses the gap before it.

    Those for which ``room`` has none are left out.
    """
    nodes = list(project.network.nodes)
    pasted = pasted[: room(project)]
    at = max(0, min(at, len(nodes)))
    taken: list[str] = []
    fresh: list[Node] = []
    for layer in pasted:
        taken.append(new_id(project.network, layer, taken))
        fresh.append(_joined(Node(taken[-1], layer), [*nodes[:at], *fresh]))
    behind = nodes[at:]
    if fresh and behind:
        cut = nodes[at - 1].id if at else INPUT
        now = fresh[-1].id
        behind[0] = _rewired(behind[0], tuple(now if i == cut else i for i in behind[0].inputs))
    return _with_nodes(project, [*nodes[:at], *fresh, *behind])


def _joined(node: Node, before: Sequence[Node]) -> Node:
    """A layer that joins branches reads the node before it, and the one before that."""
    if node.layer.arity == 1 or node.inputs:
        return node
    ids = [INPUT, *(n.id for n in before)]
    return replace(node, inputs=(ids[-2] if len(ids) > 1 else ids[-1], ids[-1]))


@edit("Delete {layers}")
def remove(project: Project, node_ids: Collection[str]) -> Project:
    """Take nodes out; whoever read from one of them by name now reads from what it read."""
    network, node_ids = project.network, set(node_ids)
    stands_for = {n.id: network.inputs_of(n.id)[0] for n in network.nodes if n.id in node_ids}

    def source(node_id: str) -> str:
        while node_id in stands_for:
            node_id = stands_for[node_id]
        return node_id

    kept = [n for n in network.nodes if n.id not in node_ids]
    # Hand edits of what goes stay in the list: an undo brings the layer back with its weights, edits and all.
    return _with_nodes(project, [_rewired(n, tuple(source(i) for i in n.inputs)) for n in kept])


@edit("Move {layer}")
def move(project: Project, node_id: str, to: int) -> Project:
    """Take a node out and put it back so that it stands at position ``to`` of the result."""
    nodes = list(project.network.nodes)
    node = nodes.pop(index_of(project, node_id))
    nodes.insert(max(0, min(to, len(nodes))), node)
    return _with_nodes(project, nodes)


@edit("Move {layers}")
def shift(project: Project, node_ids: Sequence[str], by: int) -> Project:
    """Move nodes, given in their order, ``by`` places to the right (to the left where it is negative)."""
    for node_id in reversed(node_ids) if by > 0 else node_ids:
        project = move(project, node_id, index_of(project, node_id) + by)
    return project


@edit("Name {layer} {name}")
def name_layer(project: Project, node_id: str, name: str) -> Project:
    """Another name for a layer, wherever it is spoken of; "" gives it one by position again. Raises SpecError."""
    node = project.network[node_id]
    if not name and not is_by_position(node_id):
        return with_name(project, node_id, new_id(project.network, node.layer))
    if name in ("", node_id):
        return project
    return with_name(project, node_id, checked_name(project.network, node_id, name))


@edit("Duplicate {layers}")
def duplicate(project: Project, node_ids: Collection[str]) -> Project:
    """Copies of nodes, in their order, right after the last of them."""
    chosen = [n for n in project.network.nodes if n.id in node_ids]
    if not chosen:
        return project
    return paste(project, [n.layer for n in chosen], index_of(project, chosen[-1].id) + 1)


@edit("Change {layer}")
def set_layer(project: Project, node_id: str, layer: Layer) -> Project:
    """Other hyper-parameters, or another layer, at a node. Raises SpecError for an unknown one."""
    return _with_node(project, replace(project.network[node_id], layer=layer))


@edit("Wire {layer}")
def set_inputs(project: Project, node_id: str, inputs: Sequence[str]) -> Project:
    """Let a node read these. Raises SpecError where they are too few or too many, or do not come before it."""
    node, at = project.network[node_id], index_of(project, node_id)
    possible = (INPUT, *(n.id for n in project.network.nodes[:at]))
    late = [i for i in inputs if i not in possible]
    if late:
        raise SpecError(
            f"{node_id} cannot read {shown(late[0])}, which does not come before it. Choose an earlier block."
        )
    arity = node.layer.arity
    if not inputs or (arity is not None and len(inputs) != arity):
        wanted = "at least one input" if arity is None else f"{arity} input{'s' * (arity != 1)}"
        raise SpecError(
            f"{node_id} was given {len(inputs)} inputs; expected {wanted}. Choose another number."
        )
    # Who reads the block before it, and that alone, goes on to do so when blocks are moved.
    plain = arity == 1 and inputs[0] == possible[-1]
    return _with_node(project, replace(node, inputs=() if plain else tuple(inputs)))


@edit("Change {source.label}")
def set_source(project: Project, source: Source) -> Project:
    """Other data. Another kind brings the preparation that suits it, and a loss that serves its task if the present does not.

    Augmentations that make no sense for the new samples go.
    """
    try:
        preparation = preparation_for(project, source)
    except EngineError:  # the data's own problem is shown where the data are
        preparation = _preparation(project, source.recommended)
    changed = _drawn_anew(replace(project, source=source, preparation=preparation))
    return _with_suited_augmentation(_with_suited_loss(changed))


@edit("Open {name}")
def open_source(project: Project, source: Opened, name: str) -> Project:
    """As ``set_source``; in the place of a set of the program's own, a person's data name the project as well."""
    changed = set_source(project, source)
    return changed if isinstance(project.source, Opened) else replace(changed, name=name)


def with_choice(source: Tabular, column: str, **changes: Any) -> Tabular:
    """A table with something else chosen for a column: ``role``, ``fill`` or ``order`` of a ``roles.Choice``. Raises DataError."""
    given = roles.parsed(source.roles)
    given[column] = replace(given.get(column, roles.Choice()), **changes)
    return source.replace(roles=roles.written(given))


def with_role(source: Tabular, about: Sequence[About], column: str, role: str, also: bool = False) -> Tabular:
    """A table with another role of a column, one of ``roles.ROLES`` or the target. Raises DataError.

    Args:
        about: its columns as they are now.
        also: the present targets stay targets.
    """
    targets = [one.name for one in about if one.role == roles.TARGET]
    if role == roles.TARGET:
        wanted = [*targets, column] if also else [column]
        given = {name: one for name, one in roles.parsed(source.roles).items() if name not in wanted}
        named = ", ".join(map(quoted, wanted))
        return source.replace(targets=named, roles=roles.written(given))
    if column in targets:
        rest = [name for name in targets if name != column]
        if not rest:
            raise DataError(
                f"{clipped(column, 60)} is the only target; expected one at least. Choose another target first."
            )
        source = source.replace(targets=", ".join(map(quoted, rest)))
    return with_choice(source, column, role=role)


@edit("Change the role of {column}")
def set_role(project: Project, column: str, role: str) -> Project:
    """Another role of a column; the same project where its data are no table."""
    source = project.source
    return (
        set_source(project, with_choice(source, column, role=role))
        if isinstance(source, Tabular)
        else project
    )


@edit("Paint")
def paint(project: Project, source: Painted) -> Project:
    """Other painted points: some came, went, or moved. Weights and split stay as they are."""
    return replace(project, source=source)


@edit("Change the classes")
def set_classes(project: Project, source: Painted) -> Project:
    """Painted points with other classes: the loss and the last layer become what these need."""
    before = painted(project)
    if before is not None and len(source.classes) == len(before.classes):
        return replace(project, source=source)
    return mend_output(_with_suited_loss(_drawn_anew(replace(project, source=source))))


@edit("Draw pictures")
def draw_pictures(project: Project, source: PictureSet) -> Project:
    """Drawn pictures: some came or went, and a run goes on; or the first ones, other classes: then what does not fit them is mended."""
    before = project.source
    if source.goes_on_from(before):
        try:
            data_of(project)
        except EngineError:  # too few to learn from: nothing could be fitted to them yet
            pass
        else:
            return replace(project, source=source)
    changed = set_source(project, source)
    for remedy in [one for problem in problems(changed) for one in problem.remedies]:
        if isinstance(remedy, InsertLayer):
            changed = mend(changed, remedy)
            break
    return mend_output(changed)


def painted(project: Project) -> Painted | None:
    """The project's samples as painted points, to be painted on; ``None`` where they are of another kind.

    Raises EngineError where the samples cannot be had.
    """
    if isinstance(project.source, Painted):
        return project.source
    data = data_of(project)
    if not paintable(data.raw):
        return None
    return as_painted(project.source, data, extent(data), project.preparation.split_seed)


@edit("Type numbers")
def type_numbers(
    project: Project,
    source: Typed,
    first_weights: tuple[FirstWeights, ...] = (),
    network: Network | None = None,
    fit: Fit | None = None,
) -> Project:
    """Rows of numbers, the weights that a run begins with, and where they are given another network and another way to train."""
    changed = _drawn_anew(
        replace(project, source=source, preparation=_preparation(project, source.recommended))
    )
    if network is not None:
        changed = replace(changed, network=network)
    if fit is not None:
        changed = replace(changed, fit=fit)
    changed = mend_output(_with_suited_augmentation(_with_suited_loss(changed)))
    return replace(changed, first_weights=first_weights)


@edit("Read the data")
def read_outside(project: Project) -> Project:
    """The user wants the data read that were withheld; the same project where there are none."""
    source = project.source
    if not isinstance(source, Opened) or not source.withheld:
        return project
    return replace(project, source=source.replace(withheld=()))


def preparation_for(project: Project, source: Source) -> Preparation:
    """The preparation that ``set_source`` will choose. Raises EngineError where it depends on data that cannot be had."""
    if _same_kind(source, project.source):
        return project.preparation
    return _preparation(project, source.suited(store.raw(source)) if source.from_disk else source.recommended)


def _preparation(project: Project, suited: Mapping[str, Any]) -> Preparation:
    # What a set wants for itself, such as all samples for training, does not outlast it.
    names = [name for name in KEPT_PREPARATION if name not in project.source.recommended]
    kept = {name: getattr(project.preparation, name) for name in names}
    return Preparation(**(kept | dict(suited)))


def _same_kind(source: Source, before: Source) -> bool:
    """Whether two sources hold data of one kind: other settings of the same set, or the same files read in another way."""

    def files(of: Source) -> list[Any]:
        held = (of.text,) if isinstance(of, PastedTable) else ()
        return [*held, *(value for p, value in of.values() if isinstance(p.kind, File))]

    return type(source) is type(before) and files(source) == files(before)


def _with_suited_loss(project: Project) -> Project:
    try:
        train = data_of(project).train
    except EngineError:
        return project
    if project.fit.loss.serves(train):
        return project
    return replace(project, fit=project.fit.replace(loss=suited(train.task)[0]()))


def _with_suited_augmentation(project: Project) -> Project:
    chain = project.fit.augmentation
    if not chain:
        return project
    try:
        in_shape = data_of(project).in_shape
    except EngineError:
        return project
    kept = tuple(one for one in chain if not one.unsuited(in_shape))
    return project if kept == chain else replace(project, fit=project.fit.replace(augmentation=kept))


def _drawn_anew(project: Project) -> Project:
    """What draws the weights anew leaves no hand edits of the old ones, and no given ones."""
    return replace(project, weight_edits=(), first_weights=())


@edit("Set first weights")
def give_weights(project: Project, state: Mapping[str, Array]) -> Project:
    """The run begins with these numbers, all that the network holds. Raises SpecError where they do not fit it.

    ``state``: as ``Model.state_dict`` gives it.
    """
    check_state(state, state_shapes(project))
    return replace(project, weight_edits=(), first_weights=_given(state))


@edit("Build pulses")
def build_pulses(project: Project, pulses: Sequence[Pulse]) -> Project:
    """The run begins with a hidden layer that draws these pulses, in the data's units, with as many units as they take.

    Raises EngineError where the network has no place for them, or they are too many.
    """
    place = bench(project)
    if not 0 < len(pulses) <= MOST_PULSES:
        raise SpecError(f"{len(pulses)} pulses were asked for; expected 1 to {MOST_PULSES}. Choose so many.")
    hidden = project.network[place.hidden].layer
    units = place.size * len(pulses)
    project = set_layer(project, place.hidden, hidden.replace(out_features=units))
    return give_weights(project, place.state(pulses))


@edit("Import a network")
def import_network(project: Project, network: Network, state: Mapping[str, Array]) -> Project:
    """Another network on the same data, trained in the same way; its run begins with these numbers, where there are any.

    Whether the data fit it, ``problems`` say. Raises SpecError for weights that are too many or not finite.
    """
    return replace(project, network=network, weight_edits=(), first_weights=_given(state))


def _given(state: Mapping[str, Array]) -> tuple[FirstWeights, ...]:
    size = sum(array.size for array in state.values())
    if size > MOST_GIVEN:
        raise SpecError(
            f"The weights are {size:,} numbers; expected at most {MOST_GIVEN:,} to begin with. "
            "Save the project with its run instead: that holds any number."
        )
    if not all(np.isfinite(array).all() for array in state.values()):
        raise SpecError("Some of the weights are no finite numbers; expected that all are. Give others.")
    return tuple(FirstWeights(*key.rpartition(".")[::2], _nested(array)) for key, array in state.items())


def _nested(array: Array) -> tuple[Any, ...]:
    """Nested tuples of the shortest decimal numbers that stand for the float32 numbers of ``array``."""

    def frozen(value: Any) -> Any:
        return tuple(map(frozen, value)) if isinstance(value, list) else value

    nested: tuple[Any, ...] = frozen(np.asarray(array, np.float32).astype(str).astype(float).tolist())
    return nested


@edit("Change preparation")
def set_preparation(project: Project, preparation: Preparation) -> Project:
    """Another split, other features or scales; weights are drawn anew."""
    changed = _drawn_anew(replace(project, preparation=preparation))
    return (
        changed if preparation.reconstruct == project.preparation.reconstruct else _with_suited_loss(changed)
    )


@edit("Change training")
def set_fit(project: Project, fit: Fit) -> Project:
    """Train in another way. Weights stay, unless the initializer is another one."""
    changed = replace(project, fit=fit)
    return changed if fit.initializer == project.fit.initializer else _drawn_anew(changed)


@edit("Start with {initializer.label}")
def start_with(project: Project, initializer: Initializer, activation: Activation | None = None) -> Project:
    """All weights begin so, also those of layers that had a way of their own; with ``activation`` in place of each hidden one.

    What stands last stays, as it belongs to the loss.
    """

    def begun(node: Node) -> Node:
        hidden = isinstance(node.layer, Activation) and node.id != project.network.output_id
        if hidden and activation is not None and not isinstance(node.layer, Softmax):
            return replace(node, layer=activation)
        if getattr(node.layer, "initializer", None) is not None:
            return replace(node, layer=node.layer.replace(initializer=None))
        return node

    nodes = tuple(map(begun, project.network.nodes))
    changed = project if nodes == project.network.nodes else _with_nodes(project, nodes)
    return set_fit(changed, changed.fit.replace(initializer=initializer))


@edit("Change seed")
def set_seed(project: Project, seed: int) -> Project:
    """Another seed draws other first weights."""
    return _drawn_anew(replace(project, seed=seed))


@edit("Draw new weights")
def new_weights(project: Project) -> Project:
    """The next seed."""
    return set_seed(project, project.seed + 1)


@edit("Set {name} of {node_id}")
def set_weight(
    project: Project, node_id: str, name: str, index: tuple[int, ...], before: float, after: float
) -> Project:
    """Set one number of a parameter by hand.

    A second edit of the same cell in a row becomes one with the first, unless training has moved the cell in between: then an undo
    must put back what training had made of it.
    """
    edits = project.weight_edits
    first = project.network[node_id].first_id if node_id in project.network else node_id
    edit = WeightEdit(first, name, index, before, after)
    if edits and (edits[-1].node_id, edits[-1].name, edits[-1].index) == (first, name, index):
        last = edits[-1]
        if any(math.isclose(before, value, rel_tol=FLOAT32_EPS) for value in (last.before, last.after)):
            edit, edits = replace(edit, before=last.before), edits[:-1]
    return replace(project, weight_edits=(*edits, edit))


@edit("Change human error")
def set_human_error(project: Project, human_error: float) -> Project:
    """Judge the network against another human-level error, from 0 to 1. Raises SpecError outside."""
    return replace(project, human_error=checked_human_error(human_error))


@edit("Mean it so")
def mean_so(project: Project, rule: str) -> Project:
    """The coach's rule of this name says nothing of this project any more."""
    return project if rule in project.meant else replace(project, meant=(*project.meant, rule))


@edit("Have it said again")
def hear_again(project: Project) -> Project:
    """All of the coach's rules speak."""
    return replace(project, meant=()) if project.meant else project


@edit("Rename")
def rename(project: Project, name: str) -> Project:
    return replace(project, name=name)


@edit("{remedy.text}")
def mend(project: Project, remedy: Remedy) -> Project:
    """Make the edit that a problem names as its remedy; none where the block that it is for has gone meanwhile.

    Raises SpecError for a kind that is not known here.
    """
    at = getattr(remedy, "node_id", None)
    if at is not None and all(node.id != at for node in project.network.nodes):
        return project
    match remedy:
        case FitOutput():
            return mend_output(project)
        case RemoveNode(node_id=node_id):
            return remove(project, {node_id})
        case SetLayer(node_id=node_id, layer=layer):
            return set_layer(project, node_id, layer)
        case InsertLayer(node_id=node_id, layer=layer):
            return _inserted_before(project, node_id, layer)
        case AppendLayer(layer=layer):
            return add_layer(project, layer, len(project.network))
        case AllowMemory(size=size):
            return replace(project, memory=size)
        case DrawWeights():
            return _drawn_anew(project)
        case NewWeights():
            return new_weights(project)
        case ReadOutside():
            return read_outside(project)
        case SetPreparation(name=name, value=value):
            return set_preparation(project, project.preparation.replace(**{name: value}))
        case SetRole(column=column, role=role):
            return set_role(project, column, role)
        case SetFit(name=name, value=value):
            return set_fit(project, project.fit.replace(**{name: value}))
        case Several(remedies=remedies):
            return reduce(mend, remedies, project)
    raise SpecError(f"No edit is known for the remedy {remedy.text!r}. Add it to edits.mend.")


@edit("Mend the output")
def mend_output(project: Project) -> Project:
    """Make the last layer give what data and loss need: resize a final Linear, or append one (after a Flatten for pictures).

    Where a picture is needed, an Unflatten follows it.
    """
    project = _with_suited_loss(project)
    wanted = wanted_output(project)
    nodes = project.network.nodes
    if wanted is None or (nodes and shapes(project).get(nodes[-1].id) == wanted):
        return project
    if len(wanted) == 3 and room(project) > 1:
        if nodes and isinstance(nodes[-1].layer, Unflatten):
            project = remove(project, {nodes[-1].id})
        return add_layer(_giving(project, math.prod(wanted)), Unflatten(*wanted), len(project.network) + 1)
    return _giving(project, wanted[0]) if len(wanted) == 1 else project


def _giving(project: Project, units: int) -> Project:
    """With a last Linear of so many units."""
    nodes = project.network.nodes
    if nodes and isinstance(nodes[-1].layer, Linear):
        project = set_layer(project, nodes[-1].id, nodes[-1].layer.replace(out_features=units))
        return _flattened_before_last(project)
    # Whatever else stands last, an activation say, stays as it is: resizing the Linear before it would leave bent logits.
    return _flattened_before_last(add_layer(project, Linear(units), len(nodes)))


def differences(before: Project, after: Project) -> list[str]:
    """What other data have changed of loss and last layer, a sentence for each."""
    found = []
    if type(after.fit.loss) is not type(before.fit.loss):
        found.append(f"The loss is now {after.fit.loss.label}, which suits these data.")
    was = {node.first_id: node.layer for node in before.network.nodes}
    for node in after.network.nodes:
        if node.first_id not in was:
            found.append(f"A layer was added, {node.id}: {node.layer.label}.")
        elif node.layer != was[node.first_id] and isinstance(node.layer, Linear):
            given = shape_in_words((node.layer.out_features,))
            found.append(f"The last layer, {node.id}, now gives {given}, as these data need.")
    return found


def _flattened_before_last(project: Project) -> Project:
    """Put a Flatten before the last node where a picture arrives there."""
    network = project.network
    last = network.nodes[-1]
    if len(shapes(project).get(network.inputs_of(last.id)[0], ())) != 3:
        return project
    return _inserted_before(project, last.id, Flatten())


def _inserted_before(project: Project, node_id: str, layer: Layer) -> Project:
    """Put a layer into the wire that a node reads, wherever that comes from; nothing where there is no ``room``."""
    if not room(project):
        return project
    nodes, at = list(project.network.nodes), index_of(project, node_id)
    fresh = Node(new_id(project.network, layer), layer, nodes[at].inputs)
    return _with_nodes(project, [*nodes[:at], fresh, _rewired(nodes[at], ()), *nodes[at + 1 :]])


def _rewired(node: Node, inputs: tuple[str, ...]) -> Node:
    return node if inputs == node.inputs else replace(node, inputs=inputs)


def _with_node(project: Project, node: Node) -> Project:
    """``node`` in place of the one with its id; the very same project where they are equal."""
    if project.network[node.id] == node:
        return project
    return _with_nodes(project, [node if n.id == node.id else n for n in project.network.nodes])


def _with_nodes(project: Project, nodes: Sequence[Node]) -> Project:
    after = replace(project, network=Network(tuple(nodes)))
    return _with_fitting_weights(project, after) if project.first_weights else after


def _with_fitting_weights(before: Project, after: Project) -> Project:
    """Given weights whose layer has gone, or takes another shape by now, go as well. What never fitted stays, to be told of."""
    ids, old, new = {n.id for n in after.network.nodes}, shapes(before), shapes(after)

    def stays(one: FirstWeights) -> bool:
        fits = one.node_id in ids and not misfits([one], after.network, new)
        return fits or (one.node_id in ids and bool(misfits([one], before.network, old)))

    kept = tuple(filter(stays, before.first_weights))
    return after if kept == before.first_weights else replace(after, first_weights=kept)

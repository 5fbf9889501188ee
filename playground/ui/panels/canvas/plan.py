"""What the canvas shows of a project, worked out before anything is drawn. No Qt.

Units are drawn once per layer that makes values of its own (Linear, Conv2d, MaxPool2d …), in a *column* under its card. A layer that
gives back the shape it gets (activations, Dropout) is *attached*: a small card, and the column before it shows its output, because that
is the value the next layer reads. So wires run from Linear to Linear, and each tile is what its wires carry. Two exceptions: the column
of the data always shows the data, and a value that several layers read keeps a column of its own.
"""

from __future__ import annotations

import enum
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from engine.data import Prepared
from engine.errors import EngineError
from engine.layers import ConvTranspose2d, Layer, Shape
from engine.losses import numbers_in_words
from engine.network import INPUT, Network, Problem, shape_in_words
from engine.spec import Float, Int, Pair, Param, Spec
from playground.document.naming import is_by_position
from playground.document.project import Project, data_of, findings, is_binary, loss_of, shapes, wanted_output
from playground.document.store import Pending
from playground.document.wiring import skips
from playground.ui.kit.numbers import exact

LOSS = "loss"  #: the id of the block at the end

#: shapes a layer is tried on to see whether it gives back whatever shape it gets
_TRIALS: tuple[Shape, ...] = ((3,), (5,), (2, 6, 7), (3, 6, 7))


class Mode(enum.Enum):
    """How a unit's values can be drawn: over the plane of two inputs, along the axis of one, or for one chosen sample."""

    PLANE = "plane"
    LINE = "line"
    SAMPLE = "sample"


class Wiring(enum.Enum):
    """How two columns are joined: a wire per weight, a wire per unit, or one bundle where wires would be too many."""

    WEIGHTS = "weights"
    EACH = "each"
    BUNDLE = "bundle"


@dataclass(frozen=True)
class Block:
    """One card.

    Args:
        id: the node's, or "input" or "loss".
        title, summary: what the card says.
        category: of its layer.
        layer: its spec; ``None`` for the data.
        inputs: ids it reads from.
        in_shape, shape: of one sample before and after it; ``()`` while unknown.
        parameters: shapes of its learnable arrays.
        attached: it has no column of its own.
        shown: whose output its column shows; "" where it has no column.
        names: of its units, as far as they have names: features, classes, targets.
        filter: shape ``(C, h, w)`` in which the weights of one unit make a picture; ``()`` where they make none.
        problem: what is wrong here.
        explains: it keeps the network from running, and its sentence stands under this card (and not at another one).
        needs: what the loss asks of the last layer.
        heading: what stands on its card: its name where it was given one, else the title, with a number where there are several of its kind.
    """

    id: str
    title: str
    summary: str
    category: str = ""
    layer: Spec | None = None
    inputs: tuple[str, ...] = ()
    in_shape: Shape = ()
    shape: Shape = ()
    parameters: Mapping[str, Shape] = field(default_factory=dict)
    attached: bool = False
    shown: str = ""
    names: tuple[str, ...] = ()
    filter: Shape = ()
    problem: Problem | None = None
    explains: bool = False
    needs: str = ""
    heading: str = ""

    @property
    def units(self) -> int:
        """How many tiles its column could have: units, or channels."""
        return self.shape[0] if self.shape and self.shown else 0

    @property
    def has_biases(self) -> bool:
        """Whether each of its units adds one number of its own."""
        return bool(self.units) and self.parameters.get("bias") == (self.units,)

    @property
    def is_sum(self) -> bool:
        """Whether each of its units adds up all inputs, each times a weight, as in a Linear."""
        return len(self.in_shape) == 1 and self.parameters.get("weight") == (self.units, *self.in_shape)

    @property
    def is_node(self) -> bool:
        return self.id not in (INPUT, LOSS)


@dataclass(frozen=True)
class Link:
    """Two columns, the second of which reads the first.

    ``skip``: there are blocks between them, round which the wire goes.
    """

    source: str
    target: str
    wiring: Wiring
    skip: bool = False


@dataclass(frozen=True)
class Plan:
    """Everything on the canvas.

    Args:
        mode: how units are drawn.
        blocks: data, layers in order, loss.
        links: which columns are joined.
        mend: the last layer does not give what data and loss need, and could be changed so that it does.
        parameters: how many numbers the network learns.
        skips: wires ``(from, to)`` that do not come from the block before.
        batch: samples that go through together.
    """

    mode: Mode
    blocks: tuple[Block, ...]
    links: tuple[Link, ...]
    mend: bool = False
    parameters: int = 0
    skips: tuple[tuple[str, str], ...] = ()
    batch: int = 0

    @cached_property
    def _by_id(self) -> dict[str, Block]:
        return {b.id: b for b in reversed(self.blocks)}  # of two with one id, which is a problem, the first

    @cached_property
    def _by_ends(self) -> dict[tuple[str, str], Link]:
        return {(link.source, link.target): link for link in reversed(self.links)}

    def __getitem__(self, block_id: str) -> Block:
        return self._by_id[block_id]

    def __contains__(self, block_id: object) -> bool:
        return block_id in self._by_id

    def link(self, source: str, target: str) -> Link | None:
        """The link between two blocks, if they are joined."""
        return self._by_ends.get((source, target))

    @property
    def nodes(self) -> tuple[Block, ...]:
        return self.blocks[1:-1]


NOTHING = Plan(Mode.SAMPLE, (), ())  #: before anything is shown


def plan(project: Project) -> Plan:
    """What the canvas shows of ``project``, half-built ones included."""
    data, loading = None, False
    try:
        data = data_of(project)
    except EngineError as error:
        loading = isinstance(error, Pending)
    known = shapes(project)
    blocks = _Blocks(project, data, known, loading)
    return Plan(
        _mode(data),
        blocks.all(),
        blocks.links(),
        blocks.mend,
        sum(_count(b.parameters) for b in blocks.nodes),
        tuple(skip for skip in skips(project.network.nodes) if _drawn(skip, project.network)),
        min(project.fit.batch_size, len(data.train)) if data is not None else project.fit.batch_size,
    )


def _drawn(skip: tuple[str, str], network: Network) -> bool:
    """Whether a wire leads from left to right between blocks that there are; any other is a problem that is said."""
    ids = [INPUT, *(node.id for node in network.nodes)]
    return skip[0] in ids and ids.index(skip[0]) < ids.index(skip[1])


def _mode(data: Prepared | None) -> Mode:
    # The raw shape: extra features are computed from the same two inputs.
    shape = data.raw.in_shape if data is not None else ()
    return Mode.PLANE if shape == (2,) else Mode.LINE if shape == (1,) else Mode.SAMPLE


@lru_cache(maxsize=512)
def keeps_shape(layer: Layer) -> bool:
    """Whether the layer gives back whatever shape it gets, as activations and Dropout do."""
    results = []
    for shape in _TRIALS:
        try:
            results.append(layer.check_inputs(shape) == shape)
        except EngineError:
            continue
    return bool(results) and all(results)


def summary_of(layer: Spec, parameters: Mapping[str, Shape] | None = None, out: Shape = ()) -> str:
    """A layer in a line: its first number among the hyper-parameters, or else the shape it gives, and how many numbers it learns."""
    numbers = ((p, v) for p, v in layer.values() if isinstance(p.kind, Int | Float | Pair) and not p.advanced)
    first = next(numbers, None)
    if first is not None:
        words = [_value_in_words(*first)]
    else:
        words = [shape_in_words(out)] if out else []
    if parameters:
        words.append(f"{_count(parameters):,} params")
    return " · ".join(words)


def _value_in_words(param: Param, value: object) -> str:
    if isinstance(param.kind, Pair):
        named = isinstance(value, str) or (param.kind.zero and value == 0)
        return param.kind.written(value if named or isinstance(value, tuple) else (value, value))  # type: ignore[arg-type]
    text = exact(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    if param.unit:
        return f"{text} {param.unit.removesuffix('s') if value == 1 else param.unit}"
    return f"{param.called} {text}"


def _count(parameters: Mapping[str, Shape]) -> int:
    total = 0
    for shape in parameters.values():
        size = 1
        for n in shape:
            size *= n
        total += size
    return total


def _stops(problem: Problem | None) -> bool:
    """Whether it keeps the network from running."""
    return problem is not None and problem.level == "error"


class _Blocks:
    """Works out the blocks of one project."""

    def __init__(
        self, project: Project, data: Prepared | None, known: dict[str, Shape], loading: bool = False
    ) -> None:
        self._project, self._data, self._shapes, self._loading = project, data, known, loading
        self._network: Network = project.network
        self._problems = {p.node_id: p for p in reversed(findings(project))}  # an error before a warning
        self._readers = Counter(source for source, _ in self._network.edges())
        self._column = {INPUT: INPUT}  # node → block in whose column its values are drawn
        self._flat: set[str] = set()  # nodes whose values are those of their column, laid in a row
        self._wanted = wanted_output(project)
        out = known.get(self._network.output_id)
        self.mend = bool(
            self._network.nodes and out is not None and self._wanted is not None and out != self._wanted
        )
        self.nodes: list[Block] = []
        self._at: dict[str, int] = {}  # where each of them stands
        for node in self._network.nodes:
            self._add(node.id, node.layer)
        self._name_outputs()
        self._head()

    def all(self) -> tuple[Block, ...]:
        return (self._input(), *self.nodes, self._loss())

    # --- layers -------------------------------------------------------------------------------------------------------

    def _add(self, node_id: str, layer: Layer) -> None:
        inputs = self._network.inputs_of(node_id)
        in_shapes = [self._shapes[i] for i in inputs if i in self._shapes]
        shape = self._shapes.get(node_id, ())
        complete = bool(shape) and len(in_shapes) == len(inputs)
        parameters = {n: p.shape for n, p in layer.parameters(*in_shapes).items()} if complete else {}
        attached = self._attach(node_id, layer, inputs)
        problem = self._problems.get(node_id)
        elsewhere = self.mend and node_id == self._network.output_id
        block = Block(
            node_id, layer.label, summary_of(layer, parameters, shape), layer.category, layer, inputs,
            in_shapes[0] if in_shapes else (), shape, parameters, attached,
            shown="" if attached or not shape else node_id,
            problem=problem, explains=_stops(problem) and not elsewhere,
        )  # fmt: skip
        self._at[node_id] = len(self.nodes)
        self.nodes.append(replace(block, filter=self._filter(block)))

    def _attach(self, node_id: str, layer: Layer, inputs: tuple[str, ...]) -> bool:
        """Whether the node shares a column; if so, that column shows its output from now on."""
        source = inputs[0]
        column = self._column.get(source, node_id)
        self._column[node_id] = node_id
        if len(inputs) != 1 or source not in self._column:
            return False
        if layer.is_view:
            self._column[node_id] = column
            if self._shapes.get(node_id) != self._shapes.get(source) or source in self._flat:
                self._flat.add(node_id)
            return True
        if not keeps_shape(layer):
            return False
        if source in self._flat and layer.is_random:
            self._column[node_id] = (
                column  # Dropout after Flatten: at rest it changes nothing, so no column of hundreds
            )
            self._flat.add(node_id)
            return True
        if column == INPUT or source in self._flat or self._readers[source] > 1:
            return False
        self._column[node_id] = column
        at = self._at.get(column)
        if at is not None and self.nodes[at].shown == source:
            self.nodes[at] = replace(self.nodes[at], shown=node_id)
        return True

    def _filter(self, block: Block) -> Shape:
        weight = block.parameters.get("weight")
        if block.attached or weight is None or not block.inputs:
            return ()
        if len(weight) == 4:
            # The first axis of a transposed convolution's weights is the channels it reads: no row of them is a filter.
            return () if isinstance(self._network[block.id].layer, ConvTranspose2d) else weight[1:]
        source = block.inputs[0]
        picture = self._shapes.get(self._column.get(source, ""), ())
        # A row of weights for each unit, a weight for each pixel: not the one number of a PReLU, say.
        fits = len(picture) == 3 and weight[1:] == (math.prod(picture),)
        return picture if source in self._flat and fits else ()

    def _name_outputs(self) -> None:
        """Give the units of the last column the names of classes or targets, where there is one for each."""
        if self._data is None or self.mend or not self.nodes:
            return
        raw, out = self._data.raw, self._network.output_id
        names = raw.classes or raw.targets
        self.nodes = [
            replace(b, names=names) if b.shown == out and b.shape == (len(names),) else b for b in self.nodes
        ]

    def _head(self) -> None:
        kinds = Counter(block.title for block in self.nodes if is_by_position(block.id))
        self.nodes = [self._headed(block, kinds[block.title]) for block in self.nodes]

    @staticmethod
    def _headed(block: Block, of_its_kind: int) -> Block:
        stem = block.layer.key.lower() if block.layer is not None else ""
        number = block.id.removeprefix(stem)
        if number.isdecimal():
            return replace(block, heading=block.title if of_its_kind < 2 else f"{block.title} {number}")
        return replace(
            block, heading=block.id, summary=" · ".join(filter(None, (block.title, block.summary)))
        )

    # --- the two ends -------------------------------------------------------------------------------------------------

    def _input(self) -> Block:
        # That data are on their way is nothing wrong.
        problem = None if self._loading else self._problems.get(INPUT)
        shape = self._shapes.get(INPUT, ())
        if not shape or self._data is None:
            summary = "loading …" if self._loading else "no data"
        elif len(shape) == 3:
            summary = f"picture · {shape_in_words(shape)}"
        else:
            summary = f"{shape[0]} feature{'s' if shape[0] != 1 else ''}"
        return Block(
            INPUT, "Input", summary, shape=shape, shown=INPUT if shape else "",
            names=self._data.features if self._data else (), problem=problem, explains=_stops(problem),
        )  # fmt: skip

    def _loss(self) -> Block:
        loss = self._project.fit.loss
        problem = self._problems.get(LOSS)
        if self.mend and not _stops(problem):
            problem = self._problems.get(self._network.output_id, problem)
        return Block(
            LOSS, loss.label, loss.factor, layer=loss, inputs=(self._network.output_id,), shape=self._wanted or (),
            problem=problem, explains=_stops(problem), needs=wanted_in_words(self._project),
        )  # fmt: skip

    # --- wires --------------------------------------------------------------------------------------------------------

    def links(self) -> tuple[Link, ...]:
        blocks = {b.id: b for b in (self._input(), *self.nodes)}
        found = []
        round_others = set(skips(self._network.nodes))
        for block in self.nodes:
            if block.attached or not block.shown:
                continue
            for source in block.inputs:
                column = blocks.get(self._column.get(source, ""))
                if column is not None and column.shown:
                    skip = (source, block.id) in round_others
                    found.append(Link(column.id, block.id, self._wiring(source, column, block), skip))
        last = blocks.get(self._column.get(self._network.output_id, ""))
        if last is not None and last.shown and self.nodes:
            found.append(Link(last.id, LOSS, Wiring.BUNDLE))
        return tuple(found)

    def _wiring(self, source: str, column: Block, block: Block) -> Wiring:
        if source in self._flat:
            return Wiring.BUNDLE
        weight = block.parameters.get("weight")
        if weight == (block.units, column.units):
            return Wiring.WEIGHTS
        return Wiring.EACH if weight is None and block.units == column.units else Wiring.BUNDLE


def wanted_in_words(project: Project) -> str:
    """What the loss block asks of the last layer: "needs 1 logit", "needs 10 logits", "needs 1 value: 0 or 1"."""
    wanted = wanted_output(project)
    if wanted is None:
        return ""
    if len(wanted) > 1:
        return f"needs {shape_in_words(wanted)}"
    loss = loss_of(project)
    labels, noun = loss.labels, loss.noun
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    words = f"needs {wanted[0]} {noun if wanted[0] == 1 else many}"
    if labels is None or noun != "value" or not is_binary(project):
        return words
    return f"{words}: {numbers_in_words(*labels).replace(' and ', ' or ')}"

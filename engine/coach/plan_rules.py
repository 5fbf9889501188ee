"""Rules of the plan: what network, data and training are together, before the first update."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from weakref import WeakKeyDictionary

import numpy as np

from engine.coach import remedies
from engine.coach.evidence import Moment, Plan, named, percent
from engine.coach.picture import Picture, bars, curves
from engine.coach.rule import STUCK, Finding, Rule, rule
from engine.core import Array
from engine.data import Dataset, Opened
from engine.errors import clipped
from engine.layers import (
    Activation,
    AvgPool2d,
    BatchNorm,
    Dropout,
    Dropout2d,
    Flatten,
    GlobalAvgPool2d,
    Identity,
    LayerNorm,
)
from engine.problems import Problem, RemoveNode, SetFit, SetLayer, Several
from engine.reach import FAR, NEAR
from engine.review import batch_size_without_rest
from engine.schedules import ConstantRate, Progress

#: layers that bend nothing: two weighty layers with only these between them are one
STRAIGHT = (BatchNorm, Dropout, Dropout2d, Flatten, AvgPool2d, GlobalAvgPool2d, Identity)
#: rows that are compared one by one; of more, the first ones
ROWS = 5000


@rule("nothing-learns")
class NothingLearns(Rule):
    """Every weight is frozen, or the rate is 0."""

    title = "Nothing can change"
    about = "fit"
    why = "A network learns by changing its weights."
    sure = "proven"
    silences = STUCK

    def before(self, plan: Plan) -> Iterator[Finding]:
        if plan.fit.optimizer.lr == 0:
            usual = remedies.usual_rate(plan.fit)
            yield Finding(
                "The learning rate is 0, so no update changes any weight.",
                remedies=(remedies.rate_of(plan.fit, usual),),
                picture=bars("learning rate", {"now": 0.0, "usual": usual}, "now"),
            )
        elif plan.weighty and not plan.learning:
            thaw = [SetLayer(f"Let {n.id} learn", n.id, n.layer.replace(frozen=False)) for n in plan.weighty]
            yield Finding(
                "Every layer with weights is frozen, so no update changes any weight.",
                node_id=plan.weighty[-1].id,
                picture=bars(
                    "layers with weights", {"all": len(plan.weighty), "that can learn": 0.0}, "that can learn"
                ),
                remedies=(Several("Let all layers learn", tuple(thaw)), thaw[-1]),
            )


@rule("one-target")
class OneTarget(Rule):
    """All training samples have the same target."""

    title = "There is only one answer to learn"
    about = "data"
    why = "A network that always says the same is then right; nothing about the inputs can be learned."
    sure = "proven"
    silences = STUCK | {"overfitting", "unbalanced-classes", "few-data"}

    def before(self, plan: Plan) -> Iterator[Finding]:
        y = plan.train.y
        if len(y) > 1 and (y == y[:1]).all():
            what = f"of the class {clipped(plan.train.classes[int(y[0])], 40)}" if plan.train.classes else (
                f"{float(y.flat[0]):.4g}".replace("-", "−")
            )  # fmt: skip
            yield Finding(
                f"All {len(y):,} targets of the training part are {what}.",
                "Choose another target, or another way to split the samples.",
                "input",
                picture=bars(
                    "different targets", {"samples": float(len(y)), "targets": 1.0}, "targets", log=True
                ),
            )


@rule("no-nonlinearity")
class NoNonlinearity(Rule):
    """Two layers with weights in a row, and nothing between them that bends."""

    title = "Layers in a row without an activation"
    why = "A linear function of a linear function is linear: without a bend between them they are one layer, however many there are."
    sure = "proven"
    silences = STUCK
    sources = "UMLAUT (CHI 2021); NeuraLint (TOSEM 2021); CS231n, neural networks 1"

    def before(self, plan: Plan) -> Iterator[Finding]:
        weighty = {n.id for n in plan.weighty}
        pairs = [
            (source, n.id)
            for n in plan.weighty
            if (source := plan.source_of(n.id, STRAIGHT)) in weighty and source is not None
        ]
        if not pairs:
            return
        layer = remedies.activation_for(plan)
        remedy = remedies.bend(plan, [second for _, second in pairs], layer)
        chain = [pairs[0][0], *(second for _, second in pairs)]
        narrow = all(self._narrows(plan, *pair) for pair in pairs)
        yield Finding(
            f"Between {named(chain)} nothing bends: together they can only do what one layer could.",
            node_id=pairs[0][1],
            remedies=(remedy,),
            level="hint" if narrow else None,
            picture=bars("layers", {"in a row": float(len(pairs) + 1), "worth": 1.0}, "worth"),
        )

    @staticmethod
    def _narrows(plan: Plan, first: str, second: str) -> bool:
        """Whether the layers between which nothing bends make a narrow place, which one layer could not."""
        shapes = plan.network.shapes(plan.train.in_shape)
        (before,) = plan.network.in_shapes_of(first, shapes)
        sizes = [int(np.prod(s)) for s in (before, shapes[first], shapes[second])]
        return sizes[1] < min(sizes[0], sizes[2])


@rule("last-layer")
class LastLayer(Rule):
    """The last layer gives something else than the loss asks for; see ``engine.review``."""

    title = "The last layer does not suit the loss"
    why = "The loss is smallest for outputs that this layer cannot give, so that it stays too high whatever is learned."
    sure = "proven"
    silences = STUCK

    def before(self, plan: Plan) -> Iterator[Finding]:
        yield from _reviewed(plan, self.key)


@rule("units-alike")
class UnitsAlike(Rule):
    """All units of a hidden layer begin with the same weights; see ``engine.review``. Weights that are given are measured."""

    title = "All units of a layer are copies"
    why = "Equal weights get equal gradients, so that the units stay copies of one another: a symmetry that only random weights break."
    sure = "proven"
    silences = STUCK | {"first-weights-scale", "born-dead", "saturated"}
    sources = "CS231n, neural networks 2"

    def before(self, plan: Plan) -> Iterator[Finding]:
        yield from _reviewed(plan, self.key)

    def begins(self, moment: Moment) -> Iterator[Finding]:
        plan = moment.plan
        alike = [one.node_id for one in moment.now.of(plan.learning[:-1]) if one.alike]
        if alike:
            yield Finding(
                f"All {plan.units[alike[0]]} units of {named(alike)} have the same weights and give the same values.",
                node_id=alike[0],
                picture=_copies(plan, alike[0]),
                remedies=(remedies.drawn(plan),),
            )

    trains = begins


@rule("far-from-one")
class FarFromOne(Rule):
    """Inputs or targets far from 1; see ``engine.reach``."""

    title = "Numbers far from 1 go in"
    about = "data"
    why = "Gradients grow with what goes in: a step that suits numbers about 1 is far too long, or too short, for these."
    silences = STUCK | {"features-apart", "first-weights-scale", "saturated", "born-dead"}

    def before(self, plan: Plan) -> Iterator[Finding]:
        yield from _reviewed(plan, self.key)


def _reviewed(plan: Plan, key: str) -> Iterator[Finding]:
    for problem in plan.reviewed:
        if problem.rule == key:
            picture = _PICTURED[key](plan, problem)
            yield Finding(problem.message, "", problem.node_id, problem.remedies, why="", picture=picture)


def _copies(plan: Plan, node_id: str) -> Picture | None:
    """How many units a layer has, and how many different ones."""
    units = plan.units.get(node_id)
    return None if units is None else bars("units", {node_id: float(units), "different": 1.0}, "different")


def _what_it_gives(plan: Plan, node_id: str) -> Picture | None:
    """The curve of an activation, whose ends are what it can give."""
    node = next((n for n in plan.network.nodes if n.id == node_id), None)
    if node is None or not isinstance(node.layer, Activation):
        return None
    x = np.linspace(-5.0, 5.0, 101)
    return curves(
        f"what {node_id} gives", x, {node.layer.label: node.layer.curve(x)[0]}, "what comes in", level=0.0
    )


def _farthest(plan: Plan) -> Picture | None:
    """How far from 0 each column reaches: of the inputs, or where these are near 1, of the targets."""
    for names, values in ((plan.train.features, plan.train.x), (plan.train.targets, plan.train.y)):
        if values.ndim != 2 or len(names) != values.shape[1]:
            continue
        reach = np.abs(values[:ROWS]).max(axis=0)
        if reach.max() > FAR or reach.max() <= NEAR:
            far = int(reach.argmax())
            named = {clipped(name, 40): float(r) for name, r in zip(names, reach, strict=True)}
            return bars("farthest from 0", named, clipped(names[far], 40), 1.0, "about 1 suits", log=True)
    return None


#: how what ``engine.review`` and ``engine.reach`` have found is shown
_PICTURED: dict[str, Callable[[Plan, Problem], Picture | None]] = {
    "last-layer": lambda plan, problem: _what_it_gives(plan, problem.node_id),
    "units-alike": lambda plan, problem: _copies(plan, problem.node_id),
    "far-from-one": lambda plan, problem: _farthest(plan),
}


@rule("features-apart")
class FeaturesApart(Rule):
    """Inputs of a table that are spread very differently."""

    title = "One input is far larger than another"
    about = "data"
    why = "The gradient of a weight grows with its input: no one learning rate suits them all."
    stuck = False
    silences = frozenset({"start-loss", "rate-too-large"})
    sources = "TheDeepChecker (ISSTA 2022); CS231n, data preprocessing"
    #: how many times wider one column may be spread than another
    APART = 20.0

    def before(self, plan: Plan) -> Iterator[Finding]:
        train, preparation = plan.train, plan.preparation
        if train.is_image or preparation.normalize != "none" or preparation.extra_features:
            return
        first = [n.layer for n in plan.network.nodes if "input" in plan.network.inputs_of(n.id)]
        if all(isinstance(layer, BatchNorm | LayerNorm) for layer in first):
            return
        spread = _facts(train).spread
        columns = np.flatnonzero(spread > 0)
        if len(columns) < 2:
            return
        wide, narrow = columns[spread[columns].argmax()], columns[spread[columns].argmin()]
        ratio = float(spread[wide] / spread[narrow])
        if ratio > self.APART:
            a, b = (clipped(train.features[i], 40) for i in (wide, narrow))
            yield Finding(
                f"The input {a} is spread {ratio:,.3g} times as widely as {b}.",
                "Standardize the inputs.",
                "input",
                (remedies.standardize(),),
                picture=bars(
                    "spread", {clipped(train.features[i], 40): float(spread[i]) for i in columns}, a, log=True
                ),
            )


@rule("unbalanced-classes")
class UnbalancedClasses(Rule):
    """One class is far rarer than another."""

    title = "One class is rare"
    about = "data"
    why = "Accuracy then says little: look at the confusion matrix, row by row."
    sure = "proven"
    stuck = False
    silences = frozenset({"stuck-at-chance", "underfitting"})
    sources = "SageMaker Debugger, ClassImbalance (10); TheDeepChecker"
    HINT, WARNING, FEW = 10.0, 30.0, 40

    def before(self, plan: Plan) -> Iterator[Finding]:
        shares, count = plan.shares, len(plan.train)
        if len(shares) < 2 or count < self.FEW or (plan.train.y == plan.train.y[0]).all():
            return
        most, least = int(shares.argmax()), int(shares.argmin())
        ratio = shares[most] / max(shares[least], 0.5 / count)
        if ratio < self.HINT:
            return
        names = [clipped(plan.train.classes[i], 40) for i in (most, least)]
        yield Finding(
            f"Of {count:,} training samples {round(shares[least] * count):,} are of the class {names[1]} and "
            f"{round(shares[most] * count):,} of {names[0]}: always saying {names[0]} is right in {percent(shares[most])}.",
            "Get more samples of the rare class, or leave some of the other out.",
            "input",
            picture=bars(
                "samples",
                {
                    clipped(name, 40): float(s * count)
                    for name, s in zip(plan.train.classes, shares, strict=True)
                },
                names[1],
            ),
            level="warning" if ratio >= self.WARNING else "hint",
        )


@rule("column-tells")
class ColumnTells(Rule):
    """One column of a table alone gives the target."""

    title = "One column gives the answer away"
    about = "data"
    why = "Often such a column was made from the answer, or only numbers the rows: with new samples it is of no use."
    stuck = False
    sources = "Kapoor & Narayanan 2023, Leakage and the reproducibility crisis"
    FEW, ALIKE, CORRELATED = 40, 0.01, 0.9999

    def before(self, plan: Plan) -> Iterator[Finding]:
        train = plan.train
        if not isinstance(plan.source, Opened) or train.is_image or len(train) < self.FEW:
            return
        if len(train.features) < 2 or (train.y == train.y[:1]).all():
            return
        telling = _facts(train).telling
        if telling is None:
            return
        name = clipped(train.features[telling], 40)
        what = (
            "sorted by it, the classes lie apart"
            if train.classes
            else "the target rises or falls with it in a straight line"
        )
        yield Finding(
            f"The column {name} alone tells the target: {what}.",
            "If it is not known before the answer is, leave it out of the table.",
            "input",
            picture=self._over(train, telling),
        )

    @staticmethod
    def _over(train: Dataset, column: int) -> Picture:
        """The target over the column."""
        x = train.x[:ROWS, column]
        order = np.argsort(x, kind="stable")
        what = "class" if train.classes else clipped(train.targets[0], 40)
        y = np.asarray(train.y[:ROWS], float).reshape(len(x), -1)[order, 0]
        return curves(what, x[order], {what: y}, clipped(train.features[column], 40))


@rule("shared-samples")
class SharedSamples(Rule):
    """The same samples are in the training and in the validation part."""

    title = "Validation samples are also trained on"
    about = "data"
    why = "The validation score is then no test of what is new to the network."
    sure = "proven"
    stuck = False
    silences = frozenset({"validation-easier"})
    sources = "Kapoor & Narayanan 2023"
    FEW, MANY = 20, 0.2

    def before(self, plan: Plan) -> Iterator[Finding]:
        train, other = plan.train, plan.validation
        if other is None or not isinstance(plan.source, Opened) or len(other) < self.FEW:
            return
        rows, others = _facts(train).rows, _facts(other).rows
        # Of columns of few values, rows are alike by chance.
        if len(set(rows)) < 0.5 * len(rows):
            return
        known = set(rows)
        share = sum(row in known for row in others) / len(others)
        if share >= self.MANY:
            yield Finding(
                f"{percent(share)} of the validation samples are in the training part as well, number for number.",
                "Remove the doubles from the data.",
                "input",
                picture=bars(
                    "validation samples",
                    {"all": float(len(others)), "in training too": share * len(others)},
                    "in training too",
                ),
            )


@rule("dropout-too-strong")
class DropoutTooStrong(Rule):
    """Dropout leaves too little, or hits the outputs themselves."""

    title = "Dropout leaves too little"
    why = "What is silenced can be neither used nor learned in that update; beyond one half, mostly noise is left."
    silences = STUCK
    sources = "Srivastava et al. 2014, section A.4; UMLAUT (0.5)"
    HINT, WARNING = 0.5, 0.8

    def before(self, plan: Plan) -> Iterator[Finding]:
        if not plan.whole:
            return
        for node in plan.network.nodes:
            if not isinstance(node.layer, Dropout | Dropout2d) or not node.layer.p:
                continue
            if node.id == plan.network.output_id:
                yield Finding(
                    f"{node.id} silences {percent(node.layer.p)} of the network's answers themselves while it trains.",
                    node_id=node.id,
                    picture=bars(
                        "share of the answers",
                        {"silenced": node.layer.p, "left": 1 - node.layer.p},
                        "silenced",
                    ),
                    remedies=(RemoveNode(f"Remove {node.id}", node.id),),
                    title="Dropout hits the answers",
                )
                return
            if node.layer.p > self.HINT:
                yield Finding(
                    f"{node.id} silences {percent(node.layer.p)} of its values in every update.",
                    node_id=node.id,
                    picture=bars(
                        "share of the values",
                        {"silenced": node.layer.p, "left": 1 - node.layer.p},
                        "silenced",
                    ),
                    remedies=(SetLayer("p = 0.2", node.id, node.layer.replace(p=0.2)),),
                    level="warning" if node.layer.p >= self.WARNING else "hint",
                )
                return


@rule("schedule-starves")
class ScheduleStarves(Rule):
    """The schedule has the rate near 0 long before the planned end."""

    title = "The learning rate is soon almost 0"
    about = "fit"
    why = "From then on hardly anything is learned, whatever the network still lacks."
    sure = "proven"
    silences = frozenset({"rate-too-small", "stuck-at-chance", "underfitting", "still-improving"})
    sources = "Karpathy, A recipe for training neural networks, 2019"
    LOW, POINTS = 0.01, 200

    def before(self, plan: Plan) -> Iterator[Finding]:
        fit = plan.fit
        epochs = np.unique(np.linspace(0, fit.epochs, self.POINTS + 1, dtype=int)[:-1])
        factors = np.array([fit.schedule.factor(Progress(float(e), fit.epochs)) for e in epochs])
        highest = factors.max()
        low = factors < self.LOW * highest
        # Where it is low for good; a warm-up is low only at first.
        if not highest or not low[-1]:
            return
        high = np.flatnonzero(~low)
        at = int(epochs[high[-1]]) + 1 if len(high) else 0
        if at >= fit.epochs / 2:
            return
        yield Finding(
            f"{fit.schedule.label} leaves less than 1 % of the learning rate after epoch {at}; {fit.epochs:,} are planned.",
            remedies=(SetFit("Constant rate", "schedule", ConstantRate()),),
            picture=curves(
                "learning rate", epochs, {fit.schedule.label: factors * fit.optimizer.lr}, marked=float(at)
            ),
        )


@rule("batch-statistics")
class BatchStatistics(Rule):
    """Batch normalization over a few samples."""

    title = "Batch statistics of few samples"
    about = "fit"
    why = "Mean and spread of so few are poor guesses, other in each batch than the running ones that inference uses."
    level = "hint"
    stuck = False
    sources = "Ioffe 2017, Batch renormalization; TheDeepChecker (0.5)"
    FEW = 8

    def before(self, plan: Plan) -> Iterator[Finding]:
        size = min(plan.fit.batch_size, len(plan.train))
        norm = next((n for n in plan.network.nodes if isinstance(n.layer, BatchNorm)), None)
        if norm is None or not 1 < size < self.FEW or len(plan.train) < 2 * self.FEW:
            return
        better = batch_size_without_rest(len(plan.train), 32)
        yield Finding(
            f"{norm.id} takes its statistics of {size} samples.",
            node_id=norm.id,
            picture=bars("samples in a batch", {"now": float(size), "enough": float(self.FEW)}, "now"),
            remedies=(SetFit(f"Batches of {better}", "batch_size", better),),
        )


# --- facts about data, which every edit of the network asks for again -------------------------------------------------


class _Facts:
    """What is measured of one set, once."""

    def __init__(self, data: Dataset) -> None:
        self._data = data
        self._spread: Array | None = None
        self._rows: list[bytes] | None = None
        self._telling: int | bool | None = False

    @property
    def spread(self) -> Array:
        """Standard deviation of each column of numbers; 0 for those of two values."""
        if self._spread is None:
            x = self._data.x[:ROWS]
            spread = x.std(axis=0, dtype=np.float64)
            low, high = x.min(axis=0), x.max(axis=0)
            two = ((x == low) | (x == high)).all(axis=0)
            self._spread = np.where(two, 0.0, spread)
        return self._spread

    @property
    def rows(self) -> list[bytes]:
        """Each sample's numbers, to be compared."""
        if self._rows is None:
            x = np.ascontiguousarray(self._data.x[:ROWS])
            self._rows = [row.tobytes() for row in x]
        return self._rows

    @property
    def telling(self) -> int | None:
        """The first column that alone tells the target."""
        if self._telling is False:
            self._telling = next(filter(self._tells, range(self._data.x.shape[1])), None)
        return self._telling

    def _tells(self, column: int) -> bool:
        x, y = self._data.x[:ROWS, column], self._data.y[:ROWS]
        if not self._data.classes:
            if x.std() == 0 or y.shape[1] != 1 or y.std() == 0:
                return False
            return bool(abs(np.corrcoef(x, y[:, 0])[0, 1]) > ColumnTells.CORRELATED)
        values, place = np.unique(x, return_inverse=True)
        classes, label = np.unique(y, return_inverse=True)
        counts = np.zeros((len(values), len(classes)), np.int64)
        np.add.at(counts, (place, label), 1)
        # Told by the column alone is the class that is most frequent where it has this value: others of the same value are not told.
        wrong = len(y) - int(counts.max(axis=1).sum())
        changes = int(np.count_nonzero(np.diff(counts.argmax(axis=1))))
        guessed = len(y) - int(
            counts.sum(axis=0).max()
        )  # what always saying the most frequent class gets wrong
        return wrong + max(changes - (len(classes) - 1), 0) <= ColumnTells.ALIKE * guessed


_known: WeakKeyDictionary[Dataset, _Facts] = WeakKeyDictionary()


def _facts(data: Dataset) -> _Facts:
    found = _known.get(data)
    if found is None:
        found = _known[data] = _Facts(data)
    return found

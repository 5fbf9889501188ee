"""What there is to say about one block, as plain values: the inspector only lays it out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from engine.data import Dataset, Prepared
from engine.errors import EngineError
from engine.layers import Activation, Layer, Shape
from engine.losses import losses
from engine.network import INPUT, Problem, shape_in_words
from engine.spec import Nested, Spec
from playground.document.project import Project, data_of, findings, is_binary, loss_of, shapes, wanted_output
from playground.ui.kit.numbers import count, fmt

LOSS = "loss"  #: the id that stands for the loss

#: so many names are listed; the rest are counted
NAMES = 6


@dataclass(frozen=True)
class Subject:
    """One block, ready to be shown.

    Attributes:
        node_id: of the network, or "input" or "loss".
        title, category, place: its name; its group of layers; where it stands.
        help: one sentence.
        facts: what is known of it, as (name, words).
        problems: what is wrong with it, errors before warnings.
        spec: what its form edits, or ``None``: the layer, or for the loss the whole ``Fit``.
        hidden: parameters of ``spec`` that its form leaves out.
        notes: a remark on some of the parameters.
        formula, gradient_formula: LaTeX.
        activation: whose curve is drawn.
    """

    node_id: str
    title: str
    help: str
    category: str = ""
    place: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()
    spec: Spec | None = None
    hidden: frozenset[str] = frozenset()
    notes: Mapping[str, str] = field(default_factory=dict)
    formula: str = ""
    gradient_formula: str = ""
    activation: Activation | None = None


def subject_of(project: Project, node_id: str) -> Subject | None:
    """What there is to say about a block of ``project``; ``None`` where it has no such block."""
    wrong = tuple(p for p in findings(project) if p.node_id == node_id)
    if node_id == INPUT:
        return _input(project, wrong)
    if node_id == LOSS:
        return _loss(project, wrong)
    ids = [node.id for node in project.network.nodes]
    if node_id not in ids:
        return None
    layer = project.network[node_id].layer
    return Subject(
        node_id,
        layer.label,
        layer.help(),
        category=layer.category,
        place=f"block {ids.index(node_id) + 1} of {len(ids)}",
        facts=_layer_facts(project, node_id, layer),
        problems=wrong,
        spec=layer,
        notes=_from_training(project, layer),
        formula=layer.formula,
        gradient_formula=layer.gradient_formula,
        activation=layer if isinstance(layer, Activation) else None,
    )


def _layer_facts(project: Project, node_id: str, layer: Layer) -> tuple[tuple[str, str], ...]:
    known = shapes(project)
    sources = [known[i] for i in project.network.inputs_of(node_id) if i in known]
    if len(sources) < len(project.network.inputs_of(node_id)):
        return (("Shape", "unknown until the blocks before it fit"),)
    gets = " and ".join(map(shape_in_words, sources))
    gives = shape_in_words(known[node_id]) if node_id in known else "?"
    shape = ("Shape", f"{gets} → {gives}")
    return (shape, ("Parameters", parameter_count(layer, *sources))) if node_id in known else (shape,)


def parameter_count(layer: Layer, *in_shapes: Shape) -> str:
    """How many numbers a layer learns, with the sum: "6×1×5×5 + 6 = 156"."""
    parameters = layer.parameters(*in_shapes).values()
    if not parameters:
        return "none, there is nothing to learn"
    terms = ["×".join(map(str, p.shape)) for p in parameters]
    total = sum(p.size for p in parameters)
    arithmetic = " + ".join(terms)
    return arithmetic if arithmetic == str(total) else f"{arithmetic} = {total}"


def _from_training(project: Project, layer: Layer) -> dict[str, str]:
    """What the whole network's choice is, for parameters that a layer may choose for itself and has not."""
    shared = {p.name: value for p, value in project.fit.values()}
    return {
        p.name: f"In Training: {shared[p.name].label}"
        for p, value in layer.values()
        if value is None and isinstance(p.kind, Nested) and p.name in shared
    }


def _input(project: Project, wrong: tuple[Problem, ...]) -> Subject:
    facts: tuple[tuple[str, str], ...] = ()
    with suppress(EngineError):  # which stands among the problems
        facts = tuple(_data_facts(data_of(project)))
    return Subject(
        INPUT,
        "Input",
        project.source.help(),
        place=project.source.label,
        facts=facts,
        problems=wrong,
        formula=project.source.formula,
    )


def _data_facts(data: Prepared) -> list[tuple[str, str]]:
    raw, seen = data.raw, data.train
    facts = [("Samples", samples_in_words(data)), ("Question", _question(raw))]
    if raw.classes:
        facts.append(("Classes", _names(raw.classes)))
        if len(raw.classes) <= NAMES:
            facts.append(("In each part", class_counts_in_words(data)))
    else:
        facts.append(
            (
                "Target",
                f"{_names(raw.targets) or shape_in_words(raw.target_shape)}, from {fmt(float(raw.y.min()))} to {fmt(float(raw.y.max()))}",
            )
        )
    facts.append(("Each sample", shape_in_words(data.in_shape)))
    if data.features:
        facts.append(("Features", _names(data.features)))
    facts.append(("Fed in", f"from {fmt(float(seen.x.min()))} to {fmt(float(seen.x.max()))}"))
    return facts


def samples_in_words(data: Prepared) -> str:
    """ "6,000 train · 100 validation · 100 test" """
    parts = (("train", data.train), ("validation", data.validation), ("test", data.test))
    return " · ".join(f"{count(len(part))} {name}" for name, part in parts if part is not None)


def class_counts_in_words(data: Prepared) -> str:
    """How many samples of each class a part has: "train 104 + 106 · validation 45 + 45"."""
    parts = (("train", data.train), ("validation", data.validation), ("test", data.test))
    classes = len(data.raw.classes)
    counted = (
        (name, np.bincount(np.asarray(part.y, np.int64).reshape(-1), minlength=classes)[:classes])
        for name, part in parts
        if part is not None and len(part)
    )
    return " · ".join(f"{name} {' + '.join(count(int(n)) for n in counts)}" for name, counts in counted)


def _question(raw: Dataset) -> str:
    return {
        "binary": "which of two classes",
        "multiclass": f"which of {len(raw.classes)} classes",
        "regression": _what(raw),
    }[raw.task]


def _what(raw: Dataset) -> str:
    if len(raw.target_shape) > 1:
        return "which picture"
    return "what number" if len(raw.targets) == 1 else f"which {len(raw.targets)} numbers"


def _names(names: tuple[str, ...]) -> str:
    if len(names) <= NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: NAMES - 2])} … {names[-1]} ({len(names)})"


def _loss(project: Project, wrong: tuple[Problem, ...]) -> Subject:
    loss = project.fit.loss
    wanted, known = wanted_output(project), shapes(project)
    facts = [("Factor", loss.factor)]
    if wanted is not None:
        facts.append(("Needs", f"{shape_in_words(wanted)} per sample"))
    if project.network.nodes and project.network.output_id in known:
        facts.append(("Gets", f"{shape_in_words(known[project.network.output_id])} per sample"))
    teaching = loss_of(project).teaching if is_binary(project) else ""
    if teaching:
        facts.append(("Classes", teaching))
    return Subject(
        LOSS,
        "Loss",
        loss.help(),
        place=loss.label,
        facts=tuple(facts),
        problems=wrong,
        spec=project.fit,
        hidden=frozenset(p.name for p in project.fit.params()) - {"loss"},
        formula=loss.formula,
        gradient_formula=loss.gradient_formula,
    )


def unsuited_losses(project: Project) -> dict[str, str]:
    """The losses that do not serve the project's data, by key, each with the reason."""
    try:
        data = data_of(project).train
    except EngineError:
        return {}
    found: dict[str, str] = {}
    for cls in losses:
        try:
            cls().out_shape(data)
        except EngineError as error:
            found[cls.key] = str(error)
    return found

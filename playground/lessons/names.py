"""What a lesson can ask about: each name, what it is called on the screen, and how it is read off a project and a frame.

This one registry answers for goals and questions, and writes the authors' reference (``playground lesson names``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.errors import EngineError
from engine.layers import Linear
from engine.layers.base import Shape
from engine.network import Node
from engine.trace.record import NotKept
from playground.document.paths import place
from playground.document.project import Project, data_of
from playground.runner.messages import Diagnosis, State, Weights

if TYPE_CHECKING:
    from playground.runner.live import Want
    from playground.runner.messages import Frame

#: a number, a text, yes or no; ``None``: not known yet
Value = float | bool | str | None


@dataclass(frozen=True)
class Seen:
    """What the learner has: the project as it stands, and the newest frame of its run."""

    project: Project
    frame: Frame


@dataclass(frozen=True)
class Name:
    """One thing that can be asked about.

    Args:
        key: as a lesson writes it.
        label: as the screen says it; a function's arguments are put where it says ``{0}``, ``{1}``.
        help: for authors.
        read: the value; gets what is ``Seen`` and the arguments.
        arguments: of a function; the last may be several where it ends in "…".
        wants: what a frame must answer for it.
        naming: what the screen calls it, where that depends on the project.
    """

    key: str
    label: str
    help: str
    read: Callable[..., Value]
    arguments: tuple[str, ...] = ()
    wants: Callable[..., tuple[Want[Any], ...]] = lambda *arguments: ()
    naming: Callable[..., str] | None = None

    def accepts(self, count: int) -> bool:
        """Whether so many arguments fit."""
        if self.arguments and self.arguments[-1].endswith("…"):
            return len(self.arguments) - 1 <= count <= len(self.arguments) + 3
        return count == len(self.arguments)

    def said(self, seen: Seen, *arguments: Any) -> str:
        """What the screen calls it with these arguments; a field by the name that its form gives it."""
        try:
            return self.naming(seen, *arguments) if self.naming is not None else self.label.format(*arguments)
        except EngineError:
            return self.label.format(*arguments)

    def value(self, seen: Seen, *arguments: Any) -> Value:
        """``None`` where it is not known yet, or where the network has no such part."""
        try:
            found = self.read(seen, *arguments)
        except (EngineError, NotKept, KeyError, IndexError, TypeError, AttributeError):
            return None
        return None if isinstance(found, float) and math.isnan(found) else found


def _score(seen: Seen, part: str, what: str, only: str = "") -> float | None:
    if only and seen.frame.metric_name != only:
        return None
    return float(getattr(seen.frame, f"{part}_{what}"))


def _since_edit(seen: Seen) -> float:
    frame = seen.frame
    return frame.epoch - (frame.marks[-1].epoch if frame.marks else 0)


def _hidden_units(seen: Seen) -> float:
    dense = [node.layer for node in seen.project.network.nodes if isinstance(node.layer, Linear)]
    return sum(layer.out_features for layer in dense[:-1])


def _with_weights(seen: Seen) -> float:
    return sum(bool(node.layer.parameters(*shapes)) for node, shapes in _nodes_with_shapes(seen.project))


def _nodes_with_shapes(project: Project) -> list[tuple[Node, list[Shape]]]:
    network, in_shape = project.network, data_of(project).train.in_shape
    shapes = network.shapes(in_shape)
    return [(node, [shapes[i] for i in network.inputs_of(node.id)]) for node in network.nodes]


def _kinds(seen: Seen, kind: str) -> float:
    return sum(node.layer.key == kind for node in seen.project.network.nodes)


def _setting(seen: Seen, path: str) -> Value:
    """What is at a path of ``document/paths.py``; of a spec, such as an optimizer, its key."""
    found = place(seen.project, path).value
    return found if isinstance(found, bool | int | float | str) else getattr(found, "key", None)


def _weight(seen: Seen, node: str, name: str, *index: int) -> float | None:
    answer = seen.frame.answer(Weights(node))
    return None if answer is None else float(answer[name][index])


def _traced(seen: Seen, what: str, node: str, *index: int) -> float | None:
    """A value or the gradient that arrives, of the first sample of the batch that is looked into."""
    trace = seen.frame.trace
    if trace is None:
        return None
    arrays = trace.values if what == "value" else trace.gradients
    return float(arrays[node][trace.row(0)][index])


def _parameter(seen: Seen, stage: str, node: str, name: str, *index: int) -> float | None:
    trace = seen.frame.trace
    return None if trace is None else float(trace.parameter(node, name, stage)[index])


def _of_layer(seen: Seen, what: str, node: str) -> float | None:
    """A figure of a layer, over some training samples; see ``engine.diagnosis.LayerDiagnosis``."""
    found = seen.frame.answer(Diagnosis())
    layer = None if found is None else next((one for one in found.layers if one.node_id == node), None)
    return None if layer is None else float(getattr(layer, what))


def _figure(key: str, label: str, help: str, what: str) -> Name:
    return Name(
        f"layer.{key}", f"{label} of {{0}}", help, lambda s, node: _of_layer(s, what, node), ("layer",),
        lambda node: (Diagnosis(),),
    )  # fmt: skip


def _of_trace(seen: Seen, attribute: str) -> float | None:
    return None if seen.frame.trace is None else float(getattr(seen.frame.trace, attribute))


_FOUND = (
    Name("run.epoch", "epoch", "Passes over the training data.", lambda s: s.frame.epoch),
    Name("run.since_edit", "epochs since the last change", "Passes since something was changed in the middle of the run; since its beginning, where nothing was.", _since_edit),
    Name("run.step", "step", "Updates made.", lambda s: s.frame.step),
    Name("run.diverged", "the run has diverged", "Whether training has produced a number that is not finite.", lambda s: s.frame.state is State.DIVERGED),
    Name("run.inside", "an update is looked into", "Whether Step inside is open.", lambda s: s.frame.trace is not None),
    Name("metric.train.loss", "training loss", "Without the penalty.", partial(_score, part="train", what="loss")),
    Name("metric.validation.loss", "validation loss", "Without the penalty.", partial(_score, part="validation", what="loss")),
    Name("metric.train.accuracy", "training accuracy", "Of classes, 0 to 1.", partial(_score, part="train", what="metric", only="accuracy")),
    Name("metric.validation.accuracy", "validation accuracy", "Of classes, 0 to 1.", partial(_score, part="validation", what="metric", only="accuracy")),
    Name("metric.train.r2", "training R²", "Of regressions.", partial(_score, part="train", what="metric", only="R²")),
    Name("metric.validation.r2", "validation R²", "Of regressions.", partial(_score, part="validation", what="metric", only="R²")),
    Name("network.units", "hidden units", "Of all dense layers but the last.", _hidden_units),
    Name("network.layers", "layers with weights", "Dense, convolutional and others.", _with_weights),
    Name("network.parameters", "parameters", "Weights and biases.", lambda s: s.project.network.parameter_count(data_of(s.project).train.in_shape)),
    Name("network.count", "{0} layers", "Layers of a kind, such as network.count('Tanh').", _kinds, ("kind",)),
    Name("network.shape", "size behind {0}, axis {1}", "The size of a layer's output along an axis.", lambda s, node, axis: s.project.network.shapes(data_of(s.project).train.in_shape)[node][axis], ("layer", "axis")),
    Name("data.samples", "training samples", "How many are learned from.", lambda s: len(data_of(s.project).train)),
    Name("data.seed", "seed", "That draws first weights and order.", lambda s: s.project.seed),
    Name("setting", "{0}", "A field: setting('fit.optimizer.lr'), setting('linear1.out_features'), setting('fit.loss').", _setting, ("path",), naming=lambda s, path: place(s.project, path).label),
    Name("weight", "{1} of {0}", "A parameter now: weight('linear1', 'weight', 0, 1), in PyTorch's shape.", _weight, ("layer", "name", "index…"), lambda node, *_: (Weights(node),)),
    _figure("dead", "share of dead units", "Units that are 0 for all samples, 0 to 1.", "dead"),
    _figure("saturated", "share of flat values", "Values where the activation's slope is nearly 0, 0 to 1.", "saturated"),
    _figure("spread", "spread", "Standard deviation of its outputs.", "std"),
    _figure("gradient", "gradient norm", "‖∂L/∂output‖ over the samples.", "gradient_norm"),
    _figure("update", "size of the update", "‖Δw‖ / ‖w‖ of the next update.", "update_ratio"),
    _figure("alike", "sameness of the units", "1 where all units have the same weights, else 0.", "alike"),
    Name("step.loss", "loss of this batch", "Of the update that is looked into.", partial(_of_trace, attribute="loss")),
    Name("step.loss_after", "loss after the update", "Of the same batch.", partial(_of_trace, attribute="loss_after")),
    Name("step.value", "value of {0}", "A layer's output for the first sample: step.value('tanh1', 0).", lambda s, node, *i: _traced(s, "value", node, *i), ("layer", "index…")),
    Name("step.arriving", "gradient at {0}", "∂L/∂output for the first sample.", lambda s, node, *i: _traced(s, "gradient", node, *i), ("layer", "index…")),
    Name("step.before", "{1} of {0} before", "A parameter before the update.", lambda s, *a: _parameter(s, "before", *a), ("layer", "name", "index…")),
    Name("step.gradient", "gradient of {1} of {0}", "Of a parameter, over the batch.", lambda s, *a: _parameter(s, "gradient", *a), ("layer", "name", "index…")),
    Name("step.after", "{1} of {0} after", "A parameter after the update.", lambda s, *a: _parameter(s, "after", *a), ("layer", "name", "index…")),
)  # fmt: skip

NAMES: Mapping[str, Name] = {one.key: one for one in _FOUND}

"""The edits that rules offer, in words with their numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from engine.clipping import ClipNorm
from engine.coach.evidence import Plan
from engine.fit import Fit
from engine.initializers import HeNormal, Initializer, XavierUniform
from engine.layers import (
    ELU,
    Activation,
    Dropout,
    Identity,
    Layer,
    LeakyReLU,
    Linear,
    PReLU,
    ReLU,
    Sigmoid,
    Tanh,
)
from engine.network import Node
from engine.problems import (
    DrawWeights,
    InsertLayer,
    NewWeights,
    Remedy,
    RemoveNode,
    SetFit,
    SetLayer,
    SetPreparation,
    Several,
)
from engine.review import draws_alike

#: units from which on a layer is wide enough that ReLU leaves some of them alive
WIDE = 16


def rounded(value: float) -> float:
    """To one significant digit, or two where the first is a 1: 0.0123 → 0.012, 0.0567 → 0.06."""
    if not value > 0 or not math.isfinite(value):
        return value
    digits = 1 if float(f"{value:.0e}"[0]) > 1 else 2
    return float(f"{value:.{digits}g}")


def rate(fit: Fit, factor: float) -> Remedy:
    """Another learning rate, ``factor`` times this one."""
    lr = rounded(fit.optimizer.lr * factor)
    return SetFit(f"Learning rate {lr:g}", "optimizer", fit.optimizer.replace(lr=lr))


def anew(remedy: Remedy) -> Remedy:
    """This edit, and a new beginning: what has died does not come back."""
    return Several(f"{remedy.text}, and begin anew", (remedy, NewWeights("")))


def rate_of(fit: Fit, lr: float) -> Remedy:
    """This learning rate."""
    return SetFit(f"Learning rate {lr:g}", "optimizer", fit.optimizer.replace(lr=lr))


def usual_rate(fit: Fit) -> float:
    """The rate with which this optimizer mostly works: ten times its own default at most, and 0.1 for SGD."""
    return 0.1 if type(fit.optimizer).__name__ == "SGD" else 0.01


def initializer(plan: Plan, better: Initializer, name: str) -> Remedy:
    """First weights of this kind, for all layers."""
    own = [n for n in plan.weighty if getattr(n.layer, "initializer", None) is not None]
    if not own:
        return SetFit(f"Use {name} for the first weights", "initializer", better)
    changes = [SetLayer(n.id, n.id, n.layer.replace(initializer=None)) for n in own]
    return Several(f"Use {name} for the first weights", (*changes, SetFit("", "initializer", better)))


def suited_initializer(plan: Plan) -> Remedy:
    """He where ReLU or a relative of it bends the layers, Xavier elsewhere."""
    bent = Counter(type(n.layer) for n in plan.activations)
    gates = sum(bent[kind] for kind in (ReLU, LeakyReLU)) + sum(
        isinstance(n.layer, PReLU) for n in plan.network.nodes
    )
    if gates * 2 > sum(bent.values()):
        return initializer(plan, HeNormal(), "He")
    return initializer(plan, XavierUniform(), "Xavier")


def drawn(plan: Plan) -> Remedy:
    """Drawn weights instead of given ones, and such as differ."""
    if not draws_alike(plan.fit.initializer):
        return DrawWeights("Draw the weights at random")
    better = suited_initializer(plan)
    return Several(better.text, (DrawWeights(""), better))


def activation_for(plan: Plan) -> Layer:
    """The activation that suits: what the network has mostly, else Tanh for a few inputs and ReLU for many."""
    kinds = Counter(type(n.layer) for n in plan.activations if not isinstance(n.layer, Identity | Sigmoid))
    if kinds:
        return kinds.most_common(1)[0][0]()
    return Tanh() if math.prod(plan.train.in_shape) <= 10 else ReLU()


def bend(plan: Plan, before: Sequence[str], layer: Layer) -> Remedy:
    """An activation before each of these nodes."""
    edits = tuple(InsertLayer(f"{layer.label} before {i}", i, layer) for i in before)
    if len(edits) == 1:
        return InsertLayer(f"Put {layer.label} before {before[0]}", before[0], layer)
    return Several(f"Put {layer.label} before {' and '.join(before)}" if len(before) == 2
                   else f"Put {layer.label} between them, {len(edits)} times", edits)  # fmt: skip


def other_activations(plan: Plan, nodes: Sequence[Node], layer: Layer) -> Remedy:
    """``layer`` in place of each of these, and first weights that suit it."""
    changes: list[Remedy] = [SetLayer(n.id, n.id, layer) for n in nodes]
    gate = isinstance(layer, ReLU | LeakyReLU | ELU)
    better: Initializer = HeNormal() if gate else XavierUniform()
    if plan.fit.initializer != better:
        changes.append(SetFit("", "initializer", better))
    kinds = {n.layer.label for n in nodes}
    what = f"{kinds.pop()} layers" if len(kinds) == 1 else "activations"
    each = f"all {len(nodes)} {what}" if len(nodes) > 1 else nodes[0].id
    return Several(f"{layer.label} in place of {each}", tuple(changes))


def livelier(plan: Plan, nodes: Sequence[Node]) -> Remedy:
    """What passes a gradient where ReLU passes none, in place of these."""
    return other_activations(plan, nodes, LeakyReLU(negative_slope=0.1))


def through_depth(plan: Plan) -> Remedy | None:
    """Activations that let gradients through many layers, in place of those that flatten out."""
    flat = [n for n in plan.activations if isinstance(n.layer, Activation) and n.layer.key in FLATTENING]
    if not flat:
        return None
    narrow = min((plan.units.get(n.id, WIDE) for n in flat), default=WIDE) < WIDE
    if narrow and any(not isinstance(n.layer, Tanh) for n in flat):
        return other_activations(plan, flat, Tanh())
    return other_activations(plan, flat, LeakyReLU(negative_slope=0.1) if narrow else ReLU())


def shallower(plan: Plan) -> Remedy | None:
    """The first KEPT hidden layers alone, with Tanh where theirs flatten out; ``None`` where the network is no deep chain of Linear."""
    nodes, hidden = plan.network.nodes, plan.learning[:-1]
    chain = all(len(plan.network.inputs_of(n.id)) == 1 for n in nodes)
    if len(hidden) <= DEEP or not chain or not all(isinstance(n.layer, Linear) for n in hidden):
        return None
    ids = [n.id for n in nodes]
    first, last = ids.index(hidden[KEPT].id), ids.index(plan.learning[-1].id)
    edits: list[Remedy] = [RemoveNode("", i) for i in ids[first:last]]
    flat = [n for n in nodes[:first] if n.layer.key in FLATTENING and not isinstance(n.layer, Tanh)]
    edits += [SetLayer("", n.id, Tanh()) for n in flat]
    with_tanh = ", with Tanh" if flat else ""
    return Several(f"Keep {KEPT} of the {len(hidden)} hidden layers{with_tanh}", tuple(edits))


#: hidden layers from which on a plain chain is deep, and how many of them do for most
DEEP, KEPT = 6, 3
#: activations whose slope goes to 0 at both ends
FLATTENING = ("Sigmoid", "Tanh", "Hardtanh")


def standardize() -> Remedy:
    """Inputs of mean 0 and standard deviation 1."""
    return SetPreparation("Standardize the inputs", "normalize", "standardize")


def clip() -> Remedy:
    """A limit on the length of the gradient."""
    return SetFit("Clip gradients at length 1", "clipping", ClipNorm(max_norm=1.0))


def dropout(plan: Plan) -> list[Remedy]:
    """Dropout before the last layer, where something is hidden and nothing is dropped yet."""
    if any(n.layer.is_random for n in plan.network.nodes) or len(plan.learning) < 2:
        return []
    last = plan.learning[-1].id
    return [InsertLayer(f"Dropout (p = 0.2) before {last}", last, Dropout(p=0.2))]


def wider(plan: Plan) -> Remedy:
    """Twice as many units in the hidden layers with weights."""
    edits = []
    for node in plan.learning[:-1]:
        name = "out_features" if isinstance(node.layer, Linear) else "out_channels"
        units = getattr(node.layer, name, None)
        if isinstance(units, int):
            edits.append(SetLayer("", node.id, node.layer.replace(**{name: 2 * units})))
    return Several("Twice as many units", tuple(edits))

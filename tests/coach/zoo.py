"""Projects with a fault each, made in code: what the coach must find, and the rule that must be the first to say it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.clipping import ClipNorm
from engine.data import (
    BreastCancer,
    Circle,
    Diabetes,
    Digits,
    MultiGaussian,
    NpzFile,
    Sine,
    Source,
    Spiral,
    Wine,
    Xor,
)
from engine.fit import Fit
from engine.initializers import Constant, HeNormal, Large, Normal, Small, XavierUniform, Zeros
from engine.layers import (
    BatchNorm,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)  # fmt: skip
from engine.losses import BCEWithLogitsLoss, CrossEntropyLoss, MSELoss
from engine.optimizers import SGD, Adam
from engine.regularizers import L1, L2
from engine.schedules import ExponentialLR, StepLR
from playground.document import edits
from playground.document.project import Project, state_shapes

EPOCHS = 20  #: within which the fault must be told


@dataclass(frozen=True)
class Fault:
    """A project with one fault.

    Args:
        name: what is wrong.
        rules: each of these names the fault; mostly one.
        make: the project; data that it needs go into the folder.
        apart: it was kept apart while thresholds were chosen.
        level: of what is said of it.
    """

    name: str
    rules: tuple[str, ...]
    make: Callable[[Path], Project]
    apart: bool = False
    level: str = "warning"


ZOO: list[Fault] = []


def fault(name: str, *rules: str, apart: bool = False, level: str = "warning") -> Callable[[Any], Any]:
    """Decorator: the function makes a project with this fault."""

    def declare(make: Callable[[Path], Project]) -> Callable[[Path], Project]:
        ZOO.append(Fault(name, rules, make, apart, level))
        return make

    return declare


def project(source: Source, layers: list[Layer], fit: Fit, **preparation: Any) -> Project:
    """A chain of layers on ``source``."""
    made = edits.paste(edits.set_source(Project(), source), layers, 0)
    return made.replace(fit=fit, preparation=made.preparation.replace(**preparation))


def mlp(*hidden: Layer, **fit: Any) -> Project:
    """Digits, the hidden layers, ten outputs."""
    given = {
        "loss": CrossEntropyLoss(),
        "optimizer": SGD(lr=0.1),
        "initializer": HeNormal(),
        "batch_size": 32,
    }
    body = list(hidden) or [Linear(32), ReLU(), Linear(32), ReLU()]
    return project(Digits(), [Flatten(), *body, Linear(10)], Fit(**(given | fit)))


def plane(*hidden: Layer, source: Source | None = None, **fit: Any) -> Project:
    """Points in the plane, the hidden layers, one output."""
    given = {
        "loss": BCEWithLogitsLoss(),
        "optimizer": SGD(lr=0.1),
        "initializer": XavierUniform(),
        "batch_size": 10,
    }
    body = list(hidden) or [Linear(8), Tanh()]
    return project(source or Circle(), [*body, Linear(1)], Fit(**(given | fit)))


def curve(*hidden: Layer, source: Source | None = None, **fit: Any) -> Project:
    """A regression."""
    given = {"loss": MSELoss(), "optimizer": Adam(lr=0.01), "initializer": XavierUniform(), "batch_size": 10}
    body = list(hidden) or [Linear(8), Tanh()]
    return project(source or Sine(), [*body, Linear(1)], Fit(**(given | fit)))


def table(folder: Path, name: str, x: Any, y: Any, *hidden: Layer, outputs: int = 2, **fit: Any) -> Project:
    """Rows of numbers of one's own, in a file."""
    path = folder / f"{name}.npz"
    np.savez(path, x=np.asarray(x, np.float32), y=y)
    given = {
        "loss": CrossEntropyLoss() if outputs > 1 else MSELoss(),
        "optimizer": Adam(lr=0.01),
        "batch_size": 10,
    }
    body = list(hidden) or [Linear(8), Tanh()]
    return project(NpzFile(path=str(path)), [*body, Linear(outputs)], Fit(**(given | fit)), normalize="none")


def deep(count: int, units: int, layer: Layer) -> list[Layer]:
    """``count`` hidden layers."""
    return [one for _ in range(count) for one in (Linear(units), layer)]


def digits(count: int, seed: int = 0) -> tuple[Any, Any]:
    """Some digits, as pictures ``(n, 8, 8)`` with their labels."""
    found = Digits().make()
    at = np.random.default_rng(seed).permutation(len(found))[:count]
    return found.x[at, 0], found.y[at]


def clouds(count: int, seed: int = 0, apart: float = 2.5, columns: int = 4) -> tuple[Any, Any]:
    """Two overlapping clouds ``(n, columns)`` with their labels."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, count)
    return rng.normal(size=(count, columns)) + apart * y[:, None] / np.sqrt(columns), y


def given(made: Project, changes: Callable[[str, Any], Any]) -> Project:
    """With first weights: those that are drawn here, after ``changes``."""
    rng = np.random.default_rng(0)
    state = {}
    for key, shape in state_shapes(made).items():
        drawn = (
            rng.normal(size=shape) * np.sqrt(2 / max(1, int(np.prod(shape[1:]))))
            if len(shape) > 1
            else np.zeros(shape)
        )
        state[key] = np.asarray(changes(key, drawn), np.float64)
    return edits.give_weights(made, state)


# --- structure --------------------------------------------------------------------------------------------------------


@fault("three Linear layers in a row", "no-nonlinearity")
def _(folder: Path) -> Project:
    return plane(Linear(8), Linear(8), source=Xor())


@fault("two convolutions in a row", "no-nonlinearity", apart=True)
def _(folder: Path) -> Project:
    body = [Conv2d(8, 3), Conv2d(8, 3), Flatten(), Linear(10)]
    return project(Digits(), body, Fit(loss=CrossEntropyLoss(), optimizer=Adam(lr=0.005), batch_size=32))


@fault("Linear, Dropout, Linear", "no-nonlinearity")
def _(folder: Path) -> Project:
    return plane(Linear(16), Dropout(p=0.2), source=Spiral(), optimizer=Adam(lr=0.01))


@fault("one batch-norm between Linear layers", "no-nonlinearity")
def _(folder: Path) -> Project:
    return mlp(Linear(32), BatchNorm(), Linear(32), BatchNorm())


@fault("softmax before cross-entropy", "last-layer")
def _(folder: Path) -> Project:
    made = mlp()
    return edits.add_layer(made, Softmax(), len(made.network))


@fault("sigmoid before a loss that has its own", "last-layer")
def _(folder: Path) -> Project:
    made = plane()
    return edits.add_layer(made, Sigmoid(), len(made.network))


@fault("ReLU last, targets below 0", "last-layer", apart=True)
def _(folder: Path) -> Project:
    made = curve()
    return edits.add_layer(made, ReLU(), len(made.network))


@fault("dropout of 0.9", "dropout-too-strong")
def _(folder: Path) -> Project:
    return mlp(Linear(32), ReLU(), Dropout(p=0.9), Linear(32), ReLU(), Dropout(p=0.9))


@fault("dropout on the outputs", "dropout-too-strong")
def _(folder: Path) -> Project:
    made = mlp(optimizer=Adam(lr=0.005))
    return edits.add_layer(made, Dropout(p=0.3), len(made.network))


@fault("batch-norm over batches of 2", "batch-statistics", level="hint")
def _(folder: Path) -> Project:
    return mlp(Linear(32), BatchNorm(), ReLU(), batch_size=2, optimizer=SGD(lr=0.01))


@fault("all layers frozen", "nothing-learns")
def _(folder: Path) -> Project:
    made = plane()
    nodes = tuple(
        replace(n, layer=n.layer.replace(frozen=True)) if isinstance(n.layer, Linear) else n
        for n in made.network.nodes
    )
    return made.replace(network=made.network.__class__(nodes))


@fault("learning rate 0", "nothing-learns")
def _(folder: Path) -> Project:
    return plane(optimizer=SGD(lr=0.0))


# --- first weights ----------------------------------------------------------------------------------------------------


@fault("all first weights 0", "units-alike")
def _(folder: Path) -> Project:
    return mlp(initializer=Zeros())


@fault("all first weights 0.1, tanh", "units-alike", apart=True)
def _(folder: Path) -> Project:
    return plane(Linear(8), Tanh(), Linear(8), Tanh(), initializer=Constant(0.1))


@fault("weights of 0 given", "units-alike")
def _(folder: Path) -> Project:
    return given(plane(Linear(4), Tanh(), source=Xor()), lambda key, drawn: 0 * drawn)


@fault("units given alike in a deep net", "units-alike")
def _(folder: Path) -> Project:
    return given(mlp(), lambda key, drawn: np.broadcast_to(drawn[:1], drawn.shape))


@fault("12 sigmoids", "vanishing-gradient")
def _(folder: Path) -> Project:
    return plane(*deep(12, 8, Sigmoid()))


@fault("8 sigmoids on digits", "vanishing-gradient", apart=True)
def _(folder: Path) -> Project:
    return mlp(*deep(8, 32, Sigmoid()), initializer=XavierUniform())


@fault("10 sigmoids, Adam", "vanishing-gradient")
def _(folder: Path) -> Project:
    return plane(*deep(10, 16, Sigmoid()), source=Spiral(), optimizer=Adam(lr=0.01))


@fault("first weights too small, 6 layers", "first-weights-scale")
def _(folder: Path) -> Project:
    return mlp(*deep(6, 32, ReLU()), initializer=Small())


@fault("first weights too small, tanh", "first-weights-scale")
def _(folder: Path) -> Project:
    return plane(*deep(4, 16, Tanh()), initializer=Small())


@fault("first weights too large, 6 layers", "first-weights-scale")
def _(folder: Path) -> Project:
    return mlp(*deep(6, 32, ReLU()), initializer=Large())


@fault("first weights too large, tanh", "first-weights-scale", apart=True)
def _(folder: Path) -> Project:
    return plane(*deep(3, 16, Tanh()), source=Spiral(), initializer=Large(), optimizer=Adam(lr=0.01))


@fault("first weights of deviation 1 on digits", "first-weights-scale")
def _(folder: Path) -> Project:
    return mlp(initializer=Normal(std=1.0))


@fault("30 ReLU layers of 8", "born-dead", "units-died")
def _(folder: Path) -> Project:
    return mlp(*deep(30, 8, ReLU()))


@fault("bias of −10 before a ReLU", "born-dead")
def _(folder: Path) -> Project:
    return given(mlp(), lambda key, drawn: drawn - 10 if key == "linear1.bias" else drawn)


@fault("tanh pushed to its ends by a bias", "saturated")
def _(folder: Path) -> Project:
    push = lambda key, drawn: drawn + 6 if key == "linear1.bias" else drawn
    return given(mlp(Linear(32), Tanh()), push)


# --- rates ------------------------------------------------------------------------------------------------------------


@fault("SGD, rate 10", "rate-too-large")
def _(folder: Path) -> Project:
    return mlp(optimizer=SGD(lr=10.0))


@fault("SGD, rate 1", "rate-too-large", "units-died")
def _(folder: Path) -> Project:
    return mlp(optimizer=SGD(lr=1.0), batch_size=16)


@fault("Adam, rate 0.3", "rate-too-large", apart=True)
def _(folder: Path) -> Project:
    return mlp(optimizer=Adam(lr=0.3))


@fault("SGD, rate 20, tanh", "rate-too-large")
def _(folder: Path) -> Project:
    return mlp(Linear(32), Tanh(), Linear(32), Tanh(), optimizer=SGD(lr=20.0), initializer=XavierUniform())


@fault("rate 30 on a circle", "rate-too-large")
def _(folder: Path) -> Project:
    return plane(Linear(8), Tanh(), Linear(8), Tanh(), optimizer=SGD(lr=30.0))


@fault("a regression that bursts", "rate-too-large", "diverged")
def _(folder: Path) -> Project:
    return curve(Linear(16), ReLU(), source=MultiGaussian(), optimizer=SGD(lr=2.0))


@fault("SGD, rate 1e-5", "rate-too-small")
def _(folder: Path) -> Project:
    return mlp(optimizer=SGD(lr=1e-5))


@fault("Adam, rate 1e-6", "rate-too-small", apart=True)
def _(folder: Path) -> Project:
    return plane(Linear(8), Tanh(), optimizer=Adam(lr=1e-6))


@fault("SGD, rate 1e-5 on a curve", "rate-too-small")
def _(folder: Path) -> Project:
    return curve(Linear(16), Tanh(), source=MultiGaussian(), optimizer=SGD(lr=1e-6))


@fault("gradients clipped at 1e-4", "clipped-short")
def _(folder: Path) -> Project:
    return mlp(clipping=ClipNorm(max_norm=1e-4))


@fault("the rate falls tenfold each epoch", "schedule-starves")
def _(folder: Path) -> Project:
    return mlp(schedule=StepLR(step_size=1, gamma=0.1), epochs=100)


@fault("the rate halves each epoch", "schedule-starves", apart=True)
def _(folder: Path) -> Project:
    return plane(schedule=ExponentialLR(gamma=0.5), epochs=200)


# --- penalties --------------------------------------------------------------------------------------------------------


@fault("L2 of 1", "penalty-too-strong")
def _(folder: Path) -> Project:
    return mlp(regularizer=L2(strength=1.0))


@fault("L2 of 0.3", "penalty-too-strong")
def _(folder: Path) -> Project:
    return plane(Linear(8), Tanh(), source=Xor(), regularizer=L2(strength=0.3))


@fault("L1 of 0.1", "penalty-too-strong")
def _(folder: Path) -> Project:
    return mlp(regularizer=L1(strength=0.1), optimizer=Adam(lr=0.002))


@fault("weight decay of 1", "penalty-too-strong", apart=True)
def _(folder: Path) -> Project:
    return mlp(optimizer=SGD(lr=0.1, weight_decay=1.0))


# --- data -------------------------------------------------------------------------------------------------------------


@fault("wine, not scaled", "far-from-one")
def _(folder: Path) -> Project:
    return project(Wine(), [Linear(8), Tanh(), Linear(3)], Fit(loss=CrossEntropyLoss()), normalize="none")


@fault("breast cancer, not scaled", "far-from-one")
def _(folder: Path) -> Project:
    return project(BreastCancer(), [Linear(16), ReLU(), Linear(1)], Fit(), normalize="none")


@fault("targets up to 346", "far-from-one")
def _(folder: Path) -> Project:
    fit = Fit(loss=MSELoss(), optimizer=SGD(lr=0.1), batch_size=20)
    return project(Diabetes(), [Linear(8), Tanh(), Linear(1)], fit, target="none")


@fault("one column 40 times as wide", "features-apart")
def _(folder: Path) -> Project:
    x, y = clouds(300)
    return table(folder, "apart", x * [0.1, 1, 1, 4], y)


@fault("pictures from 0 to 16", "start-loss")
def _(folder: Path) -> Project:
    x, y = digits(800)
    path = folder / "bright.npz"
    np.savez(path, x=(x * 16).astype(np.float32), y=y)
    fit = Fit(loss=CrossEntropyLoss(), optimizer=Adam(lr=0.002), initializer=HeNormal(), batch_size=32)
    return project(
        NpzFile(path=str(path), scale="none"),
        [Flatten(), Linear(32), ReLU(), Linear(10)],
        fit,
        normalize="none",
    )


@fault("107 of one class, 3 of the other", "unbalanced-classes")
def _(folder: Path) -> Project:
    x, _ = clouds(330, apart=0.0)
    y = (np.arange(330) % 110 >= 107).astype(int)
    return table(folder, "rare", x + y[:, None], y)


@fault("a column that numbers the sorted rows", "column-tells")
def _(folder: Path) -> Project:
    x, y = clouds(300, apart=1.0)
    order = np.argsort(y, kind="stable")
    x, y = x[order], y[order]
    return table(folder, "numbered", np.column_stack([x, np.linspace(0, 3, len(y)) + 1e-3 * x[:, 0]]), y)


@fault("a column made from the target", "column-tells", apart=True)
def _(folder: Path) -> Project:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 3))
    y = x @ [1.0, -1.0, 0.5] + rng.normal(size=200)
    return table(folder, "made", np.column_stack([x, 0.5 * y + 1]), y, outputs=1)


@fault("every row three times", "shared-samples")
def _(folder: Path) -> Project:
    x, y = clouds(120, apart=1.5)
    x = np.concatenate([x, x[:80]])
    return table(folder, "doubles", x, np.concatenate([y, y[:80]]))


@fault("one class alone", "one-target")
def _(folder: Path) -> Project:
    x, _ = clouds(100)
    return table(folder, "one", x, np.zeros(100, np.float64) + 2.5, outputs=1)


# --- what it comes to -------------------------------------------------------------------------------------------------


@fault("60 digits, 12,000 weights", "overfitting")
def _(folder: Path) -> Project:
    x, y = digits(600, 3)
    path = folder / "few.npz"
    np.savez(path, x=x, y=y)
    fit = Fit(loss=CrossEntropyLoss(), optimizer=Adam(lr=0.01), initializer=HeNormal(), batch_size=10)
    body = [Flatten(), Linear(128), ReLU(), Linear(32), ReLU(), Linear(10)]
    return project(NpzFile(path=str(path)), body, fit, normalize="none", train=0.1, validation=0.5)


@fault("random labels", "overfitting")
def _(folder: Path) -> Project:
    x, _ = clouds(300, columns=20, apart=0.0)
    y = np.random.default_rng(5).integers(0, 2, 300)
    return table(folder, "random", x, y, Linear(64), ReLU(), initializer=HeNormal())


@fault("40 noisy points, a wide net", "overfitting", apart=True)
def _(folder: Path) -> Project:
    x, y = clouds(90, seed=7, columns=10, apart=1.0)
    return table(folder, "noisy", x, y, Linear(64), ReLU(), Linear(64), ReLU(), initializer=HeNormal())


@fault("no hidden layer on exclusive or", "stuck-at-chance")
def _(folder: Path) -> Project:
    return project(Xor(), [Linear(1)], Fit(optimizer=SGD(lr=0.1), batch_size=10))


@fault("targets that follow from nothing", "stuck-at-chance")
def _(folder: Path) -> Project:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(600, 2)), rng.normal(size=600)
    return table(folder, "nothing", x, y, Linear(2), Tanh(), outputs=1, optimizer=SGD(lr=0.02))


@fault("5 sigmoids, slow at the start", "stuck-at-chance", "vanishing-gradient")
def _(folder: Path) -> Project:
    return plane(*deep(5, 8, Sigmoid()), source=Xor())


def healthy() -> Iterator[tuple[str, Project]]:
    """The examples, but for AlexNet at full size, of which an epoch takes minutes."""
    from playground.document.examples import examples

    for example in examples():
        if example.key != "alexnet":
            yield example.key, example.project


def with_seed(made: Project, seed: int) -> Project:
    """The same with other first weights (unless they are given) and another order of samples."""
    return made.replace(seed=seed)

"""Every formula that is painted is worked out and compared with the engine's numbers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from engine import Fit, Network, clipping, initializers, layers, losses, optimizers, regularizers, schedules
from engine.core import Array, Parameter, run_calls
from engine.layers import Layer, Shape
from engine.layers import registry as all_layers
from engine.losses import Loss
from engine.optimizers import Optimizer
from engine.spec import Spec
from tests.engine.catalogue import case_id, in_domain, variants
from tests.engine.latex import Scope, Statement, check_formula, defined, evaluate, performed, statements
from tests.engine.meanings import BESIDE, SILENT, Case, letters_of, scope_of, steps
from tests.engine.trace.tracing import network_with, trainer_for

#: what is painted, but is no equation of numbers
NO_EQUATIONS: dict[type[Spec], str] = {
    layers.Concat: "a list of inputs; test_a_list_is_what_its_formula_says",
    schedules.OneCycleLR: "a path, drawn with arrows; test_the_ends_of_one_cycle",
    schedules.ReduceLROnPlateau: "a rule in words; tests/engine/test_schedules.py",
    initializers.Orthogonal: "an equation of matrices; test_orthogonal_weights_are",
}


def spoken_of(cls: type[Spec], silent: set[str]) -> list[Spec]:
    """The settings in which a formula is meant to hold: those it speaks of, varied."""
    return [
        spec
        for spec in dict.fromkeys(variants(cls))
        if all(value == p.default for p, value in spec.values() if p.name in silent)
    ]


# --- layers -----------------------------------------------------------------------------------------------------------

SHAPES: tuple[Shape, ...] = ((5,), (2, 4, 5))
#: layers that want other shapes or settings, so that there is something to tell apart and not too much to work out
FITTING: dict[type[Layer], tuple[dict[str, Any], tuple[Shape, ...]]] = {
    layers.Conv2d: ({"out_channels": 2}, ((2, 3, 4),)),
    layers.ConvTranspose2d: ({"out_channels": 2, "kernel_size": 2}, ((2, 2, 3),)),
    layers.Upsample: ({}, ((1, 2, 3),)),
    layers.Linear: ({"out_features": 3}, ((4,),)),
    layers.Softmax: ({}, ((5,),)),
    layers.LogSoftmax: ({}, ((5,),)),
    layers.Flatten: ({}, ((2, 4, 5),)),
    layers.Unflatten: ({"channels": 2, "height": 2, "width": 3}, ((12,),)),
    layers.LocalResponseNorm: ({"alpha": 0.5}, ((7, 1, 2),)),
    layers.AdaptiveAvgPool2d: ({"output_size": (3, 2)}, ((2, 4, 5),)),
}


def layer_cases() -> list[tuple[Layer, Shape]]:
    found = []
    for cls in all_layers:
        values, shapes = FITTING.get(cls, ({}, SHAPES))
        for spec in spoken_of(cls, BESIDE | SILENT.get(cls, set())):
            layer = spec.replace(**{k: v for k, v in values.items() if getattr(spec, k) == getattr(cls(), k)})
            for shape in shapes:
                try:
                    layer.check_inputs(*(shape,) * (layer.arity or 2))
                    if hasattr(layer, "kernel_size"):
                        steps(layer, shape)
                except (
                    ValueError
                ):  # it does not take such samples, or has two sizes where the formula has one letter
                    continue
                found.append((layer, shape))
    return list(dict.fromkeys(found))


LAYERS = layer_cases()


def test_every_layer_is_worked_out() -> None:
    assert {type(layer) for layer, _ in LAYERS} == set(all_layers)


@pytest.mark.parametrize(
    ("layer", "shape"), [c for c in LAYERS if type(c[0]) not in NO_EQUATIONS], ids=case_id
)
def test_a_layers_formulas_give_its_numbers(layer: Layer, shape: Shape) -> None:
    case = Case(trainer_for(network_with(layer, shape), shape).trace(), shape)
    if isinstance(layer, layers.AdaptiveAvgPool2d):
        check_stretches(layer, case.x, case.y)
    else:
        assert check_formula(layer.formula, scope_of(case, 1, backward=False))
    assert check_formula(layer.gradient_formula, scope_of(case, 1, backward=True))


def check_stretches(layer: layers.AdaptiveAvgPool2d, x: Array, y: Array) -> None:
    """The formula names where a stretch of rows begins and ends; columns are likewise."""
    found = re.search(r"(\\lfloor .* \\rfloor) \\ldots (\\lceil .* \\rceil)", layer.formula)
    assert found is not None

    def stretch(i: int, size: int, count: int) -> slice:
        scope = Scope({"i": i, "H": size, "h": count})
        return slice(*(int(evaluate(end, scope)) for end in found.groups()))

    (height, width), (rows, columns) = x.shape[2:], y.shape[2:]
    for i in range(rows):
        for j in range(columns):
            window = x[:, :, stretch(i, height, rows), stretch(j, width, columns)]
            np.testing.assert_allclose(window.mean((2, 3)), y[:, :, i, j], rtol=1e-12)


def test_a_list_is_what_its_formula_says() -> None:
    layer = layers.Concat()
    assert (layer.formula, layer.gradient_formula) == (
        r"y = [x_1; x_2; \ldots]", r"\frac{\partial L}{\partial x_k} = \delta_{\text{part } k}",
    )  # fmt: skip
    case = Case(trainer_for(network_with(layer, (2, 4, 5)), (2, 4, 5)).trace(), (2, 4, 5))
    np.testing.assert_array_equal(case.y, np.concatenate(case.xs, axis=1))
    np.testing.assert_array_equal(case.dy, np.concatenate(case.dxs, axis=1))


# --- losses -----------------------------------------------------------------------------------------------------------

LOSSES = [
    (loss, task)
    for cls in losses.losses
    for loss in spoken_of(cls, {"label_smoothing", "num_classes"})  # smoothing is in t, not in y_n
    for task in loss.tasks
]


@pytest.mark.parametrize(("loss", "task"), LOSSES, ids=case_id)
def test_a_losss_formulas_give_its_numbers(loss: Loss, task: str) -> None:
    rng = np.random.default_rng(3)
    count = 6
    outputs = (
        3
        if task == "multiclass"
        else 2
        if loss.key in ("CrossEntropyLoss", "NLLLoss", "MultiMarginLoss") or task == "regression"
        else 1
    )
    y = rng.normal(size=(count, outputs)) if task == "regression" else rng.integers(0, max(outputs, 2), count)
    z, t = (
        in_domain(loss, rng.normal(0, 2, (outputs, count))),
        np.ascontiguousarray(loss.targets(y, outputs).T),
    )
    dz, value = np.zeros_like(z), np.zeros(())
    steps = loss.bind(z, t, dz, value)
    run_calls(steps.forward)
    run_calls(steps.backward)

    def cells(a: Array) -> Any:
        """With one letter below, the only output is meant."""
        return (a.T, a[0]) if outputs == 1 else a.T

    weights = np.ones(outputs)
    given = getattr(loss, "weight", ())[:outputs]
    weights[: len(given)] = given
    if given:  # the engine's targets carry them
        t = t / weights[:, None]
    names = {
        "z": cells(z), "t": cells(t), "∂" + loss.letter("z"): cells(dz), "y": y, "L": float(value), "N": count, "K": outputs, "w": weights,
        "p": cells(z) if loss.letter("z") == "p" else loss.probabilities(z.T), **letters_of(loss),
    }  # fmt: skip
    scope = Scope(names, {"n": range(count), "k": range(outputs)})
    assert check_formula(loss.formula, scope)
    assert check_formula(loss.gradient_formula, defined(loss.formula, scope))


# --- what acts on weights -----------------------------------------------------------------------------------------------


def optimizer_cases() -> list[Optimizer]:
    """Every setting, alone and together with others on which lines of the update hang."""
    found = [o for cls in optimizers.optimizers for o in variants(cls)]
    for more in ({"momentum": 0.9}, {"weight_decay": 0.3}, {"momentum": 0.9, "nesterov": True}):
        found += [
            o.replace(**more) for o in found if more.keys() <= {p.name for p in o.params()} and fits(o, more)
        ]
    return list(dict.fromkeys(found))


def fits(optimizer: Optimizer, more: dict[str, Any]) -> bool:
    return not (more.get("nesterov") and getattr(optimizer, "dampening", 0.0))


@pytest.mark.parametrize("number", [1, 4])
@pytest.mark.parametrize("optimizer", optimizer_cases(), ids=case_id)
def test_an_optimizers_formula_gives_its_update(optimizer: Optimizer, number: int) -> None:
    rng = np.random.default_rng(1)
    w, g, rate = rng.normal(size=8), rng.normal(size=8), 0.3
    slots = {optimizer.letter(name): rng.uniform(0.1, 2.0, 8) for name in optimizer.slots}
    scope = Scope({**letters_of(optimizer), "w": w.copy(), "g": g, **slots, r"\eta": rate, "t": number})
    after = {symbol: a.copy() for symbol, a in slots.items()}
    run_calls(optimizer.bind(w, g, np.array(rate), np.array(number), *after.values()))
    said = performed(optimizer.formula, scope)
    for symbol, value in {"w": w, **after}.items():
        np.testing.assert_allclose(said.names[symbol], value, rtol=1e-12, atol=1e-12, err_msg=symbol)


@pytest.mark.parametrize(
    "penalty", [p for cls in regularizers.regularizers for p in spoken_of(cls, set())], ids=case_id
)
def test_a_penaltys_formulas_give_its_numbers(penalty: regularizers.Regularizer) -> None:
    fit = Fit(losses.MSELoss(), optimizers.SGD(), penalty, batch_size=3)
    trace = trainer_for(Network.chain(layers.Linear(3)), (4,), fit=fit).trace()
    pull = trace.parameter("0", "weight", "penalized") - trace.parameter("0", "weight", "gradient")
    names = {"w": trace.parameter("0", "weight"), "R": trace.penalty, "∂w": pull, **letters_of(penalty)}
    assert check_formula(penalty.formula, Scope(names))
    assert check_formula(penalty.gradient_formula, Scope(names))


@pytest.mark.parametrize(
    "limit", [c for cls in clipping.clippings for c in spoken_of(cls, set())], ids=case_id
)
@pytest.mark.parametrize("size", [0.01, 10.0])
def test_a_limits_formula_gives_what_is_left(limit: clipping.Clipping, size: float) -> None:
    g = np.random.default_rng(2).normal(0, size, 7)
    symbol = statements(limit.formula)[0].left
    scope = Scope({symbol: g.copy(), **letters_of(limit)})
    run_calls(limit.bind(g, np.array(np.linalg.norm(g))))
    # PyTorch, too, adds 1e-6 to a norm, which no formula mentions
    np.testing.assert_allclose(performed(limit.formula, scope).names[symbol], g, rtol=1e-4)


# --- schedules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "schedule",
    [s for cls in schedules.schedules if cls not in NO_EQUATIONS for s in spoken_of(cls, set())],
    ids=case_id,
)
@pytest.mark.parametrize("epoch", [0, 1, 2.5, 31, 80])
def test_a_schedules_formula_gives_its_rate(schedule: schedules.Schedule, epoch: float) -> None:
    planned, rate = 100, 0.3
    now = rate * schedule.factor(schedules.Progress(epoch, planned))
    names = {
        r"\eta": rate,
        r"\eta_t": now,
        "t": epoch if schedule.per_step else int(epoch),
        **letters_of(schedule),
    }
    if isinstance(schedule, schedules.CosineAnnealingLR):
        names |= {"T": schedule.T_max or planned, r"\eta_min": schedule.lowest * rate}
    assert check_formula(schedule.formula, Scope(names))


@pytest.mark.parametrize("schedule", spoken_of(schedules.OneCycleLR, set()), ids=case_id)
def test_the_ends_of_one_cycle(schedule: schedules.OneCycleLR) -> None:
    """From the first rate by the full one to the last: the three stops that the formula names."""
    stops = schedule.formula.removeprefix(r"\eta_t:\; ").split(r" \rightarrow ")
    scope = Scope({r"\eta": 1.0, "d": schedule.div_factor, "d_f": schedule.final_div_factor})
    for stop, epoch in zip(stops, (0.0, 100 * schedule.pct_start, 100.0), strict=True):
        assert evaluate(stop, scope) == pytest.approx(schedule.factor(schedules.Progress(epoch, 100)))


# --- chance -----------------------------------------------------------------------------------------------------------

SHAPE, FAN_IN, FAN_OUT = (300, 200), 200, 300


def check_drawn(statement: Statement, draws: Array, scope: Scope) -> None:
    r"""``\sim``: numbers are spread as is said, within what chance leaves open."""
    found = re.fullmatch(r"\\math\w+\{(\w+)\}\((.*)\)", statement.right)
    assert found is not None, statement
    values = [evaluate(part, scope) for part in found[2].split(", ")]
    n, slack = draws.size, 6.0
    match found[1], values:
        case "N", (mean, variance):
            assert abs(draws.mean() - mean) <= slack * np.sqrt(variance / n)
            assert abs(draws.var() - variance) <= slack * np.sqrt(2.0 / n) * variance
        case "U", (low, high):
            assert low <= draws.min() <= low + 0.01 * (high - low)
            assert high - 0.01 * (high - low) <= draws.max() <= high
        case "Bernoulli", (share,):
            assert set(np.unique(draws)) <= {0.0, 1.0}
            assert abs(draws.mean() - share) <= slack * np.sqrt(share * (1 - share) / n)
        case other:
            pytest.fail(f"nobody says how to test {other}")


@pytest.mark.parametrize(
    "initializer",
    [i for cls in initializers.initializers if cls not in NO_EQUATIONS for i in spoken_of(cls, set())],
    ids=case_id,
)
def test_weights_are_drawn_as_the_formula_says(initializer: initializers.Initializer) -> None:
    draws = initializer.draw(Parameter(SHAPE, FAN_IN, FAN_OUT), np.random.default_rng(4))
    scope = Scope({"w": draws, "n_in": FAN_IN, "n_out": FAN_OUT, **letters_of(initializer)})
    compared = check_formula(initializer.formula, scope)
    for statement in statements(initializer.formula):
        if statement.sign == r"\sim":
            check_drawn(statement, draws, defined(initializer.formula, scope))
            compared += draws.size
    assert compared


@pytest.mark.parametrize("gain", [1.0, 2.0])
@pytest.mark.parametrize("shape", [(3, 5), (5, 3)])
def test_orthogonal_weights_are(shape: Shape, gain: float) -> None:
    """One of the two equations holds: that of the shorter side."""
    left, right = initializers.Orthogonal.formula.split(r" \text{ or } ")
    assert (left, right) == (r"W W^\top = g^2 I", r"W^\top W = g^2 I")
    w = initializers.Orthogonal(gain=gain).draw(
        Parameter(shape, shape[1], shape[0]), np.random.default_rng(5)
    )
    product = w @ w.T if shape[0] < shape[1] else w.T @ w
    np.testing.assert_allclose(product, gain**2 * np.eye(min(shape)), atol=1e-12)


@pytest.mark.parametrize(
    "layer", [layers.Dropout(p=0.3), layers.Dropout2d(p=0.7), layers.GaussianNoise(std=0.4)], ids=case_id
)
def test_chance_in_layers_is_as_the_formula_says(layer: Layer) -> None:
    shape = (3000, 1, 2) if isinstance(layer, layers.Dropout2d) else (3000,)
    case = Case(trainer_for(network_with(layer, shape), shape).trace(), shape)
    scope = scope_of(case, 0, backward=False)
    drawn = [s for s in statements(layer.formula) if s.sign == r"\sim"]
    assert drawn
    for statement in drawn:
        check_drawn(statement, scope.names[statement.left.removesuffix("_c")], scope)


def test_nothing_random_is_left_out() -> None:
    said = {cls for cls in all_layers if r"\sim" in cls.formula}
    assert (
        said
        == {layers.Dropout, layers.Dropout2d, layers.GaussianNoise}
        == {cls for cls in all_layers if cls.is_random}
    )


@pytest.mark.parametrize(
    ("layer", "letters"),
    [
        (layers.Linear(bias=False), ("b_",)),
        (layers.Conv2d(bias=False), ("b_",)),
        (layers.BatchNorm(affine=False), (r"\gamma", r"\beta")),
        (layers.LayerNorm(elementwise_affine=False), (r"\gamma", r"\beta")),
    ],
)
def test_what_a_layer_does_not_have_is_not_in_its_formulas(layer: Layer, letters: tuple[str, ...]) -> None:
    for letter in letters:
        assert letter in type(layer).formula
        assert letter in type(layer)().formula
        assert letter not in layer.formula
        assert letter not in layer.gradient_formula

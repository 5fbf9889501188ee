"""Maths that is said once: numbers for numbers, LaTeX for symbols; and what a new class gets by saying it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from engine import Fit, layers, losses, optimizers
from engine.core import Array, Call, Steps, call
from engine.layers import Activation, Bind
from engine.losses import ERROR, Loss, Regression
from engine.maths import Let, Maths, between, normal_cdf, sigmoid, softplus, truth
from engine.optimizers import Optimizer
from engine.spec import Float, param
from engine.trace import update_rows
from tests.engine import test_formulas as formulas
from tests.engine.latex import Scope, evaluate
from tests.engine.trace import test_layers as layer_steps
from tests.engine.trace import test_losses as loss_steps
from tests.engine.trace import test_trace as update_steps
from tests.engine.trace.tracing import check, check_painted

SAID = {
    r"a - (b - x)": lambda a, b, x: a - (b - x),
    r"-a \cdot (b + x)": lambda a, b, x: -a * (b + x),
    r"a - (-b \cdot x)": lambda a, b, x: a - -b * x,
    r"a \cdot (-b)": lambda a, b: a * -b,
    r"\left(\frac{a}{b}\right)^{2} + (a \cdot b)^{2} + (-x)^{2}": lambda a, b, x: (a / b) ** 2 + (a * b) ** 2 + (-x) ** 2,
    r"(e^{x} - 1)^{2} \cdot (e^{x})^{b}": lambda x, b: np.expm1(x) ** 2 * np.exp(x) ** b,
    r"a \cdot \left(1 \text{ if } x > \frac{1}{2} \text{ else } b\right)": lambda a, x, b: a * np.where(x > 0.5, 1, b),
    r"[x \leq a] \cdot [x < b] + [a < x < b]": lambda x, a, b: truth(x <= a) * truth(x < b) + between(a, x, b),
    r"\max(\min(b, x), a) - |x - a|": lambda b, x, a: np.maximum(np.minimum(b, x), a) - abs(x - a),
    r"\sigma(x) + \Phi(a) \cdot \log(1 + e^{b}) \cdot \tanh(x)": lambda x, a, b: (
        sigmoid(x) + normal_cdf(a) * softplus(b) * np.tanh(x)
    ),
    r"2.5 \cdot a - \sqrt{b} \cdot \mathrm{sign}(x)": lambda a, b, x: np.float64(2.5) * a - np.sqrt(b) * np.sign(x),
}  # fmt: skip


@pytest.mark.parametrize("latex", SAID)
def test_what_is_written_is_what_is_computed(latex: str) -> None:
    maths = Maths(SAID[latex])
    assert maths.expression(str).latex == latex
    for values in ({"a": 0.3, "b": 1.7, "x": -0.4}, {"a": -1.2, "b": 0.8, "x": 0.7}):
        found = maths.evaluate(*(values[name] for name in maths.names))
        assert evaluate(latex, Scope(values)) == pytest.approx(float(found), rel=1e-12)


def test_a_sum_knows_its_terms() -> None:
    found = Maths(lambda v, mu, g: mu * v - (1 - mu) * g**2).expression(str)
    assert [[f.latex for f in product] for product in found.terms] == [["mu", "v"], ["-(1 - mu)", "g", "g"]]


# --- a new class, said in one place --------------------------------------------------------------------------------------


def softsign() -> type[Activation]:
    @layers.registry.register("Softsign", category="Activation")
    @dataclass(frozen=True)
    class Softsign(Activation):
        """Squeezes any value between two bounds, more slowly than a tanh."""

        alpha: float = param(Float(min=0.0), default=1.0, help="How fast it bends.")
        value = Maths(lambda x, alpha: x / (1 + alpha * abs(x)))
        slope = Maths(lambda x, alpha: 1 / (1 + alpha * abs(x)) ** 2)

        def bind(self, b: Bind) -> Steps:
            one, alpha, size = b.scalar(1.0), b.scalar(self.alpha), b.empty(b.x.shape)
            forward = [
                call(np.abs, b.x, size),
                call(np.multiply, size, alpha, size),
                call(np.add, size, one, size),
                call(np.divide, b.x, size, b.y),
            ]
            return Steps(forward, [call(np.multiply, size, size, size), call(np.divide, b.dy, size, b.dx)])

    return Softsign


def log_cosh() -> type[Loss]:
    @losses.losses.register("LogCosh", label="Log-cosh")
    @dataclass(frozen=True)
    class LogCosh(Regression):
        """Squared for small errors, as far as they are for large ones."""

        value = (ERROR, Let("cost", lambda r: np.log(np.cosh(r)), "bend", "Large errors count straight."))
        slope = (Let("slope", lambda r: np.tanh(r)),)  # noqa: PLW0108  names are read

        def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
            def forward() -> None:
                value[...] = np.log(np.cosh(z - t)).mean()

            def backward() -> None:
                dz[...] = np.tanh(z - t) / z.size

            return Steps([call(forward)], [call(backward)])

    return LogCosh


def lion() -> type[Optimizer]:
    @optimizers.optimizers.register("Lion")
    @dataclass(frozen=True)
    class Lion(Optimizer):
        """Steps of one size along the sign of what it remembers and sees. Chen et al. 2023."""

        lr: float = optimizers.learning_rate(0.001)
        beta1: float = param(Float(min=0.0, max=1.0), default=0.9, help="How much of memory is in a step.")
        beta2: float = param(Float(min=0.0, max=1.0), default=0.99, help="How slowly memory moves.")

        @property
        def slots(self) -> tuple[str, ...]:
            return ("m",)

        def update(self) -> Iterator[Let]:
            yield Let("u", lambda beta1, m, g: np.sign(beta1 * m + (1 - beta1) * g), "sign", inline=True)
            yield Let("m", lambda beta2, m, g: beta2 * m + (1 - beta2) * g)
            yield Let("w", lambda w, lr, u: w - lr * u)

        def bind(
            self, p: Array, g: Array, lr: Array, step: Array, *slots: Array, scratch: Any = np.zeros_like
        ) -> Sequence[Call]:
            (m,) = slots

            def update() -> None:
                p[...] -= lr * np.sign(self.beta1 * m + (1 - self.beta1) * g)
                m[...] = self.beta2 * m + (1 - self.beta2) * g

            return [call(update)]

    return Lion


@pytest.fixture
def new(request: pytest.FixtureRequest) -> Iterator[Any]:
    registry, make = request.param
    cls = make()
    yield cls()
    registry.unregister(cls.key)


@pytest.mark.parametrize("new", [(layers.registry, softsign)], indirect=True, ids=["Softsign"])
def test_a_new_activation_has_formulas_and_steps(new: Activation) -> None:
    assert new.formula == r"y = \frac{x}{1 + \alpha |x|}"
    assert (
        new.gradient_formula == r"\frac{\partial L}{\partial x} = \delta \cdot \frac{1}{(1 + \alpha |x|)^{2}}"
    )
    assert type(new) in {type(layer) for layer, _ in formulas.layer_cases()}
    for layer in (new, new.replace(alpha=0.3)):
        formulas.test_a_layers_formulas_give_its_numbers(layer, (5,))
        layer_steps.check_layer(layer, (5,), "float64")


@pytest.mark.parametrize("new", [(losses.losses, log_cosh)], indirect=True, ids=["LogCosh"])
def test_a_new_loss_has_formulas_and_steps(new: Loss) -> None:
    assert new.formula == r"L = \frac{1}{NK} \sum_{n,k} \log(\cosh(z_{nk} - t_{nk}))"
    for task in ("regression", "binary"):
        formulas.test_a_losss_formulas_give_its_numbers(new, task)
        loss_steps.test_stages_and_gradient_give_the_engines_numbers(new, task, "float64")


@pytest.mark.parametrize("new", [(optimizers.optimizers, lion)], indirect=True, ids=["Lion"])
def test_a_new_optimizer_has_a_formula_and_steps(new: Optimizer) -> None:
    assert new.formula == (
        r"u \leftarrow \mathrm{sign}(\beta_1 m + (1 - \beta_1) g), \quad m \leftarrow \beta_2 m + (1 - \beta_2) g, \quad "
        r"w \leftarrow w - \eta u"
    )
    formulas.test_an_optimizers_formula_gives_its_update(new, 4)
    update_steps.test_the_update_table_adds_up(new, {}, "float64")


@pytest.mark.parametrize("new", [(optimizers.optimizers, lion)], indirect=True, ids=["Lion"])
def test_who_computes_otherwise_does_not_inherit_the_maths(new: Optimizer) -> None:
    @dataclass(frozen=True)
    class Plain(type(new)):  # type: ignore[misc]
        """Calls of its own."""

        def bind(self, p: Array, g: Array, lr: Array, *rest: Any, **more: Any) -> Sequence[Call]:
            return [call(np.subtract, p, g, p)]

    trace = update_steps.trainer(Fit(optimizer=Plain(), batch_size=16), dtype="float64").trace()
    (row,) = update_rows(trace, "0", "weight", [(1, 0)])
    check(row.equations)
    check_painted(row.equations)
    assert Plain().formula == ""
    assert row.new.value == row.old.value - row.gradient.value

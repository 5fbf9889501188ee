"""Letters of equations: those of each step, numbered by layer, and the textbook's; and what a worksheet says of them."""

import re
from typing import Any

import numpy as np
import pytest

from engine import Fit, Model, Network, layers, losses
from engine.data import Circle, SpiralClasses
from engine.trace import WAYS, Trace, Way, card, moments, worksheet
from engine.trace.symbols import of_sample, primed, symbols
from engine.train import Trainer
from tests.engine.trace.test_trace import PICTURES
from tests.engine.trace.test_walk import TRACES
from tests.engine.trace.tracing import check

NEURON = Network.chain(layers.Linear(1), layers.Sigmoid())


def neuron(batch: int = 1) -> Trace:
    fit = Fit(loss=losses.BCELoss(), batch_size=batch)
    return Trainer(Model(NEURON, (2,), 0, "float64"), Circle(samples=20).make(), None, fit).trace()


def test_textbook_letters_count_layers_with_weights() -> None:
    network = Network.chain(
        layers.Conv2d(2), layers.ReLU(), layers.MaxPool2d(2), layers.Dropout(), layers.Flatten(), layers.Linear(3)
    )  # fmt: skip
    found = symbols(network, "textbook")
    assert [found.values[n.id] for n in network.nodes] == [
        "z^{1}", "a^{1}", "h^{1}", r"\tilde{h}^{1}", r"\tilde{\tilde{h}}^{1}", "z^{2}",
    ]  # fmt: skip
    assert len(set(found.values.values())) == len(network) + 1
    assert (found.loss, found.targets) == ("J", "y")


def test_a_superscript_is_never_doubled() -> None:
    assert of_sample("y^{[2]}", 0) == "y^{[2](1)}"
    assert of_sample("x", 3) == "x^{(4)}"
    assert primed("w^{[1]}_{1,2}") == r"w^{[1]\prime}_{1,2}"
    assert primed("w_{1,2}") == "w_{1,2}'"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("trace", [*TRACES.values(), neuron(3)], ids=[*TRACES, "neuron"])
def test_whatever_the_letters_the_numbers_are_the_same(trace: Trace, way: Way) -> None:
    other = trace.written(way)
    assert other.values is trace.values, "arrays are shared"
    walk = moments(trace, "unit")
    for moment, _ in walk.sections():
        one, same = (
            card(t, moment, None if t.whole and moment.part == "parameter" else 0) for t in (trace, other)
        )
        check(same.equations)
        assert (one.result and one.result.value) == (same.result and same.result.value)
        for equation in same.equations:
            assert not re.search(r"\^\{[^{}]*\}\^|\}'\^", equation.latex()), equation.latex()


def test_the_loss_and_the_sigmoid_are_multiplied_out_and_cancel() -> None:
    trace = neuron().written("textbook")
    (moment,) = (
        m for m in moments(trace, "unit") if (m.phase, m.node_id, m.part) == ("backward", "1", "share")
    )
    found = card(trace, moment, 0)
    letters, numbers = found.joined
    p, t = float(trace.values["1"][0, 0]), float(trace.targets[0, 0])
    assert letters.endswith(r"\cdot a^{1}_{1} (1 - a^{1}_{1}) = a^{1}_{1} - y_{1}")
    assert found.result is not None
    assert found.result.value == pytest.approx(p - t, rel=1e-12)
    assert float(numbers.rsplit("= ", 1)[1].replace("{-}", "-")) == pytest.approx(p - t, rel=1e-3)
    assert card(neuron(3), moment, 0).joined[0].count(r"\frac{1}{N}") == 2


def test_log_softmax_and_its_loss_leave_p_minus_t_too() -> None:
    data, network = SpiralClasses(samples=20).make(), Network.chain(layers.Linear(3), layers.LogSoftmax())
    fit = Fit(loss=losses.NLLLoss(), batch_size=4)
    trace = Trainer(Model(network, (2,), 0, "float64"), data, None, fit).trace()
    for moment in (m for m in moments(trace, "unit") if (m.phase, m.node_id) == ("backward", "1")):
        letters, numbers = card(trace, moment, 0).joined
        p, t = float(np.exp(trace.values["1"][(0, *moment.cell)])), float(trace.targets[(0, *moment.cell)])
        assert letters.count(r"\frac{1}{N}") == 3
        assert float(numbers.rsplit("= ", 1)[1].replace("{-}", "-")) == pytest.approx((p - t) / 4, rel=1e-3)


def test_where_a_probability_is_rounded_away_nothing_is_said_to_cancel() -> None:
    model = Model(NEURON, (2,), 0, "float64")
    model.store.values[:] = 1e4
    fit = Fit(loss=losses.BCELoss(), batch_size=20)
    trace = Trainer(model, Circle(samples=20).make(), None, fit).trace()
    (moment,) = (
        m for m in moments(trace, "unit") if (m.phase, m.node_id, m.part) == ("backward", "1", "share")
    )
    off = [n for n in range(20) if abs(trace.values["1"][n, 0] - trace.targets[n, 0]) == 1]
    assert off
    for n in off:
        assert card(trace, moment, n).joined == ("", "")


def stems(latex: str) -> set[str]:
    """The letters of an equation, without words, indices and functions."""
    bare = re.sub(r"\\mathrm\{[^{}]*\}|\\text\{[^{}]*\}|_\{[^{}]*\}|\^\{[^{}]*\}", "", latex)
    bare = re.sub(
        r"\\(frac|left|right|cdot|partial|max|min|log|tanh|exp|sqrt|ldots|sum|quad|hat|bar|sigma|[,!;])",
        " ",
        bare,
    )
    return set(re.findall(r"\\[A-Za-z]+|[A-Za-z]", bare))


@pytest.mark.parametrize("trace", [*TRACES.values(), neuron(3)], ids=[*TRACES, "neuron"])
def test_every_letter_of_a_worksheet_is_defined_on_it(trace: Trace) -> None:
    text = worksheet(trace)
    legend, sheet = text.split("## Given")[0], text.split("## Forward")[1].split("## New weights")[0]
    defined = stems(" ".join(re.findall(r"\$([^$]*)\$", legend)))
    used: Any = stems(" ".join(re.findall(r"\$([^$]*)\$", sheet)))
    assert used <= defined, used - defined
    outputs = re.findall(r"^- \$([^$]*)\$: output", legend, re.M)
    assert len(outputs) == len(set(outputs)) == len(trace.network), "each layer has letters of its own"


def test_pictures_are_among_them() -> None:
    assert TRACES["pictures"].network == PICTURES

"""Every loss is drawn as it is computed, with its slope; the samples of an update lie where they cost what they cost."""

import numpy as np
import pytest

from engine.losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HingeLoss,
    HuberLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    losses,
)  # fmt: skip
from engine.trace import moments
from playground.document.examples import example
from playground.ui.kit.view import StepAt
from playground.ui.panels.inspector.loss_curve import X, axis, curve, of_batch
from playground.ui.panels.inspector.view import InspectorView
from tests.ui.bench import Bench
from tests.ui.panels.backprop.traced import trace_of


@pytest.mark.parametrize(
    ("loss", "values"),
    [
        (MSELoss(), X**2),
        (L1Loss(), np.abs(X)),
        (HuberLoss(delta=1.5), np.where(abs(X) <= 1.5, X**2 / 2, 1.5 * (abs(X) - 0.75))),
        (BCEWithLogitsLoss(), np.log1p(np.exp(-X))),
        (CrossEntropyLoss(), np.log1p(np.exp(-X))),
        (HingeLoss(), np.maximum(0, 1 - X)),
        (BCELoss(), -np.log(axis(BCELoss())[0])),
        (NLLLoss(), -axis(NLLLoss())[0]),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_loss_is_drawn_as_it_is_defined(loss, values) -> None:
    np.testing.assert_allclose(curve(loss)[0], values, atol=1e-12)


@pytest.mark.parametrize("key", losses.keys())
def test_the_slope_is_that_of_the_curve(key: str) -> None:
    costs, slopes = curve(losses.get(key)())
    between = np.diff(costs) / np.diff(axis(losses.get(key)())[0])
    bends = np.abs(np.diff(slopes)) > 0.2  # at a kink, or near −log 0, a chord is no slope
    middle = (slopes[1:] + slopes[:-1]) / 2
    np.testing.assert_allclose(between[~bends], middle[~bends], atol=0.01)
    assert np.isfinite(costs).all()


@pytest.mark.parametrize("key", ["xor", "regression", "iris", "one-neuron"])
def test_samples_lie_where_they_cost_what_they_cost(key: str) -> None:
    project = example(key).project
    trace = trace_of(project, 4)
    x, costs = of_batch(trace)
    assert len(x) == len(trace.samples)
    if key != "iris":  # of more than two classes the margin alone does not say it
        drawn = np.interp(x, axis(project.fit.loss)[0], curve(project.fit.loss)[0])
        np.testing.assert_allclose(costs, drawn, atol=0.01)


def test_the_loss_block_shows_its_curve_and_while_stepping_its_samples(qtbot) -> None:
    project = example("xor").project
    bench = Bench(qtbot, InspectorView, project)
    bench.show(340, 700)
    bench.focus.select("loss")
    assert bench.view.loss_curve.isVisible()
    assert "ℓ" in bench.view.curve_caption.text()
    trace = trace_of(project, 4)
    bench.focus.show_step(StepAt(trace, moments(trace, "layer")[0]))
    assert len(bench.view.loss_curve.dots.at) == len(trace.samples)
    bench.focus.show_step(None)
    assert len(bench.view.loss_curve.dots.at) == 0
    bench.focus.select("linear1")
    assert not bench.view.loss_curve.isVisible()

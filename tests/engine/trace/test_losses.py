"""Every registered loss, in every setting: stages, mean and first gradient are the engine's numbers."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from engine import Fit, Model, Network, layers, losses, optimizers
from engine.core import Array, Steps, call
from engine.data import Circle, Dataset, Sine, SpiralClasses
from engine.losses import Loss
from engine.losses import losses as registry
from engine.trace import Trace, loss_gradient, loss_stages, moments, sample_outcomes
from engine.train import Trainer
from tests.engine.catalogue import case_id, variants
from tests.engine.latex import Scope
from tests.engine.trace.tracing import check, check_painted, check_places

DATA = {
    "binary": Circle(samples=40).make(),
    "multiclass": SpiralClasses(samples=40).make(),
    "regression": Sine(samples=40).make(),
    "two numbers": Dataset(
        np.random.default_rng(0).normal(size=(9, 3)), np.random.default_rng(1).normal(size=(9, 2))
    ),
}
CASES = [(loss, task) for cls in registry for loss in variants(cls) for task in loss.tasks]
CASES += [(loss, "two numbers") for loss, task in CASES if task == "regression"]


def trace_of(loss: Loss, task: str, dtype: str = "float64", wide: float = 2.0) -> Trace:
    data = DATA[task]
    (outputs,) = loss.out_shape(data)
    fit = Fit(loss=loss, optimizer=optimizers.SGD(lr=0.1), batch_size=5)
    ends = {"BCELoss": (layers.Sigmoid(),), "NLLLoss": (layers.LogSoftmax(),)}.get(loss.key, ())
    model = Model(Network.chain(layers.Linear(outputs), *ends), data.in_shape, 0, dtype)
    model.store.values[:] = np.random.default_rng(2).normal(0, wide, model.store.values.shape)
    return Trainer(model, data, None, fit).trace()


def letters_of(trace: Trace, sample: int) -> Scope:
    """N and K, and of one sample the probabilities p and the targets t, of each class or (without a number) of the second."""
    output = trace.values[trace.network.output_id][sample : sample + 1].astype(np.float64)
    p, t = trace.fit.loss.probabilities(output)[0], trace.targets[sample]
    names = {f"p_{k + 1}": value for k, value in enumerate(p)} | {f"t_{k + 1}": v for k, v in enumerate(t)}
    given = getattr(trace.fit.loss, "weight", ())
    if given:  # the sum of the weights of the true classes
        names["W"] = sum((*given, *(1.0 for _ in t))[label] for label in trace.labels)
    return Scope({"N": trace.size, "K": len(t), "p": p[-1], "t": t[-1], **names})


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("loss", "task"), CASES, ids=case_id)
def test_stages_and_gradient_give_the_engines_numbers(loss: Loss, task: str, dtype: str) -> None:
    trace = trace_of(loss, task, dtype)
    for sample in range(5):
        scope = letters_of(trace, sample)
        stages = loss_stages(trace, sample)
        for stage in stages:
            check(stage.equations, dtype)
            check_painted(stage.equations, dtype, scope)
            check_places(trace, stage.equations)
        own = stages[-2].equations[-1].result.value
        assert own == pytest.approx(sample_outcomes(trace).losses[sample], rel=1e-12, abs=1e-15)
        assert stages[-1].equations[-1].result.value == trace.loss
        for k in range(trace.targets.shape[1]):
            equations = loss_gradient(trace, sample, k)
            check(equations, dtype)
            check_painted(equations, dtype, scope)
            check_places(trace, equations)
            assert equations[-1].result.value == trace.gradients[trace.network.output_id][sample, k]


@pytest.mark.parametrize(("loss", "task"), CASES, ids=case_id)
def test_very_sure_outputs_neither_overflow_nor_cancel(loss: Loss, task: str) -> None:
    trace = trace_of(loss, task, wide=300.0)
    for sample in range(5):
        check(loss_gradient(trace, sample, 0))
        for stage in loss_stages(trace, sample):
            check(stage.equations)


def test_softmax_and_cross_entropy_collapse_to_p_minus_y() -> None:
    trace = trace_of(losses.CrossEntropyLoss(), "multiclass")
    stages = {s.title: s for s in loss_stages(trace, 0)}
    assert list(stages) == ["exp", "sum", "softmax", "surprise", "mean"]
    p = [e.result.value for e in stages["softmax"].equations]
    assert sum(p) == pytest.approx(1.0)
    for k in range(3):
        (term,) = loss_gradient(trace, 0, k)[-1].terms
        assert [f.value for f in term.factors] == pytest.approx([1 / 5, p[k] - trace.targets[0, k]])


def test_a_loss_that_nobody_explained_is_explained() -> None:
    @registry.register("Quartic", label="Fourth power")
    @dataclass(frozen=True)
    class Quartic(losses.Regression):
        """The sum of fourth powers: no mean at all."""

        def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
            def forward() -> None:
                value[...] = ((z - t) ** 4).sum()

            def backward() -> None:
                dz[...] = 4 * (z - t) ** 3

            return Steps([call(forward)], [call(backward)])

    try:
        trace = trace_of(Quartic(), "regression")
        for stage in loss_stages(trace, 3):
            check(stage.equations)
        check(loss_gradient(trace, 3, 0))
        assert loss_gradient(trace, 3, 0)[-1].result.value == trace.gradients["0"][3, 0]
        assert len(moments(trace, "term")) > 10
    finally:
        registry.unregister("Quartic")


def test_one_sample_that_is_kept_has_its_stages_without_the_mean() -> None:
    trace = trace_of(losses.MSELoss(), "two numbers")
    alone = replace(trace, samples=(2,), values={i: v[2:3] for i, v in trace.values.items()})
    assert [s.title for s in loss_stages(alone, 2)] == ["error", "square"]

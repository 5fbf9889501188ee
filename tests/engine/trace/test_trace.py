"""A trace is the next update, bit for bit; making one changes nothing; it holds no more memory than it says."""

import gc
import pickle
import tracemalloc
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from engine import Fit, Model, Network, Node, clipping, layers, losses, optimizers, regularizers, schedules
from engine.core import call
from engine.data import Circle, Dataset, Digits, Preparation, prepare
from engine.errors import DivergedError
from engine.trace import NotKept, card, moments, record, update_rows
from engine.train import Trainer
from tests.engine.catalogue import case_id, variants
from tests.engine.latex import Scope
from tests.engine.meanings import letters_of
from tests.engine.trace.tracing import check, check_painted

pytestmark = pytest.mark.slow

DATA = Circle(samples=50).make()
NET = Network.chain(
    layers.Linear(6), layers.BatchNorm(), layers.Tanh(), layers.Dropout(p=0.3), layers.GaussianNoise(),
    layers.Linear(3, frozen=True), layers.ReLU(), layers.Linear(1),
)  # fmt: skip
PICTURES = Network(
    (
        Node("conv", layers.Conv2d(4, 3, padding="same"), ("input",)),
        Node("relu", layers.ReLU()),
        Node("pool", layers.MaxPool2d(2)),
        Node("drop", layers.Dropout2d(p=0.2)),
        Node("conv2", layers.Conv2d(4, 3, padding=1)),
        Node("add", layers.Add(), ("conv2", "drop")),
        Node("avg", layers.AvgPool2d(2)),
        Node("flat", layers.Flatten()),
        Node("out", layers.Linear(10)),
        Node("flat2", layers.Flatten(), ("drop",)),
        Node("side", layers.Linear(10)),
        Node("sum", layers.Add(), ("out", "side")),
    )
)
OPTIMIZERS = list(
    dict.fromkeys(
        (
            *(o for cls in optimizers.optimizers for o in variants(cls)),
            optimizers.SGD(momentum=0.9, nesterov=True),
            optimizers.SGD(momentum=0.9, dampening=0.3, weight_decay=0.1),
        )
    )
)
LIMITS: dict[str, dict[str, Any]] = {
    "plain": {},
    "l2": {"regularizer": regularizers.L2(strength=0.1)},
    "elastic, clipped by norm": {
        "regularizer": regularizers.Elastic(l1=0.01, l2=0.1), "clipping": clipping.ClipNorm(max_norm=0.1),
    },
    "l1, clipped by value, max-norm": {
        "regularizer": regularizers.L1(strength=0.05), "clipping": clipping.ClipValue(limit=0.02), "max_norm": 0.5,
    },
}  # fmt: skip


def trainer(fit: Fit, net: Network = NET, dtype: str = "float32", data: Dataset = DATA) -> Trainer:
    return Trainer(Model(net, data.in_shape, 0, dtype), data, data, fit)


def everything(run: Trainer) -> dict[str, Any]:
    """All that training goes on from."""
    found = {name: a.copy() for name, a in run.snapshot().arrays.items()}
    found |= {"gradients": run.model.store.gradients.copy(), "rate": np.array(run.learning_rate)}
    return found | {
        "random": pickle.dumps([run.model.rngs[i].bit_generator.state for i in run.model.random_nodes])
    }


def check_trace_is_the_step(run: Trainer) -> None:
    """Trace, then step: same batch, loss, weights and memory, bit for bit; and the trace itself has changed nothing."""
    before = everything(run)
    trace = run.trace()
    for name, value in everything(run).items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    seen = run.step()
    assert (trace.step, trace.loss) == (seen.step, seen.loss)
    store = run.model.store
    for node_id, where in store.slices.items():
        np.testing.assert_array_equal(trace.parameters["after"][node_id], store.values[where])
        for slot, arrays in run.slots.items():
            vector = trace.arranged(node_id, trace.parameters[f"{slot}/after"][node_id])
            for name, array in arrays[node_id].items():
                np.testing.assert_array_equal(vector[name], array)
    for node_id, arrays in store.state.items():
        for name, array in arrays.items():
            np.testing.assert_array_equal(trace.state_after[node_id][name], array)


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS.keys())
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=case_id)
def test_apply_is_one_ordinary_step(optimizer: optimizers.Optimizer, limits: dict[str, Any]) -> None:
    fit = Fit(optimizer=optimizer, batch_size=16, **limits)
    run, other = trainer(fit), trainer(fit)
    for _ in range(5):  # over the end of an epoch, whose last batch is smaller
        check_trace_is_the_step(run)
        other.step()
    np.testing.assert_array_equal(run.model.store.values, other.model.store.values)
    np.testing.assert_array_equal(run.log.view().rows, other.log.view().rows)


@pytest.mark.parametrize("schedule", [cls() for cls in schedules.schedules], ids=case_id)
def test_the_rate_is_the_next_steps(schedule: schedules.Schedule) -> None:
    run = trainer(Fit(optimizer=optimizers.Adam(lr=0.1), schedule=schedule, batch_size=20, epochs=4))
    for _ in range(7):
        check_trace_is_the_step(run)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pictures_with_forks_and_views(dtype: str) -> None:
    data = prepare(Digits().make(), Preparation()).train.take(np.arange(70))
    fit = Fit(loss=losses.CrossEntropyLoss(), optimizer=optimizers.Adam(), batch_size=16)
    run = trainer(fit, PICTURES, dtype, data)
    for _ in range(3):
        check_trace_is_the_step(run)
    trace = run.trace()
    for node in ("drop", "flat", "flat2"):
        total = sum(trace.share(r, p) for r, p in trace.readers(node))
        np.testing.assert_allclose(total, trace.gradients[node], rtol=1e-5, atol=1e-7)
    found = card(trace, moments(trace, "unit").sections()[0][0], 3)
    assert found.result is not None
    for grain in ("layer", "unit", "term"):
        walk = moments(trace, grain)
        forks = [m for m, _ in walk.sections() if m.part == "fork"]
        assert [m.node_id for m in forks] == [
            n.id for n in reversed(trace.network.nodes) if len(trace.readers(n.id)) > 1
        ]
        for moment in forks:
            seen = card(trace, moment, 3)
            assert len(seen.contributions) == len(trace.readers(moment.node_id)) >= 2
            assert seen.total is not None
            assert seen.total.evaluate() == pytest.approx(seen.total.result.value, rel=1e-4, abs=1e-7)
            if grain == "layer":  # the example is a cell where every branch has something to say
                assert all(branch.value for branch in seen.contributions)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS.keys())
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=case_id)
def test_the_update_table_adds_up(
    optimizer: optimizers.Optimizer, limits: dict[str, Any], dtype: str
) -> None:
    run = trainer(Fit(optimizer=optimizer, batch_size=16, **limits), dtype=dtype)
    run.step()
    run.step()
    trace = run.trace()
    more = {r"\eta": trace.learning_rate, r"\lambda_w": getattr(optimizer, "weight_decay", 0.0)}
    scope = Scope({**letters_of(optimizer), "t": trace.number, **more})
    for node_id in trace.learners():
        for name, array in trace.arranged(node_id, trace.parameters["after"][node_id]).items():
            cells = [(0,) * array.ndim, tuple(s - 1 for s in array.shape)]
            for row, cell in zip(update_rows(trace, node_id, name, cells), cells, strict=True):
                check(row.equations, dtype)
                check_painted(row.equations, dtype, scope)
                assert row.new.value == array[cell] == row.equations[-1].result.value
                assert row.old.value + row.step.value == pytest.approx(row.new.value)
                given = trace.parameter(node_id, name, "clipped")[cell]
                assert (row.gradient.value + row.penalty.value) * row.clipping.value == pytest.approx(
                    given, rel=1e-4, abs=1e-7
                )
                assert len(row.slots) == (0 if row.frozen else len(optimizer.slots))


def test_loss_before_and_after_have_the_same_masks() -> None:
    run = trainer(Fit(optimizer=optimizers.SGD(lr=0.0), batch_size=16))
    trace = run.trace()
    assert trace.loss_after == trace.loss
    assert (trace.extras["3"]["factor"] == 0).any()


@pytest.mark.parametrize("sample", [0, 5])
def test_what_has_no_room_is_left_out_and_said(sample: int) -> None:
    run = trainer(Fit(batch_size=16))
    whole = run.trace()
    small = record(run, sample, budget=1500)
    assert small.samples == (sample,)
    assert small.nbytes <= 1500 + small.targets.nbytes + small.labels.nbytes + small.batch.nbytes + 600
    assert len(small.left_out) == 2
    assert "sample " in small.left_out[0]
    np.testing.assert_array_equal(small.values["2"][0], whole.values["2"][sample])
    assert card(small, moments(small, "layer")[0], sample).result is not None
    with pytest.raises(NotKept, match="Choose one of those"):
        small.row(sample + 1)
    for moment in moments(small, "unit")[:8]:
        if moment.node_id == "1":  # batch normalization needs all samples
            with pytest.raises(NotKept, match="whole batch"):
                card(small, moment, sample)


def test_a_trace_holds_no_more_memory_than_it_says() -> None:
    data = prepare(Digits().make(), Preparation()).train
    fit = Fit(loss=losses.CrossEntropyLoss(), optimizer=optimizers.Adam(), batch_size=64)
    run = trainer(fit, PICTURES, data=data)
    run.trace()
    gc.collect()
    tracemalloc.start()
    try:
        trace = run.trace()
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held <= trace.nbytes + 100_000
    assert trace.nbytes > 500_000


def test_a_trace_survives_being_sent() -> None:
    trace = trainer(Fit(batch_size=8)).trace()
    again = pickle.loads(pickle.dumps(trace, 5))
    for one, other in zip(moments(trace, "unit"), moments(again, "unit"), strict=True):
        assert one == other
        assert card(trace, one).numbers == card(again, one).numbers


def test_an_update_that_diverges_can_be_looked_at() -> None:
    run = trainer(Fit(loss=losses.MSELoss(), optimizer=optimizers.SGD(lr=100.0), batch_size=50))
    trace, diverged = run.trace(), False
    while not diverged and trace.step < 50:
        trace = run.trace()
        try:
            run.step()
        except DivergedError:
            diverged = True
    assert diverged
    assert trace.step > 0
    assert not np.isfinite(trace.loss) or not np.isfinite(trace.loss_after)
    for moment in moments(trace, "layer"):
        assert card(trace, moment).sentence


def test_an_optimizer_that_nobody_explained_is_explained() -> None:
    @optimizers.optimizers.register("Signs")
    @dataclass(frozen=True)
    class Signs(optimizers.SGD):
        """Steps of one size, whatever the gradient."""

        def bind(
            self, p: Any, g: Any, lr: Any, step: Any, *slots: Any, scratch: Any = np.zeros_like
        ) -> list[Any]:
            move = np.zeros_like(p)
            return [call(np.sign, g, move), call(np.multiply, move, lr, move), call(np.subtract, p, move, p)]

    try:
        trace = trainer(Fit(optimizer=Signs(lr=0.1), batch_size=16), dtype="float64").trace()
        (row,) = update_rows(trace, "0", "weight", [(1, 0)])
        check(row.equations)
        assert row.new.value == trace.parameter("0", "weight", "after")[1, 0]
    finally:
        optimizers.optimizers.unregister("Signs")

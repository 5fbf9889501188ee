"""A batch in parts: the numbers of the whole."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Fit, Model, Network, Trainer, layers, losses, parts
from engine.data import Dataset
from engine.parts import PartedProgram, part_count
from engine.program import Program

SHAPE, BATCH = (2, 10, 9), 41
NETWORK = Network.chain(
    layers.Conv2d(4, 3, padding=1), layers.ReLU(), layers.MaxPool2d(2), layers.Conv2d(5, 3), layers.LayerNorm(),
    layers.Flatten(), layers.Linear(3),
)  # fmt: skip


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_WORK", 1000)
    monkeypatch.setattr(parts, "LEAST_SAMPLES", 10)


def test_parts_give_what_the_whole_gives() -> None:
    model = Model(NETWORK, SHAPE, dtype="float64")
    rng = np.random.default_rng(0)
    x, delta = rng.normal(size=(*SHAPE, BATCH)), rng.normal(size=(3, BATCH))
    whole = Program(NETWORK, SHAPE, BATCH, model.store, input_gradient=True)
    parted = parts.training_program(NETWORK, SHAPE, BATCH, model.store, input_gradient=True)
    assert isinstance(parted, PartedProgram)
    found = []
    for program in (whole, parted):
        program.x[...] = x
        program.forward()
        program.d_output[...] = delta
        program.backward()
        found.append((program, model.store.gradients.copy()))
    np.testing.assert_allclose(found[1][1], found[0][1], rtol=1e-12, atol=1e-12)
    for node_id in ("input", *(node.id for node in NETWORK.nodes)):
        np.testing.assert_allclose(parted.value(node_id), whole.value(node_id), rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(parted.gradient(node_id), whole.gradient(node_id), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(parted.sent("3"), whole.sent("3"), rtol=1e-12, atol=1e-12)


def test_a_trace_is_the_step_that_follows() -> None:
    rng = np.random.default_rng(1)
    data = Dataset(rng.normal(size=(100, *SHAPE)).astype(np.float32), np.arange(100) % 3)
    run = Trainer(Model(NETWORK, SHAPE), data, None, Fit(losses.CrossEntropyLoss(), batch_size=BATCH))
    trace = run.trace()
    assert run.step().loss == trace.loss
    for node_id, where in run.model.store.slices.items():
        np.testing.assert_array_equal(trace.parameters["after"][node_id], run.model.store.values[where])


def test_the_first_broken_number_is_found_in_any_part() -> None:
    model = Model(NETWORK, SHAPE)
    program = model.program(BATCH, training=True)
    assert isinstance(program, PartedProgram)
    program.x[..., -1] = np.inf
    with np.errstate(all="ignore"):
        program.forward()
    assert program.first_broken() == ("0", "value")


@pytest.mark.parametrize("layer", [layers.BatchNorm(), layers.Dropout(0.5)])
def test_where_samples_meet_or_numbers_are_drawn_there_is_one_part(layer: layers.Layer) -> None:
    assert part_count(NETWORK, SHAPE, BATCH) == 4
    chain = [node.layer for node in NETWORK.nodes]
    assert part_count(Network.chain(*chain[:3], layer, *chain[3:]), SHAPE, BATCH) == 1


def test_small_batches_and_dense_networks_are_not_cut() -> None:
    assert part_count(NETWORK, SHAPE, 19) == 1
    assert part_count(Network.chain(layers.Linear(2000), layers.Linear(2000)), (2000,), 1000) == 1

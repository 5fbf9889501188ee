"""Steps and cards: every grain, forward and back, places found again, and what the words say is so."""

import numpy as np
import pytest

from engine import Fit, Model, Network, layers, losses, optimizers
from engine.data import Circle, Digits, Preparation, prepare
from engine.trace import GRAINS, PHASES, Trace, card, moments
from engine.trace.moments import Grain
from engine.train import Trainer
from tests.engine.trace.test_trace import PICTURES
from tests.engine.trace.tracing import check

DENSE = Network.chain(layers.Linear(2), layers.Tanh(), layers.Linear(1))


def dense(batch: int = 3) -> Trace:
    data = Circle(samples=20).make()
    return Trainer(Model(DENSE, (2,), 0, "float64"), data, None, Fit(batch_size=batch)).trace()


def pictures() -> Trace:
    data = prepare(Digits().make(), Preparation()).train.take(np.arange(70))
    fit = Fit(loss=losses.CrossEntropyLoss(), optimizer=optimizers.Adam(), batch_size=8)
    return Trainer(Model(PICTURES, data.in_shape, 0, "float64"), data, None, fit).trace()


TRACES = {"dense": dense(), "pictures": pictures()}
every = pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES.keys())


@every
@pytest.mark.parametrize("grain", GRAINS)
def test_every_step_can_be_found_again_and_phases_follow_one_another(trace: Trace, grain: Grain) -> None:
    walk = moments(trace, grain)
    picks = range(len(walk)) if len(walk) < 500 else np.linspace(0, len(walk) - 1, 500).astype(int)
    phases = []
    for i in map(int, picks):
        assert walk.place(walk[i]) == i
        phases.append(PHASES.index(walk[i].phase))
    assert phases == sorted(phases)
    assert {0, 2, 3} <= set(phases)
    marks = walk.marks()
    assert tuple(marks) == PHASES
    assert [m.start for m in marks.values()][1:] == [m.stop for m in marks.values()][:-1]
    assert marks["update"].stop == len(walk)
    assert walk[-1] == walk[len(walk) - 1]
    with pytest.raises(IndexError, match="Ask for another"):
        walk[len(walk)]


@every
@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("sample", [0, 2, None])
def test_every_card_is_complete_and_its_equations_hold(
    trace: Trace, grain: Grain, sample: int | None
) -> None:
    walk = moments(trace, grain)
    picks = {m for m, _ in walk.sections()} | {walk[int(i)] for i in np.linspace(0, len(walk) - 1, 60)}
    for moment in picks:
        found = card(trace, moment, sample)
        check(found.equations)
        assert found.moment is moment
        assert found.sentence.endswith((".", "!", ")"))
        assert found.title
        if grain != "pass":
            assert found.result is not None
            assert found.formula
            assert found.numbers
            assert "{" not in found.sentence
        if found.boxes is not None:
            arrives, local, sent = found.boxes
            assert arrives.value * local.value == pytest.approx(sent.value, rel=1e-9, abs=1e-15)


def test_term_steps_run_through_every_term_and_end_at_the_sum() -> None:
    trace = TRACES["dense"]
    walk = moments(trace, "term")
    unit = [m for m in walk if (m.phase, m.node_id, m.cell) == ("forward", "0", (1,))]
    assert [m.term for m in unit] == [0, 1, 2]
    values = [card(trace, m, 0).result for m in unit]
    assert sum(v.value for v in values if v) == pytest.approx(trace.values["0"][0, 1])
    assert "Together with those before it" in card(trace, unit[-1], 0).why


def test_one_node_alone_can_be_gone_through_finely() -> None:
    trace = TRACES["pictures"]
    walk = moments(trace, "unit", within="conv2")
    grains = {m.node_id: m.grain for m, _ in walk.sections()}
    assert grains.pop("conv2") == "unit"
    assert set(grains.values()) == {"layer"}
    layer = moments(trace, "layer")
    at = walk[walk.place(next(m for m in layer if m.node_id == "conv2" and m.phase == "backward"))]
    assert (at.node_id, at.phase, at.grain) == ("conv2", "backward", "unit")


def test_large_walks_are_not_listed() -> None:
    data = prepare(Digits().make(), Preparation()).train
    net = Network.chain(
        layers.Conv2d(32, 3, padding=1),
        layers.Conv2d(64, 3, padding=1),
        layers.Flatten(),
        layers.Linear(500),
        layers.Linear(10),
    )
    fit = Fit(loss=losses.CrossEntropyLoss(), batch_size=4)
    trace = Trainer(Model(net, data.in_shape), data, None, fit).trace()
    walk = moments(trace, "term")
    assert len(walk) > 10_000_000
    for i in (0, len(walk) // 3, len(walk) // 2, len(walk) - 1):
        assert walk.place(walk[i]) == i


def test_a_saturated_unit_says_what_stops_there() -> None:
    data = Circle(samples=20).make()
    model = Model(
        Network.chain(layers.Linear(1), layers.Sigmoid(), layers.ReLU(), layers.Linear(1)), (2,), 0, "float64"
    )
    model.parameters["0"]["weight"][...] = 0
    model.parameters["0"]["bias"][...] = 6.0
    trace = Trainer(model, data, None, Fit(batch_size=4)).trace()
    (moment,) = [m for m in moments(trace, "unit") if (m.phase, m.node_id) == ("backward", "1")]
    assert "99.8 % of the gradient stops here" in card(trace, moment, 0).why


def test_a_slope_below_0_turns_the_gradient_round() -> None:
    data = Circle(samples=20).make()
    model = Model(Network.chain(layers.Linear(1), layers.GELU(), layers.Linear(1)), (2,), 0, "float64")
    model.parameters["0"]["weight"][...] = 0
    model.parameters["0"]["bias"][...] = -0.97
    trace = Trainer(model, data, None, Fit(batch_size=4)).trace()
    (moment,) = [m for m in moments(trace, "unit") if (m.phase, m.node_id) == ("backward", "1")]
    assert "8 % of it pass, turned round" in card(trace, moment, 0).why


def test_a_loss_that_stays_is_not_put_down_to_a_long_step() -> None:
    data = Circle(samples=20).make()
    model = Model(Network.chain(layers.Linear(1, frozen=True)), (2,), 0)
    found = card(
        trace := Trainer(model, data, None, Fit(batch_size=4)).trace(), moments(trace, "layer")[-1], 0
    )
    assert "stayed at" in found.sentence
    assert "too long" not in found.why


def test_boxes_hold_a_gradient_and_what_it_is_multiplied_by() -> None:
    data = Circle(samples=20).make()
    net = Network.chain(layers.Linear(2), layers.BatchNorm(), layers.Linear(1))
    trace = Trainer(Model(net, (2,), 0), data, None, Fit(batch_size=4)).trace()
    boxes = [card(trace, m, 0).boxes for m in moments(trace, "term") if m.phase == "backward"]
    shown = [box for box in boxes if box is not None]
    assert shown
    assert all(box[0].place is not None and box[0].place.kind == "gradient" for box in shown)


def test_a_dead_relu_and_a_silenced_value_say_so() -> None:
    data = Circle(samples=20).make()
    model = Model(
        Network.chain(layers.Linear(40), layers.Dropout(p=0.5), layers.ReLU(), layers.Linear(1)), (2,), 0
    )
    trace = Trainer(model, data, None, Fit(batch_size=4)).trace()
    whys = {
        card(trace, m, 0).why for m in moments(trace, "unit") if (m.phase, m.node_id) == ("backward", "2")
    }
    assert any("slope is 0" in w for w in whys)
    said = {
        card(trace, m, 0).sentence for m in moments(trace, "unit") if (m.phase, m.node_id) == ("forward", "1")
    }
    assert {"Today's mask silences this value.", "Today's mask lets this value pass, times 2."} <= said


def test_a_pooling_step_names_the_winner_and_the_tie_rule() -> None:
    data = prepare(Digits().make(), Preparation()).train
    model = Model(Network.chain(layers.MaxPool2d(2), layers.Flatten(), layers.Linear(10)), (1, 8, 8), 0)
    trace = Trainer(model, data, None, Fit(loss=losses.CrossEntropyLoss(), batch_size=4)).trace()
    found = [m for m in moments(trace, "unit") if (m.phase, m.node_id) == ("forward", "0")]
    said = [card(trace, m, 0) for m in found]
    ties = [c for c in said if "first in reading order wins" in c.sentence]
    assert ties, "the corners of a digit are all 0"
    _, i, j = ties[0].moment.cell
    assert f"row {2 * i + 1}, column {2 * j + 1}" in ties[0].sentence, (
        "all are 0 there: the first in reading order"
    )
    assert ties[0].why == "3 of 4 values are dropped."

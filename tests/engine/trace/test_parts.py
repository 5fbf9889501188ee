"""Nudges, samples, norms and sheets made from a trace."""

import csv
import io

import numpy as np
import pytest

from engine import Fit, Model, Network, layers, losses, optimizers, regularizers
from engine.data import Circle, Dataset, Digits, FourPoints, Preparation, prepare
from engine.gradcheck import Verdict
from engine.trace import (
    NotKept,
    Place,
    Prover,
    check,
    gradient_norms,
    nudge,
    record,
    sample_gradients,
    sample_outcomes,
    saturation,
    worksheet,
    worksheet_csv,
)
from engine.trace.terms import Equation, Function, Operand, few, plain
from engine.trace.worksheet import lines
from engine.train import Trainer

DATA = prepare(Digits().make(), Preparation()).train.take(np.arange(70))
NET = Network.chain(
    layers.Conv2d(4, 3, padding=1), layers.BatchNorm(), layers.ReLU(), layers.MaxPool2d(2), layers.Dropout2d(p=0.3),
    layers.GaussianNoise(), layers.Flatten(), layers.Dropout(p=0.3), layers.Linear(10),
)  # fmt: skip
FIT = Fit(
    loss=losses.CrossEntropyLoss(),
    optimizer=optimizers.Adam(),
    batch_size=16,
    regularizer=regularizers.Elastic(l1=0.01, l2=0.01),
)
RUN = Trainer(Model(NET, DATA.in_shape, 0), DATA, None, FIT)
TRACE = RUN.trace()


@pytest.mark.parametrize(
    "place",
    [
        Place("0", "parameter", "weight", (2, 0, 1, 1)),
        Place("1", "parameter", "weight", (3,)),
        Place("8", "parameter", "bias", (4,)),
        Place("8", "parameter", "weight", (4, 20)),
        Place("input", "value", "", (5, 0, 3, 4)),
    ],
    ids=str,
)
def test_a_nudge_proves_the_gradient_with_todays_masks(place: Place) -> None:
    found = nudge(TRACE, place)
    assert found.verdict in (Verdict.GREAT, Verdict.FAIR)
    assert found.error < 1e-5
    assert found.loss == pytest.approx(TRACE.loss + TRACE.penalty, rel=1e-5), (
        "the same masks, the penalty included"
    )
    if place.node_id == "input":
        engine = TRACE.gradients["input"][place.index]
    else:
        engine = TRACE.parameter(place.node_id, place.name, "penalized")[place.index]
    assert found.analytic == pytest.approx(engine, rel=1e-3, abs=1e-6)


def test_a_kink_within_reach_is_named() -> None:
    data = Dataset(np.array([[1.0], [2.0]]), np.array([[1.0], [0.0]]))
    model = Model(Network.chain(layers.Linear(1), layers.ReLU()), (1,), dtype="float64")
    model.parameters["0"]["weight"][...] = 0.0
    trace = Trainer(model, data, None, Fit(loss=losses.L1Loss(), batch_size=2)).trace()
    found = nudge(trace, Place("0", "parameter", "weight", (0, 0)))
    assert found.verdict is Verdict.KINK
    assert found.kinks == ("1", "loss")


@pytest.mark.parametrize(
    ("loss", "named"), [(losses.L1Loss(), ("loss",)), (losses.HuberLoss(delta=1.0), ())], ids=["L1", "Huber"]
)
def test_a_loss_is_named_only_where_its_slope_jumps(loss, named: tuple[str, ...]) -> None:
    """L1 has a corner at 0; Huber goes over from squared to linear with the same slope."""
    data = Dataset(np.array([[1.0], [1.0]]), np.array([[0.0], [0.0]]))
    model = Model(Network.chain(layers.Linear(1)), (1,), dtype="float64")
    model.parameters["0"]["weight"][...] = 0.0 if named else loss.delta
    trace = Trainer(model, data, None, Fit(loss=loss, batch_size=2)).trace()
    found = nudge(trace, Place("0", "parameter", "weight", (0, 0)))
    assert found.kinks == named
    assert found.verdict in (Verdict.GREAT, Verdict.FAIR), "sign(0) is the middle of both slopes"


def test_an_elu_has_a_kink_unless_its_slopes_agree() -> None:
    data = Dataset(np.array([[1.0], [2.0]]), np.array([[1.0], [0.0]]))
    for layer, named in ((layers.ELU(alpha=2.0), ("1",)), (layers.ELU(), ()), (layers.SELU(), ("1",))):
        model = Model(Network.chain(layers.Linear(1), layer), (1,), dtype="float64")
        model.parameters["0"]["weight"][...] = 0.0
        trace = Trainer(model, data, None, Fit(loss=losses.MSELoss(), batch_size=2)).trace()
        found = nudge(trace, Place("0", "parameter", "weight", (0, 0)))
        assert found.kinks == named, layer
        assert (found.verdict is Verdict.KINK) == bool(named), layer


def test_what_cannot_be_nudged_is_refused_in_words() -> None:
    with pytest.raises(NotKept, match="Choose one of those"):
        nudge(TRACE, Place("2", "value", "", (0, 0, 0, 0)))
    with pytest.raises(NotKept, match="not all of it"):
        Prover(record(RUN, 0, budget=1000))


def test_all_gradients_check_out_and_the_check_can_be_ended() -> None:
    reports = list(check(TRACE, cells=4))
    assert {(r.node_id, r.name) for r in reports} == {
        (i, n) for i in ("0", "1", "8") for n in ("weight", "bias")
    }
    assert all(r.verdict is not Verdict.BAD for r in reports)
    assert list(check(TRACE, cells=4, progress=lambda share: False)) == []


@pytest.mark.parametrize("node_id", ["0", "1", "8"])
def test_samples_parts_add_up_to_the_batchs_gradient(node_id: str) -> None:
    for name in ("weight", "bias"):
        gradient = TRACE.parameter(node_id, name, "gradient")
        for index in np.ndindex(gradient.shape[:1]):
            cell = (*index, *(0 for _ in gradient.shape[1:]))
            parts = sample_gradients(TRACE, Place(node_id, "parameter", name, cell))
            assert parts.shape == (16,)
            assert parts.sum() == pytest.approx(gradient[cell], rel=1e-4, abs=1e-5)


def test_norms_and_saturation() -> None:
    norms = gradient_norms(TRACE)
    assert list(norms) == ["input", *(n.id for n in NET.nodes)]
    one = gradient_norms(TRACE, 3)
    assert one["8"] == pytest.approx(np.linalg.norm(TRACE.gradients["8"][3]))
    found = saturation(TRACE)["2"]
    np.testing.assert_array_equal(found.slopes, TRACE.values["1"] > 0)
    assert found.share == pytest.approx((TRACE.values["1"] <= 0).mean())
    assert found.blocked == ()


def test_outcomes_say_who_was_right() -> None:
    found = sample_outcomes(TRACE)
    assert found.right is not None
    assert found.losses.mean() == pytest.approx(TRACE.loss, rel=1e-5)
    np.testing.assert_array_equal(found.right, TRACE.values["8"].argmax(1) == TRACE.labels)


def by_hand() -> Trainer:
    data = prepare(FourPoints().make(), Preparation(**FourPoints.recommended))
    model = Model(Network.chain(layers.Linear(2), layers.Tanh(), layers.Linear(1)), (2,))
    return Trainer(model, data.train, None, Fit(optimizer=optimizers.SGD(lr=0.1), batch_size=1))


def test_a_sheet_with_blanks_gives_no_answer_away() -> None:
    trace = by_hand().trace()
    whole, blank = worksheet(trace), worksheet(trace, answers=False)
    assert whole.count("**") == blank.count("**")
    given = blank.split("## Forward")[0]
    for line in lines(trace):
        answer = f"{line.answer:.4g}"
        assert f"**{answer}**" in whole
        if answer not in given and len(answer) > 4:
            assert answer not in blank
    rows = list(csv.DictReader(io.StringIO(worksheet_csv(trace))))
    asked = list(csv.DictReader(io.StringIO(worksheet_csv(trace, answers=False))))
    assert [float(r["answer"]) for r in rows] == [line.answer for line in lines(trace)]
    assert {(r["answer"], r["numbers"]) for r in asked} == {("", "")}
    assert {r["phase"] for r in rows} == {"forward", "loss", "backward", "update"}


def test_a_sheet_of_a_large_network_is_bounded_and_says_what_is_missing() -> None:
    text = worksheet(TRACE)
    assert len(text) < 200_000
    assert "only the first 12 numbers" in text


def test_circle_sheets_for_every_sample_differ() -> None:
    data = Circle(samples=12).make()
    model = Model(Network.chain(layers.Linear(2), layers.Tanh(), layers.Linear(1)), (2,))
    trace = Trainer(model, data, None, Fit(batch_size=4)).trace()
    assert len({worksheet(trace, n) for n in range(4)}) == 4


@pytest.mark.parametrize("value", [1.2e-5, -1.2e-5, 3.4e12, 0.5], ids=str)
def test_a_number_in_powers_of_ten_under_an_exponent_stands_in_parentheses(value: float) -> None:
    square = Function("square", "1 - #0^2", lambda y: 1.0 - y * y)
    terms = few(Operand("y", value))
    written = Equation(Operand("s", 1.0 - value * value), terms, "function", square).numbers(plain)
    assert "}^" not in written
    assert (")^2" in written) == (value != 0.5)
    assert "((" not in written

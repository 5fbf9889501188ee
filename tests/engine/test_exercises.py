"""Exercises that are published with their digits come out with them."""

from __future__ import annotations

import numpy as np
import pytest

from engine import layers, losses, optimizers
from engine.data import Preparation, Typed, prepare
from engine.fit import Fit
from engine.model import Model
from engine.network import Network
from engine.trace.cards import card
from engine.trace.moments import moments
from engine.trace.update import update_rows
from engine.train import Trainer

WEIGHTS = {
    "0.weight": [[0.15, 0.20], [0.25, 0.30]], "0.bias": [0.35, 0.35],
    "2.weight": [[0.40, 0.45], [0.50, 0.55]], "2.bias": [0.60, 0.60],
}  # fmt: skip


@pytest.fixture
def mazur() -> Trainer:
    """Two inputs, two hidden units and two outputs, all with a sigmoid; half the squared error, summed over two outputs, is their mean."""
    typed = Typed([[0.05, 0.10, 0.01, 0.99]], inputs=2)
    data = prepare(typed.make(), Preparation(**typed.recommended))
    net = Network.chain(
        layers.Linear(2, frozen_bias=True),
        layers.Sigmoid(),
        layers.Linear(2, frozen_bias=True),
        layers.Sigmoid(),
    )
    model = Model(net, data.in_shape, dtype="float64")
    model.load_state_dict({name: np.array(values) for name, values in WEIGHTS.items()})
    return Trainer(
        model,
        data.train,
        data.validation,
        Fit(loss=losses.MSELoss(), optimizer=optimizers.SGD(lr=0.5), batch_size=1),
    )


def test_the_first_update(mazur: Trainer) -> None:
    assert mazur.train_score.loss == pytest.approx(0.298371109, abs=5e-10)
    assert mazur.model.predict(mazur.train.x)[0] == pytest.approx([0.75136507, 0.772928465], abs=5e-9)
    mazur.step()
    after = mazur.model.state_dict()
    assert after["2.weight"].ravel() == pytest.approx(
        [0.35891648, 0.408666186, 0.511301270, 0.561370121], abs=5e-9
    )
    assert after["0.weight"].ravel() == pytest.approx(
        [0.149780716, 0.19956143, 0.24975114, 0.29950229], abs=5e-9
    )
    assert after["0.bias"].tolist() == [0.35, 0.35]
    assert mazur.score()[0].loss == pytest.approx(0.2910277737, abs=5e-11)


def test_ten_thousand_updates(mazur: Trainer) -> None:
    """The published 0.0000351085 stands one update before the ten thousandth."""
    for _ in range(9_999):
        mazur.step()
    assert mazur.score()[0].loss == pytest.approx(0.0000351085, abs=5e-11)
    mazur.step()
    loss, outputs = by_hand(10_000, updated_first=False)
    assert mazur.score()[0].loss == pytest.approx(loss, rel=1e-9)
    assert mazur.model.predict(mazur.train.x)[0] == pytest.approx(outputs, rel=1e-12)


def by_hand(updates: int, updated_first: bool) -> tuple[float, np.ndarray]:
    """Loss and outputs after so many updates; ``updated_first``: hidden gradients pass through output weights that have moved already."""
    x, t = np.array([0.05, 0.10]), np.array([0.01, 0.99])
    w, b, v, c = (np.array(WEIGHTS[key]) for key in ("0.weight", "0.bias", "2.weight", "2.bias"))

    def sigmoid(z: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-z))

    for _ in range(updates):
        h = sigmoid(w @ x + b)
        o = sigmoid(v @ h + c)
        delta = (o - t) * o * (1 - o)
        moved = v - 0.5 * np.outer(delta, h)
        w = w - 0.5 * np.outer(((moved if updated_first else v).T @ delta) * h * (1 - h), x)
        v = moved
    o = sigmoid(v @ sigmoid(w @ x + b) + c)
    return float(0.5 * ((t - o) ** 2).sum()), o


def test_the_published_digits_that_are_another_rules() -> None:
    """Two of the published results come of hidden gradients through updated output weights, against the text beside them."""
    assert by_hand(1, updated_first=True)[0] == pytest.approx(0.291027924, abs=5e-10)
    assert by_hand(10_000, updated_first=True)[1] == pytest.approx([0.015912196, 0.984065734], abs=5e-10)
    assert by_hand(1, updated_first=False)[0] == pytest.approx(0.2910277737, abs=5e-11)


def test_the_steps_inside_have_the_same_digits(mazur: Trainer) -> None:
    trace = mazur.trace()
    (row,) = update_rows(trace, "2", "weight", [(0, 0)])
    assert row.gradient.value == pytest.approx(0.082167041, abs=5e-10)
    assert row.new.value == pytest.approx(0.35891648, abs=5e-9)
    (still,) = update_rows(trace, "2", "bias", [(0,)])
    assert still.frozen
    assert still.new.value == still.old.value == 0.6
    said = [
        card(trace, moment, 0, "{:.9g}".format).sentence
        for moment in moments(trace, "term")
        if moment.phase == "update" and (moment.node_id, moment.name) == ("2", "bias")
    ]
    assert said
    assert all("This bias is frozen" in one for one in said)

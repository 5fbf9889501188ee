"""Painted points and typed numbers: immutable values that survive a file, refuse what is wrong, and keep their parts."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import pytest

from engine.data import (
    Blobs,
    Circle,
    Dataset,
    Iris,
    Numbers,
    Painted,
    Plane,
    Preparation,
    Sine,
    Typed,
    as_painted,
    paintable,
    prepare,
    sources,
)
from engine.data.points import MOST_POINTS, VALUE
from engine.errors import DataError, EngineError, SpecError
from engine.limits import MOST_GIVEN
from engine.probe import extent

TOYS = (Circle(samples=90), Blobs(samples=90, classes=4), Plane(samples=90), Sine(samples=90))
ROW = (1.0, 2.0, 0.0, 0.5)


def again(source: Any) -> Any:
    """The source out of a file."""
    return sources.build(json.loads(json.dumps(source.to_dict())))


# ---- numbers ---------------------------------------------------------------------------------------------------------


def test_equal_numbers_are_one_value() -> None:
    a, b = Numbers([[0.1, -0.0], [1e-30, 12345678.0]]), Numbers([[0.1, 0.0], [1e-30, 12345678.0]])
    assert a == b
    assert hash(a) == hash(b)
    assert a != Numbers([[0.1, 0.0, 1e-30, 12345678.0]]), "the same numbers in another table"
    assert a != Numbers([[0.1, 0.0], [1e-30, 12345679.0]])
    assert a != "a table"
    assert pickle.loads(pickle.dumps(a)) == a
    with pytest.raises(ValueError, match="read-only"):
        a.array[0, 0] = 1.0


def test_they_are_compared_by_a_digest_that_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    from engine.data import numbers

    real = numbers.blake2b
    monkeypatch.setattr(numbers, "blake2b", lambda *given, **more: (made.append(1), real(*given, **more))[1])
    a, b = Numbers(np.ones((10_000, 3))), Numbers(np.ones((10_000, 3)))
    for _ in range(5):
        assert a == b
        assert hash(a) == hash(b)
    assert len(made) == 2


def test_every_number_survives_a_file() -> None:
    rng = np.random.default_rng(0)
    table = np.concatenate(
        (rng.standard_normal((50, 3)) * 10.0 ** rng.integers(-30, 30, (50, 3)), [[0, 1e6, 0.1]])
    )
    assert again(Typed(table)).rows == Numbers(table)


@pytest.mark.parametrize(
    "text",
    [
        "1 2 3; 4 5",
        "1 2 x",
        "1 2 nan",
        "1 2 inf",
        "1 2 1e39",
        "1;2;3",
        "1 2 3;;4 5 6",
        "\0 1 2",
        "1e-400 1 2 " * 5000,
        "0x1 2 3",
    ],
    ids=range(10),
)
def test_what_is_no_table_is_refused_in_a_short_sentence(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        sources.build({"type": "Typed", "rows": text})
    assert "expected" in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "text",
    ["0 " * (2 * MOST_GIVEN), ";" * (2 * MOST_GIVEN), "1" * (40 * MOST_GIVEN)],
    ids=["long", "rows", "letters"],
)
def test_more_than_there_may_be_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="expected rows"):
        sources.build({"type": "Typed", "rows": text})


def test_too_many_points_are_refused() -> None:
    table = np.tile(ROW, (MOST_POINTS + 1, 1))
    with pytest.raises(SpecError, match="at most 20,000"):
        Painted(Numbers(table))


@pytest.mark.parametrize(
    "change",
    [
        {"points": [[0, 0, 2, 0.1]]},
        {"points": [[0, 0, 0.5, 0.1]]},
        {"points": [[0, 0, 0, 1.0]]},
        {"points": [[0, 0, 0, -0.1]]},
        {"points": [[0, 0, 0, 0.1, 3]]},
        {"classes": ["a", "a"]},
        {"classes": ["a", ""]},
        {"classes": ["x" * 41, "b"]},
        {"classes": [str(i) for i in range(9)]},
        {"classes": []},
        {"shape": "heights"},
        {"shape": "curve"},
        {"shape": "cube"},
        {"low": 1.0, "high": 1.0},
        {"features": ["x"]},
        {"origin": 3},
    ],
    ids=str,
)
def test_a_file_that_contradicts_itself_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(SpecError) as caught:
        sources.build(Painted().to_dict() | change)
    assert len(str(caught.value)) < 400


# ---- painted -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("toy", TOYS, ids=lambda toy: toy.key)
@pytest.mark.parametrize("seed", [0, 7])
def test_any_toy_set_becomes_painted_points_each_in_its_part(toy: Any, seed: int) -> None:
    preparation = Preparation(**toy.recommended, split_seed=seed)
    before = prepare(toy.make(), preparation)
    painted = as_painted(toy, before, extent(before), seed)
    assert again(painted) == painted
    after = prepare(painted.make(), preparation)
    assert np.abs(after.raw.x - before.raw.x).max() < 1e-4
    assert np.abs(after.raw.y - before.raw.y).max() < 1e-4
    assert (after.raw.classes, after.raw.features) == (before.raw.classes, before.raw.features)
    for one, other in zip(before.index, after.index, strict=True):
        assert set(one) == set(other)
    assert extent(after) == pytest.approx(extent(before), rel=1e-4)
    assert painted.goes_on_from(toy)
    assert not painted.goes_on_from(toy.replace(seed=1))
    assert not painted.goes_on_from(Circle())


def test_points_that_come_leave_the_others_in_their_parts() -> None:
    rng, painted, preparation = np.random.default_rng(0), Painted(), Preparation()
    painted = painted.added(rng.uniform(-5, 5, (200, 2)), 1.0)
    before = prepare(painted.make(), preparation).index
    more = painted.added(rng.uniform(-5, 5, (37, 2)), 0.0)
    for one, other in zip(before, prepare(more.make(), preparation).index, strict=True):
        assert set(one) == {row for row in other if row < 204}
    fewer = painted.with_points(np.delete(painted.points.array, [5, 6], axis=0))
    assert abs(len(prepare(fewer.make(), preparation).index.train) - len(before.train)) <= 2


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100])
def test_the_parts_have_their_shares_of_each_stroke(count: int) -> None:
    painted = Painted(Numbers(np.zeros((0, 4))))
    for _ in range(40):
        painted = painted.added(np.zeros((count, 2)), 1.0).added(np.zeros((count, 2)), 0.0)
    made = painted.make()
    index = prepare(made, Preparation(train=0.6, validation=0.2)).index
    for rows, share in zip(index, (0.6, 0.2, 0.2), strict=True):
        for label in (0, 1):
            assert (made.y[rows] == label).mean() == pytest.approx(0.5, abs=0.08)
        assert len(rows) == pytest.approx(share * 80 * count, abs=4)


def test_equal_points_stay_together_where_that_is_asked() -> None:
    painted = Painted(Numbers([(i % 10, i % 10, i % 2, i / 40) for i in range(40)]))
    made = painted.make()

    def shared(preparation: Preparation) -> set[float]:
        index = prepare(made, preparation).index
        return {*made.x[index.train][:, 0]} & {*made.x[index.validation][:, 0]}

    assert shared(Preparation())
    assert not shared(Preparation(equal_together=True))


def test_few_points_train_and_validate() -> None:
    for count in range(2, 9):
        for deal in (0.05, 0.7, 0.95):
            painted = Painted(Numbers([(i, i, 0, deal) for i in range(count)]))
            index = prepare(painted.make(), Preparation()).index
            assert len(index.train) >= 1
            assert len(index.validation) >= 1
            assert sum(map(len, index)) == count
            alone = prepare(painted.make(), Preparation(train=1.0, validation=0.0)).index
            assert len(alone.train) == count


@pytest.mark.parametrize(("count", "said"), [(0, "no points"), (1, "1 point")])
def test_too_few_points_are_said(count: int, said: str) -> None:
    with pytest.raises(DataError, match=said):
        Painted(Numbers(np.tile(ROW, (count, 1)).reshape(count, 4))).make()


def test_what_can_be_painted() -> None:
    assert all(paintable(toy.make()) for toy in TOYS)
    assert not paintable(Iris().make()), "four inputs"
    assert not paintable(Dataset(np.zeros((3, 2)), np.zeros((3, 2)))), "two targets"
    assert not paintable(Dataset(np.zeros((3, 2)), np.arange(9, 12))), "more classes than colours"
    assert not paintable(Dataset(np.zeros((MOST_POINTS + 1, 2)), np.zeros(MOST_POINTS + 1, int)))


def test_there_is_room_for_so_many_points_only() -> None:
    painted = Painted().added(np.zeros((MOST_POINTS, 2)), 1.0)
    assert len(painted.points) == MOST_POINTS
    assert painted.added(np.zeros((5, 2)), 1.0) == painted
    assert (painted.points.array[4:, VALUE] == 1).all()


# ---- typed -------------------------------------------------------------------------------------------------------------


def test_typed_rows_all_train() -> None:
    typed = Typed([[0.05, 0.1, 0.01, 0.99]], inputs=2)
    data = prepare(typed.make(), Preparation(**typed.recommended))
    assert (data.train.x.tolist(), data.train.y.tolist()) == ([[0.05, 0.1]], [[0.01, 0.99]])
    assert data.validation is None
    assert data.test is None
    assert data.train.targets == ("y1", "y2")


def test_a_typed_target_can_be_a_class() -> None:
    made = Typed([[0.5, 1, 2], [1, 0, 0]], as_classes=True).make()
    assert made.y.tolist() == [2, 0]
    for wrong in ([[0, 0, 0.5]], [[0, 0, -1]], [[0, 0, 1e6]]):
        with pytest.raises(SpecError, match="whole number"):
            Typed(wrong, as_classes=True)
    with pytest.raises(SpecError, match="one target"):
        Typed([[0, 0, 1, 1]], as_classes=True)


def test_typed_rows_need_a_target_and_a_row() -> None:
    with pytest.raises(SpecError, match="one target at least"):
        Typed([[1, 2]], inputs=2)
    with pytest.raises(EngineError, match="at least 1"):
        Typed(Numbers(np.zeros((0, 3)))).make()


# ---- what spoils a toy set -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cls", [c for c in sources if c.category == "2-D classification"], ids=lambda c: c.key
)
def test_class_noise_and_outliers_of_clouds(cls: Any) -> None:
    clean, noisy, far = cls().make(), cls(label_noise=0.2).make(), cls(outliers=0.1).make()
    assert np.array_equal(clean.x, noisy.x)
    assert (clean.y != noisy.y).mean() == pytest.approx(0.2, abs=0.002)
    moved = (clean.x != far.x).any(axis=1)
    assert moved.mean() == pytest.approx(0.1, abs=0.002)
    assert np.array_equal(clean.y, far.y)
    assert np.abs(far.x).max() <= 6
    more = cls(outliers=0.3).make()
    assert np.array_equal(more.x[moved], far.x[moved]), "a larger share adds to those there are"


@pytest.mark.parametrize(
    "cls", [c for c in sources if c.category in ("2-D regression", "1-D curves")], ids=lambda c: c.key
)
def test_outliers_of_surfaces_and_curves(cls: Any) -> None:
    clean, far = cls().make(), cls(outliers=0.1).make()
    assert np.array_equal(clean.x, far.x)
    off = (far.y - clean.y)[:, 0]
    assert (off > 0).mean() == pytest.approx(0.1, abs=0.003)
    assert off[off > 0].min() >= 1.5
    assert off.max() <= 3


def test_outliers_part_the_losses() -> None:
    """Squared errors are drawn up by them, absolute ones hardly, and Huber's lie between."""
    from engine import layers, losses, optimizers
    from engine.fit import Fit
    from engine.model import Model
    from engine.network import Network
    from engine.train import train

    data = prepare(Plane(outliers=0.15, noise=0.0, samples=400).make(), Preparation())
    truth = Plane(noise=0.0, samples=400, seed=1).make()
    off = {}
    for loss in (losses.MSELoss(), losses.HuberLoss(delta=0.5), losses.L1Loss()):
        model = Model(Network.chain(layers.Linear(1)), data.in_shape, seed=0)
        for _ in train(model, data.train, Fit(loss=loss, optimizer=optimizers.Adam(lr=0.02), epochs=40)):
            pass
        off[loss.key] = float((model.predict(truth.x) - truth.y).mean())
    assert off["MSELoss"] == pytest.approx(0.15 * 2.25, abs=0.1)
    assert off["MSELoss"] > 2 * off["HuberLoss"]
    assert off["HuberLoss"] > off["L1Loss"] > -0.05
    assert off["L1Loss"] < 0.05

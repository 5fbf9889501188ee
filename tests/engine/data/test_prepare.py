"""Splitting, extra features and normalization, for data of every kind."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.data import (
    PARTS,
    Circle,
    Dataset,
    Diabetes,
    Digits,
    Iris,
    Preparation,
    Prepared,
    Scaling,
    given_parts,
    prepare,
    split_in_words,
)
from engine.errors import DataError, ShapeError, SpecError
from engine.spec import coerce

EXTRAS = ("x1²", "x2²", "x1·x2", "sin x1", "sin x2")


@st.composite
def preparations(draw: st.DrawFn) -> Preparation:
    percent = draw(st.integers(10, 90))
    validation = draw(st.integers(0, min(90, 100 - percent)))
    return Preparation(
        train=percent / 100,
        validation=validation / 100,
        normalize=draw(st.sampled_from(("none", "standardize", "min-max"))),
        target=draw(st.sampled_from(("none", "standardize"))),
        extra_features=tuple(draw(st.sets(st.sampled_from(EXTRAS)))),
        split_seed=draw(st.integers(0, 1000)),
    )


@st.composite
def datasets(draw: st.DrawFn, least: int = 2) -> Dataset:
    """Tables and images, classes of any size (some missing) or numbers, columns constant, tiny and huge."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    sizes = draw(st.lists(st.integers(0, 25), min_size=1, max_size=6).filter(lambda s: sum(s) >= least))
    n = sum(sizes)
    if draw(st.booleans()):
        x = rng.standard_normal((n, draw(st.integers(1, 3))))
        x *= 10.0 ** rng.integers(-9, 9, x.shape[1])
        x += 10.0 ** rng.integers(-9, 9, x.shape[1])
        if draw(st.booleans()):
            x[:, 0] = draw(st.sampled_from((0.0, 0.1, -1 / 3, 1e9)))
    else:
        x = rng.uniform(0, 255, (n, draw(st.integers(1, 3)), 2, 3))
    if draw(st.booleans()):
        return Dataset(x, rng.permutation(np.repeat(np.arange(len(sizes)), sizes)))
    return Dataset(x, 100 + 10 * rng.standard_normal((n, draw(st.integers(1, 2)))))


def parts(prepared: Prepared) -> list[tuple[Dataset | None, np.ndarray]]:
    return [(getattr(prepared, name), getattr(prepared.index, name)) for name in PARTS]


# ---- The split -------------------------------------------------------------------------------------------------------


@given(data=datasets(), preparation=preparations())
def test_the_parts_are_disjoint_and_cover_everything(data: Dataset, preparation: Preparation) -> None:
    prepared = prepare(data, preparation)
    assert sorted(np.concatenate(prepared.index)) == list(range(len(data)))
    assert len(prepared.index.train) > 0
    assert (len(prepared.index.validation) == 0) == (preparation.validation == 0)
    test_share = 100 - round(100 * preparation.train) - round(100 * preparation.validation)
    nothing_left = len(data) == 2 and preparation.validation > 0
    assert (len(prepared.index.test) == 0) == (test_share == 0 or nothing_left)
    for part, index in parts(prepared):
        assert (part is None) == (len(index) == 0)
        assert part is None or len(part) == len(index)
    assert prepared.raw is data


@given(data=datasets(least=10), preparation=preparations())
def test_every_class_keeps_its_share_in_every_part(data: Dataset, preparation: Preparation) -> None:
    prepared = prepare(data, preparation)
    labels = np.zeros(len(data), int) if data.task == "regression" else data.y
    shares = (preparation.train, preparation.validation, 1 - preparation.train - preparation.validation)
    for index, share in zip(prepared.index, shares, strict=True):
        found = np.bincount(labels[index], minlength=labels.max() + 1)
        error = abs(found - share * np.bincount(labels)).max()
        # Exact shares rounded down or up, except where a part would else have come off empty.
        small = any(0 < s * len(data) < 1 + 1e-9 for s in shares)
        assert error <= 1 + 1e-9 if small else error < 1 - 1e-9


def test_shares_that_come_out_even_are_kept_exactly() -> None:
    prepared = prepare(Iris().make(), Preparation(train=0.6, validation=0.2))
    assert [np.bincount(part.y).tolist() for part, _ in parts(prepared) if part] == [
        [30] * 3,
        [10] * 3,
        [10] * 3,
    ]


@pytest.mark.parametrize(
    ("sizes", "train", "validation", "even"),
    [
        ((22, 12), 0.25, 0.13, (1, 0, 3)),  # 0.25 · 12: nothing to round, though training is owed most
        ((52, 170), 0.70, 0.12, (1, 0, 119)),  # 0.70 · 170 is 118.99999999999999 in binary
    ],
)
def test_a_share_that_comes_out_even_stays_so_beside_odd_ones(
    sizes: tuple[int, ...], train: float, validation: float, even: tuple[int, int, int]
) -> None:
    label, part, count = even
    data = Dataset(np.zeros((sum(sizes), 1)), np.repeat(np.arange(len(sizes)), sizes))
    index = prepare(data, Preparation(train=train, validation=validation)).index[part]
    assert np.count_nonzero(data.y[index] == label) == count


def test_odd_samples_do_not_all_go_to_the_same_part() -> None:
    data = Dataset(np.zeros((100, 1)), np.arange(100) % 50)  # fifty classes of two
    prepared = prepare(data, Preparation(train=0.5, validation=0.25))
    assert [len(index) for index in prepared.index] == [50, 25, 25]


@given(data=datasets(), preparation=preparations(), seed=st.integers(0, 1000))
def test_the_seed_alone_decides_who_goes_where(data: Dataset, preparation: Preparation, seed: int) -> None:
    for a, b in zip(prepare(data, preparation).index, prepare(data, preparation).index, strict=True):
        assert np.array_equal(a, b)
    other = prepare(data, preparation.replace(split_seed=seed))
    assert [len(i) for i in other.index] == [len(i) for i in prepare(data, preparation).index]


def test_another_split_seed_deals_differently() -> None:
    data = Circle().make()
    one, two = (prepare(data, Preparation(split_seed=seed)).index for seed in (0, 1))
    shared = len(set(one.train) & set(two.train)) / len(one.train)
    assert 0.5 < shared < 0.7  # by chance 0.6


def test_a_larger_share_adds_samples_and_keeps_those_there_were() -> None:
    data = Iris().make()
    trains = [set(prepare(data, Preparation(train=t / 10, validation=0.1)).index.train) for t in range(1, 10)]
    assert all(small < large for small, large in pairwise(trains))


def test_parts_are_shuffled_even_if_the_data_are_sorted() -> None:
    prepared = prepare(Iris().make(), Preparation())
    assert set(prepared.train.y[:15]) == {0, 1, 2}


@pytest.mark.parametrize("y", [[0, 0], [0, 1], [1.0, 2.0]], ids=["one class", "two classes", "regression"])
@pytest.mark.parametrize("train", [0.1, 0.5, 0.8])
def test_two_samples_give_one_to_train_and_one_to_validate(y: list[Any], train: float) -> None:
    prepared = prepare(Dataset(np.eye(2), np.array(y)), Preparation(train=train, validation=0.1))
    assert [len(index) for index in prepared.index] == [1, 1, 0]


def test_one_sample_can_train_and_not_validate() -> None:
    one = Dataset(np.ones((1, 2)), np.array([0]))
    prepared = prepare(one, Preparation(train=0.1, validation=0, normalize="standardize"))
    assert [len(index) for index in prepared.index] == [1, 0, 0]
    assert prepared.train.x.tolist() == [[0, 0]]
    with pytest.raises(
        DataError,
        match=r"has 1 sample to train with; expected at least 2.*Add samples, or set validation to 0",
    ):
        prepare(one, Preparation())


# ---- Parts that the files give ----------------------------------------------------------------------------------------


def with_parts(*numbers: int) -> Dataset:
    """A sample of two alternating classes for each number, the part that the files give it to."""
    return Dataset(np.arange(len(numbers))[:, None], np.arange(len(numbers)) % 2, parts=np.array(numbers))


def test_parts_that_are_all_given_are_the_split() -> None:
    data = with_parts(2, 0, 0, 1, 0, 2, 1, 0)
    for preparation in (Preparation(), Preparation(train=0.1, validation=0.0), Preparation(split_seed=7)):
        assert [sorted(i) for i in prepare(data, preparation).index] == [[1, 2, 4, 7], [3, 6], [0, 5]]
        assert given_parts(data, preparation) == PARTS
    said = "The files say which samples are for training and which for validation and which for testing."
    assert split_in_words(data, Preparation()) == said


def test_validation_that_is_not_given_is_drawn_from_what_trains() -> None:
    data = with_parts(*[0] * 40, *[2] * 10)
    prepared = prepare(data, Preparation(train=0.6, validation=0.25))
    assert [len(i) for i in prepared.index] == [30, 10, 10]
    assert sorted(prepared.index.test) == list(range(40, 50))
    assert np.bincount(prepared.validation.y).tolist() == [5, 5], "each class in its share"
    assert split_in_words(data, Preparation(validation=0.25)).endswith(
        "for testing. 25 % of those for training are drawn to validate."
    )
    nothing = Preparation(train=0.6, validation=0.0)
    assert [len(i) for i in prepare(data, nothing).index] == [40, 0, 10]
    assert prepare(data, nothing).validation is None
    assert "Nothing validates" in split_in_words(data, nothing)


def test_without_a_part_to_test_with_nothing_tests() -> None:
    prepared = prepare(with_parts(0, 0, 0, 0, 1, 1), Preparation())
    assert [len(i) for i in prepared.index] == [4, 2, 0]
    assert prepared.test is None


@pytest.mark.parametrize("numbers", [(0,) * 10, (2,) * 10, (1,) * 5 + (2,) * 5])
def test_parts_that_leave_nothing_to_train_with_or_nothing_else_are_no_split(
    numbers: tuple[int, ...],
) -> None:
    data = with_parts(*numbers)
    assert [len(i) for i in prepare(data, Preparation()).index] == [6, 2, 2]
    assert given_parts(data, Preparation()) == ()
    assert split_in_words(data, Preparation()) == ""


def test_samples_can_be_dealt_out_anew_whatever_the_files_say() -> None:
    data = with_parts(*[0] * 5, *[2] * 5)
    anew = prepare(data, Preparation(given_parts=False)).index
    drawn = prepare(Dataset(data.x, data.y), Preparation()).index
    assert all(np.array_equal(a, b) for a, b in zip(anew, drawn, strict=True))


def test_normalization_is_measured_on_the_given_training_part_alone() -> None:
    prepared = prepare(with_parts(0, 0, 0, 2, 2), Preparation(normalize="min-max", validation=0.0))
    assert sorted(prepared.train.x[:, 0]) == [0.0, 0.5, 1.0]
    assert sorted(prepared.test.x[:, 0]) == [1.5, 2.0]


def test_all_samples_may_train() -> None:
    prepared = prepare(Circle().make(), Preparation(train=1.0, validation=0.0))
    assert [len(i) for i in prepared.index] == [500, 0, 0]
    assert prepared.validation is None
    assert prepared.test is None


def test_the_four_rows_of_a_truth_table() -> None:
    table = Dataset(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0]))
    assert [len(i) for i in prepare(table, Preparation()).index] == [2, 1, 1]
    assert [len(i) for i in prepare(table, Preparation(train=0.9, validation=0)).index] == [3, 0, 1]


# ---- Normalization ---------------------------------------------------------------------------------------------------


@given(data=datasets(), preparation=preparations())
def test_the_parts_are_the_transformed_raw_rows(data: Dataset, preparation: Preparation) -> None:
    prepared = prepare(data, preparation)
    for part, index in parts(prepared):
        if part is not None:
            assert np.array_equal(part.x, prepared.transform(data.x[index]))
            assert np.array_equal(part.y, prepared.transform.target(data.y[index]))
            assert part.classes == data.classes
            assert part.targets == data.targets
            assert part.features == prepared.features
            assert part.in_shape == prepared.in_shape
            assert part.task == data.task


@given(data=datasets(least=4), preparation=preparations())
def test_statistics_come_from_the_training_part_alone(data: Dataset, preparation: Preparation) -> None:
    before = prepare(data, preparation)
    x, y = data.x.copy(), data.y.copy()
    held_out = np.concatenate((before.index.validation, before.index.test))
    assume(len(held_out) > 0)
    x[held_out] += 1e6
    if data.task == "regression":
        y[held_out] += 1e6
    after = prepare(Dataset(x, y, data.classes, data.features, data.targets), preparation)
    assert np.array_equal(before.train.x, after.train.x)
    assert np.array_equal(before.train.y, after.train.y)
    assert np.array_equal(before.transform.inputs.shift, after.transform.inputs.shift)
    assert np.array_equal(before.transform.inputs.scale, after.transform.inputs.scale)


@given(data=datasets(), preparation=preparations())
def test_what_each_normalization_promises(data: Dataset, preparation: Preparation) -> None:
    prepared = prepare(data, preparation)
    raw = prepared.raw.x[prepared.index.train]
    x = prepared.train.x
    axes = (0,) if x.ndim == 2 else (0, 2, 3)
    columns = raw.shape[1]  # extra features come after these
    varies = np.ptp(raw, axis=axes) > 1e-6 * abs(raw).max(axis=axes)
    if preparation.normalize == "none":
        assert np.array_equal(x[:, :columns], raw)
    elif preparation.normalize == "standardize":
        assert abs(x.mean(axes)[:columns][varies]) == pytest.approx(0, abs=1e-6)
        assert x.std(axes)[:columns][varies] == pytest.approx(1, abs=1e-6)
    else:
        assert x.min() >= 0
        assert x.max() <= 1 + 1e-12
        assert x.max(axes)[:columns][varies] == pytest.approx(1)
    if preparation.normalize != "none":
        constant = np.ptp(raw, axis=axes) == 0
        assert not x[:, :columns][:, constant].any()


@given(data=datasets(), preparation=preparations())
def test_targets_come_back(data: Dataset, preparation: Preparation) -> None:
    prepared = prepare(data, preparation)
    back = prepared.transform.inverse_target(prepared.train.y)
    np.testing.assert_allclose(back, data.y[prepared.index.train], rtol=1e-12)
    if data.task != "regression":
        assert prepared.transform.targets is None
        assert np.array_equal(prepared.train.y, data.y[prepared.index.train])
    elif preparation.target == "standardize" and len(prepared.train) > 1:
        assert prepared.train.y.mean(axis=0) == pytest.approx(0, abs=1e-9)
        assert prepared.train.y.std(axis=0) == pytest.approx(1)


@given(data=datasets(), kind=st.sampled_from(("none", "standardize", "min-max")))
def test_inputs_come_back(data: Dataset, kind: str) -> None:
    scaling = Scaling.fit(kind, data.x)
    largest = abs(data.x).max()
    np.testing.assert_allclose(scaling.inverse(scaling(data.x)), data.x, rtol=1e-9, atol=1e-12 * largest)


@pytest.mark.parametrize("kind", ["standardize", "min-max"])
@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -7e8, 1e-310])
def test_a_constant_column_becomes_zero(kind: str, value: float) -> None:
    x = np.column_stack((np.full(97, value), np.arange(97.0)))
    scaling = Scaling.fit(kind, x)
    assert not scaling(x)[:, 0].any()
    # … and a sample that differs after all is not blown up
    assert scaling(np.array([[value + 1, 0.0]]))[0, 0] == pytest.approx(1)


def test_a_column_whose_deviation_underflows_is_not_divided_by_it() -> None:
    x = np.array([[0.0], [5e-324]])
    assert np.isfinite(Scaling.fit("standardize", x)(x)).all()


def test_images_are_normalized_per_channel() -> None:
    x = np.zeros((40, 2, 3, 3))
    x[:, 0] = np.random.default_rng(0).normal(5, 2, (40, 3, 3))
    x[:, 1] = np.random.default_rng(1).normal(-1, 9, (40, 3, 3))
    prepared = prepare(Dataset(x, np.arange(40) % 2), Preparation(normalize="standardize"))
    assert prepared.transform.inputs.shift.shape == (2, 1, 1)
    assert prepared.train.x.mean((0, 2, 3)) == pytest.approx(0)
    assert prepared.train.x.std((0, 2, 3)) == pytest.approx(1)
    assert (prepared.in_shape, prepared.features) == ((2, 3, 3), ())


def test_the_type_of_the_samples_is_kept() -> None:
    images = Dataset(Digits().make().x.astype(np.float32), Digits().make().y)
    for kind in ("none", "standardize", "min-max"):
        assert prepare(images, Preparation(normalize=kind)).train.x.dtype == np.float32
    points = Dataset(Circle().make().x.astype(np.float32), Circle().make().y)
    assert prepare(points, Preparation(extra_features=EXTRAS)).train.x.dtype == np.float32


def test_nothing_to_do_copies_nothing() -> None:
    prepared = prepare(Digits().make(), Preparation())
    grid = np.zeros((4, 1, 8, 8))
    assert prepared.transform(grid) is grid


# ---- Extra features --------------------------------------------------------------------------------------------------


def test_extra_features_are_what_they_are_called_and_come_before_normalization() -> None:
    data = Circle().make()
    prepared = prepare(data, Preparation(extra_features=EXTRAS))
    a, b = data.x[prepared.index.train].T
    expected = np.column_stack((a, b, a**2, b**2, a * b, np.sin(a), np.sin(b)))
    np.testing.assert_allclose(prepared.train.x, expected, rtol=1e-15)
    assert prepared.features == ("x1", "x2", *EXTRAS)
    assert prepared.in_shape == (7,)

    scaled = prepare(data, Preparation(extra_features=EXTRAS, normalize="standardize"))
    np.testing.assert_allclose(scaled.train.x, (expected - expected.mean(0)) / expected.std(0), atol=1e-12)


def test_extra_features_keep_one_order_and_take_the_names_of_the_columns() -> None:
    data = Dataset(np.eye(2), np.array([0, 1]), features=("x2 of old", "x1 of old"))
    prepared = prepare(data, Preparation(extra_features=("sin x2", "x1²", "x1·x2")))
    assert prepared.features[2:] == ("x2 of old²", "x2 of old·x1 of old", "sin x1 of old")


@pytest.mark.parametrize("data", [Iris().make(), Digits().make()], ids=["table", "images"])
def test_extra_features_are_for_two_inputs(data: Dataset) -> None:
    prepared = prepare(data, Preparation(extra_features=EXTRAS))
    assert prepared.in_shape == data.in_shape
    assert prepared.features == data.features


# ---- Errors and specs ------------------------------------------------------------------------------------------------


def test_shares_above_1_are_refused() -> None:
    with pytest.raises(
        SpecError, match=r"train 0\.9 and validation 0\.2 are 1\.1 together; expected at most 1\. Lower"
    ):
        Preparation(train=0.9, validation=0.2)
    with pytest.raises(SpecError, match=r"train is 0\.05; expected a number from 0\.1 to 1"):
        Preparation(train=0.05)


def test_shares_of_exactly_1_leave_no_test_part() -> None:
    assert prepare(Circle().make(), Preparation(train=0.9, validation=0.1 + 1e-13)).test is None
    for percent in range(10, 91):
        prepared = prepare(
            Circle().make(), Preparation(train=percent / 100, validation=(100 - percent) / 100)
        )
        assert prepared.test is None
        assert len(prepared.index.train) == 5 * percent


@pytest.mark.parametrize("shape", [(), (2,), (5, 3), (5, 2, 2)])
def test_transform_wants_raw_samples(shape: tuple[int, ...]) -> None:
    prepared = prepare(Circle().make(), Preparation(extra_features=EXTRAS))
    with pytest.raises(
        ShapeError, match=r"samples to transform have shape .*; expected \(N, 2\) like the raw data"
    ):
        prepared.transform(np.zeros(shape))


@pytest.mark.parametrize("kind", ["standardize", "min-max"])
def test_numbers_too_large_to_normalize_are_named(kind: str) -> None:
    x = np.column_stack((np.arange(10.0), np.resize([-1.7e308, 1.7e308], 10)))
    with pytest.raises(
        DataError, match=r"Column 1 \(from 0\) reaches from -\d.*e\+308 to .*below about 1e150"
    ):
        prepare(Dataset(x, np.arange(10) % 2), Preparation(normalize=kind))


def test_extra_features_that_overflow_are_named() -> None:
    data = Dataset(np.full((10, 2), 1e200), np.arange(10) % 2)
    with pytest.raises(DataError, match=r"x holds inf at \(0, 2\); expected finite numbers"):
        prepare(data, Preparation(extra_features=("x1²",)))
    with pytest.raises(DataError, match=r"Column 2 \(from 0\) reaches from inf to inf"):
        prepare(data, Preparation(extra_features=("x1²",), normalize="standardize"))


@given(preparation=preparations())
def test_a_preparation_survives_a_file(preparation: Preparation) -> None:
    plain = preparation.to_dict()
    assert plain["type"] == "Preparation"
    assert Preparation(**coerce(Preparation, plain)) == preparation


def test_every_parameter_is_explained() -> None:
    assert Preparation.help()
    assert [p.name for p in Preparation.params()] == [
        *("given_parts", "train", "validation", "normalize", "target", "reconstruct", "input_noise"),
        *("extra_features", "deal", "balance", "equal_together", "folds", "fold", "split_seed"),
    ]
    assert all(p.help.endswith(".") for p in Preparation.params())


def test_recommended_preparation_of_diabetes_scales_the_target() -> None:
    prepared = prepare(Diabetes().make(), Preparation(**Diabetes.recommended))
    assert prepared.train.y.std() == pytest.approx(1)
    assert prepared.transform.inverse_target(np.zeros((1, 1)))[0, 0] == pytest.approx(
        Diabetes().make().y[prepared.index.train].mean()
    )

"""Every registered source, by looping over the registry; then what is special about some of them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from engine import data
from engine.data import (
    BreastCancer,
    Bump,
    Circle,
    Dataset,
    Diabetes,
    Digits,
    Iris,
    MultiGaussian,
    Plane,
    Preparation,
    Sine,
    Source,
    Spiral,
    Step,
    Typed,
    Wine,
    Xor,
    prepare,
    real,
    sources,
)
from engine.errors import DataError, SpecError

ALL = tuple(sources)
TOYS = tuple(cls for cls in ALL if cls.category in ("2-D classification", "2-D regression", "1-D curves"))
CLOUDS = tuple(cls for cls in ALL if cls.category == "2-D classification")
CURVES = tuple(cls for cls in ALL if cls.category == "1-D curves")
REAL = tuple(cls for cls in ALL if cls.category == "Real data")

PICTURES = tuple(cls for cls in ALL if cls.category == "Pictures")
MADE = tuple(cls for cls in ALL if not cls.from_disk)  # the others are tried in test_files.py

every = pytest.mark.parametrize("source", MADE, ids=lambda cls: cls.key)
every_toy = pytest.mark.parametrize("source", TOYS, ids=lambda cls: cls.key)
every_cloud = pytest.mark.parametrize("source", CLOUDS, ids=lambda cls: cls.key)


def equal(a: Dataset, b: Dataset) -> bool:
    """Bit for bit."""
    return a.x.tobytes() == b.x.tobytes() and a.y.tobytes() == b.y.tobytes()


def test_the_catalogue() -> None:
    assert {name: [cls.key for cls in group] for name, group in sources.by_category().items()} == {
        "2-D classification": ["Circle", "Xor", "Gaussian", "Spiral", "Moons", "SpiralClasses", "Blobs"],
        "2-D regression": ["Plane", "MultiGaussian"],
        "1-D curves": ["Sine", "Step", "Bump"],
        "Real data": ["Digits", "Iris", "Wine", "BreastCancer", "Diabetes"],
        "Step by step": ["FourPoints", "FourStrokes"],
        "Pictures": ["Shapes", "Glyphs", "Photos"],
        "Own data": [
            "ImageFolder",
            "IdxFiles",
            "NpzFile",
            "PictureFile",
            "TableFile",
            "PastedTable",
            "PictureSet",
            "Painted",
            "Typed",
        ],
        "Learn a picture": ["DrawnPicture"],
    }
    assert set(data.__all__) >= {cls.__name__ for cls in ALL}
    assert all(hasattr(data, name) for name in data.__all__)


# ---- Every source ----------------------------------------------------------------------------------------------------


@every
def test_it_explains_itself(source: type[Source]) -> None:
    assert source.label
    assert len(source.help()) > 30
    assert source.help().endswith((".", "?"))
    assert "Args" not in source.help()
    assert "(self" not in source.help(), "that is the signature that dataclass writes without a docstring"
    for p in source.params():
        assert len(p.help) > 10, p.name
        assert p.help.endswith("."), p.name


@every
def test_it_makes_what_its_category_promises(source: type[Source]) -> None:
    made = source().make()
    assert np.isfinite(made.x).all()
    assert np.isfinite(made.y).all()
    assert made.x.dtype == (np.float32 if source in PICTURES or source is data.PictureSet else np.float64)
    task, in_shape = made.task, made.in_shape
    match source.category:
        case "2-D classification":
            assert in_shape == (2,)
            assert made.features == ("x1", "x2")
            assert task in ("binary", "multiclass")
        case "2-D regression":
            assert (in_shape, made.features, task) == ((2,), ("x1", "x2"), "regression")
        case "1-D curves":
            assert (in_shape, made.features, task, made.y.shape) == ((1,), ("x",), "regression", (200, 1))
        case "Real data":
            assert source.params() == ()
        case "Pictures":
            assert in_shape[1:] == (source().size,) * 2
            assert 0 <= made.x.min() < made.x.max() <= 1
            assert np.ptp(np.bincount(made.y)) <= 1, "as many of each class"
        case "Learn a picture":
            assert (in_shape, made.features, task) == ((2,), ("x", "y"), "regression")
            assert made.targets == ("red", "green", "blue")
            assert 0 <= made.y.min() < made.y.max() <= 1
        case "Step by step":
            assert (source.params(), len(made), task) == ((), 4, "binary")
        case "Own data":  # made by hand: a few to begin with
            assert (in_shape, len(made)) == ((1, 16, 16) if made.is_image else (2,), 4)
        case other:
            pytest.fail(f"no such category: {other}")


@every
def test_the_same_spec_makes_the_same_samples(source: type[Source]) -> None:
    assert equal(source().make(), source().make())


@every
def test_making_leaves_the_global_random_state_alone(source: type[Source]) -> None:
    before = np.random.get_state()[1].tobytes()  # type: ignore[index, union-attr]  # noqa: NPY002
    source().make()
    assert np.random.get_state()[1].tobytes() == before  # type: ignore[index, union-attr]  # noqa: NPY002


@every
def test_it_survives_a_file(source: type[Source]) -> None:
    values = {"samples": 33, "noise": 0.25, "seed": 7, "classes": 5, "size": 12, "colour": True, "shift": 0.2}
    changed = {p.name: values[p.name] for p in source.params() if p.name in values and p.entered}
    for spec in (source(), source(**changed)):
        again = sources.build(spec.to_dict())
        assert again == spec
        assert equal(again.make(), spec.make())


@every
def test_what_it_recommends_can_be_done(source: type[Source]) -> None:
    made = source().make()
    assert "normalize" in source.recommended, "or a set picked after it would keep its normalization"
    assert made.task != "regression" or "target" in source.recommended
    prepared = prepare(made, Preparation(**source.recommended))
    assert (prepared.validation is None) == (source is Typed)  # every row that was typed trains
    assert prepared.test is not None or source.category in (
        "Step by step",
        "Own data",
    )  # of four samples none is left
    assert abs(prepared.train.x).max() < 20
    if made.task == "regression":
        assert abs(prepared.train.y).max() < 5


# ---- Toy sets --------------------------------------------------------------------------------------------------------


@every_toy
def test_toys_have_samples_noise_and_seed(source: type[Source]) -> None:
    assert [p.name for p in source.params()][:3] == ["samples", "noise", "seed"]
    assert source.params()[0].unit == "points"


@every_toy
@pytest.mark.parametrize("noise", [0.0, 0.1, 0.5])
def test_another_seed_draws_other_samples(source: type[Source], noise: float) -> None:
    first, second = (source(seed=seed, noise=noise).make() for seed in (1, 2))
    assert not equal(first, second)
    assert not np.array_equal(first.x, second.x)


@every_toy
@pytest.mark.parametrize("samples", [10, 37, 1000])
def test_it_draws_as_many_samples_as_asked(source: type[Source], samples: int) -> None:
    assert len(source(samples=samples).make()) == samples


@every_toy
@pytest.mark.parametrize("noise", [0.0, 0.1, 0.5])
def test_every_sample_lies_inside_the_picture(source: type[Source], noise: float) -> None:
    made = source(noise=noise, samples=3000).make()
    assert abs(made.x).max() <= 6.0
    if source.category == "2-D regression" or (source in CURVES and noise == 0):
        assert abs(made.y).max() <= 1.0


@every_toy
def test_noise_is_there_and_comes_on_smoothly(source: type[Source]) -> None:
    clean, barely, noisy = (source(noise=noise).make() for noise in (0.0, 1e-6, 0.3))
    moved = np.hstack((barely.x - clean.x, (barely.y - clean.y).reshape(len(clean), -1)))
    # A label or step that jumps would move by 1 or 2; the order would mix everything.
    assert 0 < abs(moved).max() < 1e-4
    assert not np.allclose(clean.x, noisy.x) or not np.allclose(clean.y, noisy.y)


@every_toy
def test_samples_come_shuffled(source: type[Source]) -> None:
    made = source(noise=0.0).make()
    key = made.y[:, 0] if made.task == "regression" else np.hypot(*made.x.T)
    half = len(made) // 2
    assert abs(np.corrcoef(np.arange(len(made)), key)[0, 1]) < 0.2
    assert abs(made.y[:half].mean() - made.y[half:].mean()) < 0.2 * (1 + made.y.max())


@every_toy
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("samples", 9, "samples is 9; expected a whole number from 10 to 100000"),
        ("noise", 0.6, "noise is 0.6; expected a number from 0 to 0.5"),
        ("seed", -1, "seed is -1; expected a whole number from 0"),
    ],
)
def test_values_out_of_range_are_refused(source: type[Source], name: str, value: float, message: str) -> None:
    with pytest.raises(SpecError, match=f"{source.__name__}: {message}"):
        source(**{name: value})


# ---- Classes ---------------------------------------------------------------------------------------------------------


@every_cloud
@pytest.mark.parametrize("samples", [10, 101, 500])
def test_classes_are_balanced(source: type[Source], samples: int) -> None:
    choices = (2, 5, 6) if "classes" in {p.name for p in source.params()} else (None,)
    for classes in choices:
        spec = source(samples=samples) if classes is None else source(samples=samples, classes=classes)
        sizes = np.bincount(spec.make().y)
        assert len(sizes) == (classes or 2) == len(spec.make().classes)
        assert sizes.max() - sizes.min() <= 1


@every_cloud
@pytest.mark.parametrize(("noise", "least"), [(0.0, 0.98), (0.1, 0.97), (0.5, 0.7)])
def test_classes_can_be_learned(source: type[Source], noise: float, least: float) -> None:
    made = source(noise=noise).make()
    accuracy = cross_val_score(KNeighborsClassifier(5), made.x, made.y, cv=5).mean()
    assert accuracy >= least
    # … and much noise makes mistakes unavoidable, else the slider would teach nothing.
    assert noise < 0.5 or accuracy < 0.98


@every_cloud
def test_some_need_a_hidden_layer_and_some_do_not(source: type[Source]) -> None:
    made = source().make()
    straight = cross_val_score(LogisticRegression(), made.x, made.y, cv=5).mean()
    if source.key in ("Gaussian", "Blobs"):
        assert straight > 0.97
    else:
        assert straight < 0.9


def test_class_1_of_the_circle_is_the_disc() -> None:
    made = Circle(noise=0.0).make()
    radius = np.hypot(*made.x.T)
    assert radius[made.y == 1].max() <= 2.5
    assert radius[made.y == 0].min() >= 3.5
    assert radius.max() <= 5.0


def test_class_1_of_xor_is_the_exclusive_or_of_the_signs() -> None:
    made = Xor(noise=0.0).make()
    assert np.array_equal(made.y == 1, (made.x[:, 0] > 0) ^ (made.x[:, 1] > 0))
    assert abs(made.x).min() >= 0.3 - 1e-12  # a strip stays free
    # all four corners, evenly enough
    corners = np.bincount(2 * (made.x[:, 0] > 0) + (made.x[:, 1] > 0))
    assert corners.min() > 90


def test_the_spiral_is_two_arms_one_turned_by_half_a_turn() -> None:
    made = Spiral(noise=0.0).make()
    arms = [made.x[made.y == label] for label in (0, 1)]
    one, other = (arm[np.hypot(*arm.T).argsort()] for arm in arms)
    np.testing.assert_allclose(one, -other, atol=1e-12)
    # It winds outward evenly, 1¾ turns from the centre to radius 5.
    turned = np.unwrap(np.arctan2(one[:, 0], one[:, 1]))
    assert turned[-1] - turned[0] == pytest.approx(1.75 * 2 * np.pi * 249 / 250)
    assert np.hypot(*one.T) == pytest.approx(np.arange(1, 251) / 50)


# ---- Regression ------------------------------------------------------------------------------------------------------


def test_a_straight_model_fits_the_plane_and_not_the_hills() -> None:
    plane, hills = (source(noise=0.0).make() for source in (Plane, MultiGaussian))
    assert LinearRegression().fit(plane.x, plane.y).score(plane.x, plane.y) > 0.999999
    assert plane.y[:, 0] == pytest.approx(plane.x.sum(axis=1) / 12)
    assert LinearRegression().fit(hills.x, hills.y).score(hills.x, hills.y) < 0.3


def test_the_hills_stand_where_they_should() -> None:
    hills = MultiGaussian(noise=0.0, samples=20_000).make()
    for x1, x2, sign in [
        (-4, 2.5, 1),
        (0, 2.5, -1),
        (4, 2.5, 1),
        (-4, -2.5, -1),
        (0, -2.5, 1),
        (4, -2.5, -1),
    ]:
        distance = np.hypot(hills.x[:, 0] - x1, hills.x[:, 1] - x2)
        on_it = distance < 2
        assert hills.y[on_it, 0] == pytest.approx(sign * (1 - distance[on_it] / 2))
    assert (hills.y == 0).mean() == pytest.approx(1 - 6 * np.pi * 4 / 144, abs=0.02)


@pytest.mark.parametrize(
    ("source", "curve", "reach"),
    [
        (Sine, np.sin, np.pi),
        (Step, lambda x: np.where(x < 0, -1, 1), 1.0),
        (Bump, lambda x: np.exp(-8 * x * x), 1.0),
    ],
    ids=["Sine", "Step", "Bump"],
)
def test_curves_are_what_they_are_called(source: type[Source], curve: np.ufunc, reach: float) -> None:
    clean = source(noise=0.0, samples=2000).make()
    assert clean.y == pytest.approx(curve(clean.x))
    assert 0.99 * reach < abs(clean.x).max() <= reach
    noisy = source(noise=0.2, samples=20_000).make()
    error = noisy.y - curve(noisy.x)
    assert error.std() == pytest.approx(0.2, rel=0.03)
    assert error.mean() == pytest.approx(0, abs=0.01)  # so that the best fit is the curve itself


# ---- Real data -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "shape", "task", "classes"),
    [
        (Digits, (1797, 1, 8, 8), "multiclass", tuple("0123456789")),
        (Iris, (150, 4), "multiclass", ("setosa", "versicolor", "virginica")),
        (Wine, (178, 13), "multiclass", ("class 0", "class 1", "class 2")),
        (BreastCancer, (569, 30), "binary", ("malignant", "benign")),
        (Diabetes, (442, 10), "regression", ()),
    ],
)
def test_real_sets(source: type[Source], shape: tuple[int, ...], task: str, classes: tuple[str, ...]) -> None:
    made = source().make()
    assert (made.x.shape, made.task, made.classes) == (shape, task, classes)
    assert set(np.unique(made.y)) == set(range(len(classes))) or task == "regression"
    names = made.features + made.classes + made.targets
    assert all(type(name) is str and "_" not in name for name in names)
    assert len(set(made.features)) == len(made.features)


def test_every_real_set_is_tested_above() -> None:
    assert set(REAL) == {Digits, Iris, Wine, BreastCancer, Diabetes}


def test_a_real_set_is_loaded_once() -> None:
    assert all(source().make() is source().make() for source in REAL)


def test_digits_are_pictures_with_brightness_0_to_1() -> None:
    digits = Digits().make()
    assert (digits.x.min(), digits.x.max()) == (0.0, 1.0)
    flat = digits.x.reshape(len(digits), -1)
    assert cross_val_score(KNeighborsClassifier(3), flat, digits.y, cv=3).mean() > 0.95
    # Upright, and not its mirror image: a seven has its bar at the top, its foot left of the bar's right end.
    seven = digits.x[digits.y == 7, 0].mean(axis=0)
    assert seven[1].sum() > 1.2 * seven[6].sum()
    assert np.arange(8) @ seven[7] / seven[7].sum() < np.arange(8) @ seven[2] / seven[2].sum()


def test_diabetes_is_as_measured() -> None:
    diabetes = Diabetes().make()
    columns = dict(zip(diabetes.features, diabetes.x.T, strict=True))
    assert (columns["age"].min(), columns["age"].max()) == (19, 79)
    assert set(columns["sex"]) == {1, 2}
    assert columns["cholesterol / HDL"] == pytest.approx(
        columns["total cholesterol"] / columns["HDL"], abs=0.7
    )
    assert diabetes.targets == ("progression",)
    assert (diabetes.y.min(), diabetes.y.max()) == (25, 346)


def test_without_scikit_learn_real_sets_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.delitem(sys.modules, "sklearn.datasets", raising=False)
    with pytest.raises(DataError, match=r"'iris' comes with scikit-learn, which is missing.*pip install"):
        real._table.__wrapped__("iris")


# ---- House rules -----------------------------------------------------------------------------------------------------


def test_importing_loads_numpy_and_the_standard_library_alone(repository: Path) -> None:
    code = (
        "import sys; import numpy; before = set(sys.modules); import engine.data\n"
        "engine.data.Spiral().make()\n"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, timeout=250, check=True
    )
    # NumPy's own compiled parts register a few helper modules under Cython's name.
    found = {name for name in run.stdout.split() if "cython" not in name}
    assert found - set(sys.stdlib_module_names) <= {"engine", "numpy"}


def test_a_source_registered_on_the_fly_is_as_good_as_any() -> None:
    @sources.register("OneMore", category="2-D classification", label="One more")
    @dataclass(frozen=True)
    class OneMore(Source):
        """Two points, for this test."""

        def make(self) -> Dataset:
            return Dataset(np.eye(2), np.array([0, 1]))

    try:
        assert sources.build({"type": "OneMore"}) == OneMore()
        assert OneMore in sources.by_category()["2-D classification"]
        assert prepare(sources.build({"type": "OneMore"}).make(), Preparation()).in_shape == (2,)
    finally:
        sources.unregister("OneMore")

"""What normalizing does to each input is seen, and one click asks for the run without it."""

import numpy as np
import pytest

from playground.document import edits
from playground.document.examples import example
from playground.document.project import data_of
from playground.ui.kit.numbers import fmt
from playground.ui.panels.data.normalization import before_and_after, inputs_of
from playground.ui.panels.data.view import DataView
from tests.ui.bench import Bench


def opened(qtbot, key, **preparation):
    project = example(key).project
    return Bench(
        qtbot, DataView, edits.set_preparation(project, project.preparation.replace(**preparation))
    ).show()


@pytest.mark.parametrize(
    ("key", "way", "names"),
    [
        ("circle", "none", ("x1", "x2")),
        ("iris", "standardize", None),
        ("diabetes", "min-max", None),
        ("digits-cnn", "standardize", ("grey",)),
    ],
)
def test_each_input_before_and_after(qtbot, key, way, names):
    bench = opened(qtbot, key, normalize=way)
    data, card = data_of(bench.project), bench.view.normalization
    assert card.isVisible()
    assert inputs_of(data) == (names or data.raw.features)
    for index in range(len(inputs_of(data))):
        card.look_at(index)
        raw = data.raw.x[data.index.train][:, index].astype(np.float64)
        before, after = card.picture.words
        assert before.startswith(f"μ {fmt(float(raw.mean()))}, σ {fmt(float(raw.std()))}  ")
        assert before.endswith(f"{fmt(float(raw.min()))} … {fmt(float(raw.max()))}")
        expected = {"none": (before,), "standardize": ("μ 0, σ 1  ", "μ 0, σ 1.00  "), "min-max": ("0 … 1",)}
        assert any(words in after for words in expected[way])


def test_extra_features_are_inputs_too(qtbot):
    bench = opened(qtbot, "circle", normalize="standardize", extra_features=("x1²",))
    data = data_of(bench.project)
    assert inputs_of(data) == ("x1", "x2", "x1²")
    before, after = before_and_after(data, 2)
    np.testing.assert_allclose(before, data.raw.x[np.sort(data.index.train), 0] ** 2)
    assert (after.mean(), after.std()) == (pytest.approx(0, abs=1e-9), pytest.approx(1))


@pytest.mark.parametrize(
    ("way", "other"), [("none", "standardize"), ("standardize", "none"), ("min-max", "none")]
)
def test_one_click_asks_for_both_beside_each_other(qtbot, way, other):
    bench = opened(qtbot, "circle", normalize=way)
    asked = []
    bench.focus.beside_asked.connect(asked.append)
    bench.find("normalize_beside").click()
    assert [project.preparation.normalize for project in asked] == [other]
    assert asked[0].network is bench.project.network
    assert bench.project.preparation.normalize == way, "the project stays as it is"
    assert ("standardized" in bench.find("normalize_beside").text()) == (way == "none")

"""Single, mini, full: one switch, which says what the batch size is."""

import pytest
from PySide6.QtWidgets import QToolButton

from playground.document import edits
from playground.document.examples import example
from playground.document.project import data_of
from playground.ui.kit.subject import class_counts_in_words, subject_of
from playground.ui.panels.training.view import TrainingView
from tests.ui.bench import Bench

CIRCLE = example("circle").project
TRAIN = len(data_of(CIRCLE).train)


@pytest.fixture
def bench(qtbot) -> Bench:
    return Bench(qtbot, TrainingView, CIRCLE).show(330, 600)


def on(bench: Bench) -> list[str]:
    return [name for name, button in bench.view.batches.buttons.items() if button.isChecked()]


@pytest.mark.parametrize(("name", "size"), [("single", 1), ("full", TRAIN)])
def test_one_click_makes_batches_of_one_or_of_all(bench: Bench, name: str, size: int) -> None:
    assert on(bench) == ["mini"]
    bench.find(f"batch_{name}").click()
    assert bench.project.fit.batch_size == size
    assert on(bench) == [name]
    bench.find("batch_mini").click()
    assert 1 < bench.project.fit.batch_size < TRAIN
    assert on(bench) == ["mini"]


def test_a_mini_batch_of_ones_own_size_stays(bench: Bench) -> None:
    before = bench.project
    bench.find("batch_mini").click()
    assert bench.project is before
    assert on(bench) == ["mini"]


def test_it_follows_the_project(bench: Bench) -> None:
    bench.document.do(edits.set_fit, CIRCLE.fit.replace(batch_size=50_000))
    assert on(bench) == ["full"]
    assert f"{TRAIN}" in bench.view.findChild(QToolButton, "batch_full").text()


def test_class_counts_of_each_part_are_said() -> None:
    data = data_of(CIRCLE)
    words = class_counts_in_words(data)
    for name, part in (("train", data.train), ("validation", data.validation)):
        assert f"{name} {int((part.y == 0).sum())} + {int((part.y == 1).sum())}" in words
    assert ("In each part", words) in subject_of(CIRCLE, "input").facts

"""What a Dataset accepts, completes and refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.data import Dataset, Source
from engine.data.report import Note, Offer, left_out
from engine.errors import DataError

X = np.arange(6.0).reshape(3, 2)


def test_names_are_made_up_where_there_are_none() -> None:
    labels = Dataset(X, np.array([0, 2, 0]))
    assert labels.classes == ("0", "1", "2")
    assert labels.features == ("x1", "x2")
    assert labels.targets == ()
    one = Dataset(X, np.array([0.5, 1.0, 2.0]))
    assert (one.classes, one.targets, one.y.shape) == ((), ("y",), (3, 1))
    two = Dataset(X, np.ones((3, 2)))
    assert (two.targets, two.y.shape) == (("y1", "y2"), (3, 2))
    assert Dataset(np.ones((3, 1, 4, 5)), np.array([0, 1, 0])).features == ()


def test_names_that_are_given_are_kept() -> None:
    data = Dataset(X, np.array([0, 1, 0]), classes=("no", "yes", "perhaps"), features=("width", "height"))
    assert data.classes == ("no", "yes", "perhaps")
    assert data.features == ("width", "height")
    assert Dataset(X, np.ones(3), targets=("price",)).targets == ("price",)
    assert Dataset(X, np.array([0, 1, 2]), classes=("no",)).classes == ("no", "1", "2")


@pytest.mark.parametrize(
    ("y", "classes", "task"),
    [
        ([0, 0, 0], (), "binary"),
        ([True, False, True], (), "binary"),
        ([0, 1, 1], (), "binary"),
        ([0, 1, 1], ("a", "b", "c"), "multiclass"),
        ([0, 1, 2], (), "multiclass"),
        ([0.0, 1.0, 2.0], (), "regression"),
        ([0.0, 1.0, 2.0], ("a", "b"), "regression"),
    ],
)
def test_the_task_is_read_off_the_targets(y: list[Any], classes: tuple[str, ...], task: str) -> None:
    assert Dataset(X, np.array(y), classes).task == task


def test_shapes() -> None:
    images = Dataset(np.zeros((3, 2, 4, 5), np.float32), np.array([0, 1, 0]))
    assert (len(images), images.in_shape, images.is_image) == (3, (2, 4, 5), True)
    assert images.x.dtype == np.float32
    table = Dataset(np.array([[1], [2]]), np.array([0, 1], np.uint8))
    assert (len(table), table.in_shape, table.is_image) == (2, (1,), False)
    assert (table.x.dtype, table.y.dtype) == (np.float64, np.int64)


def test_a_data_set_cannot_be_written_to_and_leaves_its_arguments_writable() -> None:
    x, y = X.copy(), np.zeros(3)
    data = Dataset(x, y)
    with pytest.raises(ValueError, match="read-only"):
        data.x[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        data.y[0] = 1
    x[0] = y[0] = 1  # does not raise


def test_take_keeps_order_and_names() -> None:
    data = Dataset(X, np.array([0, 1, 2]), classes=("a", "b", "c"), features=("p", "q"))
    taken = data.take(np.array([2, 0]))
    assert taken.y.tolist() == [2, 0]
    assert taken.x.tolist() == [[4, 5], [0, 1]]
    assert (taken.classes, taken.features) == (data.classes, data.features)
    assert taken.parts is None
    told = Dataset(X, np.zeros(3), parts=np.array([0, 1, 2]), report=(Note("Read."),)).take(np.array([2, 0]))
    assert told.parts.tolist() == [2, 0]
    assert told.report == (Note("Read."),)
    with pytest.raises(DataError, match=r"x has shape \(0, 2\) and y \(0,\); expected as many samples"):
        data.take(np.array([], np.intp))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones(3), np.ones(3), r"x has shape \(3,\); expected \(N, features\) or \(N, C, H, W\)\. Reshape"),
        (np.ones((3, 2, 2)), np.ones(3), r"x has shape \(3, 2, 2\)"),
        (X, np.ones(2), r"x has shape \(3, 2\) and y \(2,\); expected as many samples in each.*Check both"),
        (X, np.array(1.0), r"x has shape \(3, 2\) and y \(\)"),
        (X, ["a", "b", "a"], r"y holds values of type <U1; expected numbers\. Code them"),
        (X.astype(object), np.ones(3), r"x holds values of type object"),
        (
            X,
            [0, -1, 1],
            r"The labels have shape \(3,\) and start at -1; expected \(N,\) counted from 0\. Re-code",
        ),
        (X, np.zeros((3, 2), int), r"The labels have shape \(3, 2\)"),
        ([[1, np.nan]], [0], r"x holds nan at \(0, 1\); expected finite numbers\. Mend or drop"),
        ([[1], [2]], [0, np.inf], r"y holds inf at \(1, 0\)"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(x: Any, y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Dataset(x, y)


@pytest.mark.parametrize("parts", [[0, 1], [0, 1, 3], [-1, 0, 0], [0.0, 1.0, 2.0], [[0, 1, 2]]])
def test_parts_that_make_no_sense_are_refused(parts: list[Any]) -> None:
    with pytest.raises(DataError, match="expected one of 3 numbers, from 0, for each of 3 samples"):
        Dataset(X, np.zeros(3), parts=np.array(parts))


def test_what_was_left_out_is_counted_and_listed_in_a_short_sentence() -> None:
    assert left_out("file", {"is empty": []}) == ()
    [one] = left_out("file", {"is empty": ["a.png"]})
    assert one.text == "1 file was left out: 1 is empty (a.png)."
    many = [f"{i}.txt" for i in range(2000)]
    [note] = left_out("file", {"are no pictures": many, "is empty": ["x" * 1000]})
    assert note.text.startswith(
        "2,001 files were left out: 2,000 are no pictures (0.txt, 1.txt, 2.txt, 3.txt and 1,996 more), 1 is empty (xxx"
    )
    assert len(note.text) < 200


def test_a_source_must_say_how_it_makes_samples() -> None:
    with pytest.raises(DataError, match=r"Source does not say how to make its samples; define make\(\)"):
        Source().make()


def test_an_error_offers_its_remedy_and_what_else_would_help() -> None:
    other = Offer("Read the others", (("skip", True),))
    assert DataError("No.", {"size": 64}).offers == (Offer("Set size to 64", (("size", 64),)),)
    assert DataError("No.", {"size": 64}, [other]).offers[1] == other
    assert DataError("No.").offers == ()

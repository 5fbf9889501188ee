"""What differs between two projects is known by its parts."""

import pickle
from dataclasses import fields

import pytest

from engine.data import Xor
from engine.initializers import HeNormal
from engine.layers import Linear, ReLU
from engine.optimizers import Adam
from playground.document import change, edits
from playground.document.change import DATA, JUDGED, TRAINED, diff
from playground.document.project import FirstWeights, Project
from tests.document.projects import circle

CIRCLE = circle()
GIVEN = FirstWeights("linear1", "bias", (0.0, 0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("edit", "parts", "draws_anew"),
    [
        (lambda p: edits.set_source(p, Xor()), {"source"}, True),
        (lambda p: p.replace(preparation=p.preparation.replace(train=0.5)), {"preparation"}, True),
        (lambda p: edits.set_seed(p, 9), {"seed"}, True),
        (lambda p: edits.set_fit(p, p.fit.replace(batch_size=3)), {"fit"}, False),
        (lambda p: edits.set_fit(p, p.fit.replace(optimizer=Adam())), {"fit"}, False),
        (lambda p: edits.set_fit(p, p.fit.replace(initializer=HeNormal())), {"fit"}, True),
        (lambda p: edits.set_layer(p, "linear1", Linear(9)), {"network"}, False),
        (lambda p: p.replace(first_weights=(GIVEN,)), {"first_weights"}, True),
        (lambda p: edits.rename(p, "other"), {"name"}, False),
        (lambda p: p, set(), False),
        (lambda p: pickle.loads(pickle.dumps(p)), set(), False),
    ],
)
def test_the_parts_that_differ_and_what_follows(edit, parts: set[str], draws_anew: bool) -> None:
    found = diff(CIRCLE, edit(CIRCLE))
    assert found.parts == parts
    assert found.draws_anew is draws_anew
    assert found.touches(DATA) == bool(parts & {"source", "preparation"})


def test_given_weights_that_go_with_their_layer_draw_nothing_anew() -> None:
    given = CIRCLE.replace(first_weights=(GIVEN,))
    gone = edits.set_layer(given, "linear1", Linear(9)).replace(first_weights=())
    assert not diff(given, gone).draws_anew


def test_where_there_was_none_everything_differs() -> None:
    found = diff(None, CIRCLE)
    assert found.parts == change.PARTS
    assert found.draws_anew


def test_the_parts_are_the_fields_of_a_project() -> None:
    names = {field.name for field in fields(Project)}
    assert names == change.PARTS
    assert names >= TRAINED
    assert names >= JUDGED


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (
            lambda p: edits.set_fit(p, p.fit.replace(optimizer=p.fit.optimizer.replace(lr=0.01))),
            "learning rate 0.03 → 0.01",
        ),
        (lambda p: edits.set_fit(p, p.fit.replace(optimizer=Adam())), "optimizer: SGD → Adam"),
        (lambda p: edits.set_fit(p, p.fit.replace(batch_size=32)), "batch size 10 → 32"),
        (lambda p: edits.set_layer(p, "linear1", Linear(9)), "Linear: units 4 → 9"),
        (lambda p: edits.add_layer(p, ReLU(), 1), "ReLU added"),
        (lambda p: edits.set_source(p, Xor()), "Circle → Exclusive or"),
        (lambda p: edits.set_seed(p, 9), "seed 0 → 9"),
        (lambda p: edits.rename(p, "other"), ""),
        (
            lambda p: edits.set_weight(p, "linear1", "weight", (0, 0), 0.1, 0.5),
            "1 weight set by hand",
        ),
    ],
)
def test_what_differs_in_words(edit, words: str) -> None:
    assert diff(CIRCLE, edit(CIRCLE)).words == words

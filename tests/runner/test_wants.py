"""What holds for every want, whichever there are: a new class in ``wants`` is found by itself.

Where a field of another name comes with it, it is given a value in ``FIELDS``.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from itertools import product
from typing import Any, get_args

import numpy as np
import pytest

from engine.layers import Linear
from engine.trace import Place
from playground.document import edits
from playground.document.examples import example
from playground.document.project import Project
from playground.runner import commands, frame, inspecting, live, messages, wants
from playground.runner.crate import Crate, packed
from playground.runner.messages import OfNode, ShowPicture, Want
from playground.runner.session import Session

PLANE, LINE, PICTURES = (example(key).project for key in ("circle", "regression", "digits-cnn"))
#: values to try for fields without a default; of a node, the network's own are tried
FIELDS: dict[str, tuple[Any, ...]] = {
    "part": ("train", "own", "nothing of the kind"),
    "code": ((0.5,), (0.5, -0.5)),
    "sample": (1, 10**9),
    "unit": ((0,), (0, 0, 0)),
    "channel": (0, 99),
    "first": (0, wants.PCA, 99),
    "second": (1, wants.PCA),
    "file": ("/nowhere/run.chainrule",),
    "place": (Place("linear1", "parameter", "weight", (0, 0)), Place("nobody", "value", "", ())),
}


#: those of the program; other tests may make some of their own
KINDS = [
    kind
    for kind in vars(wants).values()
    if isinstance(kind, type) and issubclass(kind, Want) and kind not in (Want, OfNode)
]


@cache
def session_of(project: Project) -> Session:
    """Trained a little, and its next update looked at."""
    session = Session()
    session.load(project)
    session.play()
    session.train(600.0, 2)
    session.pause()
    session.show_picture(ShowPicture(1, np.ones(session.frame().data.raw.in_shape)))
    session.inspect()
    return session


def wants_of(kind: type[Want], project: Project) -> list[Want]:
    """With all values to try."""
    nodes = {"node_id": (*(node.id for node in project.network.nodes), "input", "nobody")}
    needed = [f.name for f in fields(kind) if f.default is MISSING]
    return [
        kind(**dict(zip(needed, values, strict=True)))
        for values in product(*((nodes | FIELDS)[name] for name in needed))
    ]


def plain(value: Any) -> Any:
    """The same in dictionaries and lists, which NumPy compares number by number."""
    if is_dataclass(value):
        return {"type": type(value), **{f.name: plain(getattr(value, f.name)) for f in fields(value)}}
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def test_messages_has_all_wants_and_commands_and_nothing_that_is_none() -> None:
    found = {name for name in vars(messages) if not name.startswith("_")}
    assert found == {name for module in (commands, frame, inspecting, live, wants) for name in module.__all__}
    assert {kind.__name__ for kind in (*KINDS, *get_args(messages.Command))} <= found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
class TestEveryWant:
    def test_it_says_what_it_answers(self, kind: type[Want]) -> None:
        assert "Answer:" in kind.__doc__

    def test_it_is_a_value_that_crosses_to_the_process_that_trains(self, kind: type[Want]) -> None:
        for want in wants_of(kind, PLANE):
            sent = pickle.loads(pickle.dumps(want))
            assert (sent, hash(sent)) == (want, hash(want))

    def test_its_answer_comes_back_and_stays_as_it_is(self, kind: type[Want]) -> None:
        crate, found = Crate(), 0
        room = crate.grown(1 << 22).opened()
        for project in (PLANE, LINE, PICTURES):
            session, wants = session_of(project), wants_of(kind, project)
            session.work(wants, lambda _: True)
            frame = session.frame(wants)
            assert frame.unanswered == ""
            answers = {want: frame.answer(want) for want in wants if want in frame.answers}
            before = pickle.dumps(answers)
            found += len(answers)
            come = crate.unpacked(packed(answers, room))
            np.testing.assert_equal(plain(come), plain(answers))
            model = session.trainer.model
            kept = model.store.values.copy()
            model.store.values[...] = 1.0
            session.frame(wants)
            after = pickle.dumps(answers)
            model.store.values[...] = kept
            assert after == before, "not a copy: it follows the weights"
        assert found, "no session has an answer"
        room.close()
        crate.empty()

    def test_a_network_that_cannot_run_is_no_fault(self, kind: type[Want]) -> None:
        session = Session()
        session.load(edits.add_layer(PLANE, Linear(3), len(PLANE.network.nodes)))
        session.inspect()
        wants = wants_of(kind, session.project)
        session.work(wants, lambda _: True)
        assert session.frame(wants).unanswered == ""

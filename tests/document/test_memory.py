"""A network of gigabytes is asked about before any of it is made, and refused where there is not so much."""

import pytest

from engine.layers import Linear
from engine.problems import AllowMemory
from playground.document import edits
from playground.document.examples import examples
from playground.document.files import from_json, to_json
from playground.document.project import Project, problems
from playground.runner.session import Session, State
from tests.document.projects import circle

WIDE = edits.add_layer(edits.add_layer(circle(), Linear(20_000), 0), Linear(20_000), 1)


@pytest.fixture
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.document.project.machine", lambda: 1 << 40)


@pytest.mark.usefixtures("roomy")
def test_a_large_network_waits_for_the_user_and_only_so_long() -> None:
    [problem] = problems(WIDE)
    assert problem.node_id == WIDE.network.nodes[1].id
    assert (
        "some 2.98 GB of memory while it trains, 2.98 GB of it for this block; expected at most 2 GB"
        in problem.message
    )
    [remedy] = problem.remedies
    assert isinstance(remedy, AllowMemory)
    agreed = edits.mend(WIDE, remedy)
    assert problems(agreed) == ()
    assert "memory" not in to_json(agreed)
    assert problems(from_json(to_json(agreed), "again")) == (problem,)
    wider = edits.add_layer(agreed, Linear(30_000), 2)
    assert "GB of memory" in problems(wider)[0].message


def test_nothing_of_it_is_made_before(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    session.load(WIDE)
    assert session.state is State.EMPTY
    assert session.trainer is None
    assert session._model is not None
    assert [node.layer for node in session._model.network.nodes] == [Linear(20_000)]


def test_what_this_computer_does_not_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.document.project.machine", lambda: 2 << 30)
    project: Project = WIDE.replace(memory=1 << 40)
    [problem] = problems(project)
    assert "this computer has 2 GB" in problem.message
    assert problem.remedies == ()


@pytest.mark.usefixtures("roomy")
def test_no_example_needs_a_question() -> None:
    assert [e.key for e in examples() if problems(e.project)] == []

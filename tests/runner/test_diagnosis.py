"""A diagnosis comes with a frame: of these weights while paused, at most a few times a second while the run goes on."""

from __future__ import annotations

import numpy as np
import pytest

from engine.diagnosis import diagnose
from playground.document import edits
from playground.document.examples import example
from playground.runner import wants
from playground.runner.messages import Diagnosis
from playground.runner.session import Session

WANT = Diagnosis()


@pytest.fixture
def session() -> Session:
    made = Session()
    made.load(example("xor").project)
    return made


def test_a_paused_run_is_diagnosed_as_it_is(session: Session) -> None:
    first = session.frame([WANT]).answer(WANT)
    session.play()
    session.train(600.0, 20)
    session.pause()
    found, expected = session.frame([WANT]).answer(WANT), diagnose(session.trainer)
    assert (first.step, found.step) == (0, 20)
    for one, other in zip(found.layers, expected.layers, strict=True):
        np.testing.assert_equal(
            (one.node_id, one.mean, one.update_ratio), (other.node_id, other.mean, other.update_ratio)
        )
        np.testing.assert_array_equal(one.outputs.counts, other.outputs.counts)


def test_a_run_that_goes_on_is_diagnosed_now_and_then(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(wants, "perf_counter", lambda: clock[0])
    session.play()
    seen = []
    for now in (100.0, 100.1, 100.2, 100.3, 100.4, 100.6):
        clock[0] = now
        session.train(600.0, 1)
        seen.append(session.frame([WANT]).answer(WANT).step)
    assert seen == [1, 1, 1, 4, 4, 6]
    session.train(600.0, 1)
    session.pause()
    assert session.frame([WANT]).answer(WANT).step == 7  # paused: no waiting


def test_a_hand_edit_while_paused_is_seen(session: Session) -> None:
    before = session.frame([WANT]).answer(WANT)
    assert session.frame([WANT]).answer(WANT) is before
    node_id = before.layers[0].node_id
    session.load(edits.set_weight(session.project, node_id, "weight", (0, 0), 0.0, 50.0))
    after = session.frame([WANT]).answer(WANT)
    assert after.step == before.step
    assert after[node_id].std > before[node_id].std


def test_a_half_built_network_has_none(session: Session) -> None:
    project = session.project
    session.load(edits.remove(project, {project.network.output_id}))
    assert session.trainer is None
    assert session.frame([WANT]).answer(WANT) is None


def test_the_human_error_is_no_reason_to_begin_anew(session: Session) -> None:
    session.play()
    session.train(600.0, 5)
    trainer = session.trainer
    session.load(edits.set_human_error(session.project, 0.1))
    assert session.trainer is trainer
    assert session.frame().step == 5

"""Spreads come with a frame; earlier moments are looked at one by one, and are what they were; a kept run is looked at from its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.distributions import distributions
from engine.snapshot import Snapshot
from playground.document import edits
from playground.document.examples import example
from playground.runner.messages import KeptSpreads, SpreadFilm, Spreads
from playground.runner.session import Session
from playground.runner.spreads import FRAMES, chosen
from playground.runs import files

FILM = SpreadFilm("linear1", "weights")


def session_of(key: str = "xor", steps: int = 0) -> Session:
    made = Session()
    made.load(example(key).project)
    if steps:
        made.play()
        made.train(600.0, steps)
        made.pause()
    return made


def test_the_spreads_are_those_of_this_moment() -> None:
    session = session_of(steps=20)
    found, expected = session.frame([Spreads()]).answer(Spreads()), distributions(session.trainer)
    assert found.step == 20
    for (name, one), (other_name, other) in zip(found.of("sums"), expected.of("sums"), strict=True):
        assert name == other_name
        np.testing.assert_array_equal(one.above, other.above)


def test_a_film_has_the_moments_that_one_can_return_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.checkpoints.EVERY", 0.0)
    monkeypatch.setattr("engine.checkpoints.COST", 1e9)
    session = session_of(steps=0)
    expected = {}
    for _ in range(6):
        expected[session.trainer.steps] = dict(distributions(session.trainer).of("weights"))["linear1"]
        session.play()
        session.train(600.0, 10)
        session.pause()
    first = session.frame([FILM]).answer(FILM)
    assert len(first.frames) == 1
    assert first.missing > 0
    assert session.work([FILM], lambda want: True)
    film = session.frame([FILM]).answer(FILM)
    assert film.missing == 0
    seen = {one.step: one.spread for one in film.frames}
    assert set(expected) <= {*seen, session.trainer.steps}
    for step in set(seen) & set(expected):
        np.testing.assert_array_equal(seen[step].above, expected[step].above)
        assert seen[step].std == expected[step].std
    assert not session.work([FILM], lambda want: True)
    assert session.frame([FILM]).answer(FILM) is session.frame([FILM]).answer(FILM)


def test_a_film_changes_nothing() -> None:
    watched, alone = session_of(steps=30), session_of(steps=30)
    watched.work([FILM], lambda want: True)
    for session in (watched, alone):
        session.play()
        session.train(600.0, 30)
    for name, array in alone.trainer.model.state_dict().items():
        np.testing.assert_array_equal(watched.trainer.model.state_dict()[name], array)


def test_another_beginning_is_another_film() -> None:
    session = session_of(steps=30)
    session.work([FILM], lambda want: True)
    before = session.frame([FILM]).answer(FILM)
    session.load(edits.new_weights(session.project))
    after = session.frame([FILM]).answer(FILM)
    assert [one.step for one in after.frames] == [0]
    assert after.frames[0].spread.std != before.frames[0].spread.std


def moment(step: int) -> Snapshot:
    return Snapshot(0, step, 0, {}, {}, None, (None, None))


@pytest.mark.parametrize("last", [0, 5, 31, 100, 5000, 123_456])
def test_chosen_moments_are_even_and_few(last: int) -> None:
    found = [one.steps for one in chosen([moment(step) for step in range(0, last + 1, max(1, last // 1000))])]
    assert found[0] == 0
    assert len(found) <= FRAMES + 1
    assert len(found) >= min(last, FRAMES // 2)
    gaps = np.diff(found)
    assert gaps.size == 0 or gaps.max() <= 2 * gaps.min() + 1


def test_what_was_chosen_stays_while_the_run_grows() -> None:
    before, after = ({m.steps for m in chosen([moment(step) for step in range(n)])} for n in (100, 120))
    assert before <= after


def test_a_kept_run_is_looked_at_from_its_file(tmp_path: Path) -> None:
    session = session_of(steps=25)
    file = tmp_path / "kept.chainrule"
    files.save(session.project, file, session.current())
    want = KeptSpreads(str(file))
    other = session_of("circle")
    found = other.frame([want]).answer(want)
    expected = distributions(session.trainer)
    assert found.step == 25
    for (_, one), (_, same) in zip(found.of("weights"), expected.of("weights"), strict=True):
        np.testing.assert_array_equal(one.below, same.below)


def test_a_file_that_is_none_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "x.chainrule").write_bytes(b"nothing")
    want = KeptSpreads(str(tmp_path / "x.chainrule"))
    assert session_of().frame([want]).answer(want).startswith("That run cannot be shown.")

"""The coach beside a run that a window shows looks now and then, says the same object until it says something else."""

from __future__ import annotations

from engine.layers import Linear, Tanh
from engine.network import Network
from engine.optimizers import SGD
from playground.document import edits
from playground.document.examples import example
from playground.document.project import Project
from playground.runner import coaching
from playground.runner.messages import Coaching
from playground.runner.session import Session

WANT = Coaching()


def session(project: Project) -> Session:
    made = Session()
    made.load(project)
    return made


def trained(made: Session, epochs: int):
    """What is told after each epoch."""
    for _ in range(epochs):
        made.play()
        made.train(600.0, until_epoch=made.trainer.epoch + 1)
        made.pause()
        told = made.frame([WANT]).answer(WANT)
    return told


def test_a_healthy_run_learns_and_the_answer_stays_the_same_object() -> None:
    made = session(example("xor").project)
    assert made.frame([WANT]).answer(WANT).light == ""
    told = trained(made, 6)
    assert (told.light, told.advice) == ("learning", None)
    assert made.frame([WANT]).answer(WANT) is told


def test_an_edit_that_mends_ends_the_advice() -> None:
    made = session(example("xor").project.replace(network=Network.chain(Linear(4), Linear(4), Linear(1))))
    told = trained(made, 2)
    assert (told.advice.rule, told.light) == ("no-nonlinearity", "stuck")
    made.load(edits.mend(made.project, told.advice.remedies[0]))
    assert trained(made, 4).light == "learning"


def test_what_learns_all_the_same_is_not_called_stuck() -> None:
    layers = (Linear(8), Tanh(), Linear(8), Linear(8), Tanh(), Linear(1))
    told = trained(session(example("xor").project.replace(network=Network.chain(*layers))), 8)
    assert (told.advice.rule, told.light) == ("no-nonlinearity", "suspicious")


def test_curves_from_before_an_edit_say_nothing_of_what_came_after() -> None:
    slow = Project(network=Network.chain(Linear(8), Tanh(), Linear(1)))
    slow = edits.set_fit(slow, slow.fit.replace(optimizer=SGD(lr=1e-6)))
    made = session(slow)
    assert trained(made, 10).advice.rule == "rate-too-small"
    made.load(edits.set_fit(slow, slow.fit.replace(optimizer=SGD(lr=0.1))))
    assert made.frame([WANT]).answer(WANT).advice is None


def test_what_is_meant_so_is_not_said() -> None:
    made = session(example("xor").project.replace(network=Network.chain(Linear(4), Linear(4), Linear(1))))
    assert made.frame([WANT]).answer(WANT).advice.rule == "no-nonlinearity"
    made.load(edits.mean_so(made.project, "no-nonlinearity"))
    told = made.frame([WANT]).answer(WANT)
    assert told.advice is None or told.advice.rule != "no-nonlinearity"
    assert trained(made, 1) is not None


def test_going_back_is_followed() -> None:
    made = session(example("xor").project)
    trained(made, 5)
    made.go_to(0)
    assert made.frame([WANT]).answer(WANT) is not None


def test_a_running_run_is_not_looked_at_in_every_frame(monkeypatch) -> None:
    made, looks = session(example("xor").project), []
    real = coaching.look
    monkeypatch.setattr(coaching, "look", lambda *given: looks.append(0) or real(*given))
    made.frame([WANT])
    made.play()
    for _ in range(20):
        made.train(600.0, until_epoch=made.trainer.epoch + 1)
        made.frame([WANT])
    monkeypatch.setattr(coaching, "perf_counter", lambda: 1e9)
    made.train(600.0, until_epoch=made.trainer.epoch + 1)
    made.frame([WANT])
    assert 2 <= len(looks) < 22


def test_a_large_network_is_judged_by_its_plan_alone(monkeypatch) -> None:
    monkeypatch.setattr(coaching, "MOST_LIVE", 5)
    monkeypatch.setattr(coaching, "look", lambda *given: 1 / 0)
    made = session(example("xor").project.replace(network=Network.chain(Linear(4), Linear(4), Linear(1))))
    assert trained(made, 2).advice.rule == "no-nonlinearity"


def test_a_half_built_network_has_no_coach() -> None:
    made = session(Project(network=Network.chain(Linear(3))))
    assert made.frame([WANT]).answer(WANT) is None

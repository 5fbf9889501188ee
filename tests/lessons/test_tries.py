"""Several seeds of one network, not one lucky run of many networks."""

from playground.document import edits
from playground.document.examples import example
from playground.document.project import Project
from playground.lessons.check import check
from playground.lessons.reading import parse
from playground.lessons.tries import Tries
from tests.lessons.test_lesson_files import FRONT

PROJECT = example("circle").project


def seeded(seed: int, project: Project = PROJECT) -> Project:
    return edits.set_seed(project, seed)


def test_two_of_three() -> None:
    tries = Tries(2, 3)
    tries.see(seeded(0), False, False)
    assert tries.tried == 0, "nothing has been trained yet"
    for seed, met in ((0, False), (0, True), (1, False)):
        tries.see(seeded(seed), True, met)
    assert (tries.tried, tries.met, tries.reached) == (2, (0,), False)
    tries.see(seeded(2), True, True)
    assert tries.reached


def test_trying_on_until_two_were_lucky_is_not_two_of_three() -> None:
    tries = Tries(2, 3)
    for seed in range(6):
        tries.see(seeded(seed), True, seed in (0, 5))
    assert not tries.reached
    for seed in (1, 2):
        tries.see(seeded(seed), True, True)
    assert tries.reached, "four of six"


def test_another_network_begins_to_count_anew() -> None:
    tries = Tries(1, 2)
    tries.see(seeded(0), True, True)
    other = edits.set_fit(PROJECT, PROJECT.fit.replace(batch_size=3))
    tries.see(seeded(1, other), True, False)
    assert (tries.tried, tries.met) == (1, ())


def test_the_check_plays_all_seeds() -> None:
    goal = '## A\n::: goal id=g seeds={} when="run.epoch >= 1 and data.seed {}" solution="do:train?epochs=1"\nx\n:::\n'
    assert check(parse(FRONT + goal.format("2/3", "<= 1"), "one")) == ()
    assert "does not reach it with seed 1" in check(parse(FRONT + goal.format("2/3", "== 0"), "one"))[0]
    assert "does not reach it with seed 2" in check(parse(FRONT + goal.format("3", "<= 1"), "one"))[0]

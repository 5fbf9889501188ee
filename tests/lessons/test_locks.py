"""What a lesson locks is refused, whatever it is called; what it opens is not, with its consequences."""

from collections.abc import Callable

import pytest

from engine.data import Spiral
from engine.layers import ReLU
from engine.optimizers import Adam
from playground.document import edits
from playground.document.examples import example
from playground.document.project import Project
from playground.lessons.check import check
from playground.lessons.errors import LessonError
from playground.lessons.locks import CONTROLS, allowed
from playground.lessons.reading import parse
from playground.runner.messages import GoTo, Inspect, Pause, Play, Reset, SetSpeed, Step
from tests.lessons.test_lesson_files import FRONT, GOAL

PROJECT = example("circle").project


def fit(**changes: object) -> Project:
    return edits.set_fit(PROJECT, PROJECT.fit.replace(**changes))


def units(count: int) -> Project:
    return edits.set_layer(PROJECT, "linear1", PROJECT.network["linear1"].layer.replace(out_features=count))


RATE = PROJECT.fit.optimizer.replace(lr=0.5)
EDITS: dict[str, Callable[[], Project]] = {
    "rate": lambda: fit(optimizer=RATE),
    "optimizer": lambda: fit(optimizer=Adam(lr=PROJECT.fit.optimizer.lr)),
    "batch": lambda: fit(batch_size=3),
    "units": lambda: units(9),
    "layer": lambda: edits.add_layer(PROJECT, ReLU(), 1),
    "removed": lambda: edits.remove(PROJECT, ["tanh1"]),
    "data": lambda: edits.set_source(PROJECT, Spiral()),
    "seed": lambda: edits.new_weights(PROJECT),
    "weight": lambda: edits.set_weight(PROJECT, "linear1", "weight", (0, 0), 0.1, 0.2),
    "name": lambda: edits.rename(PROJECT, "other"),
}


@pytest.mark.parametrize(
    ("written", "open_"),
    [
        ("", {"name"}),
        ("play", {"name"}),
        ("fit.optimizer.lr", {"name", "rate"}),
        ("fit.optimizer", {"name", "rate", "optimizer"}),
        ("training", {"name", "rate", "optimizer", "batch"}),
        ("linear1.out_features", {"name", "units"}),
        ("network", {"name", "units", "layer", "removed"}),
        ("data", {"name", "data"}),
        ("seed,weights", {"name", "seed", "weight"}),
        (",".join(CONTROLS), set(EDITS)),
    ],
)
def test_only_what_is_opened_can_be_edited(written: str, open_: set[str]) -> None:
    one = allowed(written)
    assert {name for name, made in EDITS.items() if not one.refused(PROJECT, made())} == open_


def test_commands_belong_to_controls() -> None:
    commands = (Play(), Step(), Inspect(), Reset(), GoTo(3), Pause(), SetSpeed(None))
    for written, kept_back in (("", 5), ("play", 3), ("inside,reset", 3), ("play,inside,reset,history", 0)):
        assert sum(allowed(written).refuses_command(one) for one in commands) == kept_back, written


def test_fields_inside_are_open_where_the_whole_is_not() -> None:
    one = allowed("fit.optimizer.lr")
    assert (one.field("fit.optimizer.lr"), one.field("fit.optimizer"), one.within("fit.optimizer")) == (
        True,
        False,
        True,
    )
    assert not one.within("fit.optimizers")


@pytest.mark.parametrize(
    "written", ["plai", "lr", "__class__", "fit..lr", "fit.optimizer.lr)", ",".join(["play"] * 31)]
)
def test_what_is_no_control_is_refused(written: str) -> None:
    with pytest.raises(LessonError):
        allowed(written)


def test_the_check_asks_whether_a_goal_can_be_reached_under_its_lock() -> None:
    lock = "## A\n::: lock allow={} until=g\n:::\n"
    for opened, fault in (
        ("play", ""),
        ("reset", "needs what is locked there: train"),
        ("play,nobody.lr", "cannot be opened"),
    ):
        found = check(parse(FRONT + lock.format(opened) + GOAL, "one"))
        assert len(found) == bool(fault)
        assert not fault or fault in found[0]
    edit = GOAL.replace("do:train", "do:set?fit.batch_size=3 do:train")
    assert "batch" in check(parse(FRONT + lock.format("play") + edit, "one"))[0]
    assert check(parse(FRONT + lock.format("play,fit.batch_size") + edit, "one")) == ()


def test_locks_open_one_by_one_and_a_free_task_has_none() -> None:
    body = (
        "## A\n::: lock allow=play until=q\n:::\n::: lock allow=play,training until=g\n:::\n"
        "::: predict id=q\nWhat?\n- [x] a\n- [ ] b\n:::\n" + GOAL + "## B\n::: free\nTry.\n:::\n## C\ntext\n"
    )
    lesson = parse(FRONT + body, "one")
    first, free, last = lesson.pages
    names = [None if one is None else sorted(one.names) for one in (
        lesson.allowed_on(first, ()), lesson.allowed_on(first, {"q"}), lesson.allowed_on(first, {"q", "g"}),
        lesson.allowed_on(free, ()), lesson.allowed_on(last, ()),
    )]  # fmt: skip
    assert names == [["play"], ["play", "training"], None, None, None]
    whole = parse(FRONT.replace("start =", 'allow = ["play"]\nhide = ["palette"]\nstart =') + body, "one")
    assert whole.allowed_on(whole.pages[1], ()) == allowed("play"), "for a class it stays locked to the end"
    assert whole.hidden == ("palette",)

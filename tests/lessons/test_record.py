"""What an author does once becomes a solution that can be played, and goals that it meets and the beginning does not."""

import pytest

from engine.data import Moons
from engine.layers import ReLU
from engine.optimizers import Adam
from playground.document import edits
from playground.document.examples import example, examples
from playground.document.project import Project
from playground.lessons.actions import action
from playground.lessons.check import check
from playground.lessons.errors import LessonError
from playground.lessons.names import Seen
from playground.lessons.reading import parse
from playground.lessons.record import MOST_LINKS, Proposal, Recording, lesson_text, start_links
from playground.runner.messages import Reset, Step
from playground.runner.session import Session


class Author:
    """Does things to a session, watched by a recording."""

    def __init__(self, key: str = "circle") -> None:
        self.session = Session()
        self.session.load(example(key).project, another=True)
        self.recording = Recording(self.now)

    @property
    def now(self) -> Seen:
        return Seen(self.session.project, self.session.frame())

    def edit(self, after: Project) -> None:
        self.recording.see_edit(after, self.now)
        self.session.load(after)

    def train(self, epochs: int) -> None:
        action(f"do:train?epochs={epochs}").do(self.session)

    def reset(self) -> None:
        self.recording.see_command(Reset(), self.now)
        self.session.reset()


def test_the_whole_way_from_doing_to_a_lesson_that_holds() -> None:
    author = Author()
    start = start_links(author.session.project)
    project = author.session.project
    author.edit(edits.set_layer(project, "linear1", project.network["linear1"].layer.replace(out_features=3)))
    author.edit(edits.add_layer(author.session.project, ReLU(), 1))
    author.train(5)
    author.edit(edits.remove(author.session.project, ["relu1"]))
    author.edit(
        edits.set_fit(author.session.project, author.session.project.fit.replace(optimizer=Adam(lr=0.02)))
    )
    author.reset()
    author.train(60)
    found = author.recording.finish(author.now)
    assert author.recording.links == [
        "do:set?linear1.out_features=3", "do:add?layer=ReLU&after=linear1", "do:train?epochs=5", "do:remove?layer=relu1",
        "do:set?fit.optimizer=Adam", "do:set?fit.optimizer.lr=0.02", "do:reset", "do:train?epochs=60",
    ]  # fmt: skip
    assert author.recording.left_out == []
    chosen = [one for one in found if one.chosen]
    assert [one.when.partition(" ")[0] for one in chosen] == ["metric.validation.accuracy", "network.units"]
    lesson = parse(lesson_text('A "ring"', start, "Close it", chosen, author.recording.links), "mine")
    assert lesson.title == 'A "ring"'
    assert check(lesson) == ()


def test_a_slider_that_is_dragged_is_one_link() -> None:
    author = Author()
    for rate in (0.2, 0.3, 0.45):
        fit = author.session.project.fit
        author.edit(
            edits.set_fit(author.session.project, fit.replace(optimizer=fit.optimizer.replace(lr=rate)))
        )
    assert author.recording.links == ["do:set?fit.optimizer.lr=0.45"]


def test_single_steps_are_links_and_a_begun_epoch_is_a_whole_one() -> None:
    author = Author()
    author.recording.see_command(Step("batch"), author.now)
    action("do:step").do(author.session)
    author.edit(edits.set_source(author.session.project, Moons()))
    assert author.recording.links == ["do:step", "do:data?name=Moons"]
    action("do:step").do(author.session)
    author.recording.finish(author.now)
    assert author.recording.links[-1] == "do:train?epochs=1"


def test_what_no_link_can_say_is_said() -> None:
    author = Author()
    author.edit(edits.set_weight(author.session.project, "linear1", "weight", (0, 0), 0.1, 0.5))
    assert author.recording.links == []
    assert "by hand" in author.recording.left_out[0]
    for seed in range(1, MOST_LINKS + 3):
        author.recording.see_command(Step("batch"), author.now)
        author.edit(edits.set_seed(author.session.project, seed))
    assert len(author.recording.links) == MOST_LINKS
    assert "left out" in author.recording.left_out[-1]


def test_nothing_asked_is_no_lesson() -> None:
    with pytest.raises(LessonError, match="Nothing is asked"):
        lesson_text("A", ("do:open?example=circle",), "g", [], [])
    text = lesson_text(
        "A\n+++\n::: goal", ("do:open?example=circle",), "::: x", [Proposal("run.epoch >= 1", "x")], []
    )
    assert parse(text, "one").goals[0].title == "x"


@pytest.mark.parametrize("key", [one.key for one in examples()])
def test_every_example_can_be_a_start(key: str) -> None:
    assert start_links(example(key).project) == (f"do:open?example={key}",)

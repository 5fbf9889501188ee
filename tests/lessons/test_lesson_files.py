"""A lesson's file is somebody else's: what is wrong in it is said, and nothing else happens."""

import random
from pathlib import Path

import pytest

from engine.layers import LeakyReLU
from playground.document.examples import example
from playground.document.project import Project
from playground.lessons.actions import ACTIONS, action
from playground.lessons.check import check
from playground.lessons.errors import LessonError
from playground.lessons.reading import MOST_BYTES, lessons, load, parse
from playground.runner.session import Session

FRONT = '+++\ntitle = "A"\nabout = "B"\nminutes = 5\ntopic = "C"\nstart = ["do:open?example=circle"]\n+++\n'
GOAL = '::: goal id=g when="run.epoch >= 2" solution="do:train?epochs=2"\nTwo epochs\n:::\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "does not begin with its title"),
        ("+++\ntitle = \n+++\n## A\n", "is not TOML"),
        ("+++\ntitle = 3\n+++\n## A\n", "has no title"),
        (FRONT, "has no page"),
        (FRONT + "text\n## A\n", "before the first page"),
        (FRONT + "## A\n::: goal id=g when='run.epoch > 1'\n", "line 9: this part has no end"),
        (FRONT + "## A\n::: goal when='run.epoch > 1'\n:::\n", "id is missing"),
        (FRONT + "## A\n::: goal id=g when='run.epok > 1'\n:::\n", "run.epoch"),
        (FRONT + "## A\n::: gaol id=g\n:::\n", "goal"),
        (FRONT + "## A\n::: goal id=g wen=1\n:::\n", "when"),
        (FRONT + "## A\n::: goal id=g when='1 < 2\n:::\n", "quotation mark"),
        (FRONT + "## A\n::: goal id=g seeds=0 when='1 < 2'\n:::\n", "how many runs"),
        (FRONT + "## A\n::: predict id=q\nWhat?\n:::\n", "no answer"),
        (FRONT + "## A\n::: predict id=q\nWhat?\n- [x] a\n- [x] b\n:::\n", "do not decide"),
        (FRONT + "## A\n::: predict id=q answer='1'\nWhat?\n- [x] a\n- [ ] b\n:::\n", "two kinds"),
        (FRONT + "## A\n::: reveal after=q\nSo.\n:::\n", "question of lesson"),
        (FRONT + "## A\n" + GOAL + GOAL, "stands twice"),
        (FRONT.replace("do:open?example=circle", "do:format") + "## A\n", "There is no action"),
        (FRONT + "## A\n" * 60, "too many pages"),
        (FRONT.replace("topic", "topics") + "## A\n", "topic"),
        (FRONT.replace("start =", 'alow = ["play"]\nstart =') + "## A\n", "allow"),
        (FRONT.replace("start =", 'allow = "play"\nstart =') + "## A\n", "a list of texts"),
        (FRONT.replace("start =", 'allow = ["plai"]\nstart =') + "## A\n", "play"),
        (FRONT.replace("start =", "personal = 1\nstart =") + "## A\n", "true or false"),
        (FRONT + "## A\n::: lock allow=play until=nobody\n:::\n", "nobody"),
        (FRONT + "## A\n::: lock allow=plai\n:::\n", "play"),
        (FRONT + "## A\n::: faded level=2\n:::\n", "id is missing"),
        (FRONT + "## A\n::: faded id=f level=4\n:::\n", "1 to 3"),
        (FRONT + "## A\n::: goal id=g seeds=3/2 when='1 < 2'\nx\n:::\n", "2/3 for two of three"),
        (FRONT + "## A\n::: goal id=g coach=maybe when='1 < 2'\nx\n:::\n", "yes or no"),
        (FRONT + "## A\n::: predict id=q\nWhat?\n- [x] a\n- [ ] b\n? Why?\n:::\n", "no reasons"),
        (
            FRONT
            + "## A\n::: predict id=q\nWhat?\n- [x] a\n- [ ] b\n? Why?\n- because [ ] c\n- because [ ] d\n:::\n",
            "do not decide",
        ),
    ],
)
def test_what_is_wrong_is_said(text: str, why: str) -> None:
    with pytest.raises(LessonError, match=r"[a-z]") as raised:
        parse(text, "one")
    assert why in str(raised.value)


def test_the_check_plays_the_solution() -> None:
    assert check(parse(FRONT + "## A\n" + GOAL, "one")) == ()
    for text, why in (
        (GOAL.replace(">= 2", ">= 3"), "does not reach it with seed 0: epoch is 2, asked ≥ 3"),
        (GOAL.replace(">= 2", ">= 0"), "is met at the start of the lesson"),
        (GOAL.replace('solution="do:train?epochs=2"', ""), "has no solution"),
        (GOAL.replace("do:train?epochs=2", "do:set?nobody.a=1"), "cannot be played"),
        ("[a](do:set?linear9.out_features=3)", "linear9"),
        ("[a](do:set?fit.optimizer.lr=-3)", "lr"),
        ("[a](do:set?fit.clipping.max_norm=1)", "is off"),
        ("::: predict id=q answer=\"step.value('tanh1', 0)\"\nWhat?\n:::\n", "has no number"),
        ("::: predict id=q answer='2'\nWhat?\n- wrong `2 + 0` :: no\n:::\n", "is the right answer"),
    ):
        found = check(parse(FRONT + "## A\n" + text, "one"))
        assert len(found) == 1
        assert why in found[0]


@pytest.mark.parametrize(
    "link", ["do:set?linear1.out_features=", "do:add?after=linear1", "do:open", "do:set?a", "x" * 999]
)
def test_links_that_make_no_sense(link: str) -> None:
    project = example("circle").project
    with pytest.raises(LessonError):
        action(link).edited(project)


def test_actions_do_what_they_say() -> None:
    session = Session()
    for link in (
        "do:open?example=circle", "do:set?fit.optimizer=Adam&linear1.out_features=3", "do:add?layer=Linear&after=tanh2&out_features=5",
        "do:remove?layer=tanh2", "do:data?name=Spiral", "do:set?seed=4", "do:train?epochs=2",
    ):  # fmt: skip
        action(link).do(session)
    project = session.project
    assert [n.layer.key for n in project.network.nodes] == ["Linear", "Tanh", "Linear", "Linear", "Linear"]
    assert (project.seed, project.source.key, project.fit.optimizer.key, session.frame().epoch) == (
        4,
        "Spiral",
        "Adam",
        2,
    )
    for link, step, traced in (
        ("do:step", 1, False),
        ("do:inside", 1, True),
        ("do:apply", 2, True),
        ("do:discard", 2, False),
    ):
        if link == "do:step":
            action("do:reset").do(session)
        action(link).do(session)
        frame = session.frame()
        assert (frame.step, frame.trace is not None) == (step, traced), link
    assert {"play", "pause", "panel", "look"} < set(ACTIONS)


def test_settings_by_their_path() -> None:
    project = example("circle").project

    def made(link: str) -> Project:
        found = action(link).edited(project)
        assert found is not None
        return found

    assert made("do:set?fit.batch_size=7").fit.batch_size == 7
    assert made("do:set?source.noise=0.3").source.noise == 0.3
    assert made("do:set?linear1.bias=no").network["linear1"].layer.bias is False
    assert made("do:set?fit.clipping=none").fit.clipping is None
    assert made("do:add?layer=LeakyReLU&negative_slope=0.3").network.nodes[-1].layer == LeakyReLU(0.3)
    # What is no yes or no is refused, not taken for no.
    for link in (
        "linear1.bias=maybe",
        "fit.clipping.max_norm=1",
        "fit.nothing=1",
        "nothing.lr=1",
        "fit.batch_size=few",
    ):
        with pytest.raises(LessonError, match="do:set"):
            made(f"do:set?{link}")


def test_files(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    file = folder / "lesson.md"
    file.write_text(FRONT + "## A\n" + GOAL)
    assert load(folder) == load(file)
    assert load(file).id == "one"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(LessonError, match="UTF-8"):
        load(folder)
    file.write_bytes(b" " * (MOST_BYTES + 1))
    with pytest.raises(LessonError):
        load(folder)
    with pytest.raises(LessonError):
        load(Path("/dev/zero"))


def test_damaged_lessons_are_sentences(record_property: pytest.FixtureRequest) -> None:
    """Letters, lines and words exchanged, cut and doubled: read, or refused in words."""
    seed = random.randrange(2**32)
    record_property("seed", seed)
    draw = random.Random(seed)
    texts = [
        (Path(__file__).parents[2] / "assets" / "lessons" / one.id / "lesson.md").read_text()
        for one in lessons()
    ]
    for _ in range(300):
        lines = draw.choice(texts).split("\n")
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(lines))
            line = lines[at]
            match draw.randrange(5):
                case 0:
                    del lines[at : at + draw.randint(1, 5)]
                case 1:
                    lines.insert(at, draw.choice(lines) if lines else "")
                case 2:
                    lines[at] = line[: draw.randint(0, len(line))] + draw.choice(
                        ["'", '"', ":::", "`", "\x00", "(((", "=", "💥"]
                    )
                case 3:
                    lines[at] = line.replace("=", draw.choice(["", "==", " = "]))
                case _:
                    lines[at] = "".join(draw.sample(line, len(line)))
            lines = lines or [""]
        try:
            lesson = parse("\n".join(lines), "one")
            refused = "" if all(link is not None for link in lesson.links) else "no link"
        except LessonError as error:
            refused = str(error)
        assert refused == "" or 10 < len(refused) < 700, seed

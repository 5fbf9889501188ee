r"""A lesson as a value, read from its file: CommonMark with TOML in front and a few containers.

    +++
    title = "…"
    +++
    ## A page
    Text with $\LaTeX$, and [links](do:step?unit=batch) that do something.

    ::: predict id=q1 kind=choice
    How many lines close a ring?
    - [ ] 2 :: Two lines leave it open.
    - [x] 3
    > Three lines make a triangle.
    :::

    ::: goal id=g1 when="metric.validation.loss < 0.05 and network.units <= 3" solution="do:train?epochs=200"
    Close the ring
    :::

``::: hint`` waits to be asked for; ``::: reveal after=q1`` waits for an answer.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.errors import EngineError, UnknownName, shown
from engine.io.guarded import read_bytes
from playground.assets import asset_path
from playground.document.project import Project
from playground.lessons.actions import Action, action
from playground.lessons.errors import LessonError
from playground.lessons.expressions import Expression

#: bytes of a lesson, pages in it, blocks of a page, choices of a question
MOST_BYTES, MOST_PAGES, MOST_BLOCKS, MOST_CHOICES = 256 << 10, 40, 40, 8
FENCE = "+++"
LESSON = "lesson.md"

_OPENED = re.compile(r"^:::\s*(\w+)(.*)$")
_CHOICE = re.compile(r"^- \[( |x)\] (.*)$")
_MISTAKE = re.compile(r"^- wrong `([^`]*)`\s*::\s*(.*)$")
_LINK = re.compile(r"\]\((do:[^)\s]*)\)")


@dataclass(frozen=True)
class Text:
    """CommonMark, with formulas between ``$``."""

    markdown: str


@dataclass(frozen=True)
class Choice:
    """One answer of several; ``remark`` is said to whoever chooses it."""

    text: str
    right: bool
    remark: str = ""


@dataclass(frozen=True)
class Mistake:
    """A wrong number that people often give, and what it comes from."""

    value: Expression
    remark: str


@dataclass(frozen=True)
class Predict:
    """A question that is answered before what follows is shown.

    Args:
        id: of the question.
        question: CommonMark.
        choices: answers to choose from; () where a number is asked for.
        answer: the number, of the learner's own network; ``None`` for choices.
        digits: significant digits that must agree.
        mistakes: numbers that are known to be wrong in a certain way.
        because: said once it is answered.
        given: what has to be done before the number is known; a button does it.
    """

    id: str
    question: str
    choices: tuple[Choice, ...] = ()
    answer: Expression | None = None
    digits: int = 2
    mistakes: tuple[Mistake, ...] = ()
    because: str = ""
    given: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Goal:
    """What is to be reached.

    Args:
        id: of the goal.
        title: in words.
        when: what must be so.
        seeds: in so many runs of different seeds.
        solution: one way to get there, for the author's check.
    """

    id: str
    title: str
    when: Expression
    seeds: int = 1
    solution: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Hint:
    """Help that waits to be asked for."""

    markdown: str


@dataclass(frozen=True)
class Reveal:
    """What is shown once the question ``after`` is answered."""

    after: str
    markdown: str


Block = Text | Predict | Goal | Hint | Reveal


@dataclass(frozen=True)
class Page:
    """One step of a lesson: its heading and what stands below."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def goals(self) -> tuple[Goal, ...]:
        return tuple(b for b in self.blocks if isinstance(b, Goal))

    @property
    def questions(self) -> tuple[Predict, ...]:
        return tuple(b for b in self.blocks if isinstance(b, Predict))


@dataclass(frozen=True)
class Lesson:
    """A whole lesson.

    Args:
        id: its folder's name; orders the lessons.
        title, about: what it is called, and what one learns, in a sentence.
        minutes: how long it takes.
        topic: the heading it stands under.
        start: the example it begins with, and what is changed in it.
        pages: its steps.
    """

    id: str
    title: str
    about: str
    minutes: int
    topic: str
    start: tuple[Action, ...]
    pages: tuple[Page, ...] = field(repr=False)

    @cached_property
    def project(self) -> Project:
        """What it begins with. Raises LessonError."""
        project = Project()
        for one in self.start:
            project = one.edited(project) or project
        return project.replace(name=self.title)

    @property
    def goals(self) -> tuple[Goal, ...]:
        return tuple(goal for page in self.pages for goal in page.goals)

    @property
    def questions(self) -> tuple[Predict, ...]:
        return tuple(question for page in self.pages for question in page.questions)

    @property
    def links(self) -> Iterator[Action]:
        """Every action that a text of it links to."""
        for page in self.pages:
            for block in page.blocks:
                yield from links_in(block)


def links_in(block: Block) -> Iterator[Action]:
    """The actions that a block's texts link to. Raises LessonError."""
    texts: list[str]
    match block:
        case Predict():
            texts = [block.question, block.because, *(choice.remark for choice in block.choices)]
        case Goal():
            texts = [block.title]
        case Text() | Hint() | Reveal():
            texts = [block.markdown]
    for text in texts:
        yield from map(action, _LINK.findall(text))


def lessons() -> tuple[Lesson, ...]:
    """Those that come with the program, in their order."""
    folder = asset_path("lessons")
    return tuple(load(path) for path in sorted(folder.glob(f"*/{LESSON}")))


def load(path: Path) -> Lesson:
    """The lesson in a file, or in a folder that holds ``lesson.md``. Raises LessonError, naming the line."""
    file = path / LESSON if path.is_dir() else path
    try:
        text = read_bytes(file, MOST_BYTES, "a lesson").decode("utf-8")
    except UnicodeDecodeError:
        raise LessonError(f"{file.name} is not UTF-8; expected a lesson's text. Save it as UTF-8.") from None
    except (EngineError, OSError) as error:
        raise LessonError(str(error)) from error
    return parse(text, file.parent.name if file.name == LESSON else file.stem)


def parse(text: str, name: str) -> Lesson:
    """The lesson that ``text`` is. Raises LessonError."""
    front, body, line = _front(text, name)
    reader = _Reader(name)
    pages = tuple(reader.pages(body.split("\n"), line))
    if not pages:
        raise LessonError(f"Lesson {name} has no page; expected a heading that begins with ##. Add one.")
    lesson = Lesson(
        name, _field(front, name, "title", str), _field(front, name, "about", str), _field(front, name, "minutes", int),
        _field(front, name, "topic", str), tuple(map(action, _field(front, name, "start", list))), pages,
    )  # fmt: skip
    ids = [*(goal.id for goal in lesson.goals), *(question.id for question in lesson.questions)]
    for one in ids:
        if ids.count(one) > 1:
            raise LessonError(
                f"In lesson {name} the id {one!r} stands twice; expected one for each. Rename one."
            )
    for page in pages:
        for block in page.blocks:
            if isinstance(block, Reveal) and block.after not in ids:
                raise LessonError(str(UnknownName(f"question of lesson {name}", block.after, ids)))
    return lesson


def _field(front: Mapping[str, Any], name: str, key: str, kind: type) -> Any:
    value: Any = front.get(key)
    fits = isinstance(value, kind) and not isinstance(value, bool)
    if not fits or (kind is list and not all(isinstance(one, str) for one in value)):
        raise LessonError(
            f"Lesson {name} has no {key} in front; expected {'a list of actions' if kind is list else 'a number' if kind is int else 'a text'}. "
            f"Write {key} between the lines {FENCE}."
        )
    return value


def _front(text: str, name: str) -> tuple[Mapping[str, Any], str, int]:
    """What stands in front, the rest, and the number of the rest's first line."""
    parts = text.replace("\r\n", "\n").split(f"{FENCE}\n", 2)
    if len(parts) < 3 or parts[0].strip():
        raise LessonError(
            f"Lesson {name} does not begin with its title; expected TOML between two lines {FENCE}. Add it."
        )
    try:
        front = tomllib.loads(parts[1])
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise LessonError(f"The front of lesson {name} is not TOML: {error}. Correct it.") from None
    return front, parts[2], parts[1].count("\n") + 3


class _Reader:
    """Reads the body of a lesson line by line."""

    def __init__(self, name: str) -> None:
        self._name, self._line = name, 0

    def _wrong(self, what: str, expected: str) -> LessonError:
        return LessonError(
            f"Lesson {self._name}, line {self._line}: {what}; expected {expected}. Correct it there."
        )

    def pages(self, lines: Sequence[str], first: int) -> Iterator[Page]:
        title, blocks, text, count = "", list[Block](), list[str](), 0
        rest = iter(enumerate(lines, first))

        def spoken() -> None:
            if "".join(text).strip():
                blocks.append(Text("\n".join(text).strip()))
            text.clear()

        for self._line, line in rest:
            if line.startswith("## "):
                spoken()
                if title:
                    yield Page(title, tuple(blocks))
                elif blocks:
                    raise self._wrong("text stands before the first page", "a heading that begins with ##")
                title, blocks, count = line[3:].strip(), [], count + 1
                if count > MOST_PAGES:
                    raise self._wrong("there are too many pages", f"at most {MOST_PAGES}")
            elif found := _OPENED.match(line):
                spoken()
                blocks.append(self._container(found[1], found[2], self._until_end(rest)))
            else:
                text.append(line)
            if len(blocks) > MOST_BLOCKS:
                raise self._wrong("a page has too many parts", f"at most {MOST_BLOCKS}")
        spoken()
        if title:
            yield Page(title, tuple(blocks))

    def _until_end(self, rest: Iterator[tuple[int, str]]) -> list[str]:
        opened, inside = self._line, list[str]()
        for self._line, line in rest:
            if line.strip() == ":::":
                return inside
            inside.append(line)
        self._line = opened
        raise self._wrong("this part has no end", "a line ::: behind it")

    def _container(self, kind: str, told: str, lines: list[str]) -> Block:
        try:
            pairs = [word.partition("=") for word in shlex.split(told)]
        except ValueError:
            raise self._wrong("a quotation mark is missing", 'values such as id=q1 or when="…"') from None
        choices = {key: value for key, _, value in pairs}
        known: dict[str, set[str]] = {
            "predict": {"id", "kind", "answer", "digits", "given"},
            "goal": {"id", "when", "seeds", "solution"},
            "hint": set(),
            "reveal": {"after"},
        }
        if kind not in known:
            raise LessonError(str(UnknownName(f"part of lesson {self._name}", kind, known)))
        for key in choices.keys() - known[kind]:
            raise LessonError(str(UnknownName(f"choice of {kind} in lesson {self._name}", key, known[kind])))
        made: dict[str, Callable[[Mapping[str, str], list[str]], Block]]
        made = {"predict": self._predict, "goal": self._goal, "hint": self._hint, "reveal": self._reveal}
        return made[kind](choices, lines)

    def _hint(self, choices: Mapping[str, str], lines: list[str]) -> Hint:
        return Hint("\n".join(lines).strip())

    def _reveal(self, choices: Mapping[str, str], lines: list[str]) -> Reveal:
        return Reveal(self._needed(choices, "after"), "\n".join(lines).strip())

    def _goal(self, choices: Mapping[str, str], lines: list[str]) -> Goal:
        return Goal(
            self._needed(choices, "id"), " ".join(lines).strip(), Expression(self._needed(choices, "when")),
            self._number(choices, "seeds", 1), self._actions(choices.get("solution", "")),
        )  # fmt: skip

    def _predict(self, choices: Mapping[str, str], lines: list[str]) -> Predict:
        asked, options, mistakes, because = list[str](), list[Choice](), list[Mistake](), list[str]()
        for line in lines:
            if found := _MISTAKE.match(line):
                mistakes.append(Mistake(Expression(found[1]), found[2]))
            elif found := _CHOICE.match(line):
                text, _, remark = found[2].partition(" :: ")
                options.append(Choice(text.strip(), found[1] == "x", remark.strip()))
            elif line.startswith(">"):
                because.append(line[1:].strip())
            else:
                asked.append(line)
        answer = choices.get("answer")
        if (answer is None) == (not options):
            raise self._wrong(
                "this question has no answer, or two kinds", "choices - [x] and - [ ], or answer=…"
            )
        if options and (sum(one.right for one in options) != 1 or not 2 <= len(options) <= MOST_CHOICES):
            raise self._wrong(
                "these choices do not decide", f"2 to {MOST_CHOICES} of them, one marked [x] as right"
            )
        return Predict(
            self._needed(choices, "id"), "\n".join(asked).strip(), tuple(options),
            None if answer is None else Expression(answer), self._number(choices, "digits", 2), tuple(mistakes),
            "\n".join(because).strip(), self._actions(choices.get("given", "")),
        )  # fmt: skip

    def _needed(self, choices: Mapping[str, str], key: str) -> str:
        if not choices.get(key):
            raise self._wrong(f"{key} is missing", f"{key}=…")
        return choices[key]

    def _number(self, choices: Mapping[str, str], key: str, usual: int) -> int:
        value = choices.get(key, str(usual))
        if not value.isascii() or not value.isdigit() or not 1 <= int(value[:4]) <= 100:
            raise self._wrong(f"{key} is {shown(value)}", "a whole number from 1 to 100")
        return int(value)

    def _actions(self, written: str) -> tuple[Action, ...]:
        return tuple(action(one) for one in written.split())

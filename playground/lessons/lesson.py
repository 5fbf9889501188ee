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

``::: hint`` waits to be asked for; ``::: reveal after=q1`` waits for an answer; ``::: lock allow=play until=q1`` lets only what it names
answer until then; ``::: faded`` is a worked example that fades; ``::: free`` is a task of one's own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from playground.document.project import Project
from playground.lessons.actions import Action, action
from playground.lessons.expressions import Expression
from playground.lessons.locks import Allowed

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
        why: asked once it is answered: which reason is the right one; "" for nothing.
        reasons: to choose from; () where no reason is asked for.
    """

    id: str
    question: str
    choices: tuple[Choice, ...] = ()
    answer: Expression | None = None
    digits: int = 2
    mistakes: tuple[Mistake, ...] = ()
    because: str = ""
    given: tuple[Action, ...] = ()
    why: str = ""
    reasons: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Goal:
    """What is to be reached.

    Args:
        id: of the goal.
        title: in words.
        when: what must be so.
        seeds: in so many runs of different seeds.
        of: of so many that were tried.
        solution: one way to get there, for the author's check.
        coach: the coach says what it sees where the goal is missed.
    """

    id: str
    title: str
    when: Expression
    seeds: int = 1
    of: int = 1
    solution: tuple[Action, ...] = ()
    coach: bool = False


@dataclass(frozen=True)
class Hint:
    """Help that waits to be asked for."""

    markdown: str


@dataclass(frozen=True)
class Reveal:
    """What is shown once the question ``after`` is answered."""

    after: str
    markdown: str


@dataclass(frozen=True)
class Lock:
    """While its page is read, only what is ``allowed`` answers in the window.

    Args:
        allowed: what does.
        until: the id of the question, goal or worked example that ends it; "": as long as the page is read.
        markdown: said meanwhile.
    """

    allowed: Allowed
    until: str = ""
    markdown: str = ""


@dataclass(frozen=True)
class Faded:
    """One backward pass after another, worked out at first, then with more and more left blank.

    Args:
        id: of the exercise.
        markdown: said above it.
        level: how many levels of blanks are asked for (see ``faded.LEVELS``) until it is done.
    """

    id: str
    markdown: str
    level: int


@dataclass(frozen=True)
class Free:
    """A task without a check, at the end: everything is open, and nothing is asked."""

    markdown: str


Block = Text | Predict | Goal | Hint | Reveal | Lock | Faded | Free


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

    @property
    def locks(self) -> tuple[Lock, ...]:
        return tuple(b for b in self.blocks if isinstance(b, Lock))


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
        allowed: what answers on pages that lock nothing themselves; ``None``: everything.
        hidden: keys of panels that are hidden while it is read.
        personal: each learner begins with a seed of their own, the number that a teacher gave.
    """

    id: str
    title: str
    about: str
    minutes: int
    topic: str
    start: tuple[Action, ...]
    pages: tuple[Page, ...] = field(repr=False)
    allowed: Allowed | None = None
    hidden: tuple[str, ...] = ()
    personal: bool = False

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
    def exercises(self) -> tuple[Faded, ...]:
        return tuple(b for page in self.pages for b in page.blocks if isinstance(b, Faded))

    @property
    def tasks(self) -> tuple[str, ...]:
        """The ids of all that can be done in it: questions, goals, worked examples."""
        found: tuple[Predict | Goal | Faded, ...] = (*self.questions, *self.goals, *self.exercises)
        return tuple(one.id for one in found)

    def allowed_on(self, page: Page, done: Collection[str]) -> Allowed | None:
        """What answers on a page, once the tasks ``done`` are: the first lock that is not over decides. ``None``: everything."""
        if any(isinstance(block, Free) for block in page.blocks) and self.allowed is None:
            return None
        standing = next((one for one in page.locks if not one.until or one.until not in done), None)
        return self.allowed if standing is None else standing.allowed

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
            texts += [block.why, *(choice.remark for choice in block.reasons)]
        case Goal():
            texts = [block.title]
        case Text() | Hint() | Reveal() | Lock() | Faded() | Free():
            texts = [block.markdown]
    for text in texts:
        yield from map(action, _LINK.findall(text))

"""How far a learner has come in each lesson: pages, answers, goals. Kept in one file of the person's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import EngineError
from engine.io.guarded import read_bytes
from engine.io.whole import replacing
from playground.lessons.faded import LEVELS, Fading
from playground.lessons.lesson import Lesson, Predict

#: bytes of the file, letters of a guess that is kept
MOST_BYTES, MOST_LETTERS = 4 << 20, 40
#: letters of a reason, or of what a guess comes from, and the largest number of a learner
MOST_SAID, MOST_NUMBER = 300, 9999
VERSION = 1

#: what reading such a file may raise, whatever somebody has put into it
UNREADABLE = (
    EngineError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError,
)  # fmt: skip

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Answer:
    """What was answered to a question.

    Args:
        guess: the first one, as it was given: that is what was believed.
        right: whether that was right.
        known: whether the right answer has been found, or shown.
        tries: guesses so far.
        sure: how sure one was of the first: 1 a guess, 2 fairly, 3 certain; 0 where that was not said.
        again: whether it was right when it was asked once more, another time.
        slip: what the first guess comes from, where that is known: a number that people often give.
        why: the first reason that was given for it; "" where none was asked for, or given yet.
        why_right: whether that was the right one.
    """

    guess: str
    right: bool
    known: bool
    tries: int = 1
    sure: int = 0
    again: bool = False
    slip: str = ""
    why: str = ""
    why_right: bool = False


@dataclass(frozen=True)
class Progress:
    """How far one lesson has come.

    Args:
        page: the one that is looked at.
        answers: by the question's id.
        reached: the seeds of the runs that have met each goal, by its id.
        faded: how far each worked example has faded, by its id.
        seconds: that the lesson has been read for.
    """

    page: int = 0
    answers: Mapping[str, Answer] = field(default_factory=lambda: _NOTHING)
    reached: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: _NOTHING)
    faded: Mapping[str, Fading] = field(default_factory=lambda: _NOTHING)
    seconds: float = 0.0

    def answered(
        self, id: str, guess: str, right: bool, known: bool, sure: int = 0, slip: str = ""
    ) -> Progress:
        """With one more guess; only the first one is kept."""
        old = self.answers.get(id)
        new = (
            Answer(guess[:MOST_LETTERS], right, known, sure=sure, slip=slip[:MOST_SAID])
            if old is None
            else replace(old, known=old.known or known, tries=old.tries + 1)
        )
        return replace(self, answers=MappingProxyType({**self.answers, id: new}))

    def reasoned(self, id: str, why: str, right: bool) -> Progress:
        """With the reason for an answer; only the first one is kept."""
        old = self.answers.get(id)
        if old is None or old.why:
            return self
        new = replace(old, why=why[:MOST_SAID], why_right=right)
        return replace(self, answers=MappingProxyType({**self.answers, id: new}))

    def fade(self, id: str, fading: Fading) -> Progress:
        """With a worked example that has faded so far."""
        return replace(self, faded=MappingProxyType({**self.faded, id: fading}))

    def repeated(self, id: str) -> Progress:
        """With a question answered rightly when it was asked once more."""
        return replace(
            self, answers=MappingProxyType({**self.answers, id: replace(self.answers[id], again=True)})
        )

    def met(self, goal: str, seeds: Iterable[int]) -> Progress:
        """With a goal met in runs of these seeds."""
        if goal in self.reached:
            return self
        return replace(self, reached=MappingProxyType({**self.reached, goal: tuple(seeds)}))

    @property
    def done(self) -> frozenset[str]:
        """The ids of questions whose answer is known, goals that are reached, and worked examples that are done."""
        known = {id for id, answer in self.answers.items() if answer.known}
        return frozenset(known | self.reached.keys() | {id for id, one in self.faded.items() if one.done})

    def share(self, lesson: Lesson) -> float:
        """How much of the lesson's questions, goals and worked examples is done, 0 to 1."""
        return len(self.done.intersection(lesson.tasks)) / max(1, len(lesson.tasks))


class Book:
    """The progress of all lessons, in a file. What cannot be written is kept until the program ends.

    A file that cannot be read, or is of another version, is not written over: it gets another name first. Where two windows
    write one file, each writes the lessons that were read in it, and leaves the others as they are.

    Attributes:
        unread: that earlier answers could not be read, in words; else "".
        unwritten: that what was done last could not be written, in words; else "".
    """

    def __init__(self, path: Path | None = None) -> None:
        self.unread = self.unwritten = ""
        self._path = path
        self._pages: dict[str, Progress] = {}
        self._number = 0
        self._own: set[str] = (
            set()
        )  # ids of the lessons that were read here; "" once the number was given here
        self._take()
        #: the answers of earlier days: what the file held
        self._old = {(lesson, q) for lesson, one in self._pages.items() for q in one.answers}

    def _take(self) -> bool:
        """Take what the file holds of lessons that are not read here; whether there is no file, or it can be read."""
        if self._path is None or not self._path.exists():
            return True
        try:
            data = json.loads(read_bytes(self._path, MOST_BYTES))
            pages, number = _read(data), min(max(int(data.get("number", 0)), 0), MOST_NUMBER)
        except UNREADABLE:
            self.unread = (
                f"Earlier answers cannot be read: {self._path.name} is damaged, or of another version. The lessons begin anew; "
                "the file is kept beside them, under another name."
            )
            return False
        own = {id: page for id, page in self._pages.items() if id in self._own}
        self._pages = {id: page for id, page in pages.items() if id not in self._own} | own
        if "" not in self._own:
            self._number = number
        return True

    def to_repeat(self, known: Iterable[Lesson], most: int = 2) -> tuple[tuple[Lesson, Predict], ...]:
        """Questions of an earlier start of the program to be asked once more: those answered wrongly first, then those that were a guess."""
        found = []
        for lesson in known:
            answers = self.of(lesson).answers
            for question in lesson.questions:
                given = answers.get(question.id)
                due = given is not None and given.known and not given.again
                if given is not None and due and question.choices and (lesson.id, question.id) in self._old:
                    found.append(((given.right, given.sure or 2), lesson, question))
        found.sort(key=lambda one: one[0])
        return tuple((lesson, question) for _, lesson, question in found[:most])

    def write(self, path: Path) -> None:
        """All of it into another file, to be handed in. Raises OSError."""
        with replacing(path) as file:
            file.write(json.dumps({**_written(self._pages), "number": self._number}).encode())

    @property
    def number(self) -> int:
        """The number that a teacher gave; 0 where none was typed. It draws the numbers of lessons that are another task for everybody."""
        return self._number

    def set_number(self, number: int) -> None:
        """Keep it."""
        self._number = min(max(number, 0), MOST_NUMBER)
        self._keep("")

    def of(self, lesson: Lesson) -> Progress:
        return self._pages.get(lesson.id, Progress())

    def forget(self, lesson: Lesson) -> None:
        """Begin it anew: nothing of it is done."""
        self._pages.pop(lesson.id, None)
        self._old = {one for one in self._old if one[0] != lesson.id}
        self._keep(lesson.id)

    def note(self, lesson: Lesson, progress: Progress) -> None:
        """Keep it, see ``unwritten``."""
        self._pages[lesson.id] = progress
        self._keep(lesson.id)

    def _keep(self, changed: str) -> None:
        self._own.add(changed)
        self.unwritten = ""
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not self._take():
                free = (self._path.with_stem(f"{self._path.stem}-unread-{n}") for n in count(1))
                self._path.rename(next(path for path in free if not path.exists()))
            self.write(self._path)
        except OSError as error:
            self.unwritten = (
                f"Your answers cannot be written ({error.strerror}); they are kept until the program ends. Make room on the disk, "
                "or save them elsewhere from the list of lessons."
            )


def _written(pages: Mapping[str, Progress]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "lessons": {
            id: {
                "page": one.page,
                "answers": {q: asdict(a) for q, a in one.answers.items()},
                "reached": {goal: list(seeds) for goal, seeds in one.reached.items()},
                "faded": {name: asdict(fading) for name, fading in one.faded.items()},
                "seconds": round(one.seconds),
            }
            for id, one in pages.items()
        },
    }


def _read(data: Any) -> dict[str, Progress]:
    if data["version"] != VERSION:
        raise ValueError("another version")
    return {
        str(id): Progress(
            int(one["page"]),
            MappingProxyType(
                {
                    str(q): Answer(
                        str(a["guess"])[:MOST_LETTERS],
                        bool(a["right"]),
                        bool(a["known"]),
                        int(a["tries"]),
                        int(a.get("sure", 0)),
                        bool(a.get("again", False)),
                        str(a.get("slip", ""))[:MOST_SAID],
                        str(a.get("why", ""))[:MOST_SAID],
                        bool(a.get("why_right", False)),
                    )
                    for q, a in one["answers"].items()
                }
            ),
            MappingProxyType({str(goal): tuple(map(int, seeds)) for goal, seeds in one["reached"].items()}),
            MappingProxyType({str(name): _fading(found) for name, found in one.get("faded", {}).items()}),
            _seconds(one.get("seconds", 0)),
        )
        for id, one in data["lessons"].items()
    }


def _fading(found: Any) -> Fading:
    level = min(max(int(found["level"]), 0), LEVELS)
    return Fading(level, int(found["right"]), int(found["wrong"]), bool(found["done"]))


def _seconds(found: Any) -> float:
    seconds = float(found)
    return seconds if 0 <= seconds < 1e9 else 0.0

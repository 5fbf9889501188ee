"""How far a learner has come in each lesson: pages, answers, goals. Kept in one file of the person's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import EngineError
from engine.io.guarded import read_bytes
from engine.io.whole import replacing
from playground.lessons.lesson import Lesson, Predict

#: bytes of the file, letters of a guess that is kept
MOST_BYTES, MOST_LETTERS = 4 << 20, 40
VERSION = 1

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
    """

    guess: str
    right: bool
    known: bool
    tries: int = 1
    sure: int = 0
    again: bool = False


@dataclass(frozen=True)
class Progress:
    """How far one lesson has come.

    Args:
        page: the one that is looked at.
        answers: by the question's id.
        reached: the seeds of the runs that have met each goal, by its id.
    """

    page: int = 0
    answers: Mapping[str, Answer] = field(default_factory=lambda: _NOTHING)
    reached: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: _NOTHING)

    def answered(self, id: str, guess: str, right: bool, known: bool, sure: int = 0) -> Progress:
        """With one more guess; only the first one is kept."""
        old = self.answers.get(id)
        new = (
            Answer(guess[:MOST_LETTERS], right, known, sure=sure)
            if old is None
            else replace(old, known=old.known or known, tries=old.tries + 1)
        )
        return replace(self, answers=MappingProxyType({**self.answers, id: new}))

    def repeated(self, id: str) -> Progress:
        """With a question answered rightly when it was asked once more."""
        return replace(
            self, answers=MappingProxyType({**self.answers, id: replace(self.answers[id], again=True)})
        )

    def met(self, goal: str, seed: int) -> Progress:
        """With a goal met in a run of this seed."""
        seeds = self.reached.get(goal, ())
        if seed in seeds:
            return self
        return replace(self, reached=MappingProxyType({**self.reached, goal: (*seeds, seed)}))

    def share(self, lesson: Lesson) -> float:
        """How much of the lesson's questions and goals is done, 0 to 1."""
        done = [id in self.answers and self.answers[id].known for id in (q.id for q in lesson.questions)]
        done += [len(self.reached.get(goal.id, ())) >= goal.seeds for goal in lesson.goals]
        return sum(done) / max(1, len(done))


class Book:
    """The progress of all lessons, in a file. What cannot be read is begun anew; what cannot be written is kept until the program ends."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._pages: dict[str, Progress] = {}
        if path is not None and path.exists():
            try:
                self._pages = _read(json.loads(read_bytes(path, MOST_BYTES)))
            except (EngineError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
                self._pages = {}
        #: the answers of earlier days: what the file held
        self._old = {(lesson, q) for lesson, one in self._pages.items() for q in one.answers}

    def to_repeat(self, known: Iterable[Lesson], most: int = 2) -> tuple[tuple[Lesson, Predict], ...]:
        """Questions that were answered wrongly at first, at an earlier start of the program: worth asking once more."""
        found = []
        for lesson in known:
            answers = self.of(lesson).answers
            for question in lesson.questions:
                given = answers.get(question.id)
                wrong = given is not None and not given.right and not given.again
                if wrong and question.choices and (lesson.id, question.id) in self._old:
                    found.append((lesson, question))
        return tuple(found[:most])

    def write(self, path: Path) -> None:
        """All of it into another file, to be handed in. Raises OSError."""
        with replacing(path) as file:
            file.write(json.dumps(_written(self._pages)).encode())

    def of(self, lesson: Lesson) -> Progress:
        return self._pages.get(lesson.id, Progress())

    def note(self, lesson: Lesson, progress: Progress) -> None:
        """Keep it. Raises OSError where it cannot be written; it is kept for now all the same."""
        self._pages[lesson.id] = progress
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self.write(self._path)


def _written(pages: Mapping[str, Progress]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "lessons": {
            id: {
                "page": one.page,
                "answers": {q: asdict(a) for q, a in one.answers.items()},
                "reached": {goal: list(seeds) for goal, seeds in one.reached.items()},
            }
            for id, one in pages.items()
        },
    }


def _read(data: Any) -> dict[str, Progress]:
    if data["version"] != VERSION:
        return {}
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
                    )
                    for q, a in one["answers"].items()
                }
            ),
            MappingProxyType({str(goal): tuple(map(int, seeds)) for goal, seeds in one["reached"].items()}),
        )
        for id, one in data["lessons"].items()
    }

"""Reads a lesson's file (see ``lesson.py`` for what stands in it). It is somebody else's: what is wrong in it is said, with its line."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import EngineError, UnknownName, shown
from engine.io.guarded import read_bytes
from playground.assets import asset_path
from playground.lessons.actions import Action, action
from playground.lessons.errors import LessonError
from playground.lessons.expressions import Expression
from playground.lessons.faded import LEVELS
from playground.lessons.lesson import (
    Block,
    Choice,
    Faded,
    Free,
    Goal,
    Hint,
    Lesson,
    Lock,
    Mistake,
    Page,
    Predict,
    Reveal,
    Text,
)
from playground.lessons.locks import allowed

#: bytes of a lesson, pages in it, blocks of a page, choices of a question
MOST_BYTES, MOST_PAGES, MOST_BLOCKS, MOST_CHOICES = 256 << 10, 40, 40, 8
FENCE = "+++"
LESSON = "lesson.md"

_OPENED = re.compile(r"^:::\s*(\w+)(.*)$")
_CHOICE = re.compile(r"^- \[( |x)\] (.*)$")
_REASON = re.compile(r"^- because \[( |x)\] (.*)$")
_WHY = re.compile(r"^\?\s+(.+)$")
_MISTAKE = re.compile(r"^- wrong `([^`]*)`\s*::\s*(.*)$")
_SEEDS = re.compile(r"(\d{1,3})(?:/(\d{1,3}))?")


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
        allowed(",".join(_field(front, name, "allow", list))) if "allow" in front else None,
        tuple(_field(front, name, "hide", list)) if "hide" in front else (),
        bool(_field(front, name, "personal", bool)) if "personal" in front else False,
    )  # fmt: skip
    for key in front.keys() - _FRONT:
        raise LessonError(str(UnknownName(f"field in front of lesson {name}", key, tuple(sorted(_FRONT)))))
    ids = lesson.tasks
    for one in ids:
        if ids.count(one) > 1:
            raise LessonError(
                f"In lesson {name} the id {one!r} stands twice; expected one for each. Rename one."
            )
    for page in pages:
        for block in page.blocks:
            waits_for = (
                block.after if isinstance(block, Reveal) else block.until if isinstance(block, Lock) else ""
            )
            if waits_for and waits_for not in ids:
                raise LessonError(str(UnknownName(f"question of lesson {name}", waits_for, ids)))
    return lesson


#: what may stand in front
_FRONT = frozenset({"title", "about", "minutes", "topic", "start", "allow", "hide", "personal"})


def _field(front: Mapping[str, Any], name: str, key: str, kind: type) -> Any:
    value: Any = front.get(key)
    fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if not fits or (kind is list and not all(isinstance(one, str) for one in value)):
        expected = {list: "a list of texts", int: "a number", bool: "true or false", str: "a text"}[kind]
        raise LessonError(
            f"Lesson {name} has no {key} in front; expected {expected}. "
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


def _choice(found: re.Match[str]) -> Choice:
    text, _, remark = found[2].partition(" :: ")
    return Choice(text.strip(), found[1] == "x", remark.strip())


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
            "goal": {"id", "when", "seeds", "solution", "coach"},
            "hint": set(),
            "reveal": {"after"},
            "lock": {"allow", "until"},
            "faded": {"id", "level"},
            "free": set(),
        }
        if kind not in known:
            raise LessonError(str(UnknownName(f"part of lesson {self._name}", kind, known)))
        for key in choices.keys() - known[kind]:
            raise LessonError(str(UnknownName(f"choice of {kind} in lesson {self._name}", key, known[kind])))
        made: dict[str, Callable[[Mapping[str, str], list[str]], Block]]
        made = {
            "predict": self._predict, "goal": self._goal, "hint": self._hint, "reveal": self._reveal, "lock": self._lock,
            "faded": self._faded, "free": self._free,
        }  # fmt: skip
        return made[kind](choices, lines)

    def _hint(self, choices: Mapping[str, str], lines: list[str]) -> Hint:
        return Hint("\n".join(lines).strip())

    def _reveal(self, choices: Mapping[str, str], lines: list[str]) -> Reveal:
        return Reveal(self._needed(choices, "after"), "\n".join(lines).strip())

    def _lock(self, choices: Mapping[str, str], lines: list[str]) -> Lock:
        return Lock(allowed(choices.get("allow", "")), choices.get("until", ""), "\n".join(lines).strip())

    def _faded(self, choices: Mapping[str, str], lines: list[str]) -> Faded:
        level = self._number(choices, "level", LEVELS)
        if level > LEVELS:
            raise self._wrong(f"level is {level}", f"1 to {LEVELS}")
        return Faded(self._needed(choices, "id"), "\n".join(lines).strip(), level)

    def _free(self, choices: Mapping[str, str], lines: list[str]) -> Free:
        return Free("\n".join(lines).strip())

    def _goal(self, choices: Mapping[str, str], lines: list[str]) -> Goal:
        seeds = _SEEDS.fullmatch(choices.get("seeds", "1"))
        needed, of = (int(seeds[1]), int(seeds[2] or seeds[1])) if seeds else (0, 0)
        if not 1 <= needed <= of <= 20:
            raise self._wrong(
                f"seeds is {shown(choices['seeds'])}",
                "how many runs must meet it, from 1 to 20, or 2/3 for two of three",
            )
        if choices.get("coach", "no") not in ("yes", "no"):
            raise self._wrong(f"coach is {shown(choices['coach'])}", "yes or no")
        return Goal(
            self._needed(choices, "id"), " ".join(lines).strip(), Expression(self._needed(choices, "when")), needed, of,
            self._actions(choices.get("solution", "")), choices.get("coach") == "yes",
        )  # fmt: skip

    def _predict(self, choices: Mapping[str, str], lines: list[str]) -> Predict:
        asked, options, mistakes, because = list[str](), list[Choice](), list[Mistake](), list[str]()
        why, reasons = "", list[Choice]()
        for line in lines:
            if found := _MISTAKE.match(line):
                mistakes.append(Mistake(Expression(found[1]), found[2]))
            elif found := _CHOICE.match(line):
                options.append(_choice(found))
            elif found := _REASON.match(line):
                reasons.append(_choice(found))
            elif found := _WHY.match(line):
                why = found[1].strip()
            elif line.startswith(">"):
                because.append(line[1:].strip())
            else:
                asked.append(line)
        answer = choices.get("answer")
        if (answer is None) == (not options):
            raise self._wrong(
                "this question has no answer, or two kinds", "choices - [x] and - [ ], or answer=…"
            )
        for several in (options, reasons):
            if several and (sum(one.right for one in several) != 1 or not 2 <= len(several) <= MOST_CHOICES):
                raise self._wrong(
                    "these choices do not decide", f"2 to {MOST_CHOICES} of them, one marked [x] as right"
                )
        if bool(why) != bool(reasons):
            raise self._wrong(
                "a question for a reason has no reasons, or the other way round",
                "a line ? and lines - because [x]",
            )
        return Predict(
            self._needed(choices, "id"), "\n".join(asked).strip(), tuple(options),
            None if answer is None else Expression(answer), self._number(choices, "digits", 2), tuple(mistakes),
            "\n".join(because).strip(), self._actions(choices.get("given", "")), why, tuple(reasons),
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

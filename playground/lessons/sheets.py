"""A class set: one task with other numbers for each pupil, drawn by the pupil's number, and one key. On paper, or typed into the lesson.

The seed of pupil n is n: who is asked for a number when the lesson begins gets the numbers of sheet n.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.io.whole import replacing
from playground.document import edits
from playground.lessons import paper
from playground.lessons.check import seen
from playground.lessons.errors import LessonError
from playground.runner.session import Session

if TYPE_CHECKING:
    from engine.trace import Trace
    from playground.lessons.lesson import Lesson, Predict

MOST_SHEETS = 200
#: significant digits on a sheet
DIGITS = 3
#: numbers of an array that stand on a sheet
_SHOWN = 48
_STYLE = """
body { max-width: 48rem } section { break-after: page; border-bottom: 1px solid #d8dee6; padding: 1rem 0 2rem } ol li { margin: 1rem 0 }
.blank { display: inline-block; min-width: 9rem; border-bottom: 1px solid #1c2430 }
@media print { body { max-width: none; margin: 0 } section { border: 0 } }
"""


@dataclass(frozen=True)
class Sheet:
    """One pupil's task.

    Args:
        number: of the pupil.
        given: what is known, a line for each array.
        answers: to the lesson's questions for a number, in their order.
    """

    number: int
    given: tuple[str, ...]
    answers: tuple[float, ...]


def sheets(lesson: Lesson, count: int, first: int = 1) -> tuple[Sheet, ...]:
    """A sheet for each of ``count`` pupils. Raises LessonError where the lesson asks for no number that chance would change."""
    if not 1 <= count <= MOST_SHEETS:
        raise LessonError(
            f"{count} sheets are asked for; expected 1 to {MOST_SHEETS}. Choose another number."
        )
    asked = _asked(lesson)
    found = tuple(_sheet(lesson, asked, number) for number in range(first, first + count))
    if count > 1 and len({one.answers for one in found}) == 1:
        raise LessonError(
            f"The numbers of {lesson.id} are the same for every seed; expected a project whose weights are drawn. Begin it with another example."
        )
    return found


def _asked(lesson: Lesson) -> tuple[Predict, ...]:
    asked = tuple(one for one in lesson.questions if one.answer is not None)
    if not asked:
        raise LessonError(
            f"{lesson.id} asks for no number; expected a question with answer=…. Choose another lesson, or add one."
        )
    return asked


def _sheet(lesson: Lesson, asked: Sequence[Predict], number: int) -> Sheet:
    session = Session()
    session.load(edits.set_seed(lesson.project, number), another=True)
    session.inspect()
    trace = session.inspection.trace
    if trace is None:
        raise LessonError(
            f"The next update of {lesson.id} cannot be looked at: {session.message or 'its network is too large'}."
        )
    answers = []
    for one in asked:
        value = None if one.answer is None else one.answer.value(seen(session, one.answer))
        if not isinstance(value, int | float):
            raise LessonError(f"Question {one.id} of {lesson.id} has no number at the start of the lesson.")
        answers.append(float(value))
    return Sheet(number, tuple(_given(trace)), tuple(answers))


def _given(trace: Trace) -> Iterator[str]:
    """Input, target, and the weights before the update."""
    from engine.network import INPUT

    row, sample = trace.row(trace.samples[0]), trace.samples[0]
    yield f"input: {_numbers(trace.values[INPUT][row])}"
    yield f"target: {_numbers(trace.targets[sample])}"
    for node in trace.learners():
        for name, array in trace.arranged(node, trace.parameters["before"][node]).items():
            yield f"{node} {name}: {_numbers(array)}"
    yield f"learning rate: {_fmt(trace.learning_rate)}"


def _numbers(array: Any) -> str:
    if array.size > _SHOWN:
        return f"{'×'.join(map(str, array.shape))} numbers (see the program)"
    if array.ndim > 1:
        return "[" + "; ".join(_numbers(part) for part in array) + "]"
    return ", ".join(_fmt(float(v)) for v in array.reshape(-1))


def _fmt(value: float) -> str:
    return f"{value:.{DIGITS}g}".replace("-", "−")


def write_set(lesson: Lesson, folder: Path, count: int, first: int = 1) -> tuple[Path, ...]:
    """Write ``sheets.html`` (a page for each pupil), ``key.html`` and ``key.csv`` into ``folder``. Raises LessonError, OSError."""
    made = sheets(lesson, count, first)
    asked = _asked(lesson)
    folder.mkdir(parents=True, exist_ok=True)
    written = (
        (
            folder / "sheets.html",
            paper.page(lesson.title, "".join(_section(lesson, asked, one) for one in made), _STYLE),
        ),
        (folder / "key.html", paper.page(f"{lesson.title}: key", _key(lesson, asked, made), _STYLE)),
        (folder / "key.csv", _table(asked, made)),
    )
    for path, text in written:
        with replacing(path) as file:
            file.write(text.encode())
    return tuple(path for path, _ in written)


def _section(lesson: Lesson, asked: Sequence[Predict], sheet: Sheet) -> str:
    questions = "".join(
        f"<li>{paper.html(one.question)}<p><span class='blank'>&nbsp;</span> <span class='muted'>({one.digits} significant digits)</span></p></li>"
        for one in asked
    )
    given = "".join(f"<li>{escape(line)}</li>" for line in sheet.given)
    here = " In the program: open the lesson and type this number." if lesson.personal else ""
    return (
        f"<section><h1>{escape(lesson.title)}</h1><p class='muted'>Number {sheet.number}.{here}</p>"
        f"<p>Given:</p><ul>{given}</ul><ol>{questions}</ol></section>"
    )


def _key(lesson: Lesson, asked: Sequence[Predict], made: Sequence[Sheet]) -> str:
    heads = "".join(f"<th class='n'>{i}. {escape(one.id)}</th>" for i, one in enumerate(asked, 1))
    rows = ""
    for sheet in made:
        cells = "".join(f"<td class='n'>{_fmt(value)}</td>" for value in sheet.answers)
        rows += f"<tr><td>{sheet.number}</td>{cells}</tr>"
    return f"<h1>{escape(lesson.title)}: key</h1><table><tr><th>number</th>{heads}</tr>{rows}</table>"


def _table(asked: Sequence[Predict], made: Sequence[Sheet]) -> str:
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["number", *(one.id for one in asked)])
    table.writerows([sheet.number, *map(repr, sheet.answers)] for sheet in made)
    return file.getvalue()


def load_lesson(what: str) -> Lesson:
    """One of the program's lessons by its id or title, or one in a file or folder. Raises LessonError."""
    from engine.errors import UnknownName
    from playground.lessons.reading import lessons, load

    known = lessons()
    found = next((one for one in known if what in (one.id, one.title)), None)
    if found is not None:
        return found
    path = Path(what)
    try:
        there = path.exists()
    except (OSError, ValueError):
        there = False
    if there:
        return load(path)
    raise LessonError(str(UnknownName("lesson", what, tuple(one.id for one in known))))

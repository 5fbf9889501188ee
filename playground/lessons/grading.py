"""What a class has done, as a table: who has answered what, and which goals were reached."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from engine.io.whole import replacing
from playground.lessons.lesson import Lesson, lessons
from playground.lessons.progress import Book

COLUMNS = ("pupil", "lesson", "kind", "id", "done", "right at once", "first guess", "sure", "tries", "asked")
#: first letters that a spreadsheet would take for a formula
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def write_table(folder: Path, out: Path) -> tuple[int, int]:
    """Write ``out``, CSV in UTF-8; how many pupils and rows it holds.

    A pupil's file is what the Lessons panel saves, and its name the pupil's. What cannot be read of it counts as nothing done.
    Raises OSError where ``folder`` cannot be listed, or ``out`` not be written.
    """
    known = lessons()
    files = sorted(path for path in folder.iterdir() if path.suffix == ".json")
    rows = [row for path in files for row in _rows(path, known)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    with replacing(out) as file:
        file.write(text.getvalue().encode("utf-8", "backslashreplace"))
    return len(files), len(rows)


def _rows(path: Path, known: tuple[Lesson, ...]) -> Iterator[tuple[object, ...]]:
    book = Book(path)
    for lesson in known:
        progress = book.of(lesson)
        for question in lesson.questions:
            given = progress.answers.get(question.id)
            asked = " ".join(question.question.split())
            if given is not None:
                yield (
                    path.stem, lesson.id, "question", question.id, _yes(given.known), _yes(given.right), given.guess,
                    given.sure or "", given.tries, asked,
                )  # fmt: skip
        for goal in lesson.goals:
            seeds = progress.reached.get(goal.id, ())
            if seeds:
                done = _yes(len(seeds) >= goal.seeds)
                yield path.stem, lesson.id, "goal", goal.id, done, "", "", "", "", goal.title


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _harmless(cell: object) -> object:
    """A pupil's text must not be computed by whoever opens the table."""
    if not isinstance(cell, str) or not cell.startswith(_FORMULAS):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell

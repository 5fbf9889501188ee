"""What a class has done, as tables: goals, guesses, time, and which misconceptions occurred. CSV for a spreadsheet, HTML to look at."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from engine.errors import counted
from engine.io.whole import replacing
from playground.lessons import paper
from playground.lessons.check import SIGN
from playground.lessons.lesson import Lesson, Predict
from playground.lessons.progress import Answer, Book, Progress
from playground.lessons.reading import lessons

COLUMNS = (
    "pupil", "lesson", "minutes", "kind", "id", "done", "right at once", "first guess", "sure", "tries", "misconception", "asked",
)  # fmt: skip
#: first letters that a spreadsheet would take for a formula
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
#: pupils of one class, at most
MOST_PUPILS = 1000
CERTAIN = 3
_STYLE = "body { max-width: 72rem } table { width: 100% }"


@dataclass(frozen=True)
class Pupil:
    """One file that was handed in; its name is all that is known of whose it is."""

    name: str
    book: Book


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that was given first.

    Args:
        lesson, question: where.
        believed: the choice, or what the number came of.
        refuted: what the lesson says to it.
        pupils: how many gave it, and how many of these were certain.
    """

    lesson: Lesson
    question: Predict
    believed: str
    refuted: str
    pupils: int
    certain: int


def pupils(folder: Path) -> tuple[Pupil, ...]:
    """What has been handed in. What cannot be read of a file counts as nothing done. Raises OSError."""
    files = sorted(path for path in folder.iterdir() if path.suffix == ".json")
    return tuple(Pupil(path.stem, Book(path)) for path in files[:MOST_PUPILS])


def write_tables(folder: Path, out: Path, more: Sequence[Lesson] = ()) -> tuple[int, int, tuple[Path, Path]]:
    """Write ``out`` with the endings .csv and .html; how many pupils and rows there are, and the two files.

    ``more``: lessons besides the program's own, of a pack. Raises OSError where ``folder`` cannot be listed, or a file not be written.
    """
    known = (*lessons(), *more)
    read = pupils(folder)
    rows = [row for pupil in read for row in _rows(pupil, known)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    files = out.with_suffix(".csv"), out.with_suffix(".html")
    for path, content in zip(files, (text.getvalue(), page(read, known)), strict=True):
        with replacing(path) as file:
            file.write(content.encode("utf-8", "backslashreplace"))
    return len(read), len(rows), files


def _rows(pupil: Pupil, known: Sequence[Lesson]) -> Iterator[tuple[object, ...]]:
    for lesson in known:
        progress = pupil.book.of(lesson)
        head = pupil.name, lesson.id, _minutes(progress)
        for question in lesson.questions:
            given = progress.answers.get(question.id)
            if given is not None:
                yield (
                    *head, "question", question.id, _yes(given.known), _yes(given.right), given.guess, given.sure or "",
                    given.tries, believed(question, given)[0], _asked(question),
                )  # fmt: skip
                if given.why:
                    yield (
                        *head,
                        "reason",
                        question.id,
                        "yes",
                        _yes(given.why_right),
                        given.why,
                        "",
                        "",
                        "",
                        question.why,
                    )
        for goal in lesson.goals:
            if goal.id in progress.reached:
                yield *head, "goal", goal.id, "yes", "", "", "", "", "", goal.title
        for one in lesson.exercises:
            fading = progress.faded.get(one.id)
            if fading is not None:
                yield (
                    *head,
                    "worked example",
                    one.id,
                    _yes(fading.done),
                    "",
                    f"level {fading.level}",
                    "",
                    "",
                    "",
                    "",
                )


def believed(question: Predict, given: Answer) -> tuple[str, str]:
    """What a wrong first answer shows, and what the lesson says to it; "" where it was right, or shows nothing."""
    if given.right:
        return "", ""
    for choice in question.choices:
        if choice.text == given.guess:
            return choice.text, choice.remark
    known = (SIGN, *(mistake.remark for mistake in question.mistakes))
    slip = next((remark for remark in known if given.slip and remark.startswith(given.slip)), "")
    return slip, slip


def misconceptions(read: Sequence[Pupil], known: Sequence[Lesson]) -> tuple[Misconception, ...]:
    """All that occurred, the most frequent first."""
    counts: Counter[tuple[int, int, str, str]] = Counter()
    sure: defaultdict[tuple[int, int, str, str], int] = defaultdict(int)
    for pupil in read:
        for i, lesson in enumerate(known):
            answers = pupil.book.of(lesson).answers
            for k, question in enumerate(lesson.questions):
                given = answers.get(question.id)
                belief, refuted = ("", "") if given is None else believed(question, given)
                if given is not None and belief:
                    counts[i, k, belief, refuted] += 1
                    sure[i, k, belief, refuted] += given.sure == CERTAIN
    return tuple(
        Misconception(known[i], known[i].questions[k], belief, refuted, count, sure[i, k, belief, refuted])
        for (i, k, belief, refuted), count in counts.most_common()
    )


def page(read: Sequence[Pupil], known: Sequence[Lesson]) -> str:
    """All of it as one page of HTML, without anything from elsewhere."""
    seen = [lesson for lesson in known if any(_begun(pupil.book.of(lesson)) for pupil in read)]
    parts = [f"<h1>A class: {counted(len(read), 'pupil')}, {counted(len(seen), 'lesson')} begun</h1>"]
    found = misconceptions(read, seen)
    parts += ["<h2>Misconceptions that occurred</h2>", _table(("pupils", "certain", "lesson", "asked", "believed", "what is so"), (
        (
            one.pupils, one.certain, one.lesson.title, _Markdown(one.question.question), _Markdown(one.believed),
            _Markdown("" if one.refuted == one.believed else one.refuted),
        )
        for one in found
    ), numbers=2) if found else "<p class='muted'>None yet.</p>"]  # fmt: skip
    parts += ["<h2>Lessons</h2>", _table(("lesson", "begun", "finished", "minutes (median)", "right at once"), (
        (lesson.title, *_summed(lesson, read)) for lesson in seen
    ))]  # fmt: skip
    for lesson in seen:
        heads = [
            "pupil",
            "minutes",
            "right at once",
            *(_Markdown(goal.title or goal.id) for goal in lesson.goals),
        ]
        parts += [f"<h2>{escape(lesson.title)}</h2>", _table(heads, (
            _of(pupil, lesson) for pupil in read if _begun(pupil.book.of(lesson))
        ))]  # fmt: skip
    return paper.page("A class", "".join(parts), _STYLE)


class _Markdown(str):
    """A lesson's own words. What a pupil wrote is never one: it is shown letter by letter."""


def _of(pupil: Pupil, lesson: Lesson) -> tuple[object, ...]:
    progress = pupil.book.of(lesson)
    right = sum(one.right for one in progress.answers.values())
    return (
        pupil.name, _minutes(progress), f"{right} of {len(lesson.questions)}",
        *("✓" if goal.id in progress.reached else "" for goal in lesson.goals),
    )  # fmt: skip


def _summed(lesson: Lesson, read: Sequence[Pupil]) -> tuple[object, ...]:
    begun = [p for p in (pupil.book.of(lesson) for pupil in read) if _begun(p)]
    minutes = sorted(_minutes(p) for p in begun)
    answers = [one.right for p in begun for one in p.answers.values()]
    right = f"{100 * sum(answers) // len(answers)} %" if answers else ""
    return len(begun), sum(p.share(lesson) == 1.0 for p in begun), minutes[len(minutes) // 2], right


def _table(heads: Sequence[str], rows: Iterator[tuple[object, ...]], numbers: int = 0) -> str:
    """``numbers``: so many columns in front hold numbers."""

    def cell(tag: str, value: object, at: int) -> str:
        kind = " class='n'" if at < numbers else " class='yes'" if value == "✓" else ""
        words = paper.html(value, inline=True) if isinstance(value, _Markdown) else escape(str(value))
        return f"<{tag}{kind}>{words}</{tag}>"

    head = "".join(cell("th", one, i) for i, one in enumerate(heads))
    body = "".join(f"<tr>{''.join(cell('td', one, i) for i, one in enumerate(row))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _begun(progress: Progress) -> bool:
    return bool(progress.answers or progress.reached or progress.faded)


def _minutes(progress: Progress) -> int:
    return round(progress.seconds / 60)


def _asked(question: Predict) -> str:
    return " ".join(question.question.split())


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

"""The author's check of a lesson: its stored solution is played without a window, and each goal must be missed before and met after."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import EngineError, shown
from playground.document import edits
from playground.lessons.errors import LessonError
from playground.lessons.expressions import Expression
from playground.lessons.lesson import Goal, Lesson, Predict, links_in
from playground.lessons.names import Seen
from playground.runner.session import Session


def check(lesson: Lesson) -> tuple[str, ...]:
    """What is wrong with the lesson, in sentences; () where all of it holds. Takes as long as its training does."""
    try:
        return tuple(_faults(lesson))
    except LessonError as error:
        return (str(error),)


def _faults(lesson: Lesson) -> Iterator[str]:
    session = Session()
    session.load(lesson.project, another=True)
    if session.trainer is None:
        yield f"The project that {lesson.id} begins with cannot be trained: {session.message}"
        return
    for page in lesson.pages:
        tried = session.project
        for block in page.blocks:
            for link in links_in(block):
                tried = link.edited(tried) or tried
            if isinstance(block, Predict):
                yield from _question(session, lesson, block)
            elif isinstance(block, Goal):
                yield from _goal(session, lesson, block)


def seen(session: Session, *expressions: Expression) -> Seen:
    """What a session has to say about expressions."""
    wants = frozenset(want for one in expressions for want in one.wants)
    return Seen(session.project, session.frame(wants))


def _question(session: Session, lesson: Lesson, block: Predict) -> Iterator[str]:
    for one in block.given:
        one.do(session)
    if block.answer is None:
        return
    now = seen(session, block.answer, *(m.value for m in block.mistakes))
    right = block.answer.value(now)
    if not isinstance(right, int | float):
        yield f"Question {block.id} of {lesson.id} has no number for an answer when it is asked: {block.answer.text}"
        return
    for mistake in block.mistakes:
        wrong = mistake.value.value(now)
        if not isinstance(wrong, int | float):
            yield f"A mistake of question {block.id} of {lesson.id} has no number: {mistake.value.text}"
        elif agrees(float(wrong), float(right), block.digits):
            yield f"A mistake of question {block.id} of {lesson.id} is the right answer here: {mistake.value.text}"


def _goal(session: Session, lesson: Lesson, goal: Goal) -> Iterator[str]:
    if goal.when.value(seen(session, goal.when)):
        yield f"Goal {goal.id} of {lesson.id} is met before anything is done: {goal.when.text}"
    if not goal.solution:
        yield f"Goal {goal.id} of {lesson.id} has no solution to play; expected solution=…"
        return
    for seed in range(goal.seeds):
        if goal.seeds > 1:
            session.load(edits.set_seed(session.project, seed))
        try:
            for one in goal.solution:
                one.do(session)
        except EngineError as error:
            yield f"The solution of goal {goal.id} of {lesson.id} cannot be played: {error}"
            return
        now = seen(session, goal.when)
        missed = [c for c in goal.when.conditions(now) if not c.met]
        if missed:
            said = "; ".join(f"{c.label} is {shown(c.now)}, asked {c.sign} {shown(c.asked)}" for c in missed)
            yield f"The solution of goal {goal.id} of {lesson.id} does not reach it with seed {session.project.seed}: {said}"
            return


def agrees(guess: float, right: float, digits: int) -> bool:
    """Whether a guess is right to so many significant digits.

    It may be a unit of the last one off: it is computed of numbers that are shown rounded, and rounded again. Where
    the right number is whole, as sizes are, half a unit.
    """
    if right == 0.0:
        return abs(guess) < 0.5 * 10.0**-digits
    units = 0.5 if float(right).is_integer() else 1.0
    return abs(guess - right) <= 1.0000001 * units * 10.0 ** (_magnitude(right) - digits + 1)


def _magnitude(value: float) -> int:
    """The power of ten of its first digit."""
    return int(f"{abs(value):e}".partition("e")[2])

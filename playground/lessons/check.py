"""The author's check of a lesson: its stored solution is played without a window, and each goal must be missed before and met after."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import EngineError, shown
from playground.document import edits
from playground.lessons.actions import Action
from playground.lessons.errors import LessonError
from playground.lessons.expressions import Expression
from playground.lessons.faded import exercise
from playground.lessons.lesson import Faded, Goal, Lesson, Lock, Predict, links_in
from playground.lessons.locks import Allowed, unknown_paths
from playground.lessons.names import Seen
from playground.runner.session import Session

#: what is said of a number of the wrong sign
SIGN = "The size is right; look at the sign once more."


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
    start = [goal for goal in lesson.goals if goal.when.value(seen(session, goal.when))]
    for goal in start:
        yield f"Goal {goal.id} of {lesson.id} is met at the start of the lesson: {goal.when.text}"
    yield from _of_others(lesson)
    done = set[str]()
    for page in lesson.pages:
        tried = session.project
        for block in page.blocks:
            for link in links_in(block):
                tried = link.edited(tried) or tried
            if isinstance(block, Predict):
                yield from _question(session, lesson, block)
                done.add(block.id)
            elif isinstance(block, Goal):
                locked = lesson.allowed_on(page, done)
                if block not in start:
                    yield from _goal(session, lesson, block, locked)
                done.add(block.id)
            elif isinstance(block, Faded):
                session.inspect()
                if session.inspection.trace is None or not exercise(session.inspection.trace, 0, str):
                    yield f"The worked example {block.id} of {lesson.id} has nothing to work out in this network."
                done.add(block.id)
            elif isinstance(block, Lock):
                yield from (f"In a lock of {lesson.id} {one}" for one in unknown_paths(block.allowed, tried))


def _of_others(lesson: Lesson) -> Iterator[str]:
    """Whether the numbers of other learners leave anything to do."""
    for number in range(1, 4) if lesson.personal else ():
        session = Session()
        session.load(edits.set_seed(lesson.project, number), another=True)
        for goal in lesson.goals:
            if goal.when.value(seen(session, goal.when)):
                yield f"Goal {goal.id} of {lesson.id} is met at the start for number {number}: {goal.when.text}"


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


def _goal(session: Session, lesson: Lesson, goal: Goal, locked: Allowed | None) -> Iterator[str]:
    if goal.when.value(seen(session, goal.when)):
        yield f"Goal {goal.id} of {lesson.id} is met before anything is done: {goal.when.text}"
    if not goal.solution:
        yield f"Goal {goal.id} of {lesson.id} has no solution to play; expected solution=…"
        return
    missed, told = 0, ""
    for seed in range(goal.of):
        if goal.of > 1:
            session.load(edits.set_seed(session.project, seed))
        try:
            for one in goal.solution:
                if locked is not None and (shut := _locked(locked, one, session)):
                    yield f"The solution of goal {goal.id} of {lesson.id} needs what is locked there: {shut}"
                    return
                one.do(session)
        except EngineError as error:
            yield f"The solution of goal {goal.id} of {lesson.id} cannot be played: {error}"
            return
        now = seen(session, goal.when)
        lacking = [c for c in goal.when.conditions(now) if not c.met]
        if lacking:
            missed += 1
            said = "; ".join(f"{c.label} is {shown(c.now)}, asked {c.sign} {shown(c.asked)}" for c in lacking)
            told = (
                told
                or f"The solution of goal {goal.id} of {lesson.id} does not reach it with seed {session.project.seed}: {said}"
            )
    if goal.of - missed < goal.seeds:
        yield told


def _locked(locked: Allowed, one: Action, session: Session) -> str:
    """What keeps a learner from doing this by hand; "" for nothing. Another example is opened by the lesson, not by hand."""
    if one.opens:
        return ""
    after = one.edited(session.project)
    shut = "" if after is None else locked.refused(session.project, after)
    return shut or next((one.name for command in one.commands if locked.refuses_command(command)), "")


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

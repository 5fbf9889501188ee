"""Expressions ask and never do."""

import math

import pytest

from playground.document.examples import example
from playground.lessons.actions import action
from playground.lessons.check import seen
from playground.lessons.errors import LessonError
from playground.lessons.expressions import Expression
from playground.lessons.names import NAMES, Seen
from playground.runner.messages import Frame
from playground.runner.session import Session


@pytest.fixture(scope="module")
def session() -> Session:
    session = Session()
    session.load(example("first-steps").project)
    session.inspect()
    return session


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("network.units", 2),
        ("network.layers == 2 and network.parameters == 9", True),
        ("network.count('Tanh')", 1),
        ("network.shape('linear1', 0)", 2),
        ("run.epoch < 1 or run.diverged", True),
        ("not run.diverged", True),
        ("setting('fit.optimizer.lr')", 0.1),
        ("setting('fit.optimizer') == 'SGD'", True),
        ("setting('linear1.out_features') + 1", 3),
        ("-(2 - 3) * 4 / 2", 2.0),
        ("1 < 2 <= 2", True),
        ("1 / 0", None),
        ("1 / 0 < 3", False),
        ("weight('linear1', 'weight', 0, 1)", -0.2),
        ("step.before('linear1', 'bias', 0)", 0.1),
        ("setting('nothing.there')", None),
        ("weight('nobody', 'weight', 0, 0) < 1", False),
        ("metric.train.r2", None),
    ],
)
def test_values(session: Session, text: str, value: object) -> None:
    one = Expression(text)
    found = one.value(seen(session, one))
    assert found == pytest.approx(value, abs=1e-7) if isinstance(value, float) else found == value


def test_the_numbers_of_an_update(session: Session) -> None:
    trace = session.inspection.trace
    assert trace is not None
    for text, right in (
        ("step.value('tanh1', 1)", trace.values["tanh1"][0][1]),
        ("step.arriving('linear2', 0)", trace.gradients["linear2"][0][0]),
        ("step.after('linear2', 'weight', 0, 0)", trace.parameter("linear2", "weight", "after")[0, 0]),
        ("step.loss", trace.loss),
    ):
        one = Expression(text)
        assert one.value(seen(session, one)) == float(right)


def test_epochs_are_counted_from_the_last_change_on() -> None:
    session, since = Session(), Expression("run.since_edit")
    session.load(example("first-steps").project)
    for link, epochs in (
        ("do:train?epochs=3", 3),
        ("do:set?fit.optimizer.lr=0.02", 0),
        ("do:train?epochs=2", 2),
        ("do:reset", 0),
        ("do:train?epochs=1", 1),
    ):
        action(link).do(session)
        assert since.value(seen(session, since)) == epochs, link


def test_what_is_not_there_yet_is_not_known() -> None:
    nothing = Seen(example("circle").project, Frame(example("circle").project))
    for name in NAMES.values():
        if not name.arguments:
            assert not isinstance(name.value(nothing), float) or not math.isnan(name.value(nothing))  # type: ignore[arg-type]
    assert Expression("metric.validation.loss < 0.05").value(nothing) is False
    assert Expression("step.value('tanh1', 0)").value(nothing) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "cannot be read"),
        ("metric.validation.los < 1", "metric.validation.loss"),
        ("__import__('os').system('true')", "a dot follows what is no name"),
        ("network.__class__", "There is no value called"),
        ("().__class__", "Tuple stands"),
        ("open('x')", "There is no value called 'open'"),
        ("[x for x in (1,)]", "ListComp stands"),
        ("lambda: 1", "Lambda stands"),
        ("2 ** 99999", "BinOp stands"),
        ("'a' * 10 ** 10", "BinOp stands"),
        ("network.units()", "used in another way"),
        ("weight", "used in another way"),
        ("network.count(network.units)", "no constant"),
        ("network.count('a', 'b')", "is given 2 values"),
        ("network.count(kind='a')", "Call stands"),
        ("(" * 199 + "1" + ")" * 199 + "1", "cannot be read"),
        ("1 +" * 200 + "1", "letters"),
        ("+".join("1" * 60), "too long"),
        ("f'{1}'", "JoinedStr stands"),
        ("1j < 2", "Constant stands"),
        ("'" + "a" * 90 + "' == 'a'", "Constant stands"),
        ("a := 1", "cannot be read"),
        ("1; 2", "cannot be read"),
        ("\x00", "cannot be read"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    with pytest.raises(LessonError) as raised:
        Expression(text)
    assert why in str(raised.value)
    assert len(str(raised.value)) < 600


def test_a_goal_falls_into_its_conditions(session: Session) -> None:
    one = Expression("network.units <= 2 and metric.train.loss < 0.01 and (run.diverged or run.inside)")
    found = one.conditions(seen(session, one))
    assert [(c.label, c.sign, c.asked, c.met) for c in found] == [
        ("hidden units", "≤", 2, True),
        ("training loss", "<", 0.01, False),
        ("run.diverged or run.inside", "", None, True),
    ]

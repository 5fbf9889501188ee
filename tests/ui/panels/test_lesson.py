"""A lesson in the window: its questions hear the network, its links do what they say, and what was answered is kept."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton

from engine.trace import moments
from playground.document.examples import example
from playground.lessons.lesson import parse
from playground.lessons.packs import write_pack
from playground.lessons.progress import Book, Progress
from playground.runner.messages import Inspect, NextUpdate
from playground.runner.session import Session
from playground.ui.kit.view import StepAt
from playground.ui.panels.lesson import contents
from playground.ui.panels.lesson import view as lesson_view
from playground.ui.panels.lesson.blocks import QuestionCard, condition_in_words
from playground.ui.panels.lesson.view import LessonView
from tests.ui.bench import Bench

LEFT = Qt.MouseButton.LeftButton
LESSON = """+++
title = "Two questions"
about = "Of a network."
minutes = 1
topic = "Tests"
start = ["do:open?example=first-steps"]
+++
## First
Text with $x^2$ and a [link](do:inside), [another](do:set?fit.optimizer.lr=0.5), <b>no markup</b>.

$$z = w x + b$$

::: predict id=sum kind=number answer="step.value('linear1', 0)" given="do:inside"
What is it?
- wrong `step.value('linear1', 0) - step.before('linear1', 'bias', 0)` :: You forgot the bias.
> Sums and biases.
:::

::: predict id=bend kind=choice
Which?
- [ ] left :: Not left.
- [x] right
> It is.
:::

::: reveal after=bend
Now you know.
:::

## Second
::: goal id=rate when="setting('fit.optimizer.lr') >= 0.4 and run.epoch < 5" solution="do:set?fit.optimizer.lr=0.5"
Raise the rate
:::
"""


@pytest.fixture
def bench(qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(lesson_view, "own_folder", lambda: tmp_path / "own")
    monkeypatch.setattr(contents, "lessons", lambda: (parse(LESSON, "two"),))
    bench = Bench(qtbot, LessonView, example("first-steps").project)
    bench.focus.project_asked.connect(bench.document.set)
    bench.show(320, 640)
    QTest.mouseClick(bench.view.contents.entries["two"], LEFT)
    return bench


def inside(bench: Bench) -> Session:
    """The window's frame, with the next update in it."""
    session = Session()
    session.load(bench.project)
    session.inspect()
    bench.view.show_frame(session.frame([NextUpdate()]))
    return session


def enter(bench: Bench, text: str) -> str:
    card = bench.view.questions[0]
    field = card.findChild(QLineEdit, "number")
    field.setText(text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    return card.feedback.text()


def test_a_number_is_known_once_the_update_is_looked_into(bench: Bench) -> None:
    card = bench.view.questions[0]
    assert not card.findChild(QLineEdit, "number").isEnabled()
    assert "Step inside" in card.feedback.text()
    QTest.mouseClick(card.findChild(QPushButton, "prepare"), LEFT)
    assert isinstance(bench.sent[-1], Inspect)
    trace = inside(bench).inspection.trace
    value = float(trace.values["linear1"][0][0])
    bias = float(trace.parameter("linear1", "bias")[0])
    assert "You forgot the bias." in enter(bench, f"{value - bias:.3g}")
    assert card.because.isHidden()
    assert "no number" in enter(bench, "much")
    assert "That is it" in enter(bench, f"{value:.2g}".replace(".", ","))
    assert not card.because.isHidden()
    assert bench.view.progress.answers["sum"].tries == 2
    assert not bench.view.progress.answers["sum"].right, "the first guess counts"


def test_nobody_says_the_number_that_is_asked_for(bench: Bench) -> None:
    trace = inside(bench).inspection.trace
    assert not bench.focus.veiled, "nobody steps yet"
    bench.focus.show_step(StepAt(trace, moments(trace, "layer")[0]))
    assert bench.focus.veiled
    bench.focus.veil(True)
    enter(bench, f"{float(trace.values['linear1'][0][0]):.3g}")
    assert bench.focus.veiled, "somebody else asks as well"
    bench.focus.veil(False)
    assert not bench.focus.veiled


def test_a_choice_is_a_commitment_and_says_why(bench: Bench) -> None:
    card, (_, reveal) = bench.view.questions[1], bench.view._reveals[0]
    assert reveal.isHidden()
    QTest.mouseClick(card.findChild(QPushButton, "sure_3"), LEFT)
    QTest.mouseClick(card.findChild(QPushButton, "choice_0"), LEFT)
    assert "Many are certain of this. Not left." in card.feedback.text()
    assert bench.view.progress.answers["bend"].sure == 3
    assert not any(button.isEnabled() for button in card.buttons)
    assert not reveal.isHidden()


def test_what_was_shown_is_not_praised(bench: Bench) -> None:
    inside(bench)
    card = bench.view.questions[0]
    assert "Not yet" in enter(bench, "1000")
    card.findChild(QPushButton, "show_it").click()
    assert "It is" in card.feedback.text()
    assert "That is it" not in card.feedback.text()


def test_what_is_counted_asks_for_no_digits_and_waits_for_no_step(bench: Bench) -> None:
    plain = LESSON.replace('step.value(\'linear1\', 0)" given="do:inside"', "network.shape('linear1', 0)\"")
    plain = plain.replace("step.value('linear1', 0) - step.before('linear1', 'bias', 0)", "7")
    asked = parse(plain, "more").questions[0]
    card = QuestionCard(bench.view.context.theme, asked, lambda link: None, lambda *given: None)
    assert card.field.placeholderText() == "a number"
    assert "Step inside" not in card.feedback.text()
    assert bench.view.questions[0].field.placeholderText() == "2 digits"


def test_formulas_are_typeset_on_choices_and_in_what_is_said(bench: Bench, qtbot) -> None:
    long = (
        "a step goes too far, so that the next gradient is larger, and the next step goes further & further"
    )
    asked = parse(
        LESSON.replace("- [ ] left :: Not left.", f"- [ ] $x^2$ :: *Not* $x^2$.\n- [ ] {long}\n- [ ] 2. a"),
        "more",
    ).questions[1]
    told: list[str] = []
    card = QuestionCard(
        bench.view.context.theme, asked, lambda link: None, lambda *given: told.append(given[1])
    )
    qtbot.addWidget(card)
    card.setFixedWidth(280)
    card.show()
    QApplication.processEvents()
    formula, wrapped, numbered, right = card.buttons
    assert "<img" in formula.words.text()
    assert "$" not in formula.words.text()
    assert numbered.words.text() == "2. a"
    assert wrapped.words.text() == long.replace("&", "&amp;")
    assert wrapped.width() <= 280 < wrapped.sizeHint().width()
    assert wrapped.height() > 2 * right.height()
    assert all(
        card.rect().contains(button.geometry().translated(card.column.itemAt(2).widget().pos()))
        for button in card.buttons
    )
    QTest.mouseClick(formula, LEFT)
    assert told == ["$x^2$"]
    card.show_progress(Progress().answered("bend", "$x^2$", False, True))
    assert "<em>Not</em> <img" in card.feedback.text()


def test_links_edit_command_and_nothing_else(bench: Bench) -> None:
    bench.view._follow("do:set?fit.optimizer.lr=0.5")
    assert bench.project.fit.optimizer.lr == 0.5
    bench.view._follow("do:inside")
    assert isinstance(bench.sent[-1], Inspect)
    before = bench.project
    for link in ("do:set?fit.nothing=1", "do:format?disk=c", "do:panel?name=nowhere", "do:look"):
        bench.view._follow(link)
        assert not bench.view._note.isHidden(), link
    assert bench.project is before


def test_goals_are_checked_with_every_frame(bench: Bench) -> None:
    session = inside(bench)
    QTest.mouseClick(bench.view._next, LEFT)
    goal = bench.view.goals[0]
    assert [row.text() for row in goal.rows] == [
        "○ fit.optimizer.lr 0.100 · asked ≥ 0.4",
        "✓ epoch 0 · asked < 5",
    ]
    assert not goal.met
    bench.view._follow("do:set?fit.optimizer.lr=0.5")
    session.load(bench.project)
    bench.view.show_frame(session.frame())
    assert goal.met


def test_what_was_answered_is_there_again(bench: Bench, tmp_path: Path) -> None:
    QTest.mouseClick(bench.view.questions[1].findChild(QPushButton, "choice_1"), LEFT)
    QTest.mouseClick(bench.view._next, LEFT)
    kept = Book(tmp_path / "own" / "progress.json").of(bench.view.contents.lessons[0])
    assert (kept.page, kept.answers["bend"].right) == (1, True)
    QTest.mouseClick(bench.view._leave, LEFT)
    assert bench.view.contents.entries["two"].text().startswith("Two questions  33 %")


def test_what_was_wrong_is_asked_once_more_another_day(bench: Bench) -> None:
    QTest.mouseClick(bench.view.questions[1].findChild(QPushButton, "choice_0"), LEFT)
    QTest.mouseClick(bench.view._leave, LEFT)
    bench.view.contents.fill()
    assert bench.view.contents.again == [], "not on the same day"
    for right in (True, False):
        later = LessonView(bench.view.context, bench.view)
        assert [card.asked.id for card in later.contents.again] == ["bend"] * right
        for card in later.contents.again:
            card.findChild(QPushButton, "choice_1").click()
            assert "Right." in card.feedback.text()
    assert not bench.view.book.of(bench.view.contents.lessons[0]).answers["bend"].right, (
        "the first guess stays"
    )


def test_a_pack_is_listed_and_kept(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "class" / "10-mine"
    source.mkdir(parents=True)
    (source / "lesson.md").write_text(LESSON.replace("Two questions", "My own"))
    made = tmp_path / "class.lessons"
    write_pack(tmp_path / "class", made, "Our class")
    bench.view.add_pack(made)
    mine = bench.view.contents.lessons[-1]
    assert (mine.title, len(bench.view.contents.lessons)) == ("My own", 2)
    bench.view.add_pack(made)
    assert len(bench.view.contents.lessons) == 2, "the same pack twice is one"
    bench.view.begin(mine)
    assert "My own" in bench.view._where.text()
    made.write_bytes(made.read_bytes()[:-40] + b"x" * 40)
    bench.view.add_pack(made)
    assert "damaged" in bench.view.contents.note.text() or "cannot be used" in bench.view.contents.note.text()
    assert not bench.view.contents.note.isHidden()


def test_a_book_that_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "lessons.json"
    for text in ("{", "[]", '{"version": 1}', '{"version": 1, "lessons": {"a": 3}}', "[" * 5000):
        path.write_text(text)
        assert Book(path).of(parse(LESSON, "two")).page == 0


def test_a_value_that_is_not_known_is_a_dash() -> None:
    from playground.lessons.expressions import Condition

    assert condition_in_words(Condition("epoch", None, "<", 3, False)) == "○ epoch – · asked < 3"
    assert condition_in_words(Condition("it has diverged", False, "", None, False)) == "○ it has diverged"

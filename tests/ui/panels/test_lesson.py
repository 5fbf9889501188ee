"""A lesson in the window: its questions hear the network, its links do what they say, and what was answered is kept."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from shiboken6 import delete

from engine.errors import counted
from engine.initializers import Zeros
from engine.trace import moments
from playground.document import edits
from playground.document.examples import example
from playground.lessons.actions import action
from playground.lessons.check import check
from playground.lessons.lesson import Lesson
from playground.lessons.packs import write_pack
from playground.lessons.progress import Book, Progress
from playground.lessons.reading import load, parse
from playground.runner.messages import ApplyStep, Coaching, Inspect, NextUpdate, State
from playground.runner.session import Session
from playground.ui.kit.view import StepAt
from playground.ui.panels import PANELS
from playground.ui.panels.lesson import contents
from playground.ui.panels.lesson import view as lesson_view
from playground.ui.panels.lesson.blocks import condition_in_words
from playground.ui.panels.lesson.map import Stop
from playground.ui.panels.lesson.question_card import QuestionCard
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
    bench.focus.project_asked.connect(lambda project, then: (bench.document.set(project), then()))
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
        "○ learning rate 0.100 · asked ≥ 0.4",
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
    one = '{"version": 1, "lessons": {"two": {"page": %s, "answers": {}, "reached": {}%s}}}'
    for text in (
        "{", "[]", '{"version": 1}', '{"version": 1, "lessons": {"a": 3}}', "[" * 5000, one % ("1e999", ""), one % ('"x"', ""),
        one % ("1", ', "faded": {"f": 3}'), one % ("1", ', "faded": {"f": {"level": 1e999}}'), one % ("1", ', "seconds": []'),
        one.replace('"lessons"', '"number": 1e999, "lessons"') % ("1", ""),
    ):  # fmt: skip
        path.write_text(text)
        book = Book(path)
        assert book.of(parse(LESSON, "two")).page == 0
        assert "cannot be read: lessons.json" in book.unread
        book.note(parse(LESSON, "two"), Progress(1))
        assert Book(path).of(parse(LESSON, "two")).page == 1
        assert not Book(path).unread
        aside = max(tmp_path.glob("lessons-unread-*.json"), key=lambda one: int(one.stem.rpartition("-")[2]))
        assert aside.read_text() == text


def test_answers_of_a_later_version_are_not_written_over(tmp_path: Path) -> None:
    path, text = tmp_path / "lessons.json", '{"version": 99, "lessons": {"two": {}}}'
    path.write_text(text)
    book = Book(path)
    book.note(parse(LESSON, "two"), Progress(1))
    assert (tmp_path / "lessons-unread-1.json").read_text() == text


def test_two_windows_keep_the_answers_of_both(tmp_path: Path) -> None:
    path, one, two = tmp_path / "lessons.json", parse(LESSON, "one"), parse(LESSON, "two")
    here, there = Book(path), Book(path)
    here.note(one, Progress(1))
    there.note(two, Progress(2))
    there.set_number(7)
    here.note(one, Progress(3))
    assert [Book(path).of(lesson).page for lesson in (one, two)] == [3, 2]
    assert Book(path).number == 7
    there.forget(two)
    here.note(one, Progress(4))
    assert [Book(path).of(lesson).page for lesson in (one, two)] == [4, 0]


def test_that_answers_cannot_be_written_stands_on_every_page_until_they_can(
    bench: Bench, tmp_path: Path
) -> None:
    lesson = bench.view.contents.lessons[0]
    bench.view.begin(lesson)
    folder = tmp_path / "own"
    folder.rename(tmp_path / "elsewhere")
    folder.write_text("a file where the folder was")
    bench.view.turn(1)
    assert "cannot be written" in bench.view._note.text()
    assert not bench.view._note.isHidden()
    bench.view.turn(0)
    assert not bench.view._note.isHidden()
    bench.view.leave()
    assert "cannot be written" in bench.view.contents.note.text()
    folder.unlink()
    bench.view.begin(lesson)
    assert bench.view._note.isHidden()
    assert Book(folder / "progress.json").of(lesson).page == 0


def other(bench: Bench, body: str, front: str = "") -> Lesson:
    """Begin another lesson, of this one page or more."""
    bench.view.leave()
    head = LESSON[: LESSON.index("## First")].replace("+++\n## ", "+++\n")
    lesson = parse(head.replace("\nstart", f"\n{front}start") + body, "other")
    bench.view.begin(lesson)
    return lesson


def test_a_reason_is_asked_for_before_the_answer_is_explained(bench: Bench) -> None:
    why = "? Which rule?\n- because [x] adding\n- because [ ] multiplying :: Nothing is multiplied.\n"
    other(
        bench,
        LESSON[LESSON.index("## First") : LESSON.index("## Second")].replace(
            "- [x] right\n", "- [x] right\n" + why
        ),
    )
    card = bench.view.questions[1]
    assert card.reasons.isHidden()
    QTest.mouseClick(card.findChild(QPushButton, "choice_1"), LEFT)
    assert not card.reasons.isHidden()
    assert card.because.isHidden(), "first one thinks"
    QTest.mouseClick(card.findChild(QPushButton, "reason_1"), LEFT)
    assert "Nothing is multiplied." in card.reasons.feedback.text()
    assert not card.because.isHidden()
    answer = bench.view.progress.answers["bend"]
    assert (answer.why, answer.why_right, answer.right) == ("multiplying", False, True)


def test_what_a_wrong_number_comes_of_is_kept(bench: Bench) -> None:
    trace = inside(bench).inspection.trace
    enter(bench, f"{float(trace.values['linear1'][0][0] - trace.parameter('linear1', 'bias')[0]):.3g}")
    assert bench.view.progress.answers["sum"].slip == "You forgot the bias."


LOCKED = """## A
::: lock allow=fit.optimizer.lr until=q
Only the rate.
:::

::: predict id=q kind=choice
What?
- [x] a
- [ ] b
:::

[more units](do:set?linear1.out_features=7)

## B
::: free
Try.
:::
"""


def test_a_page_locks_until_its_question_is_answered(bench: Bench) -> None:
    other(bench, LOCKED)
    assert sorted(bench.focus.allowed.names) == ["fit.optimizer.lr"]
    assert not bench.view.locks[0].isHidden()
    bench.view._follow("do:set?linear1.out_features=7")
    assert bench.project.network["linear1"].layer.out_features == 7, "a lesson may do what it locks"
    assert bench.focus.allowed is not None
    QTest.mouseClick(bench.view.questions[0].findChild(QPushButton, "choice_0"), LEFT)
    assert bench.focus.allowed is None
    assert bench.view.locks[0].isHidden()


def test_who_leaves_or_closes_the_panel_finds_everything_open(bench: Bench) -> None:
    other(bench, LOCKED)
    bench.view.hide()
    assert bench.focus.allowed is None
    bench.view.show()
    assert bench.focus.allowed is not None
    bench.view.leave()
    assert bench.focus.allowed is None


def test_what_a_class_does_not_need_is_hidden(bench: Bench) -> None:
    asked: list[tuple[str, ...]] = []
    bench.focus.hidden_asked.connect(lambda keys: asked.append(tuple(keys)))
    other(bench, LOCKED, 'allow = ["play"]\nhide = ["palette"]\n')
    assert asked[-1] == ("palette",)
    bench.view.turn(1)
    assert sorted(bench.focus.allowed.names) == ["play"], "also for the free task"
    bench.view.leave()
    assert asked[-1] == ()


FADED = "## A\n::: faded id=f level=1\nFollow it.\n:::\n"


def test_a_worked_example_asks_and_counts(bench: Bench) -> None:
    other(bench, FADED)
    card = bench.view.faded[0]
    card.button.click()
    assert isinstance(bench.sent[-1], Inspect)
    session = inside(bench)
    assert not any(line.field for line in card.lines)
    card.button.click()
    assert card.fading.level == 1
    (blank,) = (line for line in card.lines if line.field is not None)
    assert NextUpdate() in set(bench.view.wants())
    card.button.click()
    assert "Fill every blank" in card.feedback.text()
    blank.field.setText(f"{-blank.line.answer:.3g}")
    card.button.click()
    assert blank.mark is not None
    assert "mind the sign" in blank.mark.text()
    assert (card.fading.wrong, card.button.text()) == (1, "Another update")
    for _ in range(2):
        card.button.click()
        assert isinstance(bench.sent[-1], ApplyStep)
        action("do:apply").do(session)
        bench.view.show_frame(session.frame([NextUpdate()]))
        (blank,) = (line for line in card.lines if line.field is not None)
        blank.field.setText(f"{blank.line.answer:.3g}")
        card.button.click()
    assert card.fading.done
    assert bench.view.progress.share(bench.view.lesson) == 1.0
    assert Book(bench.view.book._path).of(bench.view.lesson).faded["f"].done


def test_the_coach_answers_where_a_goal_is_missed(bench: Bench) -> None:
    goal = (
        "## A\n::: goal id=g coach=yes when='metric.train.loss < 0.0001' solution='do:play'\nAll of it\n:::\n"
    )
    other(bench, goal)
    session = Session()
    session.load(edits.set_fit(bench.project, bench.project.fit.replace(initializer=Zeros())), another=True)
    bench.document.set(session.project)
    assert Coaching() in set(bench.view.wants())
    bench.view.show_frame(session.frame([Coaching()]))
    assert bench.view.goals[0].coach.isHidden(), "nothing was tried yet"
    action("do:train?epochs=2").do(session)
    frame = session.frame([Coaching()])
    assert frame.state is State.PAUSED
    bench.view.show_frame(frame)
    assert "The coach: " in bench.view.goals[0].coach.text()
    assert frame.answer(Coaching()).advice.words in bench.view.goals[0].coach.text()


def test_several_seeds_of_one_network(bench: Bench) -> None:
    other(bench, "## A\n::: goal id=g seeds=2/3 when='run.epoch >= 1'\nx\n:::\n")
    card, session = bench.view.goals[0], Session()
    for seed in range(3):
        session.load(bench.project, another=seed == 0)
        action("do:train?epochs=1").do(session)
        bench.view.show_frame(session.frame())
        assert card.met is (seed == 2)
        if seed < 2:
            assert f"{seed + 1} of {counted(seed + 1, 'seed')}" in card._seeds.text()
            card.other.click()
            assert bench.project.seed == seed + 1
    assert bench.view.progress.reached["g"] == (0, 1, 2)


def test_begin_anew_forgets_and_opens_the_project_again(bench: Bench) -> None:
    QTest.mouseClick(bench.view.questions[1].findChild(QPushButton, "choice_0"), LEFT)
    bench.view._follow("do:set?fit.optimizer.lr=0.5")
    bench.view.turn(1)
    bench.view.begin_anew()
    assert (bench.view.progress.page, bench.view.progress.done) == (0, frozenset())
    assert bench.project.fit.optimizer.lr == 0.1
    assert bench.view._anew.isHidden()


def test_a_lesson_goes_on_with_the_project_as_it_was_left(bench: Bench) -> None:
    lesson = bench.view.lesson
    bench.view._follow("do:set?fit.optimizer.lr=0.5")
    bench.view.turn(1)
    bench.view.leave()
    bench.document.set(example("xor").project)
    later = LessonView(bench.view.context, bench.view)
    later.begin(lesson)
    assert later.progress.page == 1
    assert bench.project.fit.optimizer.lr == 0.5
    assert later.progress.seconds >= 0


def test_a_number_draws_the_numbers_of_a_class(bench: Bench) -> None:
    lesson = other(bench, "## A\ntext\n", "personal = true\n")
    field = bench.find("learner_number")
    field.setText("12")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert bench.project.seed == 12
    assert Book(bench.view.book._path).number == 12
    bench.view.begin(lesson)
    assert bench.project.seed == 12


def test_the_map_shows_the_path_and_begins_lessons(bench: Bench) -> None:
    way = bench.view.contents.map
    assert (len(way.stops), way.next) == (1, 0)
    bench.view.leave()
    QTest.mouseClick(way, LEFT, pos=way.centre(0).toPoint())
    assert bench.view.lesson is not None
    QTest.mouseClick(bench.view.questions[1].findChild(QPushButton, "choice_1"), LEFT)
    bench.view.leave()
    assert way.stops[0].share == pytest.approx(1 / 3)
    assert bench.view.contents.go_on.text() == "Go on: Two questions"
    many = [Stop(way.stops[0].lesson, 1.0)] * 40
    way.resize(200, way.heightForWidth(200))
    way.show_stops(many)
    assert way.next is None
    assert way.heightForWidth(200) > way.heightForWidth(600)
    places = {(round(way.centre(i).x()), round(way.centre(i).y())) for i in range(40)}
    assert len(places) == 40


def test_a_panel_is_opened_at_a_layer_and_a_step(bench: Bench) -> None:
    asked: list[str] = []
    bench.focus.panel_asked.connect(asked.append)
    bench.view._follow("do:panel?name=backprop&layer=linear2&phase=backward")
    assert asked == ["backprop"], [panel.key for panel in PANELS]
    assert isinstance(bench.sent[-1], Inspect), "the update is recorded first"
    session = Session()
    session.load(bench.project)
    session.inspect()
    bench.stepper.see(session.frame([NextUpdate()]))
    at = bench.focus.step.moment
    assert (at.phase, at.node_id) == ("backward", "linear2")
    bench.view._follow("do:panel?name=backprop&phase=update")
    assert bench.focus.step.moment.phase == "update"
    bench.view._follow("do:panel?name=backprop&phase=sideways")
    assert "sideways" in bench.view._note.text()


def test_a_task_is_recorded_written_and_tried(bench: Bench, tmp_path: Path) -> None:
    session = Session()
    session.load(bench.project, another=True)
    bench.view.show_frame(session.frame())
    bench.view.record()
    recorder = bench.view.recorder
    bench.document.do(edits.set_fit, bench.project.fit.replace(batch_size=2))
    session.load(bench.project)
    action("do:train?epochs=30").do(session)
    bench.view.show_frame(session.frame())
    recorder.finish.click()
    assert recorder.recording.links == ["do:set?fit.batch_size=2", "do:train?epochs=30"]
    for box, _ in recorder.proposals:
        box.setChecked(False)
    recorder.write(tmp_path)
    assert "at least one condition" in recorder.note.text()
    next(box for box, one in recorder.proposals if one.when == "run.epoch >= 30").setChecked(True)
    recorder.write(tmp_path)
    assert check(load(tmp_path)) == ()
    recorder.try_it.click()
    assert bench.view.lesson.goals[0].when.text == "run.epoch >= 30"


def test_a_value_that_is_not_known_is_a_dash() -> None:
    from playground.lessons.expressions import Condition

    assert condition_in_words(Condition("epoch", None, "<", 3, False)) == "○ epoch – · asked < 3"
    assert condition_in_words(Condition("it has diverged", False, "", None, False)) == "○ it has diverged"
    size = Condition("size behind conv2d1, axis 1", 6, "==", 4, False)
    assert condition_in_words(size).startswith("○ size behind conv2d1, axis 1: 6 · asked")


def test_a_lesson_does_not_begin_where_its_project_is_not_opened(qtbot):
    bench = Bench(qtbot, LessonView, example("circle").project)
    asked = []
    bench.focus.project_asked.connect(lambda project, then: asked.append(then))
    view = bench.view
    view.begin(view.contents.lessons[0])
    assert view.lesson is None
    assert view._pages.currentWidget() is view.contents
    asked[0]()
    assert view.lesson is view.contents.lessons[0]


def test_a_window_that_is_taken_apart_hides_the_lesson_without_a_fault(bench: Bench) -> None:
    assert bench.view.lesson is not None
    bench.focus.setParent(None)
    delete(bench.focus)
    assert bench.view.context.gone
    bench.view.hide()
    assert bench.view.isHidden()

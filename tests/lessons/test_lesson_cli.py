"""``playground lesson``."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from playground.cli import main
from playground.lessons.actions import ACTIONS
from playground.lessons.grading import misconceptions, page, pupils, write_tables
from playground.lessons.names import NAMES
from playground.lessons.progress import Book
from playground.lessons.reading import lessons
from tests.lessons.test_lesson_files import FRONT, GOAL


def test_check_says_which_lesson_does_not_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.md", tmp_path / "bad.md"
    good.write_text(FRONT + "## A\n" + GOAL)
    bad.write_text(FRONT + "## A\n" + GOAL.replace(">= 2", ">= 3"))
    assert main(["lesson", "check", str(good)]) == 0
    assert capsys.readouterr().out == "good: holds\n"
    assert main(["lesson", "check", str(good), str(bad), str(tmp_path / "none.md")]) == 1
    said = capsys.readouterr().out
    assert "bad: does not hold\n  The solution of goal g of bad does not reach it" in said
    assert "none.md" in said


def test_the_reference_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lesson", "names"]) == 0
    said = capsys.readouterr().out
    assert all(f"  {name}" in said for name in NAMES)
    assert all(f"  do:{name}" in said for name in ACTIONS)
    assert main(["lesson", "list"]) == 0
    listed = capsys.readouterr().out
    assert all(lesson.title in listed for lesson in lessons())


def test_a_class_is_one_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lesson = lessons()[0]
    first, second = lesson.questions[:2]
    for name, guess in (("ada", first.choices[0].text), ("bob", '=HYPERLINK("x")')):
        book = Book()
        progress = book.of(lesson).answered(first.id, guess, name == "ada", True)
        book.note(lesson, progress.met(lesson.goals[0].id, [0]) if name == "ada" else progress)
        (tmp_path / "class").mkdir(exist_ok=True)
        book.write(tmp_path / "class" / f"{name}.json")
    (tmp_path / "class" / "carl.json").write_text("{")
    assert main(["grade", str(tmp_path / "class"), str(tmp_path / "table.csv")]) == 0
    assert "3 pupils, 3 rows" in capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
    assert [(row["pupil"], row["kind"], row["right at once"]) for row in rows] == [
        ("ada", "question", "yes"),
        ("ada", "goal", ""),
        ("bob", "question", "no"),
    ]
    assert rows[2]["first guess"].startswith("'=")
    shown = (tmp_path / "table.html").read_text()
    assert "3 pupils, 1 lesson begun" in shown
    assert second.id not in {row["id"] for row in rows}
    assert main(["grade", str(tmp_path / "nobody"), str(tmp_path / "table.csv")]) == 2


def test_misconceptions_are_counted_and_pupils_words_stay_letters(tmp_path: Path) -> None:
    lesson = next(one for one in lessons() if one.id == "030-hidden-gradient")
    paths, back = lesson.questions[0], lesson.questions[1]
    wrong = next(choice for choice in paths.choices if not choice.right)
    for name, sure, guess, slip in (
        ("ada", 3, wrong.text, back.mistakes[0].remark),
        ("<b>bob</b>", 1, wrong.text, "<script>alert(1)</script> $x$"),
        ("carl", 2, "<i>not a choice</i>", ""),
    ):
        book = Book()
        progress = book.of(lesson).answered(paths.id, guess, False, True, sure)
        progress = progress.answered(back.id, "0.1", False, False, 0, slip)
        book.note(lesson, replace(progress, seconds=300.0))
        book.write(tmp_path / f"{name.replace('/', '')}.json")
    found = misconceptions(pupils(tmp_path), [lesson])
    assert [(one.believed, one.pupils, one.certain) for one in found] == [
        (wrong.text, 2, 1),
        (back.mistakes[0].remark, 1, 0),
    ]
    assert found[0].refuted == wrong.remark
    shown = page(pupils(tmp_path), [lesson])
    assert "<script>" not in shown
    assert "<b>bob" not in shown
    assert "&lt;b&gt;bob" in shown
    write_tables(tmp_path, tmp_path / "class")
    rows = list(csv.DictReader((tmp_path / "class.csv").read_text().splitlines()))
    assert {row["minutes"] for row in rows} == {"5"}
    assert [row["misconception"] for row in rows if row["pupil"] == "ada"] == [
        wrong.text,
        back.mistakes[0].remark,
    ]


def test_what_a_lesson_calls_a_panel_must_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "one"
    assert main(["lesson", "new", str(folder)]) == 0
    text = (folder / "lesson.md").read_text()
    for old, new in (
        ("start =", 'hide = ["pallette"]\nstart ='),
        ("[train](do:play)", "[train](do:panel?name=backprob)"),
    ):
        (folder / "lesson.md").write_text(text.replace(old, new))
        assert main(["lesson", "check", str(folder)]) == 1
        assert "There is no panel" in capsys.readouterr().out
    assert main(["lesson", "names", "xor"]) == 0
    said = capsys.readouterr().out
    assert "Blocks of xor: linear1, tanh1, linear2" in said
    assert "fit.optimizer.lr=" in said
    assert main(["lesson", "names", "xo"]) == 2

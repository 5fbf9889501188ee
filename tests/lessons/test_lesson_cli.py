"""``playground lesson``."""

import csv
from pathlib import Path

import pytest

from playground.cli import main
from playground.lessons.actions import ACTIONS
from playground.lessons.lesson import lessons
from playground.lessons.names import NAMES
from playground.lessons.progress import Book
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
        book.note(lesson, progress.met(lesson.goals[0].id, 0) if name == "ada" else progress)
        (tmp_path / "class").mkdir(exist_ok=True)
        book.write(tmp_path / "class" / f"{name}.json")
    (tmp_path / "class" / "carl.json").write_text("{")
    assert main(["lesson", "grade", str(tmp_path / "class"), str(tmp_path / "table.csv")]) == 0
    assert "3 pupils, 3 rows" in capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
    assert [(row["pupil"], row["kind"], row["right at once"]) for row in rows] == [
        ("ada", "question", "yes"),
        ("ada", "goal", ""),
        ("bob", "question", "no"),
    ]
    assert rows[2]["first guess"].startswith("'=")
    assert second.id not in {row["id"] for row in rows}
    assert main(["lesson", "grade", str(tmp_path / "nobody"), str(tmp_path / "table.csv")]) == 2

"""A class set: other numbers for each pupil, the same as the program draws for that number, and one key."""

import csv
from pathlib import Path

import pytest

from playground.cli import main
from playground.document import edits
from playground.lessons.check import seen
from playground.lessons.errors import LessonError
from playground.lessons.reading import lessons, parse
from playground.lessons.sheets import load_lesson, sheets, write_set
from playground.runner.session import Session
from tests.lessons.test_lesson_files import FRONT, GOAL

LESSON = next(one for one in lessons() if one.id == "030-hidden-gradient")


def test_the_key_is_what_the_program_computes_for_that_number(tmp_path: Path) -> None:
    write_set(LESSON, tmp_path, 3, first=4)
    rows = list(csv.DictReader((tmp_path / "key.csv").read_text().splitlines()))
    assert [row["number"] for row in rows] == ["4", "5", "6"]
    asked = [one for one in LESSON.questions if one.answer is not None]
    for row in rows:
        session = Session()
        session.load(edits.set_seed(LESSON.project, int(row["number"])), another=True)
        session.inspect()
        for one in asked:
            assert one.answer is not None
            assert float(row[one.id]) == one.answer.value(seen(session, one.answer))
    assert len({row[asked[0].id] for row in rows}) == 3


def test_a_sheet_says_what_is_given_and_no_answer(tmp_path: Path) -> None:
    made = sheets(LESSON, 2)
    assert made[0].given != made[1].given
    write_set(LESSON, tmp_path, 2)
    text = (tmp_path / "sheets.html").read_text()
    assert text.count("<section>") == 2
    assert "do:" not in text, "links are plain words on paper"
    assert made[0].given[0] in text
    key = (tmp_path / "key.html").read_text()
    assert key.count("<tr>") == 3


def test_formulas_are_drawn_on_paper(tmp_path: Path) -> None:
    write_set(load_lesson("015-descent"), tmp_path, 1)
    text = (tmp_path / "sheets.html").read_text()
    assert "<svg" in text
    assert "$" not in text


def test_what_makes_no_set_is_said(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match="asks for no number"):
        sheets(parse(FRONT + "## A\n" + GOAL, "one"), 2)
    fixed = FRONT + "## A\n::: predict id=q answer='network.units'\nHow many?\n:::\n"
    with pytest.raises(LessonError, match="same for every seed"):
        sheets(parse(fixed, "one"), 2)
    with pytest.raises(LessonError, match="1 to 200"):
        sheets(LESSON, 201)
    with pytest.raises(LessonError, match="030-hidden-gradient"):
        load_lesson("030-hidden-gradien")
    assert main(["lesson", "sheets", "030-hidden-gradient", str(tmp_path / "set"), "--pupils", "2"]) == 0
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == [
        "key.csv",
        "key.html",
        "sheets.html",
    ]
    assert main(["lesson", "sheets", "nobody", str(tmp_path / "x")]) == 2

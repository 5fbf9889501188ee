"""``playground lesson``."""

from pathlib import Path

import pytest

from playground.cli import main
from playground.lessons.actions import ACTIONS
from playground.lessons.lesson import lessons
from playground.lessons.names import NAMES
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

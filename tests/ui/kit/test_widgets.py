"""What panels are made of shows whole words, or says that there are more."""

import ast
from pathlib import Path

from PySide6.QtWidgets import QStyleOptionComboBox

from playground.ui.kit.widgets import ComboBox


def words_of(box: ComboBox) -> str:
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    return option.currentText


def test_a_list_that_is_too_narrow_ends_in_an_ellipsis(qtbot) -> None:
    box = ComboBox()
    qtbot.addWidget(box)
    box.addItem("1 · class 0 ✓ · loss 0.00123")
    box.resize(126, 30)
    assert words_of(box).endswith("…")
    assert box.currentText() == "1 · class 0 ✓ · loss 0.00123"
    box.resize(box.sizeHint())
    assert words_of(box) == box.currentText()


def test_every_list_is_one_of_them(repository: Path) -> None:
    made = [
        f"{path.relative_to(repository)}:{node.lineno}"
        for path in sorted((repository / "playground").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "QComboBox"
    ]
    assert not made, "ComboBox of kit.widgets shortens what does not fit"

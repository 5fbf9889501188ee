"""Taking pictures of one's own as data, in tests."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.data import Source
from tests.ui.bench import Bench


def use(bench: Bench) -> None:
    """Take what is shown."""
    QTest.mouseClick(bench.find("preview_use"), Qt.MouseButton.LeftButton)


def opened(bench: Bench) -> Source:
    """The project's source, whatever state of its files is meant."""
    source = bench.project.source
    return source.replace(seen="") if source.from_disk else source

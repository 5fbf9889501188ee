"""A live theme reads as the colours of now, tells who follows it for as long as they live, and leaves no cache stale."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSettings, Qt
from PySide6.QtWidgets import QApplication, QWidget

from playground.document.document import Document
from playground.document.examples import example
from playground.runner.messages import Command, Inspect
from playground.ui.application import Appearance
from playground.ui.kit.colours import signed_table
from playground.ui.kit.formula import FormulaView
from playground.ui.kit.icons import icon
from playground.ui.kit.theme import DARK, LIGHT, LiveTheme, Theme
from playground.ui.panels import PANELS
from playground.ui.shell.main_window import MainWindow
from playground.ui.shell.settings import Settings
from playground.ui.shell.snapshot import StillRunner
from playground.ui.shell.undo import History
from tests.runner.training import trained


class Follower(QWidget):
    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.theme, self.seen = theme, []
        theme.follow(self._restyle)

    def _restyle(self) -> None:
        self.seen.append((self.objectName(), self.theme.text))  # a widget that is gone has no name any more


def test_it_reads_as_the_colours_of_now() -> None:
    theme = LiveTheme(LIGHT)
    assert (theme.now, theme.text, theme.dark) == (LIGHT, LIGHT.text, False)
    theme.become(DARK)
    assert (theme.now, theme.text, theme.dark) == (DARK, DARK.text, True)
    assert theme.diverging().tolist() == DARK.diverging().tolist()
    assert LiveTheme(theme).now is DARK, "of the colours, not of the other live theme"


def test_who_follows_is_called_at_once_and_after_each_change(qtbot) -> None:
    theme = LiveTheme(LIGHT)
    follower = Follower(theme)
    qtbot.addWidget(follower)
    theme.become(DARK)
    assert [text for _, text in follower.seen] == [LIGHT.text, DARK.text]


def test_a_theme_that_stays_calls_once(qtbot) -> None:
    follower = Follower(LIGHT)
    qtbot.addWidget(follower)
    assert len(follower.seen) == 1


def test_who_is_destroyed_is_called_no_more(qapp) -> None:
    theme, parent = LiveTheme(LIGHT), QWidget()
    follower = Follower(theme, parent)
    parent.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.become(DARK)
    assert len(follower.seen) == 1


def test_what_is_kept_by_theme_is_kept_by_its_colours() -> None:
    theme = LiveTheme(LIGHT)
    assert signed_table(theme) is signed_table(LIGHT)
    theme.become(DARK)
    assert signed_table(theme) is signed_table(DARK)
    with pytest.raises(TypeError, match="unhashable"):
        hash(theme)


def test_an_icon_is_painted_in_the_colours_of_now(qapp) -> None:
    theme = LiveTheme(LIGHT)
    kept = icon("play", theme)
    light = kept.pixmap(16).toImage()
    theme.become(DARK)
    assert kept.pixmap(16).toImage() == icon("play", DARK).pixmap(16).toImage() != light


class Walking(StillRunner):
    """Carries out what stepping through an update asks for, too."""

    def send(self, command: Command) -> None:
        super().send(command)
        if isinstance(command, Inspect):
            self._session.inspect(command.sample)


def tour(window: MainWindow) -> Iterator[str]:
    """Brings each panel to the front in turn, and ends in the middle of an update."""

    def settled(name: str) -> str:
        window.pump.tick()
        QApplication.processEvents()
        # Formulas are typeset a moment later, and then laid out.
        while not all(view.ready for view in window.findChildren(FormulaView)):
            QApplication.processEvents()
        for _ in range(3):
            QApplication.processEvents()
            window.pump.tick()
        return name

    yield settled("as it stands")
    for panel in PANELS:
        window.docks.bring_forward(panel.key)
        yield settled(panel.key)
    window.docks.bring_forward("convolution")
    pages = window.docks.views["convolution"].tabs
    for page in range(pages.count()):
        pages.setCurrentIndex(page)
        yield settled(f"convolution {page}")
    window.step_inside()
    settled("")
    window.backprop.stepper.step(+2)
    cards = window.backprop.tools
    for card in reversed(range(cards.count())):
        cards.setCurrentIndex(card)
        yield settled(f"backprop {card}")


@pytest.mark.slow
def test_a_toggled_window_looks_as_if_it_had_been_opened_so(
    qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All panels, seen before and hidden while the theme changes."""
    # Which moments are kept, and so shown in Distributions, is a matter of the clock: here, the first alone.
    monkeypatch.setattr("engine.checkpoints.EVERY", 1e9)
    shown = {}
    for opened in ("light", "dark"):
        settings = Settings(QSettings(str(tmp_path / f"{opened}.ini"), QSettings.Format.IniFormat))
        settings.theme, settings.reduce_motion = opened, True
        session, appearance = trained(example("digits-cnn").project, 10), Appearance(settings)
        document = Document(session.project)
        window = MainWindow(document, History(document), Walking(session), settings, appearance)
        qtbot.addWidget(window)
        window.setWindowState(Qt.WindowState.WindowNoState)
        window.resize(1280, 900)
        window.show()
        window.focus.select(document.value.network.nodes[0].id)
        list(tour(window))
        appearance.choose("dark")
        shown[opened] = {name: window.grab().toImage() for name in tour(window)}
        window.close()
    assert [name for name, image in shown["dark"].items() if image != shown["light"][name]] == []

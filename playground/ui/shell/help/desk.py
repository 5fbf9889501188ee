"""The Help menu of a window: which page what has the focus has, and what a page's offers do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from engine.errors import EngineError
from engine.layers import Layer
from engine.network import INPUT
from engine.spec import Spec
from playground.document import edits
from playground.ui.kit.subject import LOSS

if TYPE_CHECKING:
    from playground.ui.shell.help.window import HelpWindow
    from playground.ui.shell.main_window import MainWindow


class HelpDesk(QObject):
    """Opens pages; one window, made when it is first asked for."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._pages: HelpWindow | None = None

    def show_here(self) -> None:
        """The page of what has the focus."""
        self.show(self.page_of(QApplication.focusWidget()))

    def page_of(self, widget: QWidget | None) -> str:
        """The selected block's where the focus is in the network or in the Layer panel; else what the widget stands in."""
        from playground.ui.shell.help import pages
        from playground.ui.shell.help.window import page_at

        found, project = page_at(widget), self._window.document.value
        if found not in (pages.NETWORK, "panel/inspector"):
            return found
        node_id = self._window.focus.node_id
        if node_id in project.network:
            return pages.page_id(project.network[node_id].layer)
        at_ends: dict[str, Spec] = {INPUT: project.source, LOSS: project.fit.loss}
        return pages.page_id(at_ends[node_id]) if node_id in at_ends else found

    def show(self, page_id: str) -> None:
        """Show a page of the help, in the window that there is, or in a new one."""
        from playground.ui.shell.help.window import HelpWindow

        if self._pages is None or not isValid(self._pages):
            window = self._window
            self._pages = HelpWindow(window.canvas.context.theme, window)
            self._pages.example_chosen.connect(window.desk.open_example)
            self._pages.panel_chosen.connect(window.docks.bring_forward)
            self._pages.spec_chosen.connect(self._use)
        self._pages.read(page_id)
        self._pages.show()
        self._pages.raise_()
        self._pages.activateWindow()
        self._pages.search.setFocus()

    def show_keys(self) -> None:
        """All keys at a glance."""
        from playground.ui.shell.help.shortcuts import Shortcuts

        Shortcuts(self._window.actions_, self._window).show()

    def show_about(self) -> None:
        """Which version this is."""
        from playground.ui.shell.help.shortcuts import about

        about(self._window)

    def _use(self, cls: type[Spec]) -> None:
        """Put a default one into the project."""
        from playground.ui.shell.help import pages

        window, document = self._window, self._window.document
        commands = window.canvas.commands
        if issubclass(cls, Layer):
            commands.insert(cls.key, commands.behind_current())
        elif pages.page_id(cls).startswith("data set/"):
            document.do(edits.set_source, cls())
        else:
            try:
                fit = pages.with_it(document.value.fit, cls)
            except EngineError as error:
                window.run.note(str(error))
                return
            document.do(edits.set_fit, fit, text=f"Use {cls.label}")

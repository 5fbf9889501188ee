"""The dialogs of the menus; each is imported when it is first opened."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from engine.errors import EngineError
from engine.windows import slides
from playground.runner.messages import Play
from playground.ui.panels import PANELS

if TYPE_CHECKING:
    from pathlib import Path

    from playground.ui.kit.theme import LiveTheme
    from playground.ui.kit.view import View
    from playground.ui.panels.lesson.view import LessonView
    from playground.ui.shell.main_window import MainWindow
    from playground.ui.shell.settings import Settings
    from playground.ui.shell.textbook import Textbook


class Dialogs:
    """Opens them over ``window``, which goes on behind them."""

    def __init__(self, window: MainWindow, theme: LiveTheme, settings: Settings) -> None:
        self._window, self._theme, self._settings = window, theme, settings

    def show_start_page(self) -> None:
        from playground.ui.shell.start_page import StartPage

        page = StartPage(self._theme, self._settings.recent, self._window)
        page.example_chosen.connect(self._window.desk.open_example)
        page.file_chosen.connect(self._window.desk.open_path)
        page.open()

    def show_welcome(self) -> None:
        """The three doors, as at the first start."""
        from playground.ui.shell.welcome import Welcome

        self._settings.welcomed = True
        page = Welcome(self._theme, self._window)
        page.chosen.connect(self._enter)
        page.examples_asked.connect(self.show_start_page)
        page.lessons_asked.connect(self.show_lessons)
        page.open()

    def show_lessons(self) -> None:
        self._window.docks.bring_forward("lesson")

    def record_lesson(self) -> None:
        """Watch what an author does, and make a lesson of it."""
        self._window.docks.bring_forward("lesson")
        cast("LessonView", self._window.docks.views["lesson"]).record()

    def _enter(self, door: str) -> None:
        """Open what is behind a door, and begin what it promises."""
        begin: dict[str, Callable[[], object]] = {
            "circle": lambda: self._window.canvas.context.send(Play(gently=True)),
            "first-steps": self._window.step_inside,
            "digits-cnn": self._watch_first,
        }
        self._window.desk.open_example(door, begin[door])

    def _watch_first(self) -> None:
        """The first convolution at work."""
        network = self._window.document.value.network
        node_id = next(node.id for node in network.nodes if slides(node.layer))
        self._window.focus.select(node_id)
        self._window.watch(node_id)

    def show_points(self) -> None:
        from playground.ui.shell.points_dialog import PointsDialog

        autosave = self._window.desk.autosave
        dialog = PointsDialog(autosave.recovery.listed() if autosave is not None else (), self._window)
        dialog.chosen.connect(self._window.desk.open_point)
        dialog.open()

    def show_export(self) -> None:
        from playground.ui.shell.export_dialog import ExportDialog

        project = self._window.document.value.replace(name=self._window.desk.name)
        dialog = ExportDialog(project, self._window.saving, self._theme, self._window)
        self._window.closed.connect(dialog.end)
        dialog.open()

    def import_model(self) -> None:
        from playground.ui.shell.import_dialog import ask_for_model

        ask_for_model(self._window, self._window.document, self._theme)

    def open_model(self, path: Path) -> None:
        """Show what is in a file of another program, and offer to take it."""
        from playground.ui.shell.import_dialog import open_model

        open_model(self._window, self._window.document, self._theme, path)

    def show_figure(self) -> None:
        """Offer the views that are seen as figures, the network first."""
        from playground.ui.shell.figure_dialog import FigureDialog
        from playground.ui.shell.textbook import TITLE, Textbook

        seen = [
            (panel.title, self._window.docks.views[panel.key])
            for panel in PANELS
            if self._window.docks.seen(panel.key)
        ]
        views: list[tuple[str, View | Textbook]] = [("Network", self._window.canvas), *seen]
        with suppress(EngineError):  # data that cannot be made: there are no shapes to draw
            views.insert(1, (TITLE, Textbook(self._window.document.value, self._window)))
        dialog = FigureDialog(views, self._window.desk.name, self._theme, self._window)
        for _, view in views[1:2]:
            if isinstance(view, Textbook):
                dialog.destroyed.connect(view.deleteLater)
        dialog.open()

    def show_film(self) -> None:
        """Offer the window, the network and the panels that are seen as films of the run."""
        from playground.ui.shell.film.dialog import FilmDialog, Looked, Subject
        from playground.ui.shell.settings import LAYOUT_VERSION

        window, docks = self._window, self._window.docks
        seen = [Subject(p.key, p.title, docks.views[p.key]) for p in PANELS if docks.seen(p.key)]
        seen.sort(key=lambda one: one.key != "output")
        subjects = [
            *seen[:1],
            Subject("network", "Network", window.canvas),
            *seen[1:],
            Subject("window", "The whole window", window),
        ]
        frame, focus = window.pump.frame, window.focus
        epoch = float(frame.epoch) if frame is not None else 0.0
        layout = bytes(window.saveState(LAYOUT_VERSION).data())
        begun = frame is not None and frame.step > 0
        earliest = epoch * frame.earliest_step / frame.step if frame is not None and begun else 0.0
        looked = Looked(epoch, earliest, focus.node_id, *focus.sample, layout)
        project = window.document.value.replace(name=window.desk.name)
        dialog = FilmDialog(subjects, looked, project, window.saving, self._theme, window)
        window.closed.connect(dialog.end)
        dialog.open()

    def show_report(self) -> None:
        """Offer a report of the run, compared with those of the Runs panel."""
        from playground.runs.kept import Kept
        from playground.ui.kit.places import runs_of
        from playground.ui.shell.report.dialog import ReportDialog

        window = self._window
        project = window.document.value.replace(name=window.desk.name)
        kept = Kept(runs_of(window.document))
        kept.read()
        dialog = ReportDialog(project, window.saving, (kept.folder, len(kept.entries)), window)
        window.closed.connect(dialog.end)
        dialog.open()

    def share(self) -> None:
        """The project as a code."""
        from playground.document.files import FileError
        from playground.document.sharing import to_code
        from playground.ui.kit.questions import refuse
        from playground.ui.shell.share_dialog import ShareDialog

        try:
            code = to_code(self._window.document.value.replace(name=self._window.desk.name))
        except FileError as error:
            refuse(self._window, "Not shared", error)
            return
        ShareDialog(code, self._window).open()

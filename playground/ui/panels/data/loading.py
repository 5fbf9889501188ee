"""Data that take a while: made off the GUI thread, with what is to happen when they are there."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from engine.data import Preparation, Source
from engine.errors import EngineError
from playground.document.project import Project, data_of
from playground.document.store import Job, Pending, store

LOOK = 40  #: milliseconds between two looks whether the data are there


class Loading(QObject):
    """One request for data at a time; a newer one replaces it. What is ready at once happens at once."""

    changed = Signal()  #: it has begun, come further or ended

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self._ended: Callable[[], None] = lambda: None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._look)

    @property
    def busy(self) -> bool:
        return self._job is not None

    @property
    def share(self) -> float:
        """How far it is, 0 to 1; 0 too where that is not known."""
        return self._job.share if self._job is not None else 0.0

    def request(
        self,
        find: Callable[[], Source],
        preparation: Callable[[Source], Preparation],
        ready: Callable[[Source], object],
        failed: Callable[[EngineError], object],
    ) -> None:
        """Find a source and make its data; then ``ready`` with the source, or ``failed`` with the error, on this thread."""
        self.cancel()
        job = self._job = Job()
        found: list[Source] = []

        def make() -> None:
            source = find()
            store.make_raw(source)  # what is suited to them is read off the samples
            store.make(source, preparation(source))
            found.append(source)

        def work() -> None:
            try:
                job.run(make)
            finally:
                job.done.set()

        def ended() -> None:
            if job.error is not None:
                failed(job.error)
            elif found:
                ready(found[0])

        self._ended = ended
        if store.patience is None:
            work()
        else:
            threading.Thread(target=work, name="loading", daemon=True).start()
            job.done.wait(store.patience)
        self._look()
        if self.busy:
            self._timer.start()
            self.changed.emit()

    def cancel(self) -> None:
        """Let go of what is being loaded; nothing happens then."""
        if self._job is not None:
            self._job.give_up()
            self._end()

    def _look(self) -> None:
        job, ended = self._job, self._ended
        if job is None:
            return
        if job.done.is_set():
            self._end()
            ended()
        else:
            self.changed.emit()

    def _end(self) -> None:
        self._job = None
        self._timer.stop()
        self.changed.emit()


class Waiting(QObject):
    """Says when the data of the project on screen, pending until now, are there or cannot be had."""

    arrived = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._look)

    def watch(self, project: Project) -> None:
        """Wait for the data of ``project``, if they are not there; for no others any more.

        To be called before anybody is shown ``project``: data that come while it is shown are announced all the same.
        """
        self._project = None
        self._timer.stop()
        try:
            data_of(project)
        except Pending:
            self._project = project
            self._timer.start()
        except EngineError:
            pass  # the views say so

    def _look(self) -> None:
        project = self._project
        if project is not None and store.job(project.source, project.preparation) is None:
            self._project = None
            self._timer.stop()
            self.arrived.emit()

"""The data of projects, made once and shared by everyone who asks. No Qt.

Making data can take seconds: a file is read, a library imported. A window cannot wait so long; its process sets ``patience``, and what is
not ready by then is made by another thread, while whoever asks is told that it is pending. Threads that may wait call ``make``.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakKeyDictionary

from engine import progress
from engine.alarms import alarms
from engine.data import Dataset, Preparation, Prepared, Source, prepare
from engine.errors import EngineError
from engine.problems import Problem
from playground.document.content import content_of

#: most that is kept for another time: prepared data, and bytes of their inputs, those that several share counted once; the newest
#: are kept, however large they are
KEPT, KEPT_BYTES = 8, 1 << 30
#: errors that are remembered
KEPT_ERRORS = 32

Key = tuple[Source, Preparation]


class Pending(EngineError):
    """The data are still being made."""


_PENDING = "The data are being loaded. Wait a moment."


class GivenUp(BaseException):
    """Nobody waits for these data any more; ends the thread that makes them. No Exception: it is no fault of the file that is read."""


class Job:
    """Data that are being made.

    Attributes:
        share: how far it is, 0 to 1; 0 too where that is not known.
        done: set when it has ended, one way or the other.
        error: why there are no data; ``None`` while it goes on, and where all went well.
    """

    def __init__(self) -> None:
        self.share = 0.0
        self.done = threading.Event()
        self.error: EngineError | None = None
        self._given_up = False

    def give_up(self) -> None:
        """End it at the next report of progress."""
        self._given_up = True

    @property
    def given_up(self) -> bool:
        return self._given_up

    def see(self, share: float) -> None:
        """Note progress; the listener of ``progress.listening``."""
        if self._given_up:
            raise GivenUp
        self.share = share

    def run(self, work: Callable[[], object]) -> None:
        """Do ``work`` on this thread, and note its progress and how it ends. ``done`` is for the caller to set."""
        try:
            with progress.listening(self.see):
                work()
        except GivenUp:
            pass
        except EngineError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001  a thread has nobody above it; the window shows the sentence
            self.error = EngineError(
                f"The data cannot be made: {type(error).__name__}: {error}; expected no such failure. "
                "Choose other data."
            )


class Store:
    """What has been made, and what is being made.

    Attributes:
        patience: seconds that ``get`` waits for data; ``None``: as long as it takes.
    """

    def __init__(self) -> None:
        self.patience: float | None = None
        self._lock = threading.Lock()
        self._ready: OrderedDict[Key, Prepared] = OrderedDict()
        self._failed: OrderedDict[Key, EngineError] = OrderedDict()
        self._jobs: dict[Key, Job] = {}
        self._alarms: WeakKeyDictionary[Prepared, tuple[Problem, ...]] = WeakKeyDictionary()
        self._newest: tuple[Source, Dataset] | None = None  # what was made last, prepared or not

    def get(self, source: Source, preparation: Preparation) -> Prepared:
        """The data. Raises EngineError where they cannot be made, and Pending where they are not ready in time."""
        if (found := self._made(source, preparation)) is not None:
            return found
        if self.patience is None:
            return self.make(source, preparation)
        key = (source, preparation)
        if (failed := self._failed.get(key)) is not None:
            raise failed
        fresh = key not in self._jobs
        job = self.start(source, preparation)
        if fresh:
            job.done.wait(self.patience)
        if not job.done.is_set():
            raise Pending(_PENDING)
        if job.error is not None:
            raise job.error
        if (
            found := self._made(source, preparation)
        ) is None:  # given up by somebody else, or pushed out at once by newer ones
            raise Pending(_PENDING)
        return found

    def raw(self, source: Source) -> Dataset:
        """The samples before any preparation. Raises EngineError where they cannot be made.

        Where there is not all patience, it raises Pending unless they were made before.
        """
        found = self._kept(source)
        if found is None and self.patience is not None:
            raise Pending(_PENDING)
        return self.make_raw(source) if found is None else found

    def start(self, source: Source, preparation: Preparation) -> Job:
        """Have data made by another thread, an earlier failure or not; a job that goes on already is joined."""
        key = (source, preparation)
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and not job.given_up:
                return job
            job = Job()
            if key in self._ready:
                job.done.set()
                return job
            self._failed.pop(key, None)
            self._jobs[key] = job
        threading.Thread(target=self._work, args=(key, job), name="data", daemon=True).start()
        return job

    def job(self, source: Source, preparation: Preparation) -> Job | None:
        """The job that makes these data now."""
        with self._lock:
            return self._jobs.get((source, preparation))

    def _work(self, key: Key, job: Job) -> None:
        try:
            job.run(lambda: self.make(*key))
        finally:
            with self._lock:
                if job.error is not None:
                    self._failed[key] = job.error
                    while len(self._failed) > KEPT_ERRORS:
                        self._failed.popitem(last=False)
                if self._jobs.get(key) is job:
                    del self._jobs[key]
            job.done.set()

    def make_raw(self, source: Source) -> Dataset:
        """The samples before any preparation, however long it takes. Raises EngineError where they cannot be made."""
        found = self._kept(source)
        if found is None:
            found = source.make()
            if self.patience is not None:
                content_of(source)  # known by the time that a window wants to name these data
            with self._lock:
                self._newest = source, found
        return found

    def make(self, source: Source, preparation: Preparation) -> Prepared:
        """The data, however long it takes. Raises EngineError where they cannot be made."""
        if (found := self._made(source, preparation)) is not None:
            return found
        key, made = (source, preparation), prepare(self.make_raw(source), preparation)
        unfair = alarms(made, preparation)  # looked for here, where no window waits
        with self._lock:
            if self._newest is not None and self._newest[0] == source:
                self._newest = None  # ``made`` holds the same samples
            # Whoever was faster has made what others may hold already: one data set is one object.
            self._alarms[made] = unfair
            made = self._ready.setdefault(key, made)
            while len(self._ready) > 1 and (len(self._ready) > KEPT or self._bytes() > KEPT_BYTES):
                self._ready.popitem(last=False)
        return made

    def alarms(self, data: Prepared) -> tuple[Problem, ...]:
        """What is unfair in data that ``get`` or ``make`` have given."""
        with self._lock:
            return self._alarms.get(data, ())

    def _made(self, source: Source, preparation: Preparation) -> Prepared | None:
        with self._lock:
            found = self._ready.get((source, preparation))
            if found is not None:
                self._ready.move_to_end((source, preparation))
            return found

    def _kept(self, source: Source) -> Dataset | None:
        """The samples of a source that were prepared in another way."""
        with self._lock:
            if self._newest is not None and self._newest[0] == source:
                return self._newest[1]
            return next((data.made for (of, _), data in self._ready.items() if of == source), None)

    def _bytes(self) -> int:
        parts = (part for d in self._ready.values() for part in (d.raw, d.train, d.validation, d.test))
        return sum({id(part.x): part.x.nbytes for part in parts if part is not None}.values())


store = Store()  #: of this process

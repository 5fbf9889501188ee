"""Data made once, by another thread where the window would have to wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import pytest

from engine import progress
from engine.data import Circle, Dataset, Preparation, Source
from engine.errors import DataError
from playground.document.project import Project, problems
from playground.document.store import KEPT, Pending, Store
from playground.document.store import store as shared

PLAIN = Preparation()


@dataclass(frozen=True)
class Slow(Source):
    """Made when the test says so."""

    key: ClassVar[str] = "Slow"
    number: int = 0

    go: ClassVar[threading.Event]
    made: ClassVar[list[int]]
    broken: ClassVar[bool]

    def make(self) -> Dataset:
        self.made.append(self.number)
        progress.report(1, 2)
        while not self.go.wait(0.01):
            progress.report(1, 2)
        if self.broken:
            raise DataError("It is broken; expected it whole. Mend it.")
        return Circle(samples=20, seed=self.number).make()


@pytest.fixture(autouse=True)
def slow() -> Iterator[None]:
    Slow.go, Slow.made, Slow.broken = threading.Event(), [], False
    yield
    Slow.go.set()
    for thread in threading.enumerate():
        if thread.name == "data":
            thread.join()


@pytest.fixture
def hasty() -> Store:
    store = Store()
    store.patience = 0.0
    return store


def ended(store: Store, source: Source) -> None:
    """Let it go on, and wait until it has ended."""
    job = store.job(source, PLAIN)
    assert job is not None
    Slow.go.set()
    assert job.done.wait(120)


def test_without_haste_data_are_made_at_once_and_once() -> None:
    Slow.go.set()
    store = Store()
    assert store.get(Slow(), PLAIN) is store.get(Slow(), PLAIN)
    assert Slow.made == [0]


def test_another_preparation_does_not_make_the_samples_again() -> None:
    Slow.go.set()
    store = Store()
    one, other = store.get(Slow(), PLAIN), store.get(Slow(), Preparation(train=0.5))
    assert one.raw is other.raw
    assert Slow.made == [0]


def test_other_targets_are_those_of_one_preparation_alone() -> None:
    """An autoencoder's targets are its inputs; whoever prepares the same samples otherwise has the classes again."""
    store, source = Store(), Circle(samples=30)
    inputs = store.make(source, Preparation(reconstruct=True))
    classes = store.make(source, PLAIN)
    assert (inputs.train.classes, inputs.train.target_shape) == ((), (2,))
    assert classes.train.classes == source.make().classes
    assert inputs.made is classes.made is classes.raw


def test_in_haste_they_are_pending_until_they_are_there(hasty: Store) -> None:
    for _ in range(3):
        with pytest.raises(Pending, match="being loaded"):
            hasty.get(Slow(), PLAIN)
    job = hasty.job(Slow(), PLAIN)
    ended(hasty, Slow())
    assert job is not None
    assert job.error is None
    assert len(hasty.get(Slow(), PLAIN).raw) == 20
    assert Slow.made == [0], "asking again must not begin again"
    assert hasty.job(Slow(), PLAIN) is None


def test_on_every_thread_the_same_is_so(hasty: Store) -> None:
    found: list[object] = []

    def ask(what: Callable[[], object]) -> None:
        try:
            found.append(what())
        except Pending as pending:
            found.append(type(pending))

    asked = (
        lambda: hasty.get(Slow(), PLAIN),
        lambda: hasty.raw(Slow()),
        lambda: len(hasty.make_raw(Slow())),
        lambda: len(hasty.make(Slow(), PLAIN).raw),
    )
    for what in asked:
        thread = threading.Thread(target=ask, args=(what,))
        thread.start()
        if len(found) == 2:  # these wait, however little patience there is
            Slow.go.set()
        thread.join(20)
    assert found == [Pending, Pending, 20, 20]


def test_a_failure_is_remembered_until_somebody_starts_anew(hasty: Store) -> None:
    Slow.broken = True
    with pytest.raises(Pending):
        hasty.get(Slow(), PLAIN)
    ended(hasty, Slow())
    for _ in range(2):
        with pytest.raises(DataError, match="It is broken"):
            hasty.get(Slow(), PLAIN)
    assert Slow.made == [0]
    Slow.broken = False
    assert hasty.start(Slow(), PLAIN).done.wait(120)
    assert len(hasty.get(Slow(), PLAIN).raw) == 20


def test_a_job_tells_how_far_it_is_and_can_be_given_up(hasty: Store) -> None:
    job = hasty.start(Slow(), PLAIN)
    assert hasty.start(Slow(), PLAIN) is job
    while job.share == 0.0 and not job.done.wait(0.01):
        pass
    assert job.share == 0.5
    job.give_up()
    assert job.done.wait(120)
    assert job.error is None
    Slow.go.set()
    assert hasty.start(Slow(), PLAIN).done.wait(120)
    assert len(hasty.get(Slow(), PLAIN).raw) == 20


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    Slow.go.set()
    store = Store()
    for number in range(KEPT + 1):
        store.get(Slow(number), PLAIN)
    store.get(Slow(KEPT), PLAIN)
    assert len(Slow.made) == KEPT + 1
    store.get(Slow(0), PLAIN)
    assert len(Slow.made) == KEPT + 2
    monkeypatch.setattr("playground.document.store.KEPT_BYTES", 1)
    store.get(Slow(20), PLAIN)
    assert store.get(Slow(20), PLAIN) is store.get(Slow(20), PLAIN), "the newest is kept, however large"
    assert len(Slow.made) == KEPT + 3


def test_what_is_shared_counts_once_and_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    Slow.go.set()
    store, half = Store(), Preparation(train=0.5, validation=0.5)
    one = store.get(Slow(1), PLAIN)
    size = one.raw.x.nbytes
    limit = "playground.document.store.KEPT_BYTES"
    monkeypatch.setattr(limit, 3 * size)  # the samples once, and two ways of dealing them out
    other = store.get(Slow(1), half)
    assert other.raw is one.raw
    assert store.get(Slow(1), PLAIN) is one, "both fit, since their samples are the same"
    monkeypatch.setattr(limit, 4 * size)
    store.get(Slow(2), PLAIN)
    assert store.get(Slow(1), PLAIN) is one, "it was asked for last"
    assert store.get(Slow(1), half) is not other, "it was the oldest"
    assert Slow.made == [1, 2], "the samples were still there"


def test_that_data_are_pending_is_no_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared, "patience", 0.0)
    project = Project(source=Slow(77))
    assert problems(project) == ()
    ended(shared, Slow(77))
    assert "network is empty" in problems(project)[0].message

"""The pump pulls the newest frame for the views that can be seen, asks for what they want, and survives a faulty one."""

import math
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from playground.document.project import Project
from playground.runner.messages import Command, Frame, Maps, SetWants, Surface, Want
from playground.ui.shell import pump as pump_module
from playground.ui.shell.pump import Pump


class Picture(QWidget):
    """A view that notes what it is given."""

    def __init__(self, name: str, *wants: Want) -> None:
        super().__init__()
        self.setObjectName(name)
        self.wanted = wants
        self.frames: list[Frame] = []
        self.told: list[tuple[Project | None, Project]] = []
        self.begun: list[tuple[Project | None, Project]] = []
        self.pieces = 0
        self.fault: Exception | None = None

    def wants(self) -> tuple[Want, ...]:
        return self.wanted

    def showing(self, before: Project | None, after: Project) -> Iterator[None]:
        for _ in range(self.pieces):
            self.begun.append((before, after))
            yield
        self.told.append((before, after))

    def show_frame(self, frame: Frame) -> None:
        if self.fault:
            raise self.fault
        self.frames.append(frame)


class Worker:
    """A mailbox without a thread."""

    def __init__(self) -> None:
        self.left: Frame | None = None
        self.commands: list[Command] = []
        self.looks = 0

    def leave(self, step: int) -> Frame:
        self.left = Frame(Project(), step=step)
        return self.left

    def send(self, command: Command) -> None:
        self.commands.append(command)

    def take(self) -> Frame | None:
        self.looks += 1
        frame, self.left = self.left, None
        return frame


class Window(QMainWindow):
    """Two docks behind one another and a view in the middle, as in the real window."""

    def __init__(self) -> None:
        super().__init__()
        self.resize(600, 400)
        self.middle = Picture("middle", Surface("1", 50))
        self.front = Picture("front", Maps("1", "train", 0))
        self.behind = Picture("behind", Maps("2", "train", 0))
        self.setCentralWidget(self.middle)
        docks = []
        for view in (self.front, self.behind):
            docks.append(QDockWidget(view.objectName(), self))
            docks[-1].setObjectName(view.objectName())
            docks[-1].setWidget(view)
            self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, docks[-1])
        self.tabifyDockWidget(*docks)
        docks[0].raise_()
        self.docks = docks
        self.views = (self.middle, self.front, self.behind)
        self.worker = Worker()
        self.pump = Pump(self, self.worker.take, self.worker.send, self.views)


@pytest.fixture
def window(qtbot, monkeypatch) -> Window:
    # However long the machine lets this process wait, no frame here takes long to unpack, and drawing one no time.
    monkeypatch.setattr(pump_module, "TURN", math.inf)
    monkeypatch.setattr(pump_module, "SLICE", math.inf)
    window = Window()
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    qtbot.waitUntil(lambda: window.worker.looks > 2)
    return window


def test_a_frame_reaches_the_views_on_screen_and_no_other(window: Window, qtbot) -> None:
    frame = window.worker.leave(1)
    qtbot.waitUntil(lambda: window.middle.frames == [frame])
    assert window.front.frames == [frame]
    assert window.behind.frames == []


def test_a_view_that_comes_forward_gets_the_newest_frame_though_none_is_new(window: Window, qtbot) -> None:
    frame = window.worker.leave(1)
    qtbot.waitUntil(lambda: window.front.frames == [frame])
    window.docks[1].raise_()
    qtbot.waitUntil(lambda: window.behind.frames == [frame])
    assert window.middle.frames == [frame], "one that had it already is not bothered again"


def test_wants_are_those_of_the_views_on_screen_and_sent_once(window: Window, qtbot) -> None:
    looks = window.worker.looks
    qtbot.waitUntil(lambda: window.worker.looks > looks + 3)
    assert window.worker.commands[-1] == SetWants(frozenset({Surface("1", 50), Maps("1", "train", 0)}))
    sent = len(window.worker.commands)
    window.docks[1].raise_()
    qtbot.waitUntil(lambda: len(window.worker.commands) > sent)
    assert window.worker.commands[sent:] == [SetWants(frozenset({Surface("1", 50), Maps("2", "train", 0)}))]


def test_a_faulty_view_is_reported_once_and_the_others_go_on(window: Window, qtbot, caplog) -> None:
    told = []
    window.pump.view_failed.connect(lambda *what: told.append(what))
    window.middle.fault = ValueError("no room")
    for step in (1, 2, 3):
        frame = window.worker.leave(step)
        qtbot.waitUntil(lambda frame=frame: bool(window.front.frames) and window.front.frames[-1] is frame)
    assert len(window.front.frames) == 3
    assert [what[:2] for what in told] == [("middle", "ValueError: no room")]
    assert "no room" in told[0][2]
    assert len(caplog.records) == 1


def test_a_hidden_window_neither_looks_nor_wants(window: Window, qtbot) -> None:
    window.hide()
    assert not window.pump.running
    assert window.worker.commands[-1] == SetWants(frozenset())
    window.show()
    assert window.pump.running
    qtbot.waitUntil(lambda: window.worker.commands[-1] != SetWants(frozenset()))


def test_views_are_told_of_a_change_at_once(window: Window) -> None:
    first, second = Project(seed=1), Project(seed=2)
    window.pump.show_project(first, second)
    assert [view.told for view in window.views] == [[(first, second)]] * len(window.views)


def test_an_impatient_pump_tells_one_view_a_turn_and_shows_it_no_frame_before(window: Window, qtbot) -> None:
    first, second, third = Project(seed=1), Project(seed=2), Project(seed=3)
    window.pump.patience = 0.0
    window.pump.show_project(first, second)
    told = [view for view in window.views if view.told]
    assert len(told) == 1  # and it is one that can be seen
    assert not told[0].visibleRegion().isEmpty()
    window.worker.leave(5)
    window.pump.tick()
    assert not any(view.frames for view in window.views)
    window.pump.show_project(
        second, third
    )  # those who have not heard of the first change hear of both as one
    qtbot.waitUntil(lambda: all(view.told and view.told[-1][1] is third for view in window.views))
    for view in window.views:
        assert view.told == ([(first, second), (second, third)] if view in told else [(first, third)])
    qtbot.waitUntil(lambda: any(view.frames for view in window.views))


def test_who_must_draw_everything_anew_is_told_so(window: Window, qtbot) -> None:
    first, second = Project(seed=1), Project(seed=2)
    window.pump.patience = 0.0
    window.pump.show_project(first, second)
    window.pump.show_project(None, second)
    qtbot.waitUntil(lambda: all(view.told and view.told[-1] == (None, second) for view in window.views))


def test_a_slow_view_makes_the_others_wait_a_turn_but_no_frame_is_lost_on_them(window, qtbot, monkeypatch):
    shown = []
    monkeypatch.setattr(pump_module, "SLICE", 0.0)  # every view uses up the slice
    window.pump.framed.connect(shown.append)
    frame = window.worker.leave(3)
    window.pump.tick()
    assert window.middle.frames == [frame]
    assert window.front.frames == []
    later = window.worker.leave(4)
    qtbot.waitUntil(lambda: shown == [frame, later])
    assert window.front.frames == [frame, later]


def test_frames_come_less_often_where_they_cost_much(window, monkeypatch):
    clock = iter([0.0, 0.030, 0.031])  # the first frame costs 30 ms, the second 1 ms
    window.pump._timer.stop()
    monkeypatch.setattr(pump_module, "thread_time", lambda: next(clock))
    intervals = []
    for step in range(3):
        window.worker.leave(step)
        window.pump.tick()
        intervals.append(window.pump._timer.interval())
    assert intervals[1] > intervals[2] == pump_module.INTERVAL
    assert 0.030 / (intervals[1] / 1000) <= pump_module.SHARE + 0.01


def test_a_view_is_told_bit_by_bit_and_of_two_changes_as_one(window: Window, qtbot) -> None:
    first, second, third = Project(seed=1), Project(seed=2), Project(seed=3)
    window.middle.pieces = 3
    window.pump.patience = 0.0
    window.pump.show_project(first, second)
    assert window.middle.begun == [(first, second)]
    window.pump.show_project(second, third)
    assert window.middle.begun == [(first, second), (first, third)]
    qtbot.waitUntil(lambda: all(view.told for view in window.views))
    assert window.middle.begun == [(first, second), *[(first, third)] * 3]
    assert window.middle.told == [(first, third)]


def test_a_view_that_fails_while_it_is_told_does_not_keep_the_others_waiting(window: Window, qtbot, caplog):
    window.pump.patience = 0.0
    window.middle.showing = lambda before, after: 1 / 0
    window.pump.show_project(None, Project(seed=1))
    qtbot.waitUntil(lambda: window.front.told != [])
    assert len(caplog.records) == 1


def test_a_frame_that_takes_long_to_unpack_is_shown_in_a_turn_of_its_own(window: Window, qtbot, monkeypatch):
    monkeypatch.setattr(pump_module, "TURN", 0.0)
    frame = window.worker.leave(3)
    window.pump.tick()
    assert window.middle.frames == []
    qtbot.waitUntil(lambda: window.middle.frames == [frame])
    assert window.worker.left is None


def test_as_the_window_closes_who_is_being_told_ends_that_and_nobody_else_is_told(
    window: Window, qtbot
) -> None:
    ended = []

    def showing(before: Project, after: Project):
        try:
            yield
        finally:
            ended.append(after)

    window.middle.showing = showing
    window.pump.patience = 0.0
    after = Project(seed=2)
    window.pump.show_project(Project(seed=1), after)
    assert not ended
    window.pump.end()
    assert ended == [after]
    qtbot.wait(20)
    assert not any(view.told for view in window.views)

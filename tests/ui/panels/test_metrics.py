"""Read-outs: what they say, that nothing jumps, and which go first where there is no room."""

import math

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QToolTip, QWidget

from playground.runner.messages import State
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.shell.metrics import STATES, MetricsBar


@pytest.fixture
def bar(qtbot, context, binary):
    made = MetricsBar(context(binary))
    qtbot.addWidget(made)
    made.resize(1200, 44)
    made.show_project(None, binary)
    made.show()
    qtbot.waitExposed(made)
    return made


def texts(bar):
    return {name: readout.text for name, readout in bar.readouts.items() if readout.isVisible()}


def test_the_numbers_of_a_frame(bar, frame, binary):
    numbers = {
        "epoch": 123,
        "step": 4567,
        "train_loss": 0.02911,
        "validation_loss": 0.0412,
        "train_metric": 0.9954,
    }
    bar.show_frame(frame(binary, validation_metric=0.99, epochs_per_second=1240.4, **numbers))
    assert texts(bar) == {
        "epoch": "000,123",
        "step": "4,567",
        "train_loss": "0.0291",
        "validation_loss": "0.0412",
        "train_metric": "0.995",
        "validation_metric": "0.990",
        "speed": "1,240",
    }


def test_unknown_numbers_are_dashes(bar, frame, binary):
    bar.show_frame(frame(binary, state=State.READY))
    assert texts(bar)["validation_loss"] == texts(bar)["speed"] == "–"
    assert "Not known yet" in bar.readouts["train_loss"].tip()


def test_the_penalty_is_a_number_of_its_own_when_there_is_one(bar, frame, binary):
    bar.show_frame(frame(binary, train_loss=0.0291))
    assert "penalty" not in texts(bar)
    bar.show_frame(frame(binary, train_loss=0.0291, penalty=4e-4))
    assert texts(bar)["penalty"] == "4.00e−4"
    assert texts(bar)["train_loss"] == "0.0291"
    assert bar.readouts["penalty"].caption == "+ penalty"
    # It stands directly behind what it is added to.
    order = sorted(texts(bar), key=lambda name: bar.readouts[name].x())
    assert order.index("penalty") == order.index("train_loss") + 1


def test_nothing_jumps_while_digits_change(bar, frame, binary):
    def places():
        return {name: r.geometry().getRect() for name, r in bar.readouts.items()} | {
            "state": bar.state.geometry().getRect()
        }

    bar.show_frame(frame(binary, epoch=1, step=9, train_loss=0.5, validation_loss=0.5, train_metric=0.5))
    first = places()
    for epoch, loss in ((99_999, 1.5e-9), (123, 12345.0), (7, 0.001)):
        for state in State:
            many = {
                "train_loss": loss,
                "validation_loss": loss,
                "train_metric": 1.0,
                "validation_metric": 0.0,
            }
            bar.show_frame(frame(binary, epoch=epoch, step=30 * epoch, state=state, **many))
            QApplication.processEvents()
            assert places() == first


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_each_state_has_a_word_and_a_sign_of_its_own(bar, frame, binary, state, theme):
    bar.context.theme.become(theme)
    seen = {}
    for each in State:
        bar.show_frame(frame(binary, state=each, message="why" if each is State.EMPTY else ""))
        assert bar.state.text == STATES[each][2]
        seen[each] = bar.state.grab(bar.state.rect().adjusted(0, 0, 17 - bar.state.width(), 0)).toImage()
    assert all(seen[state] != image for each, image in seen.items() if each is not state)


def test_what_is_only_not_there_yet_is_no_problem(bar, frame, binary):
    bar.show_frame(frame(binary, state=State.EMPTY))
    assert bar.state.text == "loading"


def test_the_reason_stands_in_words(bar, frame, binary):
    message = "The network gives 4 values per sample; data and loss need 1 value. Change the last layer."
    bar.show_frame(frame(binary, state=State.EMPTY, message=message))
    assert (bar.state.text, bar.state.caption) == ("cannot run", message)
    assert message in bar.state.tip()
    assert message in bar.state.accessibleDescription()
    bar.show_frame(frame(binary, state=State.RUNNING))
    assert message not in bar.state.tip()


def test_tool_tips_and_copying_give_all_digits(bar, frame, binary, qtbot):
    value = 0.029123456789012345
    bar.show_frame(frame(binary, train_loss=value, epoch=12))
    readout = bar.readouts["train_loss"]
    at = readout.rect().center()
    QApplication.sendEvent(readout, QHelpEvent(QHelpEvent.Type.ToolTip, at, readout.mapToGlobal(at)))
    assert float(QToolTip.text().split()[-1]) == value
    QToolTip.hideText()
    readout.actions()[0].trigger()
    assert float(QGuiApplication.clipboard().text()) == value
    bar.readouts["epoch"].actions()[0].trigger()
    assert QGuiApplication.clipboard().text() == "12"


@pytest.mark.parametrize("width", [1200, 700, 560, 400, 250, 110])
def test_the_least_important_go_first_and_nothing_overlaps(bar, frame, binary, width):
    bar.resize(width, 44)
    bar.show_frame(frame(binary, penalty=0.1))
    shown = [r for r in bar.readouts.values() if r.isVisible()]
    boxes = [r.geometry() for r in (*shown, bar.state)]
    assert all(bar.rect().contains(box) for box in boxes)
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(r.width() >= r.sizeHint().width() for r in shown)
    assert bar.state.width() >= bar.state.sizeHint().width() - 1
    assert len(shown) == {1200: 8, 110: 0}.get(width, len(shown))
    if width >= 400:
        assert {"epoch", "train_loss", "validation_metric"} <= set(texts(bar))


def test_regressions_have_another_metric(bar, frame, sine):
    bar.show_frame(frame(sine))
    assert bar.readouts["validation_metric"].caption == "val. R²"
    assert "R² over" in bar.readouts["train_metric"].tip()


def test_numbers_change_a_few_times_a_second_but_the_state_at_once(bar, frame, binary):
    bar.show_frame(frame(binary, epoch=1, state=State.RUNNING))
    bar.show_frame(frame(binary, epoch=2, state=State.RUNNING))
    assert texts(bar)["epoch"] == "000,001"
    bar.show_frame(frame(binary, epoch=3, state=State.PAUSED))
    assert texts(bar)["epoch"] == "000,003"
    assert bar.state.text == "paused"


def test_it_shrinks_in_a_row_and_does_not_lay_out_the_window_with_every_number(qtbot, bar, frame, binary):
    row = QWidget()
    qtbot.addWidget(row)
    layout = QHBoxLayout(row)
    other = QWidget()
    other.setFixedWidth(300)
    layout.addWidget(bar, 1)
    layout.addWidget(other)
    row.resize(700, 60)
    row.show()
    qtbot.waitExposed(row)
    assert row.width() == 700
    QApplication.processEvents()  # what showing it has left
    requests = []
    layout_request = row.event
    row.event = lambda e: (requests.append(e.type()), layout_request(e))[1]
    for epoch in range(20):
        bar.show_frame(frame(binary, epoch=epoch, train_loss=1 / (epoch + 1)))
        QApplication.processEvents()
    assert not [t for t in requests if t.name == "LayoutRequest"]
    assert math.isfinite(bar.width())
    assert bar.rect().contains(QPoint(5, 5))

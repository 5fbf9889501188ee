"""A canvas on the network that most tests use: 2-3-1 with tanh, on the circle."""

import logging

import pytest

from engine import layers
from tests.ui.panels.canvas.rig import Rig, project_of


@pytest.fixture(autouse=True)
def draws_without_fault(caplog):
    """What cannot be drawn is logged, as an exception must not go through Qt's painting; here it fails the test."""
    yield
    faults = [r for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
    assert not faults, faults[0].exc_text or faults[0].getMessage()


@pytest.fixture
def rig(qtbot) -> Rig:
    return Rig(qtbot, project_of(layers.Linear(3), layers.Tanh(), layers.Linear(1)))


@pytest.fixture
def digits(qtbot) -> Rig:
    return Rig(
        qtbot,
        project_of(
            layers.Conv2d(4),
            layers.ReLU(),
            layers.MaxPool2d(),
            layers.Flatten(),
            layers.Linear(12),
            layers.Linear(10),
            source="Digits",
        ),
    )


@pytest.fixture
def empty(qtbot) -> Rig:
    return Rig(qtbot, project_of())

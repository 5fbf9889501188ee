"""A canvas on the network that most tests use: 2-3-1 with tanh, on the circle."""

import pytest

from engine import layers
from tests.ui.canvas.rig import Rig, project_of


@pytest.fixture
def rig(qtbot) -> Rig:
    return Rig(qtbot, project_of(layers.Linear(3), layers.Tanh(), layers.Linear(1)))


@pytest.fixture
def digits(qtbot) -> Rig:
    return Rig(
        qtbot,
        project_of(
            layers.Conv2d(4), layers.ReLU(), layers.MaxPool2d(), layers.Flatten(), layers.Linear(12), layers.Linear(10),
            source="Digits",
        ),
    )  # fmt: skip


@pytest.fixture
def empty(qtbot) -> Rig:
    return Rig(qtbot, project_of())

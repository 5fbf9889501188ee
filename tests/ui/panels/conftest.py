"""Projects, contexts and frames with arrays that the tests know."""

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
import pytest

import engine.data as sets
from engine import losses
from engine.metrics import metric_name
from engine.probe import extent
from playground.document.document import Document
from playground.document.project import Project, data_of
from playground.runner.messages import Frame, State
from playground.ui.kit.theme import LIGHT, LiveTheme, Theme
from playground.ui.kit.view import Context, Focus
from tests.ui.panels.projects import make_project


@pytest.fixture
def binary() -> Project:
    return make_project(sets.Circle(samples=60), 1, losses.BCEWithLogitsLoss())


@pytest.fixture
def multiclass() -> Project:
    return make_project(sets.Blobs(samples=80, classes=4), 4, losses.CrossEntropyLoss())


@pytest.fixture
def surface() -> Project:
    return make_project(sets.Plane(samples=80), 1, losses.MSELoss(), target="standardize")


@pytest.fixture
def sine() -> Project:
    return make_project(sets.Sine(samples=60), 1, losses.MSELoss(), target="standardize")


@pytest.fixture
def digits() -> Project:
    return make_project(sets.Digits(), 10, losses.CrossEntropyLoss())


@pytest.fixture
def iris() -> Project:
    return make_project(sets.Iris(), 3, losses.CrossEntropyLoss())


@pytest.fixture
def diabetes() -> Project:
    return make_project(sets.Diabetes(), 1, losses.MSELoss())


@pytest.fixture
def focus(qapp) -> Focus:
    return Focus()


@pytest.fixture
def context(focus) -> Callable[..., Context]:
    """Makes a context for a project."""

    def make(project: Project, theme: Theme = LIGHT) -> Context:
        return Context(Document(project), focus, lambda command: None, LiveTheme(theme))

    return make


@pytest.fixture
def frame() -> Callable[..., Frame]:
    """Makes a frame of a project with answers."""

    def make(project: Project, answers=None, state: State = State.PAUSED, **fields) -> Frame:
        data = data_of(project)
        known = {
            "data": data,
            "extent": extent(data),
            "metric_name": metric_name(data.train.task),
            "answers": MappingProxyType(dict(answers or {})),
        }
        return Frame(project, state=state, **{**known, **fields})

    return make


@pytest.fixture
def plane() -> Callable[[Project], tuple[np.ndarray, np.ndarray]]:
    """``x1, x2`` (100, 100) at the points of a surface, row i at the i-th x2."""

    def make(project: Project) -> tuple[np.ndarray, np.ndarray]:
        axis = np.linspace(*extent(data_of(project)), 100)
        x2, x1 = np.meshgrid(axis, axis, indexing="ij")
        return x1, x2

    return make
